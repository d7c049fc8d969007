"""Null `labels`: the labels of both sides permuted, sizes fixed; nothing is clustered.

It asks whether a partition is better than a random one of the same sizes. Nearly every partition
found by optimisation is, on random weights too.
"""

from __future__ import annotations

import numpy as np

from clusterability.contingency import Tables, stack_by_key, tables_of
from clusterability.graph import live_units
from clusterability.partitions import Key, Labels
from clusterability.randomness import StreamName, generator


def label_tables(
    matrix: np.ndarray, name: StreamName, draws: int, labels: Labels
) -> dict[Key, Tables]:
    """Tables [draws, ...] of the null `labels`, by (method, k).

    One pair of permutations serves all methods and k of a draw.

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.
        draws: number of draws.
        labels: the network's own partitions.
    """
    live = live_units(matrix)
    rows, columns = np.flatnonzero(live.rows), np.flatnonzero(live.columns)
    found = []
    for draw in range(draws):
        source = generator("draw", *name, "labels", draw)
        # Permuting the units under fixed labels is permuting the labels.
        permuted = np.zeros_like(matrix)
        taken = matrix[np.ix_(source.permutation(rows), source.permutation(columns))]
        permuted[np.ix_(rows, columns)] = taken
        found.append(tables_of(permuted, labels))
    return stack_by_key(found)
