"""Leading singular vectors of a dense matrix, identical for all linear algebra libraries.

Libraries agree on singular vectors up to rounding where singular values differ. Where some are
equal, each library returns another basis of their space; a fixed rule rotates it to a canonical
one. Directions in the null space of the matrix have zero vectors.

The fastest algorithm depends on the shape (docs/performance.md): all eigenvectors of the smaller
side's Gram matrix, only the leading ones, or block Lanczos (Golub & Underwood 1977) on the matrix
itself. Randomised algorithms are unsuitable: shuffled weights have no gap in their singular values,
and there the error of these algorithms is as large as the effect that a null has to detect.

Products with few columns use `np.dot`: with `@`, several threads block each other
(docs/performance.md).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from clusterability.clustering.eigenpairs import largest_eigenpairs
from clusterability.randomness import generator

_ALL_UP_TO = 112
"""Largest side for which computing all eigenvectors is faster than the leading ones."""
_LANCZOS_FROM, _LANCZOS_SHARE = 900, 24
"""Lanczos is faster from this side on, if the side is also this many times the vectors."""
_WIDE, _WIDE_LANCZOS_FROM = 2, 1500
"""For a matrix this many times as long as wide, the Gram matrix is computed once for all products.
Lanczos is then faster only from this larger side on."""

_RESOLVED = 1e-5
"""Smaller singular values, relative to the largest, lose too many digits in a Gram matrix."""
_NOTHING = 1e-12
"""A matrix with a smaller norm, relative to the norm 1 of the whole matrix, is rounding error."""
_ROUNDING = 1e-15
"""Rounding error of squares, relative to the largest possible one, with a safety margin."""
_EQUAL = 1e-11
"""Squared singular values closer than this, relative to the largest, are equal."""
_CONVERGED = 1e-12
"""Residual at which Lanczos has converged, relative to the largest eigenvalue."""
_SOUND = 1e-10
"""Largest acceptable residual of the result in float64, relative to the largest eigenvalue."""
_EXACT_UNTIL = 1e-4
"""Below this residual, float32 products add less error than the tolerance."""
_BLOCK = 4
"""Vectors per block: one pass over the matrix serves all of them."""
_PANEL = 1 << 17
"""Entries multiplied at a time: they stay in the cache for the second product, and OpenBLAS does
not copy them."""


def leading_vectors(matrix: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Leading singular triplets of a matrix, by decreasing singular value.

    Args:
        matrix: float64 [m, n] with norm at most 1; overwritten.
        count: number of triplets, at most min(m, n).

    Returns:
        Left vectors [m, count], singular values [count] and right vectors [n, count]. Zeros where
        the singular value is below 1e-12.

    >>> left, values, right = leading_vectors(np.diag([0.5, 0.1, 0.0]), 3)
    >>> values.tolist(), np.abs(left[:, 0]).tolist(), right[:, 2].tolist()
    ([0.5, 0.1, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0])
    """
    if matrix.shape[0] < matrix.shape[1]:
        right, values, left = leading_vectors(matrix.T, count)
        return left, values, right
    m, n = matrix.shape
    left, values, right = np.zeros((m, count)), np.zeros(count), np.zeros((n, count))
    done, least = 0, _NOTHING
    # Small singular values are computed after deflating the large ones, which keeps their digits.
    while done < count:
        new_values, vectors = _resolved(matrix, count - done, done, least)
        if not len(new_values):
            break
        # The digits that squaring the smallest one lost remain in the matrix.
        least = max(least, _ROUNDING / new_values[-1])
        new = slice(done, done + len(new_values))
        values[new], right[:, new] = new_values, vectors
        left[:, new] = np.dot(matrix, vectors) / new_values
        done += len(new_values)
        if done < count:
            matrix -= np.dot(left[:, new] * new_values, vectors.T)
    return left, values, right


