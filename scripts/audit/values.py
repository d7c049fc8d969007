"""Kind `values`: recompute structural measures from stored partitions and weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from audit.bits import saved_bits, size_classes
from audit.cells import Cell, exact
from audit.comparing import DIRECTION
from audit.measures import held_out, measures_of, tables_of
from audit.scales import NETWORK, base_and_scaling
from audit.study_files import StudyFiles, rows_of

NAMES = ["condition", "seed", "layer", "method", "k", "measure"]
_BY_SEARCH = ("bits_u", "bits_v")
"""Results of a search, which no formula gives."""
SEARCHED = ("described",)
"""Methods for which k is only the maximum number of clusters per side."""


def candidates(study: StudyFiles) -> pd.DataFrame:
    """One row per network, layer, method, k and measure, without results of a search."""
    known = set(DIRECTION) - set(_BY_SEARCH)
    rows = study.scores
    rows = rows[rows["measure"].isin(known)].drop_duplicates(NAMES)
    return rows[[*NAMES, "k_effective", "value", "status"]]


def check(study: StudyFiles, chosen: pd.DataFrame) -> Iterator[Cell]:
    """Recompute `value`, `k_effective` and `status` of each row."""
    values = lru_cache(maxsize=16)(lambda *cell: all_values(study, *cell))
    for row in rows_of(chosen):
        keys = (row["condition"], int(row["seed"]), row["layer"], row["method"], int(row["k"]))
        measures, effective = values(*keys)
        value = measures.get(row["measure"], math.nan)
        status = "ok" if math.isfinite(value) else "undefined" if effective else "infeasible"
        numbers = (
            exact("value", row["value"], value),
            exact("k_effective", row["k_effective"], effective),
            exact("status", row["status"], status),
        )
        yield Cell("values", {name: row[name] for name in NAMES}, numbers)


def all_values(
    study: StudyFiles, condition: str, seed: int, layer: str, method: str, k: int
) -> tuple[dict[str, float], int]:
    """All measures of one partition by name, and the number of its clusters that hold a unit."""
    rows, columns = study.labels(condition, seed, layer, method, k)
    matrix = study.matrix(condition, seed, layer, method)
    effective = len(set(rows[rows >= 0]) | set(columns[columns >= 0]))
    if not effective:
        return {}, 0
    measures = measures_of(tables_of(matrix, rows, columns, k))
    if layer != NETWORK:
        measures |= bits_of(matrix, rows, columns, k, method)
    halves = study.arrays("clusters", condition, seed, layer, ".held_out", f"{method}/{k}/")
    if halves:
        labels = halves["columns"]
        enough = (labels >= 0).any()
        measures["held_out"] = held_out(matrix, halves["rows"], labels, k) if enough else math.nan
    alone = [study_value(study, condition, seed, layer, method, k, name) for name in _BY_SEARCH]
    if "bits" in measures:
        measures["bits_joint"] = measures["bits"] - max(*alone, 0.0)
    return measures, effective


def bits_of(
    matrix: np.ndarray, rows: np.ndarray, columns: np.ndarray, k: int, method: str
) -> dict[str, float]:
    """`bits`, `bits_within` and `bits_per_weight` of a partition of a layer."""
    searched = base_and_scaling(method)[0] in SEARCHED
    bits, within = saved_bits(size_classes(matrix), rows, columns, k, searched)
    weights = int((rows >= 0).sum()) * int((columns >= 0).sum())
    per_weight = bits / weights if weights else math.nan
    return {"bits": bits, "bits_within": within, "bits_per_weight": per_weight}


def study_value(
    study: StudyFiles, condition: str, seed: int, layer: str, method: str, k: int, measure: str
) -> float:
    """Value in the table `scores`; NaN if it has no such row."""
    keys: tuple[Any, ...] = (condition, layer, method, measure)
    try:
        return float(str(study.values(*keys).loc[seed, k]))
    except KeyError:
        return math.nan
