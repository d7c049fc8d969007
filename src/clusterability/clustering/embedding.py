"""Spectral embedding of a bipartite graph: singular vectors of its normalised weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

_SMALLEST_SINGULAR_VALUE = 1e-5
"""Below it, dividing by the singular value would lose too many digits of the other side."""


@dataclass(frozen=True)
class Embedding:
    """Singular vectors of a normalised matrix, by falling singular value.

    Attributes:
        left: [m, components]; right: [n, components].
        singular_values: [components]; the first is 1.
        row_scale, column_scale: [m] and [n], degrees to the power -1/2.
    """

    left: np.ndarray
    right: np.ndarray
    singular_values: np.ndarray
    row_scale: np.ndarray
    column_scale: np.ndarray


def embed(adjacency: np.ndarray, components: int) -> Embedding:
    """Leading singular vectors of D_U^-1/2 A D_V^-1/2 (Dhillon 2001).

    They come from the eigenvectors of the Gram matrix of the smaller side; where a singular value
    is too small for that, from a full decomposition. Each left vector's largest entry is positive.

    Args:
        adjacency: non-negative float64 [m, n] without rows or columns of zeros.
        components: number of singular vectors, at most min(m, n).
    """
    row_scale = 1 / np.sqrt(adjacency.sum(axis=1))
    column_scale = 1 / np.sqrt(adjacency.sum(axis=0))
    normalised = adjacency * row_scale[:, None]
    normalised *= column_scale
    if normalised.shape[0] > normalised.shape[1]:
        right, values, left = _small_side_vectors(normalised.T, components)
    else:
        left, values, right = _small_side_vectors(normalised, components)
    largest = np.abs(left).argmax(axis=0)
    signs = np.where(left[largest, np.arange(components)] < 0, -1.0, 1.0)
    return Embedding(left * signs, right * signs, values, row_scale, column_scale)


def _small_side_vectors(
    matrix: np.ndarray, components: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Left vectors, singular values, right vectors of a matrix no taller than wide, any signs."""
    size = len(matrix)
    eigenvalues, vectors = scipy.linalg.eigh(
        matrix @ matrix.T, subset_by_index=(size - components, size - 1), check_finite=False
    )
    values = np.sqrt(np.maximum(eigenvalues[::-1], 0))
    if values[-1] < _SMALLEST_SINGULAR_VALUE:
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
        return left[:, :components], values[:components], right[:components].T
    left = vectors[:, ::-1]
    return left, values, matrix.T @ left / values
