"""Weights and partitions to tables: sums of a matrix over blocks of rows and columns.

One pass over the matrix serves all partitions, by strips of columns that stay in the cache. Rows
of one cluster are added to each other; products with indicator matrices give the same sums, but
spend k - 1 of k multiplications on zeros.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from clusterability.clustering.block_sums import Tables, mutual_information, p_ln_p
from clusterability.clustering.saved_bits import MatrixBits, cluster_sizes
from clusterability.compiled import compiled
from clusterability.networks.partitions import HeldOut, Key, Labels, Partitions, labels_of

_STRIPS = 1 << 14
"""Sums of a strip of columns, over clusters of all labellings: they stay in the cache."""
_PANEL = 1 << 16
"""Entries that are made float64 at a time, so that the matrix is not copied as a whole."""


def tables_of(
    matrix: np.ndarray,
    partitions: Labels,
    held_out: Mapping[Key, float] | None = None,
    mi_total: float | None = None,
    bits: MatrixBits | None = None,
) -> dict[Key, Tables]:
    """Tables of one weight matrix for many partitions at once.

    Args:
        matrix: weights [m, n].
        partitions: labels of rows [m] and columns [n] by (method, k).
        held_out: what `held_out_information` gives, where it is known.
        mi_total: what `weights_information` gives, where it is known.
        bits: of the matrix, where others ask for bits of its partitions, too.

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
    """I(P) in nats of abs(W) as a joint distribution of row and column, P = abs(W) / sum.

    The sum of P ln P over the entries, less those of the rows' and of the columns' shares.

    Args:
        matrix: weights [m, n].
        entries: what `entry_information` gives, where it is known: permuting entries leaves it.
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
    """Sum of P ln P in nats over the entries of P = abs(W) / sum; NaN where the sum is 0."""
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
    """abs(W) as float64, some rows at a time."""
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
) -> dict[Key, Tables]:
    """Tables of one matrix out of those that were clustered together.

    Args:
        matrix: weights [m, n].
        partitions, held_out: of all matrices, by (method, k); `held_out` may be empty.
        index: which matrix it is.
        mi_total: what `weights_information` gives, where it is known.
    """
    information = held_out_information(matrix, labels_of(held_out, index)) if held_out else {}
    return tables_of(matrix, labels_of(partitions, index), information, mi_total)


def held_out_information(matrix: np.ndarray, held_out: Labels) -> dict[Key, float]:
    """I(row; V cluster) in nats of abs(W) on held-out rows, by (method, k).

    NaN where these rows have no weight in any cluster.

    Args:
        matrix: weights [m, n].
        held_out: rows to judge on, bool [m], and labels of the columns [n], by (method, k).
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
    """Sums [k, k] of abs(W) of a matrix [m, n] over the blocks of each partition.

    Units with the label -1 are left out.
    """
    clusters = [k for _, k in partitions]
    rows = _stacked([rows for rows, _ in partitions.values()], clusters)
    columns = _stacked([columns for _, columns in partitions.values()], clusters)
    sums = _sums_of_powers(matrix, rows, columns, max(clusters))[0]
    return [sums[number, :k, :k] for number, k in enumerate(clusters)]


def _stacked(labels: Sequence[np.ndarray], clusters: Sequence[int]) -> np.ndarray:
    """Labels [labellings, units] below each one's number of clusters: loops do not look again."""
    found = np.stack(labels).astype(np.int64)
    for own, k in zip(found, clusters, strict=True):
        if own.size and own.max() >= k:
            raise ValueError(f"labels must be below k = {k}, found {own.max()}")
    return found


def _sums_of_powers(
    matrix: np.ndarray, rows: np.ndarray, columns: np.ndarray, k: int
) -> np.ndarray:
    """Sums of abs(W) and of its squares, [2, labellings, k, k], over blocks of many labellings.

    The largest weight counts as a number from 1 to 2, so that no square is too large.
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
    """The largest of abs(W), without a copy; NaN where there is one."""
    return max(float(matrix.max(initial=0)), -float(matrix.min(initial=0)))


def _shares(sums: np.ndarray) -> np.ndarray:
    """A table [k, k] over its sum; NaN where that is 0."""
    # Laid out anew: in which order numpy adds up goes by what a view leaves out.
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
    """Adds to sums [2, labellings, k, k] of float64; labels below 0 are left out."""
    labellings, k, width = len(rows), sums.shape[2], matrix.shape[1]
    of_strip = np.empty((2, labellings, k, strip))
    weights, squares = np.empty(strip), np.empty(strip)
    for begin in range(0, width, strip):
        count = min(strip, width - begin)
        of_strip[:] = 0
        for row in range(len(matrix)):
            values = matrix[row, begin : begin + count]
            for place in range(count):
                weights[place] = abs(values[place]) * factor
                squares[place] = weights[place] * weights[place]
            for number in range(labellings):
                cluster = rows[number, row]
                if cluster >= 0:
                    _add(weights[:count], of_strip[0, number, cluster])
                    _add(squares[:count], of_strip[1, number, cluster])
        for power in range(2):
            for number in range(labellings):
                for cluster in range(k):
                    for place in range(count):
                        label = columns[number, begin + place]
                        if label >= 0:
                            value = of_strip[power, number, cluster, place]
                            sums[power, number, cluster, label] += value


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
