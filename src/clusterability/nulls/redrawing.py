"""Interface of the modules of nulls that redraw weights: `redraw` and optional additions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

import numpy as np

from clusterability.extensions import named
from clusterability.networks.partitions import HeldOut, Key
from clusterability.randomness import StreamName

Draw = Callable[[int], np.ndarray]
"""Function from a draw number to the draw [m, n], which depends on that number alone."""

NetworkDraw = Callable[[int], list[np.ndarray]]
"""Function from a draw number to the draws of all layers of a network."""

HeldOutClusters = Callable[
    [np.ndarray, Sequence[StreamName], Sequence[int], Sequence[str], int], dict[Key, HeldOut]
]
"""Signature of `held_out.held_out_clusters`. A null whose module has it draws held-out information,
too, which doubles its time. It is not imported, so that changes to it rerun no other null."""


class Redraw(Protocol):
    """Prepare the draws of one layer; see `nulls.shuffle.redraw`.

    Work that all draws share is done once, before the first draw.
    """

    def __call__(self, matrix: np.ndarray, name: StreamName) -> Draw: ...


class RedrawNetwork(Protocol):
    """Prepare joint draws of all layers of a network, for nulls that do not draw layers separately.

    See `nulls.shuffle.redraw_network`.
    """

    def __call__(self, weights: Mapping[str, np.ndarray], name: StreamName) -> NetworkDraw: ...


@dataclass(frozen=True)
class RandomModel:
    """Null model that redraws weights.

    Attributes:
        name: name of the null.
        redraw: prepares the draws of one layer.
        redraw_network: prepares the draws of a whole network; None to draw layer by layer.
        held_out_clusters: finds clusters for held-out information; None for nulls without it.
        permutes: whether each draw permutes abs(W): quantities of its entries alone are then
            computed once.
    """

    name: str
    redraw: Redraw
    redraw_network: RedrawNetwork | None = None
    held_out_clusters: HeldOutClusters | None = None
    permutes: bool = False

    @classmethod
    def named(cls, name: str) -> RandomModel:
        """Null model from its module's `redraw`, `redraw_network`, `held_out_clusters`, `PERMUTES`.

        The module is imported by name, so that adding a null changes no other module and reruns no
        other null. If the library has no module of this name, an installed package must have one.
        """
        module_name = f"clusterability.nulls.{name}"
        module = (
            import_module(module_name) if find_spec(module_name) else named("null", name).load()
        )
        return cls(
            name,
            module.redraw,
            getattr(module, "redraw_network", None),
            getattr(module, "held_out_clusters", None),
            getattr(module, "PERMUTES", False),
        )
