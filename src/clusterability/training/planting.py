"""Clusters that a recipe plants in a layer by a term of the loss (Golechha et al. 2025)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clusterability.networks.live_units import DEAD, live_units
from clusterability.networks.partitions import Key, Partitions, unassigned
from clusterability.networks.stacked import Networks
from clusterability.randomness import generator
from clusterability.training.recipe import Recipe


def planted_labels(units: int, clusters: int) -> npt.NDArray[np.int64]:
    """Labels [units] of clusters of consecutive units, with sizes that differ by at most one.

    The choice of units does not matter, since initial weights are exchangeable.

    >>> planted_labels(10, 4).tolist()
    [0, 0, 0, 1, 1, 2, 2, 2, 3, 3]
    """
    return np.arange(units) * clusters // units


def planted_sides(recipe: Recipe) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Planted labels of the output units and of the input units of the recipe's layer."""
    out, in_ = recipe.layers[recipe.planted_layer]
    return (
        planted_labels(out, recipe.planted_clusters),
        planted_labels(in_, recipe.planted_clusters),
    )


def inside_planted(recipe: Recipe) -> npt.NDArray[np.bool_]:
    """Mask [out, in] of the weights inside planted clusters."""
    rows, columns = planted_sides(recipe)
    return rows[:, None] == columns


def planted_clusterability(recipe: Recipe, networks: Networks) -> npt.NDArray[np.float64]:
    """Clusterability C of the planted partition, [networks]; NaN without planting.

    C is the sum of W squared inside clusters, divided by the sum of W squared.
    """
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
    """Shares of abs(W) inside the planted clusters, and inside permuted labels.

    The planted labels are fixed before the weights, so permuting them is a valid null: if the share
    does not exceed those of random labels of the same sizes, planting had no effect.

    Returns:
        The shares [networks], and those for labels permuted on both sides [networks, draws].
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
    """Planted partition of the networks' recipe, by (layer, clusters).

    Dead units have label -1, as in estimated partitions.
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
