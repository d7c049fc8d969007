"""Measures that are defined for the partitions of each method; scores have rows for these only."""

from __future__ import annotations

from clusterability.clustering.method_kinds import chooses
from clusterability.measures.catalogue import MEASURES


def asked_of_method(method: str) -> list[str]:
    """Names of the measures that are defined for a method's partitions.

    >>> "bits_joint" in asked_of_method("described"), "bits_joint" in asked_of_method("matched")
    (True, False)
    """
    if chooses(method):
        return [name for name in MEASURES if name != "held_out"]
    return [name for name, entry in MEASURES.items() if not entry.of_search]
