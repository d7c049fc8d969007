"""Weights of each size class between each pair of clusters, for many partitions in one pass.

The counts of all classes are bytes of one 64-bit number, so that one addition of vectors counts
whole rows: first down the columns, over at most 255 rows of a cluster; then across, over at most
256 columns, in two numbers of four 16-bit fields.
"""

from __future__ import annotations

import numpy as np

from clusterability.compiled import compiled
from clusterability.networks.size_classes import MOST_CLASSES, SizeClasses

_BYTES = 8
assert MOST_CLASSES <= _BYTES
_MOST_ROWS = 255
"""Rows counted in a byte."""
_STRIP = 256
"""Columns counted in 16 bits, of 255 rows each."""
_EVEN_BYTES = np.uint64(0x00FF00FF00FF00FF)
_FIELD = np.uint64(0xFFFF)


def class_counts(classes: SizeClasses, rows: np.ndarray, columns: np.ndarray, k: int) -> np.ndarray:
    """Numbers of weights of each class between each pair of clusters.

    Args:
        classes: size classes of a matrix [m, n].
        rows, columns: labels [partitions, m] and [partitions, n] from 0 to k - 1; units labelled -1
            are left out, as are weights of dead units.
        k: number of clusters per side.

    Returns:
        int64 [partitions, k, k, classes].

    >>> classes = SizeClasses(np.array([[0, 1, 1], [1, 0, 0]], np.int8), 2)
    >>> class_counts(classes, np.array([[0, 0]]), np.array([[0, 1, 1]]), 2)[0, 0].tolist()
    [[1, 1], [2, 2]]
    """
    counts = np.zeros((len(rows), k, k, classes.count), np.int64)
    _count(classes.codes, rows.astype(np.int64), columns.astype(np.int64), counts)
    return counts


@compiled
def _count(codes: np.ndarray, rows: np.ndarray, columns: np.ndarray, counts: np.ndarray) -> None:
    """Add to counts [partitions, k, k, classes]; labels below 0 are left out."""
    partitions, k = counts.shape[:2]
    height, width = codes.shape
    most = min(_STRIP, width)
    down, ones = np.zeros((partitions, k, most), np.uint64), np.zeros(most, np.uint64)
    added, across = np.zeros((partitions, k), np.int64), np.zeros((k, 2), np.uint64)
    for begin in range(0, width, _STRIP):
        strip = slice(begin, min(begin + _STRIP, width))
        for row in range(height):
            _unpack(codes[row, strip], ones)
            for number in range(partitions):
                cluster = rows[number, row]
                if cluster < 0:
                    continue
                _add(ones, down[number, cluster])
                added[number, cluster] += 1
                if added[number, cluster] == _MOST_ROWS:
                    labels = columns[number, strip]
                    _move(down[number, cluster], labels, across, counts[number, cluster])
                    added[number, cluster] = 0
        for number in range(partitions):
            for cluster in range(k):
                if added[number, cluster] > 0:
                    labels = columns[number, strip]
                    _move(down[number, cluster], labels, across, counts[number, cluster])
                    added[number, cluster] = 0


@compiled
def _unpack(codes: np.ndarray, ones: np.ndarray) -> None:
    """Fill ones [strip] with a 1 in the byte of each code's class; 0 for dead units."""
    for index in range(len(codes)):
        code = np.uint64(codes[index] & 7)
        ones[index] = np.uint64(codes[index] >= 0) << (code << np.uint64(3))


@compiled
def _add(ones: np.ndarray, down: np.ndarray) -> None:
    for index in range(len(ones)):
        down[index] += ones[index]


@compiled
def _move(down: np.ndarray, labels: np.ndarray, across: np.ndarray, counts: np.ndarray) -> None:
    """Add counts down the columns to counts [k, classes] by the columns' labels; clear them."""
    across[:] = 0
    for index in range(len(labels)):
        label = labels[index]
        if label >= 0:
            across[label, 0] += down[index] & _EVEN_BYTES
            across[label, 1] += (down[index] >> np.uint64(8)) & _EVEN_BYTES
    down[:] = 0
    for label in range(counts.shape[0]):
        for code in range(counts.shape[1]):
            shift = np.uint64(16 * (code // 2))
            counts[label, code] += np.int64((across[label, code % 2] >> shift) & _FIELD)
