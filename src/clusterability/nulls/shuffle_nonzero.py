"""Null `shuffle_nonzero`: the non-zero weights permuted among their own places.

Keeps the weights as a multiset, and which of them are zero; a unit's sum of weights becomes random.
It asks of a pruned network whether there is more structure than its pattern of zeros brings with
it: the null `shuffle` of Filan et al. 2021 within the pattern. Without zeros the two have the same
distribution.
"""

from __future__ import annotations

import numpy as np

from clusterability.nulls.permuting import permuted
from clusterability.nulls.redrawing import Draw
from clusterability.randomness import StreamName, generator

PERMUTES = True
"""Each draw has the weights' own entries."""


def redraw(matrix: np.ndarray, name: StreamName) -> Draw:
    """What makes draw number i, [m, n]; zeros, and so dead units, stay where they are.

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.

    >>> draw = redraw(np.array([[1.0, 2.0], [0.0, 3.0]]), ("trained", 0, "fc1"))
    >>> float(draw(1)[1, 0]), sorted(draw(1).ravel().tolist())
    (0.0, [0.0, 1.0, 2.0, 3.0])
    """
    return permute_nonzero(matrix, (*name, "shuffle_nonzero"))


def permute_nonzero(matrix: np.ndarray, name: StreamName) -> Draw:
    """As `redraw`, for a null whose name is the last part of `name`."""
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
