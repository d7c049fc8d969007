"""What each structural measure says, in one sentence: the first of its entry in the docs."""

from __future__ import annotations

MEANINGS: dict[str, str] = {
    "mi_total": "How much one knows of the input unit from the output unit, over all weights.",
    "mi": "How much one knows of the V cluster from the U cluster.",
    "mi_preserved": "Which share of the information between units is left between clusters.",
    "barber_q": "How much more weight lies inside clusters than the strengths of the units would"
    " give.",
    "newman_q": "The modularity of the graph if one forgets that it is bipartite.",
    "ncut": "The weight that leaves each cluster, as a share of the cluster's own, summed.",
    "ncut_per_cluster": "The mean share of weight that leaves a cluster.",
    "within_weight": "The share of weight inside clusters.",
    "clusterability": "The share of squared weight inside clusters.",
    "clusterability_adjusted": "`clusterability` above what random labels of the same cluster sizes"
    " give.",
    "clusterability_q": "As `barber_q`, for squared weights.",
    "held_out": "Whether V clusters that were found from one half of the rows tell rows of the"
    " other half apart.",
}
