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
    *("q", "significant", "test_accuracy"),
]
"""Columns of the table `summary`."""

SCORES = [*SCORE_COLUMNS[:-1], "q", "status"]
