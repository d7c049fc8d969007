"""Null `shuffle`: the weights of a layer permuted among its live units (Filan et al. 2021).

Keeps the weights as a multiset and the dead units; a unit's sum of weights becomes random. In a
whole network, a unit is dead where it has weights on neither side. It asks
whether there is more structure than in weights of these sizes without any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from clusterability.networks.live_units import LiveUnits, live_units, live_units_of_layers
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
    return _permuted(matrix, live_units(matrix), name, numbers)


def redraw_network(
    weights: Mapping[str, np.ndarray], name: StreamName, numbers: Sequence[int]
) -> list[np.ndarray]:
    """As `redraw`, of all layers of a network: [draws, m, n] each.

    Args:
        weights: [m, n] by layer, from the input on.
        name: condition and seed.
        numbers: which draws.
    """
    live = live_units_of_layers(weights)
    return [
        _permuted(matrix, live[layer], (*name, layer), numbers) for layer, matrix in weights.items()
    ]


def _permuted(
    matrix: np.ndarray, live: LiveUnits, name: StreamName, numbers: Sequence[int]
) -> np.ndarray:
    entries = live.take(matrix).ravel()
    result = np.zeros((len(numbers), *matrix.shape), matrix.dtype)
    place = np.ix_(live.rows, live.columns)
    for index, number in enumerate(numbers):
        source = generator("draw", *name, "shuffle", number)
        result[index][place] = source.permutation(entries).reshape(live.shape)
    return result
