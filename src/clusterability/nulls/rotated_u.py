"""Null `rotated_u`: output units replaced by random orthogonal mixtures of them.

Keeps what mixtures have in common: the directions that output units read from the input units, and
how strongly. It asks whether the structure lies in these output units, or whether any mixtures of
them would show as much, as those of a matrix of low rank in a random basis do.
"""

from __future__ import annotations

import numpy as np

from clusterability.nulls.mixing_units import mix_rows
from clusterability.nulls.redrawing import Draw
from clusterability.randomness import StreamName


def redraw(matrix: np.ndarray, name: StreamName) -> Draw:
    """What makes draw number i, float64 [m, n], non-negative: see `mixing_units`.

    Dead units stay dead. Every draw is NaN throughout where more than a twentieth of the weights
    between live units are zero, or weights are not finite or cannot be balanced.

    Args:
        matrix: weights [m, n], with their signs.
        name: condition, seed and layer.

    >>> draw = redraw(np.array([[1.0, -2.0, 3.0], [4.0, 0.5, -6.0]]), ("trained", 0, "fc1"))
    >>> draw(0).shape, bool((draw(0) > 0).all())
    ((2, 3), True)
    """
    return mix_rows(matrix, (*name, "rotated_u"))
