"""Measures that the partitions of a method have: scores have rows of these, and of no others."""

from __future__ import annotations

from clusterability.clustering.method_kinds import chooses
from clusterability.measures.catalogue import MEASURES


def asked_of_method(method: str) -> list[str]:
    """Measures of the partitions of a method.

    >>> "bits_joint" in asked_of_method("described"), "bits_joint" in asked_of_method("matched")
    (True, False)
    """
    if chooses(method):
        return [name for name in MEASURES if name != "held_out"]
    return [name for name, entry in MEASURES.items() if not entry.of_search]
