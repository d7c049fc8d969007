"""Null `shuffle_nonzero`: the non-zero weights permuted among their own places.

Keeps the weights as a multiset, and which of them are zero; a unit's sum of weights becomes random.
It asks of a pruned network whether there is more structure than its pattern of zeros brings with
it: the null `shuffle` of Filan et al. 2021 within the pattern. Without zeros the two have the same
distribution.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clusterability.randomness import StreamName, generator


def redraw(matrix: np.ndarray, name: StreamName, numbers: Sequence[int]) -> np.ndarray:
    """The draws of these numbers, [draws, m, n]; zeros, and so dead units, stay where they are.

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.
        numbers: which draws; a draw depends on its number, not on the others.

    >>> draws = redraw(np.array([[1.0, 2.0], [0.0, 3.0]]), ("trained", 0, "fc1"), [0, 1])
    >>> draws.shape, float(draws[1][1, 0]), sorted(draws[1].ravel().tolist())
    ((2, 2, 2), 0.0, [0.0, 1.0, 2.0, 3.0])
    """
    return permute_nonzero(matrix, (*name, "shuffle_nonzero"), numbers)


def permute_nonzero(matrix: np.ndarray, name: StreamName, numbers: Sequence[int]) -> np.ndarray:
    """As `redraw`, for a null whose name is the last part of `name`."""
    places = np.nonzero(matrix)
    entries = matrix[places]
    result = np.zeros((len(numbers), *matrix.shape), matrix.dtype)
    for index, number in enumerate(numbers):
        result[index][places] = generator("draw", *name, number).permutation(entries)
    return result
