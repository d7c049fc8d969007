"""Scaling of non-negative matrices to given row and column sums (Sinkhorn & Knopp 1967).

A becomes D_1 A D_2 with positive diagonal D_1 and D_2. Every matrix of a batch is scaled by itself,
so that its bits do not depend on the others, nor on the number of threads.
"""

from __future__ import annotations

import numpy as np

from clusterability.networks.live_units import live_units

_TOLERANCE = 1e-12
"""Largest relative error of a column sum. Row sums are exact up to rounding."""

MAX_ITERATIONS = 10_000
"""A dense random matrix takes about 10; modules joined by entries a thousandth as large, 2,000."""


def scale_to(matrix: np.ndarray, row_sums: np.ndarray, column_sums: np.ndarray) -> np.ndarray:
    """Scales the rows and columns of matrices so that they have these sums.

    The result is the only one of the form D_1 A D_2 with these sums. It exists where some
    non-negative matrix with the same zeros has them (Menon 1968). The relative error of each sum is
    at most 1e-10.

    Args:
        matrix: non-negative, [..., m, n].
        row_sums: [..., m]; 0 for rows of zeros, and for no others.
        column_sums: [..., n], likewise. Their total is that of the row sums.

    Returns:
        float64 [..., m, n]; NaN throughout a matrix for which the iteration does not converge.

    >>> scale_to(np.ones((2, 2)), np.array([1.0, 3.0]), np.array([2.0, 2.0])).tolist()
    [[0.5, 0.5], [1.5, 1.5]]
    """
    if matrix.ndim == 2:
        return _scale_one(np.asarray(matrix, np.float64), row_sums, column_sums)
    *leading, m, n = matrix.shape
    matrices = np.asarray(matrix, np.float64).reshape(-1, m, n)
    rows = np.broadcast_to(row_sums, (*leading, m)).reshape(-1, m)
    columns = np.broadcast_to(column_sums, (*leading, n)).reshape(-1, n)
    result = np.empty_like(matrices)
    for index, single in enumerate(matrices):
        result[index] = _scale_one(single, rows[index], columns[index])
    return result.reshape(matrix.shape)


def balance(matrix: np.ndarray) -> np.ndarray:
    """Scales matrices to equal sums of rows, equal sums of columns, and a total of 1.

    Dead rows and columns stay zero and do not count.

    Args:
        matrix: non-negative, [..., m, n].

    Returns:
        float64 [..., m, n]; NaN throughout a matrix that cannot be balanced, such as
        [[1, 1], [0, 1]]: equal sums would need a zero in the place of one of the ones.

    >>> balance(np.array([[1.0, 1.0], [1.0, 4.0]])).round(6).tolist()
    [[0.333333, 0.166667], [0.166667, 0.333333]]
    """
    live = matrix != 0
    return scale_to(matrix, _equal_shares(live.any(axis=-1)), _equal_shares(live.any(axis=-2)))


def _equal_shares(live: np.ndarray) -> np.ndarray:
    return live / np.maximum(live.sum(axis=-1, keepdims=True), 1)


def scaling_factors(
    matrix: np.ndarray,
    row_sums: np.ndarray,
    column_sums: np.ndarray,
    iterations: int = MAX_ITERATIONS,
) -> tuple[np.ndarray, np.ndarray]:
    """Diagonals of D_1 and D_2 that bring one matrix to these sums, as `scale_to` does.

    Args:
        matrix, row_sums, column_sums: as `scale_to` has them, the matrix [m, n].
        iterations: at most so many.

    Returns:
        float64 [m] and [n]; 0 for dead units, and NaN throughout where the iteration does not
        converge. Only their products are determined: one may be larger and the other smaller.

    >>> rows, columns = scaling_factors(np.ones((2, 2)), np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    >>> np.outer(rows, columns).tolist()
    [[0.5, 0.5], [1.5, 1.5]]
    """
    live = live_units(matrix)
    fits = np.array_equal(live.rows, row_sums > 0) and np.array_equal(live.columns, column_sums > 0)
    # The order of a sum must not depend on how the caller laid the matrix out in memory.
    part = np.ascontiguousarray(live.take(matrix), np.float64)
    found = (
        _factors(part, row_sums[live.rows], column_sums[live.columns], iterations) if fits else None
    )
    if found is None:
        return np.full(len(matrix), np.nan), np.full(matrix.shape[1], np.nan)
    rows, columns = np.zeros(len(matrix)), np.zeros(matrix.shape[1])
    rows[live.rows], columns[live.columns] = found
    return rows, columns


def _scale_one(matrix: np.ndarray, row_sums: np.ndarray, column_sums: np.ndarray) -> np.ndarray:
    """As `scale_to`, for one matrix [m, n]."""
    rows, columns = scaling_factors(matrix, row_sums, column_sums)
    scaled = rows[:, None] * np.ascontiguousarray(matrix)
    scaled *= columns
    return scaled


def _factors(
    matrix: np.ndarray, row_sums: np.ndarray, column_sums: np.ndarray, iterations: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Diagonals of D_1 and D_2 for one matrix without dead units; None without convergence.

    For equal sums, the error of an iteration is in the end that of the one before times the square
    of the second singular value of the balanced matrix, whose first is 1 (Knight 2008).
    """
    columns = np.ones_like(column_sums)
    # The factors of a matrix that cannot be scaled grow and shrink without bound.
    with np.errstate(all="ignore"):
        for _ in range(iterations):
            # Not `@`: it may split a sum among threads, and add up in another order.
            rows = row_sums / np.einsum("ij,j->i", matrix, columns)
            sums = np.einsum("ij,i->j", matrix, rows)
            if (np.abs(columns * sums - column_sums) <= _TOLERANCE * column_sums).all():
                return rows, columns
            columns = column_sums / sums
            if not np.isfinite(columns).all():
                break
    return None
