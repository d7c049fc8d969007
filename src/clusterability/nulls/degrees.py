"""Null `degrees`: zeros and ones, or counts, drawn anew with the sums of all rows and columns kept.

Each matrix with these sums is as likely as any other. It asks of a pattern of zeros and ones, or of
a table of counts, whether there is more structure than the degrees of its units bring along.

Zeros and ones: in two rows at a time, the ones that only one of them has are dealt out anew
(curveball: Strona et al. 2014, Nature Communications 5, 4114; uniform in the end: Carstens 2015).
Counts: in two rows and two columns at a time, one count is drawn anew from all that leave the sums
as they are, and the other three follow (Diaconis & Gangolli 1995).
"""

from __future__ import annotations

import numpy as np

from clusterability.compiled import compiled
from clusterability.nulls.redrawing import Draw
from clusterability.randomness import StreamName, generator

_PAIRS_A_ROW = 10
"""Pairs of rows that are dealt out anew, for each row: Strona et al. found five to suffice."""


def redraw(matrix: np.ndarray, name: StreamName) -> Draw:
    """What makes draw number i, float64 [m, n], non-negative.

    Every draw of weights whose absolute values are no whole numbers is NaN throughout.

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.

    >>> draw = redraw(np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]), ("mine", -1, "fc1"))
    >>> draw(0).sum(axis=1).tolist(), draw(0).sum(axis=0).tolist()
    ([2.0, 2.0], [1.0, 2.0, 1.0])
    """
    sizes = np.abs(matrix.astype(np.float64))
    if not are_counts(matrix):
        return lambda number: np.full(matrix.shape, np.nan)
    deal = _deal_ones if sizes.max(initial=0) <= 1 else _deal_counts

    def draw(number: int) -> np.ndarray:
        result = sizes.astype(np.int64)
        # Pairs of the shorter side: each of them deals out a longer row.
        rows = result if result.shape[0] <= result.shape[1] else np.ascontiguousarray(result.T)
        seed = generator("draw", *name, "degrees", number).integers(1 << 63)
        if len(rows) > 1:
            deal(rows, _PAIRS_A_ROW * len(rows), np.uint64(seed))
        return np.ascontiguousarray(rows if rows is result else rows.T).astype(np.float64)

    return draw


def are_counts(matrix: np.ndarray) -> bool:
    """Whether the absolute values of weights are whole numbers, below 2^53."""
    sizes = np.abs(matrix)
    return bool((sizes < 2**53).all() and (sizes == np.floor(sizes)).all())


@compiled
def _next(state: np.ndarray) -> np.uint64:
    """64 random bits (SplitMix64: Steele, Lea & Flood 2014)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@compiled
def _below(limit: int, state: np.ndarray) -> np.int64:
    """A whole number from 0 on below the limit, each as likely: others are drawn again."""
    most = np.uint64(0xFFFFFFFFFFFFFFFF)
    size = np.uint64(limit)
    last = most - most % size
    found = _next(state)
    while found >= last:
        found = _next(state)
    return np.int64(found % size)


@compiled
def _two(count: int, state: np.ndarray) -> tuple[np.int64, np.int64]:
    """Two different numbers below count."""
    first, second = _below(count, state), _below(count - 1, state)
    return first, second + 1 if second >= first else second


@compiled
def _deal_ones(rows: np.ndarray, pairs: int, seed: np.uint64) -> None:
    """Curveball trades in place."""
    state = np.array([seed])
    different = np.empty(rows.shape[1], np.int64)
    for _ in range(pairs):
        i, j = _two(len(rows), state)
        first, second = rows[i], rows[j]
        count, own = 0, 0
        for column in range(len(first)):
            if first[column] != second[column]:
                different[count] = column
                count += 1
                own += first[column]
        for place in range(count):
            other = place + _below(count - place, state)
            column = different[other]
            different[other] = different[place]
            first[column] = 1 if place < own else 0
            second[column] = 0 if place < own else 1


@compiled
def _deal_counts(rows: np.ndarray, pairs: int, seed: np.uint64) -> None:
    """Exchanges of counts in place: as many for each pair of rows as there are columns."""
    state, columns = np.array([seed]), rows.shape[1]
    for _ in range(pairs if columns > 1 else 0):
        i, j = _two(len(rows), state)
        first, second = rows[i], rows[j]
        for _ in range(columns):
            a, b = _two(columns, state)
            of_row, of_column = first[a] + first[b], first[a] + second[a]
            least = max(0, of_row - first[b] - second[b])
            found = least + _below(min(of_row, of_column) - least + 1, state)
            first[b], second[a] = of_row - found, of_column - found
            second[b] += found - first[a]
            first[a] = found
