"""What a null that draws weights anew has in its module: `redraw`, and more where it needs more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

import numpy as np

from clusterability.networks.partitions import HeldOut, Key
from clusterability.randomness import StreamName

Draw = Callable[[int], np.ndarray]
"""From a number to the draw [m, n] of that number: not of other draws, nor of who makes them."""

NetworkDraw = Callable[[int], list[np.ndarray]]
"""As `Draw`, of all layers of a network."""

HeldOutClusters = Callable[
    [np.ndarray, Sequence[StreamName], Sequence[int], Sequence[str], int], dict[Key, HeldOut]
]
"""`held_out.held_out_clusters`. A null whose module has it draws held-out information, too, in
twice the time. It is not imported here: no other null runs again when it changes."""


class Redraw(Protocol):
    """How a null draws the weights of a layer: see `nulls.shuffle.redraw`.

    What all draws have in common is worked out before the first of them.
    """

    def __call__(self, matrix: np.ndarray, name: StreamName) -> Draw: ...


class RedrawNetwork(Protocol):
    """How a null draws all layers of a network together, where it does not draw each by itself.

    See `nulls.shuffle.redraw_network`.
    """

    def __call__(self, weights: Mapping[str, np.ndarray], name: StreamName) -> NetworkDraw: ...


@dataclass(frozen=True)
class RandomModel:
    """A null that draws weights anew.

    Attributes:
        name: of the null.
        redraw: makes the draws of one layer.
        redraw_network: makes the draws of a whole network, if not `redraw` layer by layer.
        held_out_clusters: finds clusters for held-out information, for nulls that have it.
        permutes: whether each draw has the entries of the weights, but for signs: what goes by
            these alone is worked out once.
    """

    name: str
    redraw: Redraw
    redraw_network: RedrawNetwork | None = None
    held_out_clusters: HeldOutClusters | None = None
    permutes: bool = False

    @classmethod
    def named(cls, name: str) -> RandomModel:
        """That of a null's module: its `redraw`, `redraw_network`, `held_out_clusters`, `PERMUTES`.

        A module is called by its name: a new null is one module, and makes no other null be drawn
        again.
        """
        module = import_module(f"clusterability.nulls.{name}")
        return cls(
            name,
            module.redraw,
            getattr(module, "redraw_network", None),
            getattr(module, "held_out_clusters", None),
            getattr(module, "PERMUTES", False),
        )
