"""Columns of what units do: clusters, ablations, lesions. Apart from `columns`, so that
an edit here scores nothing again."""

from __future__ import annotations

from clusterability.measures.function_catalogue import ABLATION_MEASURES


def _cluster_columns() -> list[str]:
    columns = []
    for name in ABLATION_MEASURES:
        columns.append(name)
        columns += [f"{name}_effect"] if name.startswith("importance") else []
        columns += [f"{name}_z", f"{name}_p"]
    return columns


CLUSTER_PLACE = ["condition", "seed", "layer", "method", "k", "cluster"]
"""Columns that say which cluster a row is of."""

CLUSTER_COLUMNS = _cluster_columns()
"""What the ablation of a cluster tells of it: value, z and p of each measure; `effect` is the fall
over the sum of itself and the mean fall of random groups."""

CLUSTERS = [*CLUSTER_PLACE, "u_size", *CLUSTER_COLUMNS]
"""Columns of a block's rows of clusters."""

ABLATION_COLUMNS = [
    *CLUSTER_PLACE,
    "u_size",
    "ablation",
    "class",
    "images",
    "activity",
    "accuracy",
    "fall",
    "null_mean",
    "null_sd",
]
"""One row a cluster, ablation (`zero`, `mean`; `others_zero`, `others_mean` of all units but the
cluster's) and class."""

LESION_COLUMNS = [
    *CLUSTER_PLACE,
    "u_size",
    "share",
    "groups",
    "category",
    "importance",
    "group_importance",
    "fall_p",
    "accuracy",
    "group_accuracy",
    "accuracy_p",
    "accuracy_factor",
    "range",
    "group_range",
    "range_p",
    "range_factor",
    "importance_z",
    "importance_p",
    "coherence",
    "coherence_z",
    "coherence_p",
]
"""One row a cluster in a hidden layer: the lesion test of `lesions`, and our measures beside."""

LESION_TYPES = (
    dict.fromkeys(LESION_COLUMNS, "float64")
    | dict.fromkeys(("condition", "layer", "method", "category"), "str")
    | dict.fromkeys(("seed", "k", "cluster", "u_size", "groups"), "int64")
)
"""Types of LESION_COLUMNS, which a file without rows has, too: readers ask for a method by name."""
