"""Weight matrices to partitions: spectral embedding, k-means, matched labels.

Matrices of one shape (a network's layer, or the draws of a null) are clustered together. The
partition of a matrix depends on the matrix and on the name of its random stream only: not on the
other matrices, the other k, or the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.optimize import linear_sum_assignment

from clusterability.contingency import block_sums
from clusterability.graph import LiveUnits, by_live_units
from clusterability.kmeans import KMeansResult, candidates_per_step, kmeans
from clusterability.memory import keep_freed_memory
from clusterability.partitions import Key, Partitions, Starts, no_starts, unassigned
from clusterability.randomness import StreamName, generator
from clusterability.threads import one_thread

_MIN_COMPONENTS = 16
_SMALLEST_SINGULAR_VALUE = 1e-5
"""Below it, dividing by the singular value would lose too many digits of the other side."""


@dataclass(frozen=True)
class Embedding:
    """Singular vectors of normalised matrices, by falling singular value.

    Attributes:
        left: [matrices, m, components]; right: [matrices, n, components].
        singular_values: [matrices, components]; the first is 1.
        row_scale, column_scale: [matrices, m] and [matrices, n], degrees to the power -1/2.
    """

    left: np.ndarray
    right: np.ndarray
    singular_values: np.ndarray
    row_scale: np.ndarray
    column_scale: np.ndarray


@dataclass(frozen=True)
class _Found:
    """Labels of a group of live matrices by one method: the partition's, and of every start.

    Attributes:
        rows, columns: [matrices, live rows] and [matrices, live columns].
        row_starts, column_starts: the same with an axis of starts in second place.
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
        for live, indices in by_live_units(matrices):
            adjacency = np.abs(live.take(matrices[indices]).astype(np.float64))
            group = [names[index] for index in indices]
            for components, same in _by_components(k_values, live):
                embedding = embed(adjacency, components)
                for k in same:
                    uniforms = np.stack([_uniforms(name, k, restarts) for name in group])
                    group_found = _cluster_group(
                        adjacency, embedding, k, methods, uniforms, every_start
                    )
                    for method, found in group_found.items():
                        _enter(partitions[method, k], live, indices, found)
                        if every_start and method != "notebook":
                            _enter_starts(starts[method, k], live, indices, found)
    return partitions, starts


def embed(adjacency: np.ndarray, components: int) -> Embedding:
    """Leading singular vectors of D_U^-1/2 A D_V^-1/2 (Dhillon 2001) for each matrix.

    They come from the eigenvectors of the Gram matrix of the smaller side; where a singular value
    is too small for that, from a full decomposition. Each left vector's largest entry is positive.

    Args:
        adjacency: non-negative float64 [matrices, m, n] without rows or columns of zeros.
        components: number of singular vectors, at most min(m, n).
    """
    row_scale = 1 / np.sqrt(adjacency.sum(axis=2))
    column_scale = 1 / np.sqrt(adjacency.sum(axis=1))
    normalised = adjacency * row_scale[:, :, None] * column_scale[:, None, :]
    parts = [_singular_vectors(matrix, components) for matrix in normalised]
    left, singular_values, right = (np.stack(part) for part in zip(*parts, strict=True))
    return Embedding(left, right, singular_values, row_scale, column_scale)


