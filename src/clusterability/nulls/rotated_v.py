"""Null `rotated_v`: input units replaced by random orthogonal mixtures of them.

The null keeps what mixtures share: the directions that input units write to the output units, and
their strengths. It tests input units as `rotated_u` tests output units.
"""

from __future__ import annotations

import numpy as np

from clusterability.nulls.mixing_units import mix_rows
from clusterability.nulls.redrawing import Draw
from clusterability.randomness import StreamName


def redraw(matrix: np.ndarray, name: StreamName) -> Draw:
    """Draws whose columns are random mixtures of the columns of W: `rotated_u` of W transposed.

    Args:
        matrix: W [m, n], with signs.
        name: condition, seed and layer.

    Returns:
        Function from a draw number to the draw, as in `rotated_u.redraw`.

    >>> draw = redraw(np.array([[1.0, -2.0, 3.0], [4.0, 0.5, -6.0]]), ("trained", 0, "fc1"))
    >>> draw(0).shape, bool((draw(0) > 0).all())
    ((2, 3), True)
    """
    draw = mix_rows(matrix.T, (*name, "rotated_v"))
    return lambda number: np.ascontiguousarray(draw(number).T)
