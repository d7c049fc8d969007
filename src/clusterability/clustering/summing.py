"""Block sums of weight matrices for many partitions at once.

One pass over the matrix serves all partitions, in strips of columns that stay in the cache. Rows of
a cluster are added together. Products with indicator matrices give the same sums, but spend k - 1
of k multiplications on zeros.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from clusterability.clustering.block_sums import Tables, mutual_information, p_ln_p
from clusterability.clustering.saved_bits import MatrixBits, cluster_sizes
from clusterability.compiled import compiled
from clusterability.networks.partitions import HeldOut, Key, Labels, Partitions, labels_of
from clusterability.networks.size_classes import ClassBounds

_STRIPS = 1 << 14
"""Sums per strip of columns, over the clusters of all labellings: they stay in the cache."""
_PANEL = 1 << 16
"""Entries converted to float64 at a time, so that the whole matrix is never copied."""


def tables_of(
    matrix: np.ndarray,
    partitions: Labels,
    held_out: Mapping[Key, float] | None = None,
    mi_total: float | None = None,
    bits: MatrixBits | None = None,
) -> dict[Key, Tables]:
    """Tables of one weight matrix for many partitions.

    Args:
        matrix: weights [m, n].
        partitions: labels of rows [m] and columns [n] by (method, k).
        held_out: result of `held_out_information`, if known.
        mi_total: result of `weights_information`, if known.
        bits: `MatrixBits` of the matrix, if other code needs bits of its partitions, too.

    Returns:
        Tables without leading axes by (method, k).
    """
    if not partitions:
        return {}
    if mi_total is None:
        mi_total = weights_information(matrix)
    clusters = [k for _, k in partitions]
    rows = _stacked([rows for rows, _ in partitions.values()], clusters)
    columns = _stacked([columns for _, columns in partitions.values()], clusters)
    most = max(clusters)
    sums = _sums_of_powers(matrix, rows, columns, most)
    sizes = [cluster_sizes(labels, most) for labels in (rows, columns)]
    saved = (bits or MatrixBits(matrix)).saved(partitions)
    return {
        (method, k): Tables(
            weights=_shares(sums[0, number, :k, :k]),
            squares=_shares(sums[1, number, :k, :k]),
            mi_total=np.array(mi_total),
            row_sizes=sizes[0][number, :k],
            column_sizes=sizes[1][number, :k],
            held_out=np.array((held_out or {}).get((method, k), np.nan)),
            **saved[method, k].tables(),
        )
        for number, (method, k) in enumerate(partitions)
    }


def weights_information(matrix: np.ndarray, entries: float | None = None) -> float:
    """Mutual information I(P) in nats between row and column, with P = abs(W) / sum.

        I(P) = sum over i, j of P_ij ln P_ij - sum over i of p_i ln p_i - sum over j of q_j ln q_j

    Args:
        matrix: weights W [m, n].
        entries: result of `entry_information`, if known; permuting the entries preserves it.

    Returns:
        I(P), at least 0; NaN if all weights are zero.
    """
    strengths = [np.zeros(size) for size in matrix.shape]
    for part, weights in _panels(matrix):
        strengths[0][part] = weights.sum(axis=1)
        strengths[1] += weights.sum(axis=0)
    total = strengths[1].sum()
    if not total > 0:
        return np.nan
    if entries is None:
        entries = entry_information(matrix)
    marginals = sum(float(p_ln_p(sums / total).sum()) for sums in strengths)
    return max(entries - marginals, 0.0)


def entry_information(matrix: np.ndarray) -> float:
    """Sum of P ln P in nats over the entries of P = abs(W) / sum; NaN if the sum is 0."""
    total, terms = 0.0, 0.0
    largest = _largest(matrix)
    if not 0 < largest < math.inf:
        return math.nan
    for _, weights in _panels(matrix):
        weights /= largest
        total += float(weights.sum())
        terms += float(p_ln_p(weights).sum())
    return terms / total - math.log(total) if total > 0 else math.nan


def _panels(matrix: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Slices of rows, and abs(W) in these rows as float64."""
    height = max(_PANEL // matrix.shape[1], 1)
    for begin in range(0, len(matrix), height):
        part = slice(begin, begin + height)
        yield part, np.abs(matrix[part].astype(np.float64))


def partition_tables(
    matrix: np.ndarray,
    partitions: Mapping[Key, Partitions],
    held_out: Mapping[Key, HeldOut],
    index: int,
    mi_total: float | None = None,
    bounds: ClassBounds | None = None,
) -> dict[Key, Tables]:
    """Tables of one matrix in a stack that was clustered together.

    Args:
        matrix: weights [m, n].
        partitions, held_out: clusterings of all matrices, by (method, k); `held_out` may be empty.
        index: index of the matrix in the stack.
        mi_total: result of `weights_information`, if known.
        bounds: `class_bounds` of a matrix with the same weights in another order, if known.
    """
    information = held_out_information(matrix, labels_of(held_out, index)) if held_out else {}
    bits = MatrixBits(matrix, bounds)
    return tables_of(matrix, labels_of(partitions, index), information, mi_total, bits)


def held_out_information(matrix: np.ndarray, held_out: Labels) -> dict[Key, float]:
    """Mutual information I(row; V cluster) in nats of abs(W) on held-out rows, by (method, k).

    Args:
        matrix: weights [m, n].
        held_out: mask of the rows to judge on, bool [m], and column labels [n], by (method, k).

    Returns:
        Nats by (method, k); NaN if these rows have no weight in any cluster.
    """
    if not held_out:
        return {}
    clusters = [k for _, k in held_out]
    columns = _stacked([labels for _, labels in held_out.values()], clusters)
    sums = np.zeros((len(columns), max(clusters), len(matrix)))
    for part, weights in _panels(matrix):
        _sum_rows(np.ascontiguousarray(weights.T), columns, sums[:, :, part])
    result = {}
    for number, ((method, k), (rows, _)) in enumerate(held_out.items()):
        joint = sums[number, :k, rows]
        total = joint.sum()
        result[method, k] = float(mutual_information(joint / total)) if total > 0 else np.nan
    return result


def all_block_sums(matrix: np.ndarray, partitions: Labels) -> list[np.ndarray]:
    """Block sums [k, k] of abs(W) for each partition of a matrix [m, n].

    Units labelled -1 are left out.
    """
    clusters = [k for _, k in partitions]
    rows = _stacked([rows for rows, _ in partitions.values()], clusters)
    columns = _stacked([columns for _, columns in partitions.values()], clusters)
    sums = _sums_of_powers(matrix, rows, columns, max(clusters))[0]
    return [sums[number, :k, :k] for number, k in enumerate(clusters)]


def _stacked(labels: Sequence[np.ndarray], clusters: Sequence[int]) -> np.ndarray:
    """Labels [labellings, units], checked to be below k: the compiled loops do not check."""
    stacked = np.stack(labels).astype(np.int64)
    for row, k in zip(stacked, clusters, strict=True):
        if row.size and row.max() >= k:
            raise ValueError(f"labels must be below k = {k}, found {row.max()}")
    return stacked


def _sums_of_powers(
    matrix: np.ndarray, rows: np.ndarray, columns: np.ndarray, k: int
) -> np.ndarray:
    """Block sums of abs(W) and of W squared for many labellings, [2, labellings, k, k].

    Weights are scaled so that the largest lies between 1 and 2 and no square overflows.
    """
    sums = np.zeros((2, len(rows), k, k))
    largest = _largest(matrix)
    if 0 < largest < math.inf:
        exponent = max(math.frexp(largest)[1] - 1, -1000)
        strip = min(max(_STRIPS // (k * len(rows)) // 8 * 8, 32), 256)
        kind = np.float32 if matrix.dtype == np.float32 else np.float64
        values = np.ascontiguousarray(matrix, kind)
        _sum_blocks(values, rows, columns, 0.5**exponent, strip, sums)
        sums[0] *= 2.0**exponent
    return sums


def _largest(matrix: np.ndarray) -> float:
    """Largest abs(W), without a copy; NaN if any weight is."""
    return max(float(matrix.max(initial=0)), -float(matrix.min(initial=0)))


def _shares(sums: np.ndarray) -> np.ndarray:
    """Table [k, k] divided by its sum; NaN if the sum is 0."""
    # A contiguous copy: the order in which NumPy sums a view depends on its strides.
    sums = np.ascontiguousarray(sums)
    total = sums.sum()
    return sums / total if total > 0 else np.full_like(sums, np.nan)


@compiled
def _sum_blocks(
    matrix: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    factor: float,
    strip: int,
    sums: np.ndarray,
) -> None:
    """Add to float64 sums [2, labellings, k, k]; labels below 0 are left out."""
    labellings, k, width = len(rows), sums.shape[2], matrix.shape[1]
    of_strip = np.empty((2, labellings, k, strip))
    weights, squares = np.empty(strip), np.empty(strip)
    for begin in range(0, width, strip):
        count = min(strip, width - begin)
        of_strip[:] = 0
        for row in range(len(matrix)):
            values = matrix[row, begin : begin + count]
            for index in range(count):
                weights[index] = abs(values[index]) * factor
                squares[index] = weights[index] * weights[index]
            for number in range(labellings):
                cluster = rows[number, row]
                if cluster >= 0:
                    _add(weights[:count], of_strip[0, number, cluster])
                    _add(squares[:count], of_strip[1, number, cluster])
        for power in range(2):
            for number in range(labellings):
                for cluster in range(k):
                    for index in range(count):
                        label = columns[number, begin + index]
                        if label >= 0:
                            value = of_strip[power, number, cluster, index]
                            sums[power, number, cluster, label] += value


@compiled
def _sum_rows(matrix: np.ndarray, labels: np.ndarray, sums: np.ndarray) -> None:
    """Add rows of a matrix [m, n] by labels [labellings, m] to sums [labellings, k, n]."""
    for number in range(len(labels)):
        for row in range(len(matrix)):
            if labels[number, row] >= 0:
                _add(matrix[row], sums[number, labels[number, row]])


@compiled
def _add(values: np.ndarray, total: np.ndarray) -> None:
    for index in range(len(values)):
        total[index] += values[index]
