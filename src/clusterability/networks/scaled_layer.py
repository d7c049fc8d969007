"""One layer of a block of networks at one scale of the weights: what is clustered and scored."""

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


# Arrays are not equal or different as a whole.
@dataclass(frozen=True, eq=False)
class ScaledLayer:
    """A layer of a block, made once a job and handed on.

    Attributes:
        networks: the block.
        layer: name of one of its layers, or "network".
        scaling: of the weights.
        weights: of the layer at this scale, [networks, out, in] by layer; of all layers for the
            whole network.
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
        """Names of the random streams of the networks' own partitions, one a network."""
        networks = self.networks
        return [(networks.condition, seed, self.layer, "network") for seed in networks.seeds]

    def drawn_from(self, number: int) -> dict[str, np.ndarray]:
        """Weights [out, in] by layer of one network of the block that its draws are made of."""
        stacks = self.networks.weights if ranks_draws(self.scaling) else self.weights
        return {part: stack[number] for part, stack in stacks.items()}

    def renamed(self, found: Mapping[Key, Item]) -> dict[Key, Item]:
        """Results at this scale by (method, k), each method renamed to say the scale.

        >>> networks = Networks("trained", (0,), {}, {"fc1": np.ones((1, 2, 3))})
        >>> (layer,) = scaled_layers(networks, "fc1", ["balanced"])
        >>> layer.renamed({("joint", 2): "labels"})
        {('joint-balanced', 2): 'labels'}
        """
        return {
            (scaled_method(method, self.scaling), k): item for (method, k), item in found.items()
        }

    def own(self, found: Mapping[Key, Item]) -> dict[Key, Item]:
        """Those results whose methods are of this scale, in their order."""
        return {key: item for key, item in found.items() if scaling_of(key[0]) == self.scaling}


def scaled_layers(networks: Networks, layer: str, scalings: Sequence[str]) -> list[ScaledLayer]:
    """The layer at each of these scales.

    Raises:
        UserError: where the whole network, or `unit-norm`, is asked of matrices that are no chain.
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
    """Weights at a scale; where layers are scaled each by itself, of the one that is asked for."""
    together = layer == NETWORK or scaling == "unit-norm"
    weights = networks.weights if together else {layer: networks.weights[layer]}
    return scale_weights(weights, scaling, names)


def check_chain(networks: Networks, layers: Sequence[str], scalings: Sequence[str]) -> None:
    """UserError where the whole network, or `unit-norm`, is asked of matrices that are no chain."""
    require_chain(networks.chain, NETWORK in layers, scalings)


def layers_of_methods(networks: Networks, layer: str, keys: Iterable[Key]) -> list[ScaledLayer]:
    """The layer at each of the scales that the methods of these keys name."""
    scalings = dict.fromkeys(scaling_of(method) for method, _ in keys)
    return scaled_layers(networks, layer, list(scalings))
