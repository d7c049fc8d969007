"""Null `shuffle`: the weights of a layer permuted, and clustered again (Filan et al. 2021).

Each draw goes through the same method, code, precision and restarts as the network itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clusterability.clustering import cluster
from clusterability.contingency import Tables, stack_by_key, tables_of
from clusterability.graph import live_units
from clusterability.partitions import Key, labels_of
from clusterability.randomness import StreamName, generator

_DRAWS_AT_ONCE = 100
"""Draws held in memory together."""


def shuffled(matrix: np.ndarray, name: StreamName, draws: Sequence[int]) -> np.ndarray:
    """The draws of these numbers, [draws, m, n]: the live part permuted, dead units stay dead."""
    live = live_units(matrix)
    entries = live.take(matrix).ravel()
    result = np.zeros((len(draws), *matrix.shape), matrix.dtype)
    place = np.ix_(live.rows, live.columns)
    for index, draw in enumerate(draws):
        source = generator("draw", *name, "shuffle", draw)
        result[index][place] = source.permutation(entries).reshape(live.shape)
    return result


def shuffle_tables(
    matrix: np.ndarray,
    name: StreamName,
    draws: int,
    k_values: Sequence[int],
    methods: Sequence[str],
    restarts: int,
) -> dict[Key, Tables]:
    """Tables [draws, ...] of the null `shuffle`, by (method, k).

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.
        draws: number of draws.
        k_values, methods, restarts: as for the network itself.
    """
    found = []
    for first in range(0, draws, _DRAWS_AT_ONCE):
        numbers = range(first, min(first + _DRAWS_AT_ONCE, draws))
        matrices = shuffled(matrix, name, numbers)
        names = [(*name, "shuffle", draw) for draw in numbers]
        partitions = cluster(matrices, names, k_values, methods, restarts)
        found += [tables_of(draw, labels_of(partitions, i)) for i, draw in enumerate(matrices)]
    return stack_by_key(found)