def _resolved(
    matrix: np.ndarray, count: int, offset: int, least: float
) -> tuple[np.ndarray, np.ndarray]:
    """Singular values and right vectors of a matrix [m >= n] that its Gram matrix resolves.

    Args:
        matrix: [m, n], m >= n.
        count: number of singular values wanted.
        offset: number of larger ones already known; it fixes the rotation among equal ones.
        least: values below this are rounding error.
    """
    squares, vectors = _eigenvectors(matrix, count)
    largest = max(squares[0], 0)
    some = (squares > _RESOLVED**2 * largest) & (squares > least**2)
    squares, vectors = squares[some], vectors[:, some]
    ends = 1 + np.flatnonzero(np.diff(squares, append=-np.inf) < -_EQUAL * largest)
    begin = 0
    for end in ends[: 1 + np.searchsorted(ends, count)]:
        if end > begin + 1:
            vectors[:, begin:end] = _turned(vectors[:, begin:end], offset + begin)
        begin = end
    squares, vectors = squares[:count], vectors[:, :count]
    directions = _directions(len(vectors), offset + len(squares))[:, offset:]
    signs = np.where(np.einsum("ij,ij->j", directions, vectors) < 0, -1.0, 1.0)
    return np.sqrt(squares), vectors * signs


def _turned(vectors: np.ndarray, offset: int) -> np.ndarray:
    """Canonical basis of the space spanned by orthonormal vectors [n, equal], up to signs.

    Vector j is orthogonal to the fixed directions `offset` to `offset + j - 1`.
    """
    directions = _directions(len(vectors), offset + vectors.shape[1])[:, offset:]
    return vectors @ np.linalg.qr(vectors.T @ directions)[0]


@lru_cache(maxsize=8)
def _directions(size: int, count: int) -> np.ndarray:
    """Fixed directions [size, count]; the first ones do not depend on `count`."""
    return generator("directions", size).standard_normal((count, size)).T


