"""Weights as a weighted bipartite graph: a layer's output units against its input units.

Edges are abs(W). A unit all of whose weights are zero is dead: it has no place in the graph and
belongs to no cluster (label -1). The graph of a whole network has edges between consecutive layers
only, so it is bipartite too: the units of even layers (the input is layer 0) against those of odd
layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from clusterability.names import NETWORK

DEAD = -1
"""Label of a dead unit."""


def layer_matrices(weights: Mapping[str, np.ndarray], layer: str) -> np.ndarray:
    """Weights [..., m, n] of a layer, or of the whole network if that is the layer's name."""
    return network_matrices(list(weights.values())) if layer == NETWORK else weights[layer]


def network_matrices(stacks: Sequence[np.ndarray]) -> np.ndarray:
    """Weights between the units of even and of odd layers, [..., even units, odd units].

    Args:
        stacks: weights [..., out, in] by layer, from the input on.

    >>> first, second = np.ones((2, 3)), 2 * np.ones((1, 2))  # 3 inputs, 2 hidden units, 1 output
    >>> network_matrices([first, second]).tolist()
    [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [2.0, 2.0]]
    """
    sizes = [stacks[0].shape[-1], *(stack.shape[-2] for stack in stacks)]
    # Each layer's place among the units of its own parity.
    starts = [sum(sizes[number % 2 : number : 2]) for number in range(len(sizes))]
    shape = (*stacks[0].shape[:-2], sum(sizes[0::2]), sum(sizes[1::2]))
    result = np.zeros(shape, np.result_type(*stacks))
    for number, stack in enumerate(stacks):
        first = slice(starts[number], starts[number] + sizes[number])
        second = slice(starts[number + 1], starts[number + 1] + sizes[number + 1])
        if number % 2:
            result[..., second, first] = stack
        else:
            result[..., first, second] = stack.swapaxes(-1, -2)
    return result


def network_units(sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the units of even and of odd layers, counted through the whole network.

    Args:
        sizes: units by layer, input first.

    >>> even, odd = network_units([3, 2, 1])
    >>> even.tolist(), odd.tolist()
    ([0, 1, 2, 5], [3, 4])
    """
    layer_of_unit = np.repeat(np.arange(len(sizes)), sizes)
    return np.flatnonzero(layer_of_unit % 2 == 0), np.flatnonzero(layer_of_unit % 2 == 1)


@dataclass(frozen=True)
class LiveUnits:
    """Which units of a weight matrix [m, n] are not dead: booleans [m] and [n]."""

    rows: np.ndarray
    columns: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Number of live rows and of live columns."""
        return int(self.rows.sum()), int(self.columns.sum())

    def holds(self, k: int) -> bool:
        """Whether k clusters a side are feasible: 1 <= k <= the smaller live side."""
        return 1 <= k <= min(self.shape)

    def take(self, matrices: np.ndarray) -> np.ndarray:
        """The live part [..., live rows, live columns] of matrices [..., m, n]."""
        if self.rows.all() and self.columns.all():
            return matrices
        # How a selection lies in memory depends on the number of matrices, and bits on how it lies.
        return np.ascontiguousarray(matrices[..., self.rows, :][..., self.columns])


def live_units_of_layers(weights: Mapping[str, np.ndarray]) -> dict[str, LiveUnits]:
    """Live units of each layer's matrix [out, in] of one network, as units of the whole network.

    Such a unit has a weight to the layer before it or to the one behind it: it is dead where it has
    neither.

    Args:
        weights: by layer, from the input on.

    >>> first, second = np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[0.0, 2.0]])
    >>> live = live_units_of_layers({"fc1": first, "fc2": second})
    >>> live["fc1"].rows.tolist(), live["fc1"].columns.tolist()
    ([True, True], [True, False])
    """
    own = [live_units(matrix) for matrix in weights.values()]
    units = [own[0].columns]
    units += [first.rows | second.columns for first, second in pairwise(own)]
    units += [own[-1].rows]
    sides = zip(units[1:], units[:-1], strict=True)
    return {layer: LiveUnits(*side) for layer, side in zip(weights, sides, strict=True)}


def live_units(matrix: np.ndarray) -> LiveUnits:
    """Live units of one weight matrix [m, n]; none where an entry is not finite."""
    used = (matrix != 0) & np.isfinite(matrix).all()
    return LiveUnits(rows=np.any(used, axis=1), columns=np.any(used, axis=0))
