"""Null `shuffle`: the weights of a layer permuted among its live units (Filan et al. 2021).

The null keeps the multiset of weights and the dead units; the strength of a unit becomes random. In
a whole network, a unit is dead if it has no weights on either side. The null tests whether there is
more structure than in the same weights in random order.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from clusterability.networks.live_units import LiveUnits, live_units, live_units_of_layers
from clusterability.nulls.permuting import permuted
from clusterability.nulls.redrawing import Draw, NetworkDraw
from clusterability.randomness import StreamName, generator

PERMUTES = True
"""Each draw has the same entries as the weights."""


def redraw(matrix: np.ndarray, name: StreamName) -> Draw:
    """Draws that permute the weights between live units uniformly; dead units stay dead.

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.

    Returns:
        Function from a draw number to the draw, [m, n].

    References:
        Filan et al. 2021, Clusterability in neural networks. arXiv:2103.03386

    >>> draw = redraw(np.array([[1.0, 2.0, 0.0], [3.0, 4.0, 0.0]]), ("trained", 0, "fc1"))
    >>> draw(1)[:, 2].tolist(), sorted(draw(1)[:, :2].ravel().tolist())
    ([0.0, 0.0], [1.0, 2.0, 3.0, 4.0])
    """
    return _permuted(matrix, live_units(matrix), name)


def redraw_network(weights: Mapping[str, np.ndarray], name: StreamName) -> NetworkDraw:
    """Draws of all layers of a network, each permuted separately as in `redraw`.

    Args:
        weights: [m, n] by layer, from the input on.
        name: condition and seed.

    Returns:
        Function from a draw number to the list of draws, [m, n] per layer.
    """
    live = live_units_of_layers(weights)
    layers = [_permuted(matrix, live[layer], (*name, layer)) for layer, matrix in weights.items()]
    return lambda number: [draw(number) for draw in layers]


def _permuted(matrix: np.ndarray, live: LiveUnits, name: StreamName) -> Draw:
    def draw(number: int) -> np.ndarray:
        source = generator("draw", *name, "shuffle", number)
        drawn = permuted(live.take(matrix).ravel(), source).reshape(live.shape)
        if live.shape == matrix.shape:
            return drawn
        result = np.zeros_like(matrix)
        result[np.ix_(live.rows, live.columns)] = drawn
        return result

    return draw
