"""Clustering of weight matrices: embed, cluster by each method, collect partitions.

The partition of a matrix depends only on the matrix and the name of its random stream: not on other
matrices, other k or the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from clusterability.clustering.embedding import embed
from clusterability.clustering.method_kinds import starts_of
from clusterability.clustering.problem import Grid, Labelling, Problem, partition_by
from clusterability.networks.live_units import LiveUnits, live_units
from clusterability.networks.partitions import Key, Partitions, Starts, no_starts, unassigned
from clusterability.numerics import keep_freed_memory, one_thread
from clusterability.randomness import StreamName

_LEAST_VECTORS = 16


def cluster(
    matrices: np.ndarray,
    names: Sequence[StreamName],
    k_values: Sequence[int],
    methods: Sequence[str],
    restarts: int,
) -> dict[Key, Partitions]:
    """Cluster each matrix by each method at each k.

    Args:
        matrices: weights [matrices, m, n]; edges are their absolute values. A matrix with a
            non-finite entry has no feasible k.
        names: name of the random stream of each matrix.
        k_values: numbers of clusters.
        methods: names in `catalogue` (docs/measures.md).
        restarts: restarts of k-means; `notebook` uses the first only.

    Returns:
        Partitions by (method, k).

    >>> blocks = np.kron(np.eye(2), np.ones((3, 4)))[None]
    >>> partitions = cluster(blocks, [("example",)], [2], ["matched"], restarts=3)
    >>> rows = partitions["matched", 2].rows[0]
    >>> bool(rows[0] == rows[1] == rows[2] != rows[3] == rows[4] == rows[5])
    True
    """
    return _cluster(matrices, names, k_values, methods, restarts, every_start=False)[0]


def cluster_with_starts(
    matrices: np.ndarray,
    names: Sequence[StreamName],
    k_values: Sequence[int],
    methods: Sequence[str],
    restarts: int,
) -> tuple[dict[Key, Partitions], dict[Key, Starts]]:
    """Cluster as `cluster` does, and return the labels from every restart, too.

    `notebook` has no restarts of its own: its partition is the first restart of `matched`.
    """
    return _cluster(matrices, names, k_values, methods, restarts, every_start=True)


def _cluster(
    matrices: np.ndarray,
    names: Sequence[StreamName],
    k_values: Sequence[int],
    methods: Sequence[str],
    restarts: int,
    every_start: bool,
) -> tuple[dict[Key, Partitions], dict[Key, Starts]]:
    keep_freed_memory()
    count, m, n = matrices.shape
    partitions = {(method, k): unassigned(count, m, n) for method in methods for k in k_values}
    with_starts = [key for key in partitions if every_start and key[0] != "notebook"]
    starts = {
        (method, k): no_starts(count, starts_of(method, restarts), m, n)
        for method, k in with_starts
    }
    with one_thread():
        for index, (matrix, name) in enumerate(zip(matrices, names, strict=True)):
            live = live_units(matrix)
            for key, labels in _cluster_matrix(matrix, live, name, k_values, methods, restarts):
                partitions[key].rows[index, live.rows] = labels.rows
                partitions[key].columns[index, live.columns] = labels.columns
                partitions[key].feasible[index] = True
                if key in starts:
                    starts[key].rows[index][:, live.rows] = labels.row_starts
                    starts[key].columns[index][:, live.columns] = labels.column_starts
    return partitions, starts


def _cluster_matrix(
    matrix: np.ndarray,
    live: LiveUnits,
    name: StreamName,
    k_values: Sequence[int],
    methods: Sequence[str],
    restarts: int,
) -> Iterator[tuple[Key, Labelling]]:
    """Labels of one matrix's live units by (method, k), for each feasible k."""
    adjacency = live.take(matrix)
    if adjacency.min(initial=0) < 0:
        adjacency = np.abs(adjacency)
    for vectors, same in _by_vectors(k_values, live):
        embedding = embed(adjacency, vectors)
        grid = Grid(adjacency, embedding, same, name, restarts)
        for k in same:
            for method in methods:
                yield (method, k), partition_by(method)(Problem(grid, k))


def _by_vectors(k_values: Sequence[int], live: LiveUnits) -> list[tuple[int, list[int]]]:
    """Feasible k, grouped by the number of singular vectors to compute for them.

    The number depends on k alone (16, 32, 64, …), not on the block's largest k: the last bits of a
    vector can depend on how many are computed.
    """
    groups: dict[int, list[int]] = {}
    for k in k_values:
        if live.holds(k):
            power = 1 << max(k - 1, 1).bit_length()
            groups.setdefault(min(max(power, _LEAST_VECTORS), min(live.shape)), []).append(k)
    return list(groups.items())
