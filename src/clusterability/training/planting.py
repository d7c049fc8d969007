"""What a recipe plants in a layer, by a term of the loss (Golechha et al. 2025)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clusterability.networks.live_units import DEAD, live_units
from clusterability.networks.partitions import Key, Partitions, unassigned
from clusterability.networks.stacked import Networks
from clusterability.randomness import generator
from clusterability.training.recipe import Recipe


def planted_labels(units: int, clusters: int) -> npt.NDArray[np.int64]:
    """Clusters [units] of consecutive units, of sizes that differ by one at most.

    Which units they are does not matter: initial weights are exchangeable.

    >>> planted_labels(10, 4).tolist()
    [0, 0, 0, 1, 1, 2, 2, 2, 3, 3]
    """
    return np.arange(units) * clusters // units


def planted_sides(recipe: Recipe) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Planted clusters of the output units and of the input units of the recipe's layer."""
    out, in_ = recipe.layers[recipe.planted_layer]
    return (
        planted_labels(out, recipe.planted_clusters),
        planted_labels(in_, recipe.planted_clusters),
    )


def inside_planted(recipe: Recipe) -> npt.NDArray[np.bool_]:
    """Weights [out, in] of the planted layer that lie inside a planted cluster."""
    rows, columns = planted_sides(recipe)
    return rows[:, None] == columns


def planted_clusterability(recipe: Recipe, networks: Networks) -> npt.NDArray[np.float64]:
    """C of the planted partition [networks]: the share of W squared inside; NaN without one."""
    count = len(networks.seeds)
    if not recipe.plants:
        return np.full(count, np.nan)
    squares = networks.weights[recipe.planted_layer].astype(np.float64) ** 2
    total = squares.sum(axis=(1, 2))
    inside = squares[:, inside_planted(recipe)].sum(axis=1)
    return np.divide(inside, total, out=np.full(count, np.nan), where=total > 0)


def planted_shares(
    networks: Networks, draws: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Share of abs(W) inside the planted clusters, [networks], and of permuted labels.

    The planted labels were there before any weight, so that permuting them is a fair null: where
    the share is no larger than those of random labels of the same sizes, nothing was planted.

    Returns:
        The shares, and those of labels permuted on both sides, [networks, draws].
    """
    recipe = Recipe.of_file(networks.recipe)
    rows, columns = planted_sides(recipe)
    stack = np.abs(networks.weights[recipe.planted_layer].astype(np.float64))
    stack /= np.maximum(stack.sum(axis=(1, 2), keepdims=True), np.finfo(float).tiny)
    shares = stack[:, inside_planted(recipe)].sum(axis=1)
    drawn = np.empty((len(stack), draws))
    for number in range(draws):
        source = generator("planted labels", number)
        inside = source.permutation(rows)[:, None] == source.permutation(columns)
        drawn[:, number] = stack[:, inside].sum(axis=1)
    return shares, drawn


def planted_partitions(networks: Networks) -> dict[Key, Partitions]:
    """What is planted in the layer that the networks' recipe names, by (layer, clusters).

    Dead units have the label -1, as in partitions that are found.
    """
    recipe = Recipe.of_file(networks.recipe)
    stack = networks.weights[recipe.planted_layer]
    planted = unassigned(*stack.shape)
    rows, columns = planted_sides(recipe)
    for index, matrix in enumerate(stack):
        live = live_units(matrix)
        planted.rows[index] = np.where(live.rows, rows, DEAD)
        planted.columns[index] = np.where(live.columns, columns, DEAD)
    planted.feasible[:] = True
    return {(recipe.planted_layer, recipe.planted_clusters): planted}
