"""Weight matrices to partitions: spectral embedding, k-means, matched labels.

The partition of a matrix depends on the matrix and on the name of its random stream only: not on
the other matrices, the other k, or the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from clusterability.clustering.embedding import embed
from clusterability.clustering.method_kinds import starts_of
from clusterability.clustering.problem import Found, Grid, Problem, partition_by
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
    """Clusters each matrix by each method at each k.

    Args:
        matrices: weights [matrices, m, n]; their absolute values are the edges. A matrix with an
            entry that is not finite has no feasible k.
        names: the random stream of each matrix.
        k_values: numbers of clusters.
        methods: of those in `catalogue` (docs/measures.md).
        restarts: starts of k-means; `notebook` uses the first only.

    Returns:
        Partitions by (method, k).
    """
    return _cluster(matrices, names, k_values, methods, restarts, every_start=False)[0]


def cluster_with_starts(
    matrices: np.ndarray,
    names: Sequence[StreamName],
    k_values: Sequence[int],
    methods: Sequence[str],
    restarts: int,
) -> tuple[dict[Key, Partitions], dict[Key, Starts]]:
    """As `cluster`, with the same partitions, and the labels that every start came to.

    `notebook` has no starts of its own: it is the first start of `matched`.
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
            for key, found in _cluster_matrix(matrix, live, name, k_values, methods, restarts):
                partitions[key].rows[index, live.rows] = found.rows
                partitions[key].columns[index, live.columns] = found.columns
                partitions[key].feasible[index] = True
                if key in starts:
                    starts[key].rows[index][:, live.rows] = found.row_starts
                    starts[key].columns[index][:, live.columns] = found.column_starts
    return partitions, starts


def _cluster_matrix(
    matrix: np.ndarray,
    live: LiveUnits,
    name: StreamName,
    k_values: Sequence[int],
    methods: Sequence[str],
    restarts: int,
) -> Iterator[tuple[Key, Found]]:
    """Labels of the live units of one matrix by (method, k), for each k that is feasible."""
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
    """Feasible k grouped by the number of singular vectors to compute for them.

    The number goes by k alone (16, 32, 64, …) and not by the block's largest k: the last bits of
    a vector can depend on how many are asked for.
    """
    groups: dict[int, list[int]] = {}
    for k in k_values:
        if live.holds(k):
            power = 1 << max(k - 1, 1).bit_length()
            groups.setdefault(min(max(power, _LEAST_VECTORS), min(live.shape)), []).append(k)
    return list(groups.items())
