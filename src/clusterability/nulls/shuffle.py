"""Null `shuffle`: the weights of a layer permuted among its live units (Filan et al. 2021).

Keeps the weights as a multiset and the dead units; a unit's sum of weights becomes random. In a
whole network, a unit is dead where it has weights on neither side. It asks
whether there is more structure than in weights of these sizes without any order.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from clusterability.networks.live_units import LiveUnits, live_units, live_units_of_layers
from clusterability.nulls.permuting import permuted
from clusterability.nulls.redrawing import Draw, NetworkDraw
from clusterability.randomness import StreamName, generator

PERMUTES = True
"""Each draw has the weights' own entries."""


def redraw(matrix: np.ndarray, name: StreamName) -> Draw:
    """What makes draw number i, [m, n]: the live part permuted, dead units stay dead.

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.

    >>> draw = redraw(np.array([[1.0, 2.0, 0.0], [3.0, 4.0, 0.0]]), ("trained", 0, "fc1"))
    >>> draw(1)[:, 2].tolist(), sorted(draw(1)[:, :2].ravel().tolist())
    ([0.0, 0.0], [1.0, 2.0, 3.0, 4.0])
    """
    return _permuted(matrix, live_units(matrix), name)


def redraw_network(weights: Mapping[str, np.ndarray], name: StreamName) -> NetworkDraw:
    """As `redraw`, of all layers of a network.

    Args:
        weights: [m, n] by layer, from the input on.
        name: condition and seed.
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
