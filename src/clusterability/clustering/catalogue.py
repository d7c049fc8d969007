"""Clustering methods by name. The code of each is in its module of `clustering.methods`."""

from __future__ import annotations

from dataclasses import dataclass

from clusterability.extensions import Catalogue


@dataclass(frozen=True)
class MethodEntry:
    """Catalogue entry of a method: the function `partition` in the module of its name.

    Attributes:
        says: how the method works, in words that follow its name.
        whole: whether it clusters the units of all layers at once.
    """

    says: str
    whole: bool = False


METHODS: dict[str, MethodEntry] = Catalogue("method", MethodEntry)
METHODS |= {
    "notebook": MethodEntry(
        "k-means on the singular vectors of each side alone, from one start, clusters paired as"
        " they come"
    ),
    "matched": MethodEntry(
        "k-means on the singular vectors of each side alone, clusters of both sides paired by the"
        " Hungarian method on Barber's modularity"
    ),
    "joint": MethodEntry("one k-means over the units of both sides (Dhillon 2001)"),
    "refined": MethodEntry(
        "units of one side assigned by those of the other, in turns, to the largest Barber's"
        " modularity (Barber 2007), from k-means and from more clusters merged",
    ),
    "described": MethodEntry(
        "the partition into at most k clusters a side that a search finds to save most bits",
    ),
    "whole": MethodEntry(
        "one k-means over the units of all layers, the network taken as one graph"
        " (Filan et al. 2021)",
        whole=True,
    ),
}
