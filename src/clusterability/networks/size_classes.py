"""Weights binned into a few classes of magnitude, the alphabet of the code lengths.

Only the order of abs(W) matters: no increasing transformation, heavy tail or outlier changes the
classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clusterability.networks.live_units import DEAD, live_units

MOST_CLASSES = 8


@dataclass(frozen=True)
class SizeClasses:
    """Magnitude class of every weight of a matrix [m, n].

    Attributes:
        codes: int8 [m, n], from 0 for the smallest; -1 in rows and columns of dead units.
        count: number of classes, all of them non-empty.
    """

    codes: np.ndarray
    count: int

    def live(self) -> SizeClasses:
        """Classes of the weights between live units."""
        inside = self.codes != DEAD
        rows, columns = inside.any(axis=1), inside.any(axis=0)
        return SizeClasses(np.ascontiguousarray(self.codes[rows][:, columns]), self.count)

    def turned(self) -> SizeClasses:
        """Classes of the transposed matrix."""
        return SizeClasses(np.ascontiguousarray(self.codes.T), self.count)


@dataclass(frozen=True)
class ClassBounds:
    """Lower bounds of the size classes of a matrix, for others with its weights in another order.

    Attributes:
        bounds: least magnitude of each class, ascending.
        shape: numbers of live rows and columns. A matrix with the same weights has the same bounds
            if as many of its units are live: as many zeros then lie between them.
    """

    bounds: list[float]
    shape: tuple[int, int]


def class_bounds(matrix: np.ndarray) -> ClassBounds:
    """Bounds of the size classes of a matrix [m, n]; sorting its weights takes most of the time.

    >>> list(map(float, class_bounds(np.array([[0.0, -2.0], [0.5, 2.0]])).bounds))
    [0.0, 0.5, 2.0]
    """
    live = live_units(matrix)
    return ClassBounds(_bounds_of(live.take(matrix)), live.shape)


def _bounds_of(weights: np.ndarray) -> list[float]:
    # In place, to hold one copy of a large matrix only.
    ordered = np.abs(weights).ravel()
    ordered.sort()
    return _lower_bounds(ordered)


def size_classes(matrix: np.ndarray, known: ClassBounds | None = None) -> SizeClasses:
    """Bin the magnitudes of the weights between live units.

    Up to 8 distinct magnitudes are one class each. Otherwise zeros, if any, are one class, and the
    n' other weights are divided into B' = 8 classes (7 beside zeros) by floor(B' (r - 1/2) / n'),
    with r the mid-rank among them. Ties are in the same class.

    Args:
        matrix: weights [m, n]. A matrix with a non-finite entry has no live units.
        known: `class_bounds` of a matrix with the same magnitudes in another order, if known.

    >>> size_classes(np.array([[0.0, -2.0], [0.5, 2.0]])).codes.tolist()
    [[0, 2], [1, 2]]
    >>> size_classes(np.arange(1.0, 17.0).reshape(2, 8)).codes.tolist()
    [[0, 0, 1, 1, 2, 2, 3, 3], [4, 4, 5, 5, 6, 6, 7, 7]]
    """
    live = live_units(matrix)
    weights = live.take(matrix)
    bounds = known.bounds if known and known.shape == live.shape else _bounds_of(weights)
    inside = np.zeros(weights.shape, np.int8)
    for bound in bounds[1:]:
        inside += (weights >= bound) | (weights <= -bound)
    if inside.shape == matrix.shape:
        return SizeClasses(inside, len(bounds))
    codes = np.full(matrix.shape, DEAD, np.int8)
    codes[np.ix_(live.rows, live.columns)] = inside
    return SizeClasses(codes, len(bounds))


def _lower_bounds(sizes: np.ndarray) -> list[float]:
    """Lower bounds of the classes, ascending, from sorted magnitudes [weights]."""
    distinct: list[float] = []
    begin = 0
    while begin < len(sizes) and len(distinct) <= MOST_CLASSES:
        distinct.append(sizes[begin])
        begin = int(np.searchsorted(sizes, sizes[begin], "right"))
    if len(distinct) <= MOST_CLASSES:
        return distinct
    zeros = int(np.searchsorted(sizes, 0, "right"))
    classes = MOST_CLASSES - bool(zeros)
    bounds = [sizes[0], *([sizes[zeros]] if zeros else [])]
    for number in range(1, classes):
        bound = _first_of(number, classes, sizes, zeros)
        if bound is not None and bound > bounds[-1]:
            bounds.append(bound)
    return bounds


def _first_of(number: int, classes: int, sizes: np.ndarray, zeros: int) -> float | None:
    """Least non-zero magnitude of class `number` or above; None if there is none.

    Ties at sorted positions begin to end have mid-rank (begin + end + 1) / 2 - zeros. They are in
    class `number` or above if classes (begin + end - 2 zeros) >= 2 number n'.
    """
    others = len(sizes) - zeros
    size = sizes[zeros + number * others // classes]
    begin, end = (int(np.searchsorted(sizes, size, side)) for side in ("left", "right"))
    if classes * (begin + end - 2 * zeros) >= 2 * number * others:
        return size
    return sizes[end] if end < len(sizes) else None
