"""Partitions that training planted in networks, to compare with those that are found."""

from __future__ import annotations

import numpy as np

from clusterability.graph import DEAD, live_units
from clusterability.networks import Networks
from clusterability.partitions import Key, Partitions, unassigned
from clusterability.planting import planted_sides
from clusterability.recipe import Recipe


def planted_partitions(networks: Networks) -> dict[Key, Partitions]:
    """What is planted in the layer that the networks' recipe names, by (layer, clusters).

    Dead units have the label -1, as in partitions that are found.
    """
    recipe = Recipe.model_validate(networks.recipe)
    stack = networks.weights[recipe.planted_layer]
    planted = unassigned(*stack.shape)
    rows, columns = planted_sides(recipe)
    for index, matrix in enumerate(stack):
        live = live_units(matrix)
        planted.rows[index] = np.where(live.rows, rows, DEAD)
        planted.columns[index] = np.where(live.columns, columns, DEAD)
    planted.feasible[:] = True
    return {(recipe.planted_layer, recipe.planted_clusters): planted}
