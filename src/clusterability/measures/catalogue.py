"""Structural measures by name. Their functions are in `clusterability.measures.structure`."""

from __future__ import annotations

from clusterability.measures.measure import Measure

MEASURES: dict[str, Measure] = {
    "mi_total": Measure(
        "I(P) [nats]",
        0,
        "How much one knows of the input unit from the output unit, over all weights.",
    ),
    "mi": Measure("I(T) [nats]", 1, "How much one knows of the V cluster from the U cluster."),
    "mi_preserved": Measure(
        "I(T) / I(P)",
        1,
        "Which share of the information between units is left between clusters.",
    ),
    "barber_q": Measure(
        "Barber's Q",
        1,
        "How much more weight lies inside clusters than the strengths of the units would give.",
    ),
    "newman_q": Measure(
        "Newman's Q",
        1,
        "The modularity of the graph if one forgets that it is bipartite.",
    ),
    "ncut": Measure(
        "n-cut",
        -1,
        "The weight that leaves each cluster, as a share of the cluster's own, summed.",
    ),
    "ncut_per_cluster": Measure(
        "n-cut / k'",
        -1,
        "The mean share of weight that leaves a cluster.",
    ),
    "within_weight": Measure("within weight", 1, "The share of weight inside clusters."),
    "clusterability": Measure(
        "clusterability",
        1,
        "The share of squared weight inside clusters.",
    ),
    "clusterability_adjusted": Measure(
        "adjusted clusterability",
        1,
        "Clusterability above what random labels of the same cluster sizes give.",
    ),
    "clusterability_q": Measure(
        "Q of squared weights",
        1,
        "As Barber's Q, for squared weights.",
    ),
    "held_out": Measure(
        "held-out information [nats]",
        1,
        "Whether V clusters that were found from one half of the rows tell rows of the other"
        " half apart.",
    ),
    "bits": Measure(
        "saved bits",
        1,
        "How many bits clusters save in describing the weights, less those that name the clusters.",
        standardised=False,
    ),
    "bits_per_weight": Measure(
        "saved bits / weight",
        1,
        "Saved bits for each weight between live units.",
        standardised=False,
    ),
    "bits_within": Measure(
        "saved bits, within",
        1,
        "Saved bits, if weights are told apart by whether they lie inside a cluster, and no more.",
        standardised=False,
    ),
    "bits_u": Measure(
        "saved bits, U alone",
        1,
        "How many bits the best clusters of output units alone save.",
        standardised=False,
        of_search=True,
    ),
    "bits_v": Measure(
        "saved bits, V alone",
        1,
        "How many bits the best clusters of input units alone save.",
        standardised=False,
        of_search=True,
    ),
    "bits_joint": Measure(
        "saved bits, joint",
        1,
        "What clusters of both sides save beyond the better side alone.",
        standardised=False,
        of_search=True,
    ),
}
"""Measures in the order of tables and figures."""

VERDICT_BITS = 20
"""Saved bits from which the verdict is "clusters" (docs/bits.md)."""

DIRECTED = tuple(name for name, measure in MEASURES.items() if measure.direction)
"""Measures that rank partitions."""

STANDARDISED = tuple(name for name in DIRECTED if MEASURES[name].standardised)
"""Directed measures with a z-score; the draws of the others pile up at one value."""
