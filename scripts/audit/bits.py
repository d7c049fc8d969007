"""Saved bits from their definition in docs/bits.md, in a plain double loop over blocks."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import gammaln
from scipy.stats import rankdata

MOST_CLASSES = 8


def size_classes(matrix: np.ndarray) -> np.ndarray:
    """Size class of every weight [m, n]: 0, 1, …; -1 in rows and columns of zeros.

    With at most eight distinct sizes, each size is a class. Otherwise zeros are one class, and the
    n' other weights fall into B' = 8 classes (7 if there are zeros): floor(B' (r - 1/2) / n'), with
    r the mid-rank among them.

    >>> size_classes(np.array([[0.0, -2.0], [0.5, 2.0]])).tolist()
    [[0, 2], [1, 2]]
    """
    sizes = np.abs(np.asarray(matrix, np.float64))
    live = np.ix_((sizes > 0).any(axis=1), (sizes > 0).any(axis=0))
    weights = sizes[live]
    different = np.unique(weights)
    if len(different) <= MOST_CLASSES:
        codes = np.searchsorted(different, weights)
    else:
        nonzero = weights > 0
        zeros = int(not nonzero.all())
        # Integers, so that rounding does not decide at the border of two classes.
        doubled = np.rint(2 * rankdata(weights[nonzero])).astype(np.int64)
        classes, count = MOST_CLASSES - zeros, len(doubled)
        codes = np.zeros(weights.shape, np.int64)
        codes[nonzero] = zeros + (classes * (doubled - 1)) // (2 * count)
        codes = np.unique(codes, return_inverse=True)[1].reshape(weights.shape)
    result = np.full(sizes.shape, -1)
    result[live] = codes
    return result


def code_length(counts: np.ndarray) -> float:
    """Code length of the counts c [B] in nats; n is their sum.

    D(c) = -ln [Gamma(B/2) / Gamma(n + B/2) prod Gamma(c_x + 1/2) / Gamma(1/2)]

    >>> round(code_length(np.array([1, 1])), 4)  # ln 8
    2.0794
    """
    half = len(counts) / 2
    length = gammaln(counts.sum() + half) - gammaln(half)
    for count in counts.tolist():
        length -= gammaln(count + 0.5) - gammaln(0.5)
    return float(length)


def labels_length(sizes: list[int], k: int) -> float:
    """Code length of labels in nats: ln n! - sum of ln n_a! + ln C(n + k - 1, k - 1)."""
    units = sum(sizes)
    orders = math.lgamma(units + 1) - sum(math.lgamma(size + 1) for size in sizes)
    return orders + math.log(math.comb(units + k - 1, k - 1))


def saved_bits(
    codes: np.ndarray, rows: np.ndarray, columns: np.ndarray, k: int, searched: bool
) -> tuple[float, float]:
    """`bits` and `bits_within` of a partition; NaN if a side has no live units.

    Args:
        codes: `size_classes` of the weights, [m, n].
        rows, columns: labels [m] and [n]; -1 for dead units.
        k: number of clusters per side.
        searched: whether k is only the maximum number of clusters per side, as for the method
            `described`. The code then pays only for clusters that hold units, plus ln k per side
            for the choice of their number. A single cluster is free.
    """
    classes = int(codes.max(initial=-1)) + 1
    if classes == 0 or not (rows >= 0).any() or not (columns >= 0).any():
        return math.nan, math.nan
    blocks, sets = 0.0, [np.zeros(classes, np.int64), np.zeros(classes, np.int64)]
    for a in range(k):
        for b in range(k):
            counts = _counts(codes[rows == a][:, columns == b], classes)
            blocks += code_length(counts)
            sets[int(a == b)] += counts
    names = _names(rows, columns, k, searched)
    alone = code_length(_counts(codes, classes))
    within = code_length(sets[0]) + code_length(sets[1])
    return (alone - blocks - names) / math.log(2), (alone - within - names) / math.log(2)


def _counts(codes: np.ndarray, classes: int) -> np.ndarray:
    return np.bincount(codes[codes >= 0], minlength=classes)


def _names(rows: np.ndarray, columns: np.ndarray, k: int, searched: bool) -> float:
    """Code length of the labels of both sides, in nats."""
    sides = [[int((side == a).sum()) for a in range(k)] for side in (rows, columns)]
    if not searched:
        return sum(labels_length(sizes, k) for sizes in sides)
    held = [sum(size > 0 for size in sizes) for sizes in sides]
    if max(held) <= 1:
        return 0.0
    return sum(
        labels_length(sizes, max(count, 1)) + math.log(k)
        for sizes, count in zip(sides, held, strict=True)
    )