def _singular_vectors(
    matrix: np.ndarray, components: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Left vectors [m, components], singular values, right vectors [n, components]."""
    if matrix.shape[0] > matrix.shape[1]:
        right, values, left = _small_side_vectors(matrix.T, components)
    else:
        left, values, right = _small_side_vectors(matrix, components)
    largest = np.abs(left).argmax(axis=0)
    signs = np.where(left[largest, np.arange(components)] < 0, -1.0, 1.0)
    return left * signs, values, right * signs


def _small_side_vectors(
    matrix: np.ndarray, components: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `_singular_vectors`, for a matrix that is not taller than wide, with any signs."""
    size = len(matrix)
    eigenvalues, vectors = scipy.linalg.eigh(
        matrix @ matrix.T, subset_by_index=(size - components, size - 1), check_finite=False
    )
    values = np.sqrt(np.maximum(eigenvalues[::-1], 0))
    if values[-1] < _SMALLEST_SINGULAR_VALUE:
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
        return left[:, :components], values[:components], right[:components].T
    left = vectors[:, ::-1]
    return left, values, matrix.T @ left / values


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


def _cluster_group(
    adjacency: np.ndarray,
    embedding: Embedding,
    k: int,
    methods: Sequence[str],
    uniforms: np.ndarray,
    every_start: bool,
) -> dict[str, _Found]:
    """Labels by method, for live matrices and a feasible k."""
    found = {}
    if "notebook" in methods or "matched" in methods:
        rows = kmeans(embedding.left[:, :, :k], k, uniforms[:, :, 0], every_start=every_start)
        columns = kmeans(embedding.right[:, :, :k], k, uniforms[:, :, 1], every_start=every_start)
        starts = rows.every_labels, columns.every_labels
        if "notebook" in methods:
            found["notebook"] = _Found(rows.first_labels, columns.first_labels, *starts)
        if "matched" in methods:
            found["matched"] = _Found(*_matched(adjacency, rows, columns, k), *starts)
    if "joint" in methods:
        # Dhillon 2001, eq. 12.
        vectors = slice(1, 1 + math.ceil(math.log2(k)))
        found["joint"] = _both_sides(embedding, vectors, k, uniforms[:, :, 2], every_start)
    if "whole" in methods:
        # The k eigenvectors of the graph's normalised adjacency with the largest eigenvalues are
        # the pairs of singular vectors of its even x odd block, and these are the eigenvalues.
        found["whole"] = _both_sides(embedding, slice(k), k, uniforms[:, :, 2], every_start)
    return found


def _uniforms(name: StreamName, k: int, restarts: int) -> np.ndarray:
    """Random numbers of one matrix at one k: [restarts, (U, V, both), k, candidates]."""
    source = generator("k-means", *name, k)
    return source.random((restarts, 3, k, candidates_per_step(k)), dtype=np.float32)


def _matched(
    adjacency: np.ndarray, rows: KMeansResult, columns: KMeansResult, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The best starts of both sides, V clusters renamed so that Barber's Q is largest."""
    row_labels, column_labels = rows.best_labels, columns.best_labels
    tables = block_sums(adjacency, row_labels, column_labels, k)
    renamed = np.stack(
        [pair_clusters(t)[labels] for t, labels in zip(tables, column_labels, strict=True)]
    )
    return row_labels, renamed.astype(np.int16)


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


def _both_sides(
    embedding: Embedding, vectors: slice, k: int, uniforms: np.ndarray, every_start: bool
) -> _Found:
    """One k-means over the units of both sides: the chosen vectors, scaled by D^-1/2."""
    points = np.concatenate(
        [
            embedding.left[:, :, vectors] * embedding.row_scale[:, :, None],
            embedding.right[:, :, vectors] * embedding.column_scale[:, :, None],
        ],
        axis=1,
    )
    if points.shape[2] == 0:  # k = 1 by Dhillon's rule: nothing to tell units apart by
        points = np.zeros((*points.shape[:2], 1))
    found = kmeans(points, k, uniforms, every_start=every_start)
    m = embedding.left.shape[1]
    best, every = found.best_labels, found.every_labels
    return _Found(best[:, :m], best[:, m:], every[..., :m], every[..., m:])


def _enter(partitions: Partitions, live: LiveUnits, indices: np.ndarray, found: _Found) -> None:
    """Writes the labels of a group's live units into the partitions of all matrices."""
    partitions.rows[np.ix_(indices, live.rows)] = found.rows
    partitions.columns[np.ix_(indices, live.columns)] = found.columns
    partitions.feasible[indices] = True


def _enter_starts(starts: Starts, live: LiveUnits, indices: np.ndarray, found: _Found) -> None:
    every = np.arange(starts.rows.shape[1])
    starts.rows[np.ix_(indices, every, live.rows)] = found.row_starts
    starts.columns[np.ix_(indices, every, live.columns)] = found.column_starts
