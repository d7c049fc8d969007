"""Structural measures by name. Their functions are in `clusterability.measures.structure`."""

from __future__ import annotations

from clusterability.extensions import Catalogue
from clusterability.measures.measure import Measure

MEASURES: dict[str, Measure] = Catalogue("measure", Measure)
MEASURES |= {
    "mi_total": Measure(
        "I(P) [nats]",
        0,
        "Mutual information of output and input units, over all weights.",
    ),
    "mi": Measure(
        "I(T) [nats]", 1, "Mutual information of U and V clusters: what one tells about the other."
    ),
    "mi_preserved": Measure(
        "I(T) / I(P)",
        1,
        "Share of the information between units that is kept between clusters.",
    ),
    "barber_q": Measure(
        "Barber's Q",
        1,
        "Share of weight inside clusters beyond what the strengths of units alone would give.",
    ),
    "newman_q": Measure(
        "Newman's Q",
        1,
        "Modularity of the graph, ignoring that it is bipartite.",
    ),
    "ncut": Measure(
        "n-cut",
        -1,
        "Share of a cluster's weight that leaves it, summed over clusters.",
    ),
    "ncut_per_cluster": Measure(
        "n-cut / k'",
        -1,
        "Mean share of a cluster's weight that leaves it.",
    ),
    "within_weight": Measure("within weight", 1, "Share of weight inside clusters."),
    "clusterability": Measure(
        "clusterability",
        1,
        "Share of squared weight inside clusters.",
    ),
    "clusterability_adjusted": Measure(
        "adjusted clusterability",
        1,
        "Clusterability beyond that of random labels with the same cluster sizes.",
    ),
    "clusterability_q": Measure(
        "Q of squared weights",
        1,
        "Barber's Q of squared weights.",
    ),
    "held_out": Measure(
        "held-out information [nats]",
        1,
        "Information that V clusters found from one half of the rows carry about rows of the"
        " other half.",
    ),
    "bits": Measure(
        "saved bits",
        1,
        "Bits that clusters save in describing the weights, minus the bits that the labels cost.",
        standardised=False,
    ),
    "bits_per_weight": Measure(
        "saved bits / weight",
        1,
        "Saved bits per weight between live units.",
        standardised=False,
    ),
    "bits_within": Measure(
        "saved bits, within",
        1,
        "Bits saved by a code that distinguishes only weights inside clusters from all others.",
        standardised=False,
    ),
    "bits_u": Measure(
        "saved bits, U alone",
        1,
        "Bits that the best clusters of output units alone save.",
        standardised=False,
        of_search=True,
    ),
    "bits_v": Measure(
        "saved bits, V alone",
        1,
        "Bits that the best clusters of input units alone save.",
        standardised=False,
        of_search=True,
    ),
    "bits_joint": Measure(
        "saved bits, joint",
        1,
        "Bits that clusters of both sides save beyond the better side alone.",
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
