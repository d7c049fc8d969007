"""Leading singular vectors of a dense matrix, the same whatever linear algebra library there is.

Libraries agree on singular vectors to rounding where singular values differ. Where some are equal,
each returns another basis of their space; here that is turned by a fixed rule. Directions in which
the matrix is zero have no singular vectors: they are zero, too.

Which algorithm is the fastest goes by the shape (docs/performance.md): all eigenvectors of the
smaller side's Gram matrix, the leading ones, or block Lanczos (Golub & Underwood 1977) on the
matrix itself. Randomised algorithms are no choice: shuffled weights have no gap in their singular
values, and what these get wrong there is as large as what a null is to tell.

Narrow products are `np.dot`: several threads hold each other up with `@` (docs/performance.md).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import scipy.linalg

from clusterability.randomness import generator

_ALL_UP_TO = 112
"""Side up to which all eigenvectors take less time than the leading ones."""
_LANCZOS_FROM, _LANCZOS_SHARE = 900, 24
"""Lanczos takes less time from such a side on, and where it is so many times the vectors."""
_WIDE, _WIDE_LANCZOS_FROM = 2, 1500
"""Of a matrix so many times as wide, the Gram matrix is made once for all products; from such a
side on, Lanczos takes less time even so."""

_RESOLVED = 1e-5
"""Smaller singular values, as a share of the largest, lose too many digits in a Gram matrix."""
_NOTHING = 1e-12
"""A matrix whose norm is smaller, where that of all weights is 1, is rounding."""
_ROUNDING = 1e-15
"""Of squares, as a share of the largest that a normalised matrix can have, with room."""
_EQUAL = 1e-11
"""Squares of singular values that differ by less, as a share of the largest, are equal."""
_CONVERGED = 1e-12
"""Residual of Lanczos' eigenvectors, as a share of the largest eigenvalue."""
_SOUND = 1e-10
"""The same of what comes out, in float64."""
_EXACT_UNTIL = 1e-4
"""From this residual on, what float32 adds to it is below the one to reach."""
_BLOCK = 4
"""Vectors at a time: the matrix is read once for all."""
_PANEL = 1 << 17
"""Entries of the rows that are multiplied at a time: they stay in the cache for the second product,
and OpenBLAS does not copy them."""


