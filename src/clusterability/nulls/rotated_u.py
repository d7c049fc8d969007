"""Null `rotated_u`: output units replaced by random orthogonal mixtures of them.

The null keeps what mixtures share: the directions that output units read from the input units, and
their strengths. It tests whether the structure belongs to these output units, or whether random
mixtures of them would show as much, as in a low-rank matrix in a random basis.
"""

from __future__ import annotations

import numpy as np

from clusterability.nulls.mixing_units import mix_rows
from clusterability.nulls.redrawing import Draw
from clusterability.randomness import StreamName


def redraw(matrix: np.ndarray, name: StreamName) -> Draw:
    """Draws whose rows are random orthogonal mixtures of the rows of W; see `mixing_units`.

    Args:
        matrix: W [m, n], with signs.
        name: condition, seed and layer.

    Returns:
        Function from a draw number to the draw, float64 [m, n], non-negative; dead units stay
        dead. All entries are NaN if more than 5 % of the weights between live units are zero, or
        if weights are not finite or cannot be balanced.

    References:
        Mezzadri 2007, How to generate random matrices from the classical compact groups.
        arXiv:math-ph/0609050

    >>> draw = redraw(np.array([[1.0, -2.0, 3.0], [4.0, 0.5, -6.0]]), ("trained", 0, "fc1"))
    >>> draw(0).shape, bool((draw(0) > 0).all())
    ((2, 3), True)
    """
    return mix_rows(matrix, (*name, "rotated_u"))
