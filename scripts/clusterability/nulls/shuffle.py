"""Null `shuffle`: the weights of a layer permuted among its live units (Filan et al. 2021).

Keeps the weights as a multiset and the dead units; a unit's sum of weights becomes random. It asks
whether there is more structure than in weights of these sizes without any order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clusterability.graph import live_units
from clusterability.randomness import StreamName, generator


def redraw(matrix: np.ndarray, name: StreamName, numbers: Sequence[int]) -> np.ndarray:
    """The draws of these numbers, [draws, m, n]: the live part permuted, dead units stay dead.

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.
        numbers: which draws; a draw depends on its number, not on the others.

    >>> draws = redraw(np.array([[1.0, 2.0, 0.0], [3.0, 4.0, 0.0]]), ("trained", 0, "fc1"), [0, 1])
    >>> draws.shape, draws[1][:, 2].tolist(), sorted(draws[1][:, :2].ravel().tolist())
    ((2, 2, 3), [0.0, 0.0], [1.0, 2.0, 3.0, 4.0])
    """
    live = live_units(matrix)
    entries = live.take(matrix).ravel()
    result = np.zeros((len(numbers), *matrix.shape), matrix.dtype)
    place = np.ix_(live.rows, live.columns)
    for index, number in enumerate(numbers):
        source = generator("draw", *name, "shuffle", number)
        result[index][place] = source.permutation(entries).reshape(live.shape)
    return result
