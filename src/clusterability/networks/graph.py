"""Weights as a weighted bipartite graph of output units and input units.

Edges have weight abs(W). A unit without non-zero weights is dead: it is not in the graph and has
label -1. The graph of a whole network has edges between consecutive layers only, so it is bipartite
too: units of even layers (the input is layer 0) against units of odd layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from clusterability.names import NETWORK


def layer_matrices(weights: Mapping[str, np.ndarray], layer: str) -> np.ndarray:
    """Weights [..., m, n] of a layer, or of the whole network for the layer "network"."""
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
    # Offset of each layer among the units of the same parity.
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
    """Indices of the units of even and of odd layers, counted through the whole network.

    Args:
        sizes: units per layer, input first.

    >>> even, odd = network_units([3, 2, 1])
    >>> even.tolist(), odd.tolist()
    ([0, 1, 2, 5], [3, 4])
    """
    layer_of_unit = np.repeat(np.arange(len(sizes)), sizes)
    return np.flatnonzero(layer_of_unit % 2 == 0), np.flatnonzero(layer_of_unit % 2 == 1)
