"""Weight matrices to partitions: spectral embedding, k-means, matched labels.

The partition of a matrix depends on the matrix and on the name of its random stream only: not on
the other matrices, the other k, or the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from clusterability.embedding import Embedding, embed
from clusterability.graph import LiveUnits, live_units
from clusterability.kmeans import KMeansResult, candidates_per_step, kmeans
from clusterability.memory import keep_freed_memory
from clusterability.partitions import Key, Partitions, Starts, no_starts, unassigned
from clusterability.randomness import StreamName, generator
from clusterability.tabulation import block_sums
from clusterability.threads import one_thread

_MIN_COMPONENTS = 16


@dataclass(frozen=True)
class _Found:
    """Labels of the live units of a matrix by one method: the partition's, and of every start.

    Attributes:
        rows, columns: [live rows] and [live columns].
        row_starts, column_starts: [starts, live rows] and [starts, live columns].
    """

    rows: np.ndarray
    columns: np.ndarray
    row_starts: np.ndarray
    column_starts: np.ndarray


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
        methods: of `notebook`, `matched`, `joint`, `whole` (docs/measures.md).
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
    starts = {key: no_starts(count, restarts, m, n) for key in with_starts}
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
) -> Iterator[tuple[Key, _Found]]:
    """Labels of the live units of one matrix by (method, k), for each k that is feasible."""
    adjacency = np.abs(live.take(matrix).astype(np.float64))
    for components, same in _by_components(k_values, live):
        embedding = embed(adjacency, components)
        for k in same:
            uniforms = _uniforms(name, k, restarts)
            for method, found in _cluster_embedded(adjacency, embedding, k, methods, uniforms):
                yield (method, k), found


def _by_components(k_values: Sequence[int], live: LiveUnits) -> list[tuple[int, list[int]]]:
    """Feasible k grouped by the number of singular vectors to compute for them.

    The number goes by k alone (16, 32, 64, …) and not by the block's largest k: the last bits of
    a vector can depend on how many are asked for.
    """
    groups: dict[int, list[int]] = {}
    for k in k_values:
        if live.holds(k):
            power = 1 << max(k - 1, 1).bit_length()
            groups.setdefault(min(max(power, _MIN_COMPONENTS), min(live.shape)), []).append(k)
    return list(groups.items())


def _cluster_embedded(
    adjacency: np.ndarray,
    embedding: Embedding,
    k: int,
    methods: Sequence[str],
    uniforms: np.ndarray,
) -> Iterator[tuple[str, _Found]]:
    """Labels by method at one k."""
    if "notebook" in methods or "matched" in methods:
        rows = kmeans(embedding.left[:, :k], k, uniforms[:, 0])
        columns = kmeans(embedding.right[:, :k], k, uniforms[:, 1])
        starts = rows.labels, columns.labels
        if "notebook" in methods:
            yield "notebook", _Found(rows.labels[0], columns.labels[0], *starts)
        if "matched" in methods:
            yield "matched", _Found(*_matched(adjacency, rows, columns, k), *starts)
    if "joint" in methods:
        # Dhillon 2001, eq. 12.
        vectors = slice(1, 1 + math.ceil(math.log2(k)))
        yield "joint", _both_sides(embedding, vectors, k, uniforms[:, 2])
    if "whole" in methods:
        # The k eigenvectors of the graph's normalised adjacency with the largest eigenvalues are
        # the pairs of singular vectors of its even x odd block, and these are the eigenvalues.
        yield "whole", _both_sides(embedding, slice(k), k, uniforms[:, 2])


def _uniforms(name: StreamName, k: int, restarts: int) -> np.ndarray:
    """Random numbers of one matrix at one k: [restarts, (U, V, both), k, candidates]."""
    return generator("k-means", *name, k).random((restarts, 3, k, candidates_per_step(k)))


def _matched(
    adjacency: np.ndarray, rows: KMeansResult, columns: KMeansResult, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The best starts of both sides, V clusters renamed so that Barber's Q is largest."""
    row_labels, column_labels = rows.labels[rows.best], columns.labels[columns.best]
    renamed = pair_clusters(block_sums(adjacency, row_labels, column_labels, k))
    return row_labels, renamed[column_labels]


def pair_clusters(table: np.ndarray) -> np.ndarray:
    """New name [k] of each V cluster, such that Barber's Q of the table [k, k] is largest.

    The Hungarian method on T - p q^T: the sum over paired clusters is Barber's Q.
    """
    share = table / table.sum()
    excess = share - share.sum(axis=1)[:, None] * share.sum(axis=0)
    row_clusters, column_clusters = linear_sum_assignment(excess, maximize=True)
    names = np.empty(len(table), dtype=np.int64)
    names[column_clusters] = row_clusters
    return names


def _both_sides(embedding: Embedding, vectors: slice, k: int, uniforms: np.ndarray) -> _Found:
    """One k-means over the units of both sides: the chosen vectors, scaled by D^-1/2."""
    points = np.concatenate(
        [
            embedding.left[:, vectors] * embedding.row_scale[:, None],
            embedding.right[:, vectors] * embedding.column_scale[:, None],
        ]
    )
    if points.shape[1] == 0:  # k = 1 by Dhillon's rule: nothing to tell units apart by
        points = np.zeros((len(points), 1))
    found = kmeans(points, k, uniforms)
    m = len(embedding.left)
    best = found.labels[found.best]
    return _Found(best[:m], best[m:], found.labels[:, :m], found.labels[:, m:])
