"""Measures that are defined for the partitions of each method; scores have rows for these only."""

from __future__ import annotations

from collections.abc import Sequence

from clusterability.clustering.method_kinds import chooses
from clusterability.measures.catalogue import MEASURES


def asked_of_method(method: str, added: Sequence[str] = ()) -> list[str]:
    """Names of the measures that are defined for a method's partitions.

    Args:
        method: name, with or without a scale.
        added: measures of other packages, which are defined for all partitions.

    >>> "bits_joint" in asked_of_method("described"), "bits_joint" in asked_of_method("matched")
    (True, False)
    """
    if chooses(method):
        return [*(name for name in MEASURES if name != "held_out"), *added]
    return [*(name for name, entry in MEASURES.items() if not entry.of_search), *added]
