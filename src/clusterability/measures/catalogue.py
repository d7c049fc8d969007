"""Structural measures by name: the functions are in `clusterability.measures.structure`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MeasureEntry:
    """A structural measure: a function of its name in `measures`, or in a module there.

    Attributes:
        label: for axes and headings.
        direction: 1 where higher is better, -1 where lower is, 0 where neither.
        says: what it says, in one sentence; docs/measures.md has the formula.
    """

    label: str
    direction: int
    says: str


MEASURES: dict[str, MeasureEntry] = {
    "mi_total": MeasureEntry(
        "I(P) [nats]",
        0,
        "How much one knows of the input unit from the output unit, over all weights.",
    ),
    "mi": MeasureEntry("I(T) [nats]", 1, "How much one knows of the V cluster from the U cluster."),
    "mi_preserved": MeasureEntry(
        "I(T) / I(P)",
        1,
        "Which share of the information between units is left between clusters.",
    ),
    "barber_q": MeasureEntry(
        "Barber's Q",
        1,
        "How much more weight lies inside clusters than the strengths of the units would give.",
    ),
    "newman_q": MeasureEntry(
        "Newman's Q",
        1,
        "The modularity of the graph if one forgets that it is bipartite.",
    ),
    "ncut": MeasureEntry(
        "n-cut",
        -1,
        "The weight that leaves each cluster, as a share of the cluster's own, summed.",
    ),
    "ncut_per_cluster": MeasureEntry(
        "n-cut / k'",
        -1,
        "The mean share of weight that leaves a cluster.",
    ),
    "within_weight": MeasureEntry("within weight", 1, "The share of weight inside clusters."),
    "clusterability": MeasureEntry(
        "clusterability",
        1,
        "The share of squared weight inside clusters.",
    ),
    "clusterability_adjusted": MeasureEntry(
        "adjusted clusterability",
        1,
        "Clusterability above what random labels of the same cluster sizes give.",
    ),
    "clusterability_q": MeasureEntry(
        "Q of squared weights",
        1,
        "As Barber's Q, for squared weights.",
    ),
    "held_out": MeasureEntry(
        "held-out information [nats]",
        1,
        "Whether V clusters that were found from one half of the rows tell rows of the other"
        " half apart.",
    ),
}
"""In the order of tables and figures."""
