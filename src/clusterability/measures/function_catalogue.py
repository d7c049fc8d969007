"""Names and better directions of measures of activations and ablations.

They are separate from their computation, which tables and figures do not need. docs/measures.md
describes what each sees and what misleads it.
"""

from __future__ import annotations

from clusterability.measures.measure import Measure

GROUPS = "groups"
"""Null of all function measures: permuted unit labels with fixed cluster sizes."""


ACTIVITY_MEASURES: dict[str, Measure] = {
    "class_mi": Measure(
        "I(class; cluster) [nats]",
        1,
        "Information about the class in which cluster is most active.",
    ),
    "dominance": Measure(
        "dominant clusters",
        0,
        "Number of clusters that are the most active one on some image.",
    ),
    "cluster_class_mi": Measure(
        "I(class; activation) [nats]",
        1,
        "Information about the class in one cluster's mean activation, averaged over clusters.",
    ),
    "between_mi": Measure(
        "I between clusters",
        -1,
        "Information that clusters carry about each other.",
    ),
    "between_mi_given_class": Measure(
        "I between | class",
        -1,
        "Information that clusters carry about each other beyond the class.",
    ),
    "activation_q": Measure(
        "Q of activations",
        1,
        "Whether units of a cluster are active together: the modularity of their correlations.",
    ),
    "activation_ami": Measure(
        "AMI with activations",
        1,
        "Agreement of clusters of the weights with clusters of the activations.",
    ),
}
"""Measures of the activations of units on images."""

ABLATION_MEASURES: dict[str, Measure] = {
    "importance": Measure(
        "importance",
        1,
        "Accuracy that the network loses without a cluster (its units set to zero).",
    ),
    "coherence": Measure(
        "coherence",
        1,
        "Whether a few classes bear the loss: the range over classes of the loss in a class,"
        " divided by its mean.",
    ),
    "importance_by_mean": Measure(
        "importance (by mean)",
        1,
        "As importance, with units set to their mean over the images.",
    ),
    "coherence_by_mean": Measure(
        "coherence (by mean)",
        1,
        "As coherence, with units set to their mean over the images.",
    ),
    "sufficiency": Measure(
        "sufficiency",
        1,
        "Accuracy of the network with one cluster alone (all other units set to zero).",
    ),
    "sufficiency_by_mean": Measure(
        "sufficiency (by mean)",
        1,
        "As sufficiency, with the other units set to their mean over the images.",
    ),
}
"""Measures of accuracy with clusters, or all other units, set to zero or to their mean."""

FUNCTION_MEASURES: dict[str, Measure] = ACTIVITY_MEASURES | ABLATION_MEASURES
"""All function measures in the order of tables and figures."""

LEAST_SHARE = 0.05
"""Clusters with a smaller share of the layer's units are left out of their partition's measures."""

OTHER_INPUTS = "other_inputs"
"""Status of an imported network whose inputs are not the data set's images."""
SEVERAL_HEADS = "several_heads"
"""Status of a network that predicts several classes per image; the measures need a single one."""
INACCURATE = "inaccurate"
"""Status of ablations of a network with too low an accuracy."""
