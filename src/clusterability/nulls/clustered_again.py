"""Nulls that draw the weights anew and cluster each draw again.

Each draw goes through the same method, code, precision and starts as the network itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Protocol

import numpy as np

from clusterability.clustering.block_sums import Tables, stack_by_key
from clusterability.clustering.spectral import cluster
from clusterability.clustering.summing import partition_tables
from clusterability.jobs.clustering_job import NullJob
from clusterability.names import NETWORK
from clusterability.networks.graph import network_matrices
from clusterability.networks.partitions import HeldOut, Key
from clusterability.networks.scaled_layer import ScaledLayer
from clusterability.randomness import StreamName

_DRAWS_AT_ONCE = 100
"""Draws held in memory together."""


HeldOutClusters = Callable[
    [np.ndarray, Sequence[StreamName], Sequence[int], Sequence[str], int], dict[Key, HeldOut]
]
"""`held_out.held_out_clusters`. A null whose module has it draws held-out information, too, in
twice the time. It is not imported here: no other null runs again when it changes."""


class Redraw(Protocol):
    """How a null draws the weights of a layer: see `nulls.shuffle.redraw`."""

    def __call__(
        self, matrix: np.ndarray, name: StreamName, numbers: Sequence[int]
    ) -> np.ndarray: ...


class RedrawNetwork(Protocol):
    """How a null draws all layers of a network together, where it does not draw each by itself.

    See `nulls.shuffle.redraw_network`.
    """

    def __call__(
        self, weights: Mapping[str, np.ndarray], name: StreamName, numbers: Sequence[int]
    ) -> list[np.ndarray]: ...


def block_redrawn_tables(
    null: str, layers: Sequence[ScaledLayer], k_values: Sequence[int], job: NullJob
) -> dict[Key, Tables]:
    """Tables [networks, draws, ...] of a null for a block, by (method, k), at all scales.

    Args:
        null: its name. Its module is called by that: a new null is one module, and makes no other
            null be drawn again.
        layers: the layer of the block at each scale.
        k_values: numbers of clusters.
        job: draws, methods and restarts.
    """
    module = import_module(f"clusterability.nulls.{null}")
    held_out = getattr(module, "held_out_clusters", None)
    together = getattr(module, "redraw_network", None)
    asked = (job.draws, k_values, job.methods, job.restarts, held_out, together)
    tables: dict[Key, Tables] = {}
    for scaled in layers:
        found = []
        for number, seed in enumerate(scaled.networks.seeds):
            network, name = scaled.network(number), (scaled.networks.condition, seed)
            found.append(redrawn_tables(module.redraw, null, network, scaled.layer, name, *asked))
        tables |= scaled.renamed(stack_by_key(found))
    return tables


def redrawn_tables(
    redraw: Redraw,
    null: str,
    weights: Mapping[str, np.ndarray],
    layer: str,
    name: StreamName,
    draws: int,
    k_values: Sequence[int],
    methods: Sequence[str],
    restarts: int,
    held_out: HeldOutClusters | None = None,
    redraw_network: RedrawNetwork | None = None,
) -> dict[Key, Tables]:
    """Tables [draws, ...] of a null, by (method, k).

    A draw of the whole network is made of the draws, of the same number, of its layers.

    Args:
        redraw: what makes the draws of one layer.
        null: its name.
        weights: one network: [m, n] by layer, from the input on.
        layer: name of a layer, or "network".
        name: condition and seed.
        draws: number of draws.
        k_values, methods, restarts: as for the network itself.
        held_out: what finds clusters for held-out information, for nulls that have it.
        redraw_network: what makes the draws of a whole network, if not `redraw` layer by layer.
    """
    found = []
    for first in range(0, draws, _DRAWS_AT_ONCE):
        numbers = range(first, min(first + _DRAWS_AT_ONCE, draws))
        if layer != NETWORK:
            matrices = _drawn(redraw, weights[layer], (*name, layer), numbers)
        elif redraw_network is not None and _all_finite(weights):
            matrices = network_matrices(redraw_network(weights, name, numbers))
        else:
            drawn = [_drawn(redraw, weights[part], (*name, part), numbers) for part in weights]
            matrices = network_matrices(drawn)
        names = [(*name, layer, null, number) for number in numbers]
        asked = (matrices, names, k_values, methods, restarts)
        partitions = cluster(*asked)
        held = held_out(*asked) if held_out and layer != NETWORK else {}
        found += [partition_tables(draw, partitions, held, i) for i, draw in enumerate(matrices)]
    return stack_by_key(found)


def _all_finite(weights: Mapping[str, np.ndarray]) -> bool:
    return all(np.isfinite(matrix).all() for matrix in weights.values())


def _drawn(
    redraw: Redraw, matrix: np.ndarray, name: StreamName, numbers: Sequence[int]
) -> np.ndarray:
    """Draws of one layer; NaN throughout where the layer is, as one that cannot be balanced."""
    if np.isfinite(matrix).all():
        return redraw(matrix, name, numbers)
    return np.full((len(numbers), *matrix.shape), np.nan)
