"""Null `degrees`: a random matrix of zeros and ones, or counts, with the same row and column sums.

All matrices with these sums are equally likely. The null tests whether a binary matrix, or a table
of counts, has more structure than the degrees of its units imply.

- Zeros and ones: curveball trades. For two rows at a time, the ones that only one of them has are
  distributed at random between the two (Strona et al. 2014; uniform in the limit: Carstens 2015).
- Counts: for two rows and two columns at a time, one count is drawn uniformly from all values that
  keep the sums; the sums determine the other three (Diaconis & Gangolli 1995).
"""

from __future__ import annotations

import numpy as np

from clusterability.compiled import compiled
from clusterability.nulls.redrawing import Draw
from clusterability.randomness import StreamName, generator

_PAIRS_A_ROW = 10
"""Pairs of rows traded, per row of the matrix; Strona et al. found five to suffice."""


def redraw(matrix: np.ndarray, name: StreamName) -> Draw:
    """Draws with the row and column sums of abs(W), all such matrices equally likely.

    Args:
        matrix: W [m, n], with abs(W) zeros and ones or counts.
        name: condition, seed and layer.

    Returns:
        Function from a draw number to the draw, float64 [m, n], non-negative. All entries are NaN
        if an entry of abs(W) is not a whole number below 2^53.

    References:
        Strona et al. 2014, A fast and unbiased procedure to randomize ecological binary matrices
        with fixed row and column totals, Nat. Commun. 5, 4114. doi:10.1038/ncomms5114
        Diaconis & Gangolli 1995, Rectangular arrays with fixed margins.
        doi:10.1007/978-1-4612-0801-3_3

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
        # Trades pair rows of the shorter side, so that each redistributes more entries.
        rows = result if result.shape[0] <= result.shape[1] else np.ascontiguousarray(result.T)
        seed = generator("draw", *name, "degrees", number).integers(1 << 63)
        if len(rows) > 1:
            deal(rows, _PAIRS_A_ROW * len(rows), np.uint64(seed))
        return np.ascontiguousarray(rows if rows is result else rows.T).astype(np.float64)

    return draw


def are_counts(matrix: np.ndarray) -> bool:
    """Whether all absolute values are whole numbers below 2^53.

    >>> are_counts(np.array([[1.0, -2.0]])), are_counts(np.array([[0.5]]))
    (True, False)
    """
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
    """Uniform integer in [0, limit), by rejection."""
    most = np.uint64(0xFFFFFFFFFFFFFFFF)
    size = np.uint64(limit)
    last = most - most % size
    bits = _next(state)
    while bits >= last:
        bits = _next(state)
    return np.int64(bits % size)


@compiled
def _two(count: int, state: np.ndarray) -> tuple[np.int64, np.int64]:
    """Two different uniform integers in [0, count)."""
    first, second = _below(count, state), _below(count - 1, state)
    return first, second + 1 if second >= first else second


@compiled
def _deal_ones(rows: np.ndarray, pairs: int, seed: np.uint64) -> None:
    """Apply curveball trades in place."""
    state = np.array([seed])
    different = np.empty(rows.shape[1], np.int64)
    for _ in range(pairs):
        i, j = _two(len(rows), state)
        first, second = rows[i], rows[j]
        count, first_only = 0, 0
        for column in range(len(first)):
            if first[column] != second[column]:
                different[count] = column
                count += 1
                first_only += first[column]
        for index in range(count):
            other = index + _below(count - index, state)
            column = different[other]
            different[other] = different[index]
            first[column] = 1 if index < first_only else 0
            second[column] = 0 if index < first_only else 1


@compiled
def _deal_counts(rows: np.ndarray, pairs: int, seed: np.uint64) -> None:
    """Redraw counts in place, as many per pair of rows as there are columns."""
    state, columns = np.array([seed]), rows.shape[1]
    for _ in range(pairs if columns > 1 else 0):
        i, j = _two(len(rows), state)
        first, second = rows[i], rows[j]
        for _ in range(columns):
            a, b = _two(columns, state)
            of_row, of_column = first[a] + first[b], first[a] + second[a]
            least = max(0, of_row - first[b] - second[b])
            corner = least + _below(min(of_row, of_column) - least + 1, state)
            first[b], second[a] = of_row - corner, of_column - corner
            second[b] += corner - first[a]
            first[a] = corner
