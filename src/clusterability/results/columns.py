"""Columns of every table of a study: the public contract with users' scripts."""

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
"""Columns of a block's scores; `q` is added once all blocks are complete."""

CELL = ["condition", "layer", "method", "k", "measure", "null"]
"""Columns that identify one cell of a study; seeds are its replicates."""

SUMMARY = [
    *CELL,
    "n",
    *(f"{name}{end}" for name in ("value", "excess", "z") for end in ("", "_low", "_high")),
    *("q", "significant", "test_accuracy", "z_error"),
]
"""Columns of the table `summary`."""

SCORES = [*SCORE_COLUMNS[:-1], "q", "status", "excess", "z_error"]
"""Columns of the table `scores`. New ones are appended, so that existing ones keep their order."""

EQUAL_SIZE_NETWORKS = [
    *("condition", "seed", "layer", "method", "k", "measure", "rows", "columns", "submatrices"),
    *("draws", "value", "null_mean", "excess", "z", "z_error"),
]
"""Columns of a job's rows of equal-size scores, one row per network."""

EQUAL_SIZE = [
    *("condition", "layer", "method", "k", "measure", "n", "rows", "columns", "submatrices"),
    "draws",
    *(f"{name}{end}" for name in ("value", "excess", "z") for end in ("", "_low", "_high")),
    "z_error",
]
"""Columns of the table `equal_size`."""
