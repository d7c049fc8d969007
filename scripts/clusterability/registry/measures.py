"""Structural measures by name: the functions are in `clusterability.measures`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MeasureEntry:
    """A structural measure: a function of its name in `measures`, or in a module there.

    Attributes:
        label: for axes and headings.
        direction: 1 where higher is better, -1 where lower is, 0 where neither.
    """

    label: str
    direction: int


MEASURES: dict[str, MeasureEntry] = {
    "mi_total": MeasureEntry("I(P) [nats]", 0),
    "mi": MeasureEntry("I(T) [nats]", 1),
    "mi_preserved": MeasureEntry("I(T) / I(P)", 1),
    "barber_q": MeasureEntry("Barber's Q", 1),
    "newman_q": MeasureEntry("Newman's Q", 1),
    "ncut": MeasureEntry("n-cut", -1),
    "ncut_per_cluster": MeasureEntry("n-cut / k'", -1),
    "within_weight": MeasureEntry("within weight", 1),
    "clusterability": MeasureEntry("clusterability", 1),
    "clusterability_adjusted": MeasureEntry("adjusted clusterability", 1),
    "clusterability_q": MeasureEntry("Q of squared weights", 1),
    "held_out": MeasureEntry("held-out information [nats]", 1),
}
"""In the order of tables and figures."""
