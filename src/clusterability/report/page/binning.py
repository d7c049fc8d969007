"""Large matrices in fewer cells: units with the same clusters share a bin, weights become means.

A cell is the mean of abs(W) over the weights between a bin of output units and one of input units.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

MOST_CELLS = 98_304
"""Cells of a binned matrix: 256 x 384."""
_DRAWN = (400, 768)
"""Pixels of a picture, down and across: more bins would have less than a pixel each."""


class Detail(NamedTuple):
    """Resolution at which a page shows a matrix.

    Attributes:
        largest: weights of the largest matrix that is shown weight by weight.
        cells: most cells of a larger one, which is binned.
        exact: weights of the largest matrix whose weights are also told exactly.
    """

    largest: int
    cells: int = MOST_CELLS
    exact: int = 0


def units_per_bin(shape: Sequence[int], most: int) -> tuple[int, int]:
    """Output units and input units per bin, such that there are at most `most` cells.

    >>> units_per_bin((384, 1536), 98_304), units_per_bin((10, 20), 98_304)
    ((2, 3), (1, 1))
    """
    sizes = [-(-count // pixels) for count, pixels in zip(shape, _DRAWN, strict=True)]
    while np.prod(bins := _counts(shape, sizes)) > most:
        # The side with more bins, measured by its pixels, gets fewer.
        side = int(bins[1] * _DRAWN[0] > bins[0] * _DRAWN[1])
        sizes[side] += 1
    return sizes[0], sizes[1]


def _counts(shape: Sequence[int], sizes: list[int]) -> list[int]:
    return [-(-count // size) for count, size in zip(shape, sizes, strict=True)]


def bins_of(labels: np.ndarray, size: int) -> np.ndarray:
    """The bin of each unit: units in the order of their labels, cut into bins of equal size.

    Args:
        labels: [partitions, units], the partition that units of a bin should share first of all
            first.
        size: units per bin; the last bin may have fewer.

    Returns:
        uint16 [units].

    >>> bins_of(np.array([[1, 0, 1, 0, 0], [0, 1, 1, 0, 1]]), 2).tolist()
    [1, 0, 2, 0, 1]
    """
    bins = np.empty(labels.shape[1], np.uint16)
    # The last key of lexsort is the first one that it sorts by.
    bins[np.lexsort(labels[::-1])] = np.arange(labels.shape[1]) // size
    return bins


def mean_sizes(weights: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Mean of abs(W) over the weights of each cell.

    Args:
        weights: [m, n].
        rows: bins of the output units, [m], from 0 on without gaps.
        columns: bins of the input units, [n].

    Returns:
        float64 [bins of rows, bins of columns].

    >>> mean_sizes(np.array([[1, -3], [2, 4]]), np.array([0, 0]), np.array([1, 0])).tolist()
    [[3.5, 1.5]]
    """
    sums: np.ndarray = np.abs(weights)
    for axis, bins in enumerate((rows, columns)):
        order = np.argsort(bins, kind="stable")
        starts = np.searchsorted(bins[order], np.arange(bins.max() + 1))
        sums = np.add.reduceat(sums.take(order, axis), starts, axis, dtype=float)
    return sums / np.outer(np.bincount(rows), np.bincount(columns))


class Binning(NamedTuple):
    """Bins of a matrix's units.

    Attributes:
        detail: which of them, and how finely.
        order: partitions by their place among all, the one that bins should respect first first.
    """

    detail: Detail
    order: Sequence[int]


def cells_of(
    weights: np.ndarray, labels: np.ndarray, binning: Binning
) -> tuple[np.ndarray, np.ndarray | None]:
    """Cells that a picture of a matrix shows, and the bins of its units if it is binned.

    Args:
        weights: [m, n].
        labels: [..., m + n], output units first, of all partitions.
        binning: whether and how the matrix is binned.

    Returns:
        The weights and None; or the mean sizes of the weights of each cell, and uint16 [m + n].
    """
    if weights.size <= binning.detail.largest:
        return weights, None
    keys = labels.reshape(-1, labels.shape[-1])[list(binning.order)]
    sizes = units_per_bin(weights.shape, binning.detail.cells)
    sides = np.split(keys, [len(weights)], axis=1)
    rows, columns = (bins_of(side, size) for side, size in zip(sides, sizes, strict=True))
    return mean_sizes(weights, rows, columns), np.concatenate([rows, columns])
