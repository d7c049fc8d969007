"""Nulls by name: the functions are in `clusterability.nulls`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NullEntry:
    """A random model that measures are compared with.

    Attributes:
        redrawn: whether it draws weights anew, by `redraw` of the module of its name in `nulls`,
            and clusters them again.
        caveat: what a reader must know beside its name.
    """

    redrawn: bool = True
    caveat: str | None = None


NULLS: dict[str, NullEntry] = {
    "shuffle": NullEntry(),
    "shuffle_nonzero": NullEntry(),
    "strength": NullEntry(),
    "labels": NullEntry(redrawn=False, caveat="which nearly every partition beats"),
    "untrained": NullEntry(redrawn=False),
}
"""Figures show the first that gives a z; those with a caveat come last."""
