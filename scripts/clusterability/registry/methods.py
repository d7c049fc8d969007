"""Methods by name: the functions are in `clusterability.methods`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MethodEntry:
    """A way from weights to a partition: `partition` of the module of its name in `methods`.

    Attributes:
        whole: whether it clusters the units of all layers at once.
    """

    whole: bool = False


METHODS: dict[str, MethodEntry] = {
    "notebook": MethodEntry(),
    "matched": MethodEntry(),
    "joint": MethodEntry(),
    "whole": MethodEntry(whole=True),
}
