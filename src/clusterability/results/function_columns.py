"""Columns of function tables: clusters, ablations, lesions.

They are apart from `columns`, so that changes to them rerun no scoring.
"""

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
"""Columns that identify a cluster."""

CLUSTER_COLUMNS = _cluster_columns()
"""Ablation columns of a cluster: value, z and p of each measure; `effect` is the drop in accuracy
divided by the sum of itself and the mean drop for random groups."""

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
"""One row per cluster, class and ablation: `zero` and `mean` of the cluster, `others_zero` and
`others_mean` of all units outside it."""

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
"""One row per cluster in a hidden layer: the lesion test of `lesions`, and our measures."""

LESION_TYPES = (
    dict.fromkeys(LESION_COLUMNS, "float64")
    | dict.fromkeys(("condition", "layer", "method", "category"), "str")
    | dict.fromkeys(("seed", "k", "cluster", "u_size", "groups"), "int64")
)
"""Types of LESION_COLUMNS, for files without rows, too: readers filter by method."""
