"""Null `shuffle_nonzero`: the non-zero weights permuted among the non-zero positions.

The null keeps the multiset of weights and the pattern of zeros; the strength of a unit becomes
random. It tests whether a pruned network has more structure than its pattern of zeros implies.
Without zeros, it has the same distribution as `shuffle`.
"""

from __future__ import annotations

import numpy as np

from clusterability.nulls.permuting import permuted
from clusterability.nulls.redrawing import Draw
from clusterability.randomness import StreamName, generator

PERMUTES = True
"""Each draw has the same entries as the weights."""


def redraw(matrix: np.ndarray, name: StreamName) -> Draw:
    """Draws that permute the non-zero weights uniformly; zeros, and so dead units, stay in place.

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.

    Returns:
        Function from a draw number to the draw, [m, n].

    References:
        Filan et al. 2021, Clusterability in neural networks, for `shuffle`. arXiv:2103.03386

    >>> draw = redraw(np.array([[1.0, 2.0], [0.0, 3.0]]), ("trained", 0, "fc1"))
    >>> float(draw(1)[1, 0]), sorted(draw(1).ravel().tolist())
    (0.0, [0.0, 1.0, 2.0, 3.0])
    """
    return permute_nonzero(matrix, (*name, "shuffle_nonzero"))


def permute_nonzero(matrix: np.ndarray, name: StreamName) -> Draw:
    """Draws as in `redraw`, for a null whose name is the last part of `name`."""
    mask = matrix != 0
    full = bool(mask.all())

    def draw(number: int) -> np.ndarray:
        source = generator("draw", *name, number)
        if full:
            return permuted(matrix.ravel(), source).reshape(matrix.shape)
        result = np.zeros_like(matrix)
        result[mask] = permuted(matrix[mask], source)
        return result

    return draw
