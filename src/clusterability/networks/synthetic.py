"""Random matrices with planted clusters, as networks of one layer: controls for every measure.

The weight between row i of cluster a and column j of cluster b is W_ij = r_i c_j M_ab E_ij. The
entry E_ij is uniform with random sign, like an initial weight, or from another distribution; M_ab
is the mean of the block; r and c are log-normal strengths of rows and columns. The means of abs(W)
are those of the degree-corrected stochastic block model (Karrer & Newman 2011). For entries of
zeros and ones, r_i c_j M_ab times the density is the probability of a one, at most 1. A single
cluster, or zero contrast, means no structure; otherwise the true partition is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from clusterability.networks.live_units import DEAD, live_units
from clusterability.networks.partitions import Partitions, unassigned
from clusterability.networks.stacked import Networks
from clusterability.networks.synthetic_recipe import LAYER, Pattern, SyntheticRecipe
from clusterability.randomness import generator


def synthesise(
    condition: str, recipe: SyntheticRecipe, seeds: Sequence[int]
) -> tuple[Networks, Partitions]:
    """Generate synthetic networks and their planted partitions.

    A matrix depends on the recipe and the seed only. Labels, strengths, entries and zeros have
    separate random streams, so recipes that differ in contrast alone give the same labels,
    strengths, entries and zeros: their matrices are paired by seed.

    Args:
        condition: name of the networks.
        recipe: parameters of the matrices.
        seeds: one per network, >= 0.

    Returns:
        Networks with one layer `fc1`, float32 [networks, rows, columns], and their planted
        clusters, in random order over the units; -1 for units without non-zero weights. For a
        checkerboard, the clusters are its two colours, since no others are identifiable.
    """
    planted = unassigned(len(seeds), recipe.rows, recipe.columns)
    weights = np.empty((len(seeds), recipe.rows, recipe.columns), np.float32)
    for index, seed in enumerate(seeds):
        rows = _planted_labels(recipe, recipe.rows, seed, "rows")
        columns = _planted_labels(recipe, recipe.columns, seed, "columns")
        weights[index] = _matrix(recipe, rows, columns, seed)
        live = live_units(weights[index])
        if recipe.pattern == "checkerboard":
            rows, columns = rows % 2, columns % 2
        planted.rows[index] = np.where(live.rows, rows, DEAD)
        planted.columns[index] = np.where(live.columns, columns, DEAD)
    planted.feasible[:] = True
    return Networks(condition, tuple(seeds), recipe.model_dump(), {LAYER: weights}), planted


def block_means(recipe: SyntheticRecipe) -> np.ndarray:
    """Relative means M of abs(W) by U cluster and V cluster, float64 [clusters, clusters].

    With h the share of heavy blocks, light blocks have mean 1 - contrast and heavy blocks 1 +
    contrast (1 - h) / h. The mean of all is 1, so for clusters of equal size the share of weight in
    heavy blocks grows linearly with contrast from h to 1. With one heavy block per cluster, h = 1/k
    and a / (a + (k - 1) b) = 1/k + contrast (1 - 1/k) for means a inside and b outside.

    >>> block_means(SyntheticRecipe(clusters=2, contrast=0.5)).tolist()
    [[1.5, 0.5], [0.5, 1.5]]
    """
    heavy = _heavy_blocks(recipe.pattern, recipe.clusters)
    share = heavy.mean()
    return np.where(heavy, 1 + recipe.contrast * (1 - share) / share, 1 - recipe.contrast)


def cluster_sizes(units: int, clusters: int, unequal: float) -> np.ndarray:
    """Number of units per cluster, int [clusters], in descending order, with sum `units`.

    Each cluster gets one unit. The rest is divided in proportion to (1 - unequal)^a for cluster a,
    by the method of largest remainders.

    Args:
        units: number of units, at least `clusters`.
        clusters: number of clusters.
        unequal: in [0, 1); 0 gives sizes that differ by at most one unit.

    >>> cluster_sizes(16, 3, 0.5).tolist()
    [8, 5, 3]
    """
    proportions = (1 - unequal) ** np.arange(clusters)
    quotas = (units - clusters) * proportions / proportions.sum()
    sizes = np.floor(quotas).astype(np.int64)
    largest_remainders = np.argsort(sizes - quotas, kind="stable")
    sizes[largest_remainders[: units - clusters - sizes.sum()]] += 1
    return 1 + sizes


def _heavy_blocks(pattern: Pattern, clusters: int) -> np.ndarray:
    """Mask of the heavy blocks, bool [clusters, clusters]."""
    row, column = np.indices((clusters, clusters))
    if pattern == "assortative":
        return row == column
    if pattern == "shifted":
        return (row + 1) % clusters == column
    return (row + column) % 2 == 0


def _planted_labels(recipe: SyntheticRecipe, units: int, seed: int, side: str) -> np.ndarray:
    """Planted labels of the units on one side, in random order."""
    sizes = cluster_sizes(units, recipe.clusters, recipe.unequal)
    labels = np.arange(recipe.clusters).repeat(sizes)
    return generator("synthetic", seed, "labels", side).permutation(labels)


def _strengths(recipe: SyntheticRecipe, units: int, seed: int, side: str) -> np.ndarray:
    """Log-normal strengths [units] of one side, with expectation 1."""
    spread = recipe.heterogeneity
    normal = generator("synthetic", seed, "strengths", side).standard_normal(units)
    return np.exp(spread * normal - spread**2 / 2)


def _matrix(
    recipe: SyntheticRecipe, rows: np.ndarray, columns: np.ndarray, seed: int
) -> np.ndarray:
    """Weights [rows, columns] between units with the given planted labels."""
    shape = len(rows), len(columns)
    chances = generator("synthetic", seed, "zeros").random(shape)
    row_strengths = _strengths(recipe, len(rows), seed, "rows")
    column_strengths = _strengths(recipe, len(columns), seed, "columns")
    means = block_means(recipe)[np.ix_(rows, columns)]
    means = np.outer(row_strengths, column_strengths) * means
    if recipe.entries == "ones" and not recipe.rank:
        return (chances < recipe.density * means).astype(np.float64)
    return means * _entries(recipe, shape, seed) * (chances < recipe.density)


def _entries(recipe: SyntheticRecipe, shape: tuple[int, int], seed: int) -> np.ndarray:
    source = generator("synthetic", seed, "entries")
    # The bound of initial weights, so that a recipe without structure has their distribution.
    bound = 1 / math.sqrt(shape[1])
    if recipe.rank:
        first, second = (
            generator("synthetic", seed, "rank", side).standard_normal((units, recipe.rank))
            for side, units in zip(("rows", "columns"), shape, strict=True)
        )
        noise = math.sqrt(1 - recipe.rank_share) * source.standard_normal(shape)
        entries = math.sqrt(recipe.rank_share / recipe.rank) * first @ second.T + noise
    elif recipe.entries == "uniform":
        entries = source.uniform(-bound, bound, shape)
    elif recipe.entries == "t2":
        entries = source.standard_t(2, shape)
    elif recipe.entries == "laplace":
        entries = source.laplace(size=shape)
    elif recipe.entries == "cauchy":
        entries = source.standard_cauchy(shape)
    else:
        entries = source.standard_normal(shape)
    if not recipe.shapes:
        return entries
    exponents = [
        np.exp(recipe.shapes * generator("synthetic", seed, "shapes", side).standard_normal(units))
        for side, units in zip(("rows", "columns"), shape, strict=True)
    ]
    return np.copysign(np.abs(entries) ** np.outer(*exponents), entries)
