"""Measures of what the units of a partition do: their names, and the direction that is better.

Apart from their computation, so that tables and figures know them without it. docs/measures.md
says what each sees and what misleads it.
"""

from __future__ import annotations

from dataclasses import dataclass

GROUPS = "groups"
"""The null of all function measures: unit labels permuted, sizes fixed."""


@dataclass(frozen=True)
class FunctionMeasure:
    """A function measure.

    Attributes:
        direction: 1 where higher is better, -1 where lower is, 0 where neither.
        label: for axes and headings.
        says: what it says, in one sentence; docs/function.md has the formula.
    """

    direction: int
    label: str
    says: str


ACTIVITY_MEASURES: dict[str, FunctionMeasure] = {
    "class_mi": FunctionMeasure(
        1,
        "I(class; cluster) [nats]",
        "How much one knows of the class from which cluster is the most active one.",
    ),
    "dominance": FunctionMeasure(
        0,
        "dominant clusters",
        "How many clusters are the most active one on some images.",
    ),
    "cluster_class_mi": FunctionMeasure(
        1,
        "I(class; activity) [nats]",
        "How much one knows of the class from one cluster's mean activity, on average over"
        " clusters.",
    ),
    "between_mi": FunctionMeasure(
        -1,
        "I between clusters",
        "How much clusters know of each other.",
    ),
    "between_mi_given_class": FunctionMeasure(
        -1,
        "I between | class",
        "How much clusters know of each other beyond the class.",
    ),
}
"""From what the units' activities are on images."""

ABLATION_MEASURES: dict[str, FunctionMeasure] = {
    "importance": FunctionMeasure(
        1,
        "importance",
        "How much accuracy the network loses without a cluster (its units set to zero).",
    ),
    "coherence": FunctionMeasure(
        1,
        "coherence",
        "Whether a few classes bear the loss: the range over classes of the fall in a class,"
        " over their mean.",
    ),
    "importance_by_mean": FunctionMeasure(
        1,
        "importance (by mean)",
        "As importance, with units set to their mean over the images.",
    ),
    "coherence_by_mean": FunctionMeasure(
        1,
        "coherence (by mean)",
        "As coherence, with units set to their mean over the images.",
    ),
}
"""From how accuracy falls where clusters are ablated: set to zero, or to their mean."""

FUNCTION_MEASURES: dict[str, FunctionMeasure] = ACTIVITY_MEASURES | ABLATION_MEASURES
"""All, in the order of tables and figures."""

LEAST_SHARE = 0.05
"""Clusters with a smaller share of the layer's units do not count for their partition."""

OTHER_INPUTS = "other_inputs"
"""Status of an imported network that does not take the data set's images."""
INACCURATE = "inaccurate"
"""Status of ablations of a network whose accuracy is too low."""
