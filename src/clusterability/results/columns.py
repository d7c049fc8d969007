"""Columns of every table of a study: the contract that other people's scripts rely on."""

from __future__ import annotations

from clusterability.comparison import COMPARED

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

CELL = ["condition", "layer", "method", "k", "measure", "null"]
"""What one cell of a study is: seeds are its replicates."""

SUMMARY = [
    *CELL,
    "n",
    *(f"{name}{end}" for name in ("value", "excess", "z") for end in ("", "_low", "_high")),
    *("q", "significant", "test_accuracy", "z_error"),
]
"""Columns of the table `summary`."""

SCORES = [*SCORE_COLUMNS[:-1], "q", "status", "excess", "z_error"]
"""Columns of the table `scores`: new ones come last, so that older ones keep their places."""

EQUAL_SIZE_NETWORKS = [
    *("condition", "seed", "layer", "method", "k", "measure", "rows", "columns", "submatrices"),
    *("draws", "value", "null_mean", "excess", "z", "z_error"),
]
"""Columns of a job's rows of layers at equal size."""

EQUAL_SIZE = [
    *("condition", "layer", "method", "k", "measure", "n", "rows", "columns", "submatrices"),
    "draws",
    *(f"{name}{end}" for name in ("value", "excess", "z") for end in ("", "_low", "_high")),
    "z_error",
]
"""Columns of the table `equal_size`."""
