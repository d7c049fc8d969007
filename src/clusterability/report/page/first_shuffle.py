"""One draw of the null `shuffle` of a network, to look at beside the network itself.

It is a draw as the study makes it: of the same random stream, clustered by the same methods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clusterability.clustering.spectral import cluster
from clusterability.networks.layer_names import in_chain
from clusterability.networks.partitions import Key, Partitions
from clusterability.networks.scaled_layer import scaled_layers
from clusterability.networks.scaling import ranks_draws
from clusterability.networks.scaling_names import plain_method, scaled_method, scaling_of
from clusterability.networks.stacked import Networks
from clusterability.nulls.clustered_again import layer_draw
from clusterability.nulls.redrawing import RandomModel

NULL = "shuffle"
NUMBER = 0
"""Which draw: the first one that a study makes."""
LARGEST_SHUFFLED = 250_000
"""Weights of a matrix at most: a page takes no minutes to cluster a draw."""


@dataclass(frozen=True)
class ShuffledLayer:
    """A draw of one layer.

    Attributes:
        weights: float32 [m, n], with their signs.
        partitions: of the one draw, by method with its scaling and k.
    """

    weights: np.ndarray
    partitions: Mapping[Key, Partitions]


def shuffled_layers(
    condition: str,
    seed: int,
    weights: Mapping[str, np.ndarray],
    methods: Sequence[str],
    k_values: Sequence[int],
    restarts: int,
) -> dict[str, ShuffledLayer]:
    """Draw `NUMBER` of each layer of a network that is not too large.

    Args:
        condition, seed: name the random streams.
        weights: float32 [m, n] by the layer's name in its file.
        methods: with their scalings.
        k_values, restarts: as for the network itself.
    """
    stacks = {layer: matrix[None] for layer, matrix in weights.items()}
    chain = all(map(in_chain, weights))
    network = Networks(condition, (seed,), {}, stacks, chain=chain)
    return {
        layer: _shuffled(network, layer, methods, k_values, restarts)
        for layer, matrix in weights.items()
        if matrix.size <= LARGEST_SHUFFLED
    }


def _shuffled(
    network: Networks, layer: str, methods: Sequence[str], k_values: Sequence[int], restarts: int
) -> ShuffledLayer:
    model, matrix = RandomModel.named(NULL), network.weights[layer][0]
    name = (network.condition, network.seeds[0])
    partitions: dict[Key, Partitions] = {}
    for scaling in dict.fromkeys(map(scaling_of, methods)):
        (scaled,) = scaled_layers(network, layer, [scaling])
        # As in a study, whose draws are of sizes alone.
        sizes = {layer: np.abs(scaled.drawn_from(0)[layer])}
        draw = layer_draw(model, sizes, layer, name, ranks_draws(scaling))(NUMBER)
        plain = [plain_method(method) for method in methods if scaling_of(method) == scaling]
        stream = (*name, layer, NULL, NUMBER)
        clusterings = cluster(draw[None], [stream], k_values, plain, restarts)
        partitions |= {
            (scaled_method(each, scaling), k): item for (each, k), item in clusterings.items()
        }
    # The same permutation, since it depends on the stream and the number of live weights alone.
    return ShuffledLayer(model.redraw(matrix, (*name, layer))(NUMBER), partitions)
