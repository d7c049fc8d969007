"""Scaling of non-negative matrices to given row and column sums (Sinkhorn & Knopp 1967).

A becomes D_1 A D_2 with positive diagonal matrices D_1 and D_2. Every matrix of a batch is scaled
separately, so its bits do not depend on the other matrices or on the number of threads.

References:
    Sinkhorn & Knopp 1967, Concerning nonnegative matrices and doubly stochastic matrices,
    doi:10.2140/pjm.1967.21.343.
"""

from __future__ import annotations

import numpy as np

from clusterability.networks.live_units import live_units

_TOLERANCE = 1e-12
"""Maximal relative error of a column sum. Row sums are exact up to rounding."""

MAX_ITERATIONS = 10_000
"""A dense random matrix takes about 10; modules coupled by entries 1000 times smaller, 2,000."""


def scale_to(matrix: np.ndarray, row_sums: np.ndarray, column_sums: np.ndarray) -> np.ndarray:
    """Scale the rows and columns of matrices to given sums.

    The result is the unique matrix D_1 A D_2 with these sums. It exists if some non-negative matrix
    with the same zero pattern has these sums (Menon 1968). The relative error of each sum is at
    most 1e-10.

    Args:
        matrix: non-negative, [..., m, n].
        row_sums: [..., m]; 0 for rows of zeros, and for no others.
        column_sums: [..., n], likewise, with the same total as the row sums.

    Returns:
        float64 [..., m, n]; all NaN for a matrix for which the iteration does not converge.

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
    """Scale matrices to equal row sums, equal column sums, and a total of 1.

    Dead rows and columns stay zero and are not counted.

    Args:
        matrix: non-negative, [..., m, n].

    Returns:
        float64 [..., m, n]; all NaN for a matrix that cannot be balanced, such as [[1, 1], [0, 1]],
        where equal sums would require one of the ones to become zero.

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
    """Diagonals of D_1 and D_2 that scale one matrix to given sums; see `scale_to`.

    Args:
        matrix, row_sums, column_sums: see `scale_to`; the matrix is [m, n].
        iterations: maximal number of iterations.

    Returns:
        float64 [m] and [n]; 0 for dead units, and all NaN if the iteration does not converge. Only
        the products of factors are determined: one side can be scaled up and the other down.

    >>> rows, columns = scaling_factors(np.ones((2, 2)), np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    >>> np.outer(rows, columns).tolist()
    [[0.5, 0.5], [1.5, 1.5]]
    """
    live = live_units(matrix)
    fits = np.array_equal(live.rows, row_sums > 0) and np.array_equal(live.columns, column_sums > 0)
    # The order of sums must not depend on the memory layout of the argument.
    part = np.ascontiguousarray(live.take(matrix), np.float64)
    factors = (
        _factors(part, row_sums[live.rows], column_sums[live.columns], iterations) if fits else None
    )
    if factors is None:
        return np.full(len(matrix), np.nan), np.full(matrix.shape[1], np.nan)
    rows, columns = np.zeros(len(matrix)), np.zeros(matrix.shape[1])
    rows[live.rows], columns[live.columns] = factors
    return rows, columns


def _scale_one(matrix: np.ndarray, row_sums: np.ndarray, column_sums: np.ndarray) -> np.ndarray:
    """Apply `scale_to` to one matrix [m, n]."""
    rows, columns = scaling_factors(matrix, row_sums, column_sums)
    scaled = rows[:, None] * np.ascontiguousarray(matrix)
    scaled *= columns
    return scaled


def _factors(
    matrix: np.ndarray, row_sums: np.ndarray, column_sums: np.ndarray, iterations: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Diagonals of D_1 and D_2 for a matrix without dead units; None without convergence.

    For equal sums, the error is eventually multiplied in each iteration by the squared second
    singular value of the balanced matrix, whose first is 1 (Knight 2008).
    """
    columns = np.ones_like(column_sums)
    # The factors of a matrix that cannot be scaled diverge.
    with np.errstate(all="ignore"):
        for _ in range(iterations):
            # Not `@`, which can split sums among threads and change their order.
            rows = row_sums / np.einsum("ij,j->i", matrix, columns)
            sums = np.einsum("ij,i->j", matrix, rows)
            if (np.abs(columns * sums - column_sums) <= _TOLERANCE * column_sums).all():
                return rows, columns
            columns = column_sums / sums
            if not np.isfinite(columns).all():
                break
    return None
