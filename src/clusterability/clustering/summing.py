"""Weights and partitions to tables: sums of a matrix over blocks of rows and columns.

One pass over the matrix serves all partitions, by strips of columns that stay in the cache. Rows
of one cluster are added to each other; products with indicator matrices give the same sums, but
spend k - 1 of k multiplications on zeros.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from clusterability.clustering.block_sums import Tables, mutual_information
from clusterability.compiled import compiled
from clusterability.networks.live_units import DEAD
from clusterability.networks.partitions import HeldOut, Key, Labels, Partitions, labels_of

_STRIP = 256
"""Columns at a time."""


def tables_of(
    matrix: np.ndarray, partitions: Labels, held_out: Mapping[Key, float] | None = None
) -> dict[Key, Tables]:
    """Tables of one weight matrix for many partitions at once.

    Args:
        matrix: weights [m, n].
        partitions: labels of rows [m] and columns [n] by (method, k).
        held_out: what `held_out_information` gives, where it is known.

    Returns:
        Tables without leading axes by (method, k).
    """
    if not partitions:
        return {}
    weights = np.abs(matrix.astype(np.float64))
    squares = np.square(weights)
    total = weights.sum()
    if total > 0:
        weights /= total
        squares /= squares.sum()
    mi_total = mutual_information(weights)
    clusters = [k for _, k in partitions]
    rows = _stacked([rows for rows, _ in partitions.values()], clusters)
    columns = _stacked([columns for _, columns in partitions.values()], clusters)
    most = max(clusters)
    sums = [_all_block_sums(values, rows, columns, most) for values in (weights, squares)]
    sizes = [_cluster_sizes(labels, most) for labels in (rows, columns)]
    return {
        (method, k): Tables(
            weights=_shares(sums[0][number, :k, :k]),
            squares=_shares(sums[1][number, :k, :k]),
            mi_total=mi_total,
            row_sizes=sizes[0][number, :k],
            column_sizes=sizes[1][number, :k],
            held_out=np.array((held_out or {}).get((method, k), np.nan)),
        )
        for number, (method, k) in enumerate(partitions)
    }


def partition_tables(
    matrix: np.ndarray,
    partitions: Mapping[Key, Partitions],
    held_out: Mapping[Key, HeldOut],
    index: int,
) -> dict[Key, Tables]:
    """Tables of one matrix out of those that were clustered together.

    Args:
        matrix: weights [m, n].
        partitions, held_out: of all matrices, by (method, k); `held_out` may be empty.
        index: which matrix it is.
    """
    information = held_out_information(matrix, labels_of(held_out, index)) if held_out else {}
    return tables_of(matrix, labels_of(partitions, index), information)


def held_out_information(matrix: np.ndarray, held_out: Labels) -> dict[Key, float]:
    """I(row; V cluster) in nats of abs(W) on held-out rows, by (method, k).

    NaN where these rows have no weight in any cluster.

    Args:
        matrix: weights [m, n].
        held_out: rows to judge on, bool [m], and labels of the columns [n], by (method, k).
    """
    if not held_out:
        return {}
    transposed = np.abs(matrix.T.astype(np.float64, order="C"))
    clusters = [k for _, k in held_out]
    columns = _stacked([labels for _, labels in held_out.values()], clusters)
    sums = np.zeros((len(columns), max(clusters), len(matrix)))
    _sum_rows(transposed, columns, sums)
    result = {}
    for number, ((method, k), (rows, _)) in enumerate(held_out.items()):
        joint = sums[number, :k, rows]
        total = joint.sum()
        result[method, k] = float(mutual_information(joint / total)) if total > 0 else np.nan
    return result


def block_sums(matrix: np.ndarray, rows: np.ndarray, columns: np.ndarray, k: int) -> np.ndarray:
    """Sums [k, k] of a matrix [m, n] over the blocks of labels [m] and [n].

    Units with the label -1 are left out.
    """
    return _all_block_sums(matrix, _stacked([rows], [k]), _stacked([columns], [k]), k)[0]


def _stacked(labels: Sequence[np.ndarray], clusters: Sequence[int]) -> np.ndarray:
    """Labels [labellings, units] below each one's number of clusters: loops do not look again."""
    found = np.stack(labels).astype(np.int64)
    for own, k in zip(found, clusters, strict=True):
        if own.size and own.max() >= k:
            raise ValueError(f"labels must be below k = {k}, found {own.max()}")
    return found


def _all_block_sums(
    matrix: np.ndarray, rows: np.ndarray, columns: np.ndarray, k: int
) -> np.ndarray:
    """As `block_sums`, of many labellings [labellings, m] and [labellings, n]."""
    sums = np.zeros((len(rows), k, k))
    _sum_blocks(np.ascontiguousarray(matrix, np.float64), rows, columns, sums)
    return sums


def _shares(sums: np.ndarray) -> np.ndarray:
    """A table [k, k] over its sum; NaN where that is 0."""
    # Laid out anew: in which order numpy adds up goes by what a view leaves out.
    sums = np.ascontiguousarray(sums)
    total = sums.sum()
    return sums / total if total > 0 else np.full_like(sums, np.nan)


def _cluster_sizes(labels: np.ndarray, k: int) -> np.ndarray:
    """Units in each cluster, [labellings, k], of labels [labellings, units]."""
    places = labels - DEAD + (k + 1) * np.arange(len(labels))[:, None]
    counts = np.bincount(places.ravel(), minlength=(k + 1) * len(labels))
    return counts.reshape(len(labels), k + 1)[:, 1:]


@compiled
def _sum_blocks(
    matrix: np.ndarray, rows: np.ndarray, columns: np.ndarray, sums: np.ndarray
) -> None:
    """Adds to sums [labellings, k, k]; labels below 0 are left out."""
    k, width = sums.shape[1], matrix.shape[1]
    strip_sums = np.empty((k, _STRIP))
    for begin in range(0, width, _STRIP):
        end = min(begin + _STRIP, width)
        for number in range(len(rows)):
            for cluster in range(k):
                for place in range(end - begin):
                    strip_sums[cluster, place] = 0
            for row in range(len(matrix)):
                if rows[number, row] >= 0:
                    _add(matrix[row, begin:end], strip_sums[rows[number, row], : end - begin])
            strip_labels = columns[number, begin:end]
            for cluster in range(k):
                for place in range(end - begin):
                    if strip_labels[place] >= 0:
                        value = strip_sums[cluster, place]
                        sums[number, cluster, strip_labels[place]] += value


@compiled
def _sum_rows(matrix: np.ndarray, labels: np.ndarray, sums: np.ndarray) -> None:
    """Adds rows [m, n] by labels [labellings, m] to sums [labellings, k, n]."""
    for number in range(len(labels)):
        for row in range(len(matrix)):
            if labels[number, row] >= 0:
                _add(matrix[row], sums[number, labels[number, row]])


@compiled
def _add(values: np.ndarray, total: np.ndarray) -> None:
    for place in range(len(values)):
        total[place] += values[place]