def _eigenvectors(matrix: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Leading eigenpairs of the Gram matrix of a matrix [m >= n], by decreasing eigenvalue.

    Returns `count` of them, and all whose eigenvalue equals the last one.
    """
    size = matrix.shape[1]
    wide = len(matrix) >= _WIDE * size
    gram = np.dot(matrix.T, matrix) if wide else None
    if size >= max(_WIDE_LANCZOS_FROM if wide else _LANCZOS_FROM, _LANCZOS_SHARE * count):
        eigenpairs = _lanczos(np.ascontiguousarray(matrix), count + 1, gram)
        if eigenpairs is not None and not _cut(eigenpairs[0], count):
            return eigenpairs
    if gram is None:
        gram = np.dot(matrix.T, matrix)
    if size > _ALL_UP_TO and count + 1 < size:
        values, vectors = largest_eigenpairs(gram, count + 1)
        if not _cut(values[::-1], count):
            return values[::-1], vectors[:, ::-1]
    values, vectors = np.linalg.eigh(gram)
    return values[::-1], vectors[:, ::-1]


def _cut(values: np.ndarray, count: int) -> bool:
    """Whether the known eigenvalues end within a group of equal ones."""
    return bool(values[count - 1] - values[-1] <= _EQUAL * values[0])


def _lanczos(
    matrix: np.ndarray, count: int, gram: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Leading eigenpairs of the Gram matrix of a matrix [m >= n] by block Lanczos.

    Every block is orthogonalised against the previous two, then against all. The smaller the
    residual, the less accurate products need to be (Simoncini & Eldén 2002), so later products use
    float32.

    Args:
        matrix: [m, n], m >= n.
        count: number of eigenpairs.
        gram: the Gram matrix, if products with it are faster than two with the matrix.

    Returns:
        Eigenvalues and eigenvectors. None on failure: if a block becomes linearly dependent because
        the matrix has too few directions, or if more eigenvalues may be equal than a block has
        vectors.
    """
    size = matrix.shape[1]
    most = min(size // 2, 40 * count + 400)
    basis, projected = np.empty((most + _BLOCK, size)), np.zeros((most + _BLOCK,) * 2)
    basis[:_BLOCK] = np.linalg.qr(_directions(size, _BLOCK))[0].T
    done, convergence, used = _BLOCK, _Convergence(count), matrix
    while done <= most:
        last = slice(done - _BLOCK, done)
        product = _gram_product(used, basis[last], gram)
        diagonal_block = product @ basis[last].T
        projected[last, last] = (diagonal_block + diagonal_block.T) / 2
        for previous in (basis[max(done - 2 * _BLOCK, 0) : done], basis[:done]):
            product -= np.dot(np.dot(product, previous.T), previous)
        block, triangle = np.linalg.qr(product.T)
        if done >= convergence.next_look:
            values, vectors = np.linalg.eigh(projected[:done, :done])
            values, vectors = values[: -count - 1 : -1], vectors[:, : -count - 1 : -1]
            residual = np.linalg.norm(triangle @ vectors[last], axis=0).max() / values[0]
            if residual <= _CONVERGED:
                ritz_vectors = np.dot(vectors.T, basis[:done])
                return (values, ritz_vectors.T) if _is_sound(matrix, values, ritz_vectors) else None
            if residual <= _EXACT_UNTIL:
                gram = None if gram is None else gram.astype(np.float32, copy=False)
                used = used if gram is not None else used.astype(np.float32, copy=False)
            convergence.look(done, residual)
        if np.abs(np.diag(triangle)).min() <= _NOTHING * np.abs(projected[0, 0]):
            return None
        following = slice(done, done + _BLOCK)
        projected[following, last], projected[last, following] = triangle, triangle.T
        basis[following], done = block.T, done + _BLOCK
    return None


def _is_sound(matrix: np.ndarray, values: np.ndarray, vectors: np.ndarray) -> bool:
    """Whether eigenvalues and vectors [count, n] are eigenpairs of the Gram matrix in float64."""
    ties = np.diff(values) > -_EQUAL * values[0]
    if (np.convolve(ties, np.ones(_BLOCK - 1)) >= _BLOCK - 1).any():
        return False
    products = _gram_product(matrix, vectors, None)
    residuals = np.linalg.norm(products - values[:, None] * vectors, axis=1)
    return bool(residuals.max() <= _SOUND * values[0])


class _Convergence:
    """Schedule of the residual checks, each of which takes as long as several products.

    Once the residual decreases, its logarithm decreases almost linearly.
    """

    def __init__(self, count: int) -> None:
        self.next_look = 10.0 * count
        self.seen: tuple[float, float] | None = None

    def look(self, size: int, residual: float) -> None:
        """Record the residual at a size of the basis, and set the size of the next check."""
        log, furthest = math.log(residual), 1.25 * size
        target = _EXACT_UNTIL if residual > _EXACT_UNTIL else _CONVERGED
        if self.seen is not None and log < self.seen[1]:
            slope = (log - self.seen[1]) / (size - self.seen[0])
            furthest = min(furthest, size + (math.log(target) - log) / slope)
        self.seen = (size, log)
        self.next_look = max(furthest, size + _BLOCK)


def _gram_product(matrix: np.ndarray, vectors: np.ndarray, gram: np.ndarray | None) -> np.ndarray:
    """Product of vectors [count, n] with the Gram matrix of a matrix [m, n], read once."""
    if gram is not None:
        return np.dot(vectors.astype(gram.dtype, copy=False), gram).astype(np.float64, copy=False)
    height = max(_PANEL // matrix.shape[1], 1)
    vectors = np.ascontiguousarray(vectors, matrix.dtype)
    # Reused buffers: memory that a thread frees and reallocates goes through the system each time.
    product, term = np.zeros_like(vectors), np.empty_like(vectors)
    for begin in range(0, len(matrix), height):
        panel = matrix[begin : begin + height]
        product += np.dot(np.dot(vectors, panel.T), panel, out=term)
    return product.astype(np.float64, copy=False)
