"""One layer of a block of networks at one scaling of the weights: the input of clustering."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from clusterability.names import NETWORK
from clusterability.networks.graph import layer_matrices
from clusterability.networks.layer_names import require_chain
from clusterability.networks.partitions import Key
from clusterability.networks.scaling import ranks_draws, scale_weights
from clusterability.networks.scaling_names import scaled_method, scaling_of
from clusterability.networks.stacked import Networks
from clusterability.randomness import StreamName

Item = TypeVar("Item")


# eq=False, since arrays are compared entry by entry.
@dataclass(frozen=True, eq=False)
class ScaledLayer:
    """A layer of a block at one scaling, computed once per job.

    Attributes:
        networks: the block.
        layer: name of one of its layers, or "network".
        scaling: scaling of the weights.
        weights: scaled weights [networks, out, in] by layer: of this layer, or of all layers for
            the whole network.
    """

    networks: Networks
    layer: str
    scaling: str
    weights: Mapping[str, np.ndarray]

    @cached_property
    def matrices(self) -> np.ndarray:
        """Weights of the layer, [networks, m, n]."""
        return layer_matrices(self.weights, self.layer)

    @property
    def streams(self) -> list[StreamName]:
        """Names of the random streams of the observed partitions, one per network."""
        networks = self.networks
        return [(networks.condition, seed, self.layer, "network") for seed in networks.seeds]

    def drawn_from(self, number: int) -> dict[str, np.ndarray]:
        """Weights [out, in] by layer from which the draws of one network are made."""
        stacks = self.networks.weights if ranks_draws(self.scaling) else self.weights
        return {part: stack[number] for part, stack in stacks.items()}

    def renamed(self, results: Mapping[Key, Item]) -> dict[Key, Item]:
        """Append the scaling to the methods of results by (method, k).

        >>> networks = Networks("trained", (0,), {}, {"fc1": np.ones((1, 2, 3))})
        >>> (layer,) = scaled_layers(networks, "fc1", ["balanced"])
        >>> layer.renamed({("joint", 2): "labels"})
        {('joint-balanced', 2): 'labels'}
        """
        return {
            (scaled_method(method, self.scaling), k): item for (method, k), item in results.items()
        }

    def of_scaling(self, results: Mapping[Key, Item]) -> dict[Key, Item]:
        """Select the results whose methods use this scaling, in their order."""
        return {key: item for key, item in results.items() if scaling_of(key[0]) == self.scaling}


def scaled_layers(networks: Networks, layer: str, scalings: Sequence[str]) -> list[ScaledLayer]:
    """Scale a layer in each of several ways.

    Raises:
        UserError: if the whole network or `unit-norm` is requested for matrices that are not a
            chain.
    """
    check_chain(networks, [layer], scalings)
    names = [(networks.condition, seed) for seed in networks.seeds]
    return [
        ScaledLayer(networks, layer, scaling, _scaled(networks, layer, scaling, names))
        for scaling in scalings
    ]


def _scaled(
    networks: Networks, layer: str, scaling: str, names: Sequence[StreamName]
) -> dict[str, np.ndarray]:
    """Scaled weights; only of the requested layer if layers are scaled separately."""
    together = layer == NETWORK or scaling == "unit-norm"
    weights = networks.weights if together else {layer: networks.weights[layer]}
    return scale_weights(weights, scaling, names)


def check_chain(networks: Networks, layers: Sequence[str], scalings: Sequence[str]) -> None:
    """Raise UserError if the whole network or `unit-norm` is requested without a chain."""
    require_chain(networks.chain, NETWORK in layers, scalings)


def layers_of_methods(networks: Networks, layer: str, keys: Iterable[Key]) -> list[ScaledLayer]:
    """Scale a layer in each of the ways that the methods of these keys name."""
    scalings = dict.fromkeys(scaling_of(method) for method, _ in keys)
    return scaled_layers(networks, layer, list(scalings))