def leading_vectors(matrix: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first singular triplets of a matrix, by falling singular value.

    Args:
        matrix: float64 [m, n] of norm 1 at most; it is overwritten.
        count: number of triplets, at most min(m, n).

    Returns:
        Left vectors [m, count], singular values [count], right vectors [n, count]. Zeros where the
        matrix has no more directions: singular values below 1e-12.

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
    # Small singular values come from what is left without the large ones: no digits are lost.
    while done < count:
        found, vectors = _resolved(matrix, count - done, done, least)
        if not len(found):
            break
        # What the smallest of them lost in its square is left in the matrix.
        least = max(least, _ROUNDING / found[-1])
        new = slice(done, done + len(found))
        values[new], right[:, new] = found, vectors
        left[:, new] = np.dot(matrix, vectors) / found
        done += len(found)
        if done < count:
            matrix -= np.dot(left[:, new] * found, vectors.T)
    return left, values, right


def _resolved(
    matrix: np.ndarray, count: int, place: int, least: float
) -> tuple[np.ndarray, np.ndarray]:
    """Singular values and right vectors of a matrix [m >= n], those that its Gram matrix resolves.

    place: how many others come before them, which decides how equal ones are turned.
    least: what is smaller is rounding.
    """
    squares, vectors = _eigenvectors(matrix, count)
    largest = max(squares[0], 0)
    some = (squares > _RESOLVED**2 * largest) & (squares > least**2)
    squares, vectors = squares[some], vectors[:, some]
    ends = 1 + np.flatnonzero(np.diff(squares, append=-np.inf) < -_EQUAL * largest)
    begin = 0
    for end in ends[: 1 + np.searchsorted(ends, count)]:
        if end > begin + 1:
            vectors[:, begin:end] = _turned(vectors[:, begin:end], place + begin)
        begin = end
    squares, vectors = squares[:count], vectors[:, :count]
    directions = _directions(len(vectors), place + len(squares))[:, place:]
    signs = np.where(np.einsum("ij,ij->j", directions, vectors) < 0, -1.0, 1.0)
    return np.sqrt(squares), vectors * signs


def _turned(vectors: np.ndarray, place: int) -> np.ndarray:
    """The one basis of the space of orthonormal vectors [n, equal] that a fixed rule picks.

    Vector j is orthogonal to the fixed directions from `place` to `place + j - 1`; signs are open.
    """
    directions = _directions(len(vectors), place + vectors.shape[1])[:, place:]
    return vectors @ np.linalg.qr(vectors.T @ directions)[0]


@lru_cache(maxsize=8)
def _directions(size: int, count: int) -> np.ndarray:
    """Fixed directions [size, count]: the first ones are the same for any count."""
    return generator("directions", size).standard_normal((count, size)).T


def _eigenvectors(matrix: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Leading eigenvalues and eigenvectors of the Gram matrix of a matrix [m >= n], falling.

    `count` of them, and all that are equal to the last one.
    """
    size = matrix.shape[1]
    wide = len(matrix) >= _WIDE * size
    gram = np.dot(matrix.T, matrix) if wide else None
    if size >= max(_WIDE_LANCZOS_FROM if wide else _LANCZOS_FROM, _LANCZOS_SHARE * count):
        found = _lanczos(np.ascontiguousarray(matrix), count + 1, gram)
        if found is not None and not _cut(found[0], count):
            return found
    if gram is None:
        gram = np.dot(matrix.T, matrix)
    if size > _ALL_UP_TO and count + 1 < size:
        largest = (size - count - 1, size - 1)
        values, vectors = scipy.linalg.eigh(gram, subset_by_index=largest, check_finite=False)
        if not _cut(values[::-1], count):
            return values[::-1], vectors[:, ::-1]
    values, vectors = np.linalg.eigh(gram)
    return values[::-1], vectors[:, ::-1]


def _cut(values: np.ndarray, count: int) -> bool:
    """Whether equal eigenvalues go on at the end of those that are known."""
    return bool(values[count - 1] - values[-1] <= _EQUAL * values[0])


def _lanczos(
    matrix: np.ndarray, count: int, gram: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Leading eigenpairs of the Gram matrix of a matrix [m >= n] by block Lanczos.

    gram: that matrix, where products with it take less time than two with the other.

    Every block is made orthogonal to the two before it, then to all. Products may be the less exact
    the smaller the residual is already (Simoncini & Eldén 2002): the later ones are of float32.
    None where that goes wrong: where a block comes out dependent, since the matrix has too few
    directions, and where more eigenvalues may be equal than a block has vectors.
    """
    size = matrix.shape[1]
    most = min(size // 2, 40 * count + 400)
    basis, projected = np.empty((most + _BLOCK, size)), np.zeros((most + _BLOCK,) * 2)
    basis[:_BLOCK] = np.linalg.qr(_directions(size, _BLOCK))[0].T
    done, convergence, used = _BLOCK, _Convergence(count), matrix
    while done <= most:
        last = slice(done - _BLOCK, done)
        product = _gram_product(used, basis[last], gram)
        own = product @ basis[last].T
        projected[last, last] = (own + own.T) / 2
        for known in (basis[max(done - 2 * _BLOCK, 0) : done], basis[:done]):
            product -= np.dot(np.dot(product, known.T), known)
        block, triangle = np.linalg.qr(product.T)
        if done >= convergence.next_look:
            values, vectors = np.linalg.eigh(projected[:done, :done])
            values, vectors = values[: -count - 1 : -1], vectors[:, : -count - 1 : -1]
            residual = np.linalg.norm(triangle @ vectors[last], axis=0).max() / values[0]
            if residual <= _CONVERGED:
                found = np.dot(vectors.T, basis[:done])
                return (values, found.T) if _is_sound(matrix, values, found) else None
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
    """Whether eigenpairs, vectors [count, n], are those of the Gram matrix in float64."""
    ties = np.diff(values) > -_EQUAL * values[0]
    if (np.convolve(ties, np.ones(_BLOCK - 1)) >= _BLOCK - 1).any():
        return False
    products = _gram_product(matrix, vectors, None)
    residuals = np.linalg.norm(products - values[:, None] * vectors, axis=1)
    return bool(residuals.max() <= _SOUND * values[0])


class _Convergence:
    """When to look at the residual: looking takes as long as some products.

    Its logarithm falls in a nearly straight line once it falls.
    """

    def __init__(self, count: int) -> None:
        self.next_look = 10.0 * count
        self.seen: tuple[float, float] | None = None

    def look(self, size: int, residual: float) -> None:
        """Takes a residual at a size of the basis; sets the size at which to look next."""
        log, furthest = math.log(residual), 1.25 * size
        target = _EXACT_UNTIL if residual > _EXACT_UNTIL else _CONVERGED
        if self.seen is not None and log < self.seen[1]:
            slope = (log - self.seen[1]) / (size - self.seen[0])
            furthest = min(furthest, size + (math.log(target) - log) / slope)
        self.seen = (size, log)
        self.next_look = max(furthest, size + _BLOCK)


def _gram_product(matrix: np.ndarray, vectors: np.ndarray, gram: np.ndarray | None) -> np.ndarray:
    """Vectors [some, n] times the Gram matrix of a matrix [m, n], which is read once."""
    if gram is not None:
        return np.dot(vectors.astype(gram.dtype, copy=False), gram).astype(np.float64, copy=False)
    height = max(_PANEL // matrix.shape[1], 1)
    vectors = np.ascontiguousarray(vectors, matrix.dtype)
    # Memory that a thread frees and takes again goes through the system each time.
    product, term = np.zeros_like(vectors), np.empty_like(vectors)
    for begin in range(0, len(matrix), height):
        panel = matrix[begin : begin + height]
        product += np.dot(np.dot(vectors, panel.T), panel, out=term)
    return product.astype(np.float64, copy=False)
