"""What the page says of measures, methods, nulls and statuses: a sentence each.

docs/measures.md and docs/function.md say more: formulas, sources, and what misleads.
"""

from __future__ import annotations

from clusterability.function_measures import GROUPS, INACCURATE, OTHER_INPUTS

MEASURES_SAY = {
    "mi_total": "How much one knows of the input unit from the output unit, over all weights; no"
    " partition enters, and neither direction is better.",
    "mi": "How much one knows of the input side's cluster from the output side's cluster.",
    "mi_preserved": "Which share of the information between units is left between clusters.",
    "barber_q": "How much more weight lies inside clusters than the strengths of the units would"
    " give.",
    "newman_q": "The modularity of the graph if one forgets that it is bipartite.",
    "ncut": "The weight that leaves each cluster, as a share of the cluster's own, summed.",
    "ncut_per_cluster": "The mean share of weight that leaves a cluster.",
    "within_weight": "The share of weight inside clusters.",
    "clusterability": "The share of squared weight inside clusters.",
    "clusterability_adjusted": "Clusterability above what random labels of the same cluster sizes"
    " give.",
    "clusterability_q": "As Barber's Q, for squared weights.",
    "held_out": "Whether input clusters found from one half of the rows tell rows of the other half"
    " apart.",
    "class_mi": "How much one knows of the class from which cluster is the most active one.",
    "dominance": "How many clusters are the most active one on some images; neither direction is"
    " better.",
    "cluster_class_mi": "How much one knows of the class from one cluster's mean activity, on"
    " average over clusters.",
    "between_mi": "How much clusters know of each other.",
    "between_mi_given_class": "How much clusters know of each other beyond the class.",
    "importance": "How much accuracy the network loses without a cluster (its units set to zero).",
    "coherence": "Whether a few classes bear the loss: the range over classes of the fall in a"
    " class, over their mean.",
    "importance_by_mean": "As importance, with units set to their mean over the images.",
    "coherence_by_mean": "As coherence, with units set to their mean over the images.",
}

METHODS_SAY = {
    "notebook": "singular vectors, k-means on each side alone, clusters paired as they come",
    "matched": "the same vectors, with input clusters paired to output clusters as well as they"
    " can be",
    "joint": "clusters that hold units of both sides from the start",
}

SCALINGS_SAY = {
    "none": "",
    "unit-norm": "every hidden unit's input weights scaled to norm 1",
    "balanced": "weights scaled so that all units of a side have the same strength",
}

NULLS_SAY = {
    "shuffle": "the same weights in random order, clustered again",
    "shuffle_nonzero": "the non-zero weights permuted among their own places, clustered again",
    "strength": "weights permuted with the strengths of units kept, clustered again",
    "labels": "the labels permuted, sizes fixed; nearly every partition beats this",
    "untrained": "fresh networks of the same architecture, clustered again",
    GROUPS: "clusters permuted among the layer's units, sizes fixed",
}

STATUSES_SAY = {
    "ok": "",
    "infeasible": "infeasible: k is larger than the number of units that can be clustered on one"
    " side, or the layer cannot be balanced",
    "undefined": "undefined: the measure has no value here",
    INACCURATE: "not asked: the network is right on too few images for a loss to mean anything",
    OTHER_INPUTS: "not asked: the network does not take the images of the data set",
}
"""In the order of the codes that stand for them."""
