"""Null `rotated_v`: input units replaced by random orthogonal mixtures of them.

Keeps what mixtures have in common: the directions that input units write to the output units, and
how strongly. It asks of input units what `rotated_u` asks of output units.
"""

from __future__ import annotations

import numpy as np

from clusterability.nulls.mixing_units import mix_rows
from clusterability.nulls.redrawing import Draw
from clusterability.randomness import StreamName


def redraw(matrix: np.ndarray, name: StreamName) -> Draw:
    """What makes draw number i, float64 [m, n], non-negative: as `rotated_u` of W transposed.

    Args:
        matrix: weights [m, n], with their signs.
        name: condition, seed and layer.

    >>> draw = redraw(np.array([[1.0, -2.0, 3.0], [4.0, 0.5, -6.0]]), ("trained", 0, "fc1"))
    >>> draw(0).shape, bool((draw(0) > 0).all())
    ((2, 3), True)
    """
    draw = mix_rows(matrix.T, (*name, "rotated_v"))
    return lambda number: np.ascontiguousarray(draw(number).T)
