"""Columns of every table of a study: the contract that other people's scripts rely on."""

from __future__ import annotations

from clusterability.comparison import COMPARED
from clusterability.measures.function_catalogue import ABLATION_MEASURES

SCORE_COLUMNS = [
    "condition",
    "seed",
    "layer",
    "method",
    "k",
    "k_effective",
    "measure",
    "value",
    "null",
    *COMPARED,
    "status",
]
"""Columns of a block's scores; `q` joins them when all blocks are there."""


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
"""One row a cluster, ablation (`zero`, `mean`) and class."""


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
"""Their types, which a file without rows has, too: readers ask for a method by its name."""


CELL = ["condition", "layer", "method", "k", "measure", "null"]
"""What one cell of a study is: seeds are its replicates."""


SUMMARY = [
    *CELL,
    "n",
    *(f"{name}{end}" for name in ("value", "excess", "z") for end in ("", "_low", "_high")),
    *("q", "significant", "test_accuracy"),
]
"""Columns of the table `summary`."""


SCORES = [*SCORE_COLUMNS[:-1], "q", "status"]
