"""Kind `agreement`: compare labellings of the same units, with scikit-learn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    normalized_mutual_info_score,
)

from audit.cells import Cell, exact
from audit.study_files import StudyFiles, rows_of

NAMES = ["condition", "seed", "other_condition", "other_seed", "layer", "other_layer", "side"]
NAMES += ["method", "k", "comparison", "measure"]
_SCORES = {
    "ami": adjusted_mutual_info_score,
    "ari": adjusted_rand_score,
    "nmi": normalized_mutual_info_score,
}


def candidates(study: StudyFiles) -> pd.DataFrame:
    """Rows of `agreement.parquet`."""
    return study.table("agreement.parquet")


def check(study: StudyFiles, chosen: pd.DataFrame) -> Iterator[Cell]:
    """Recompute the `value` of each row, the mean over all pairs of labellings."""
    for row in rows_of(chosen):
        labellings = labellings_of(study, row)
        if labellings is None:
            continue
        value = mean_agreement(labellings, row["measure"])
        names = {name: row[name] for name in NAMES}
        yield Cell("agreement", names, (exact("value", row["value"], value),))


def mean_agreement(labellings: np.ndarray, measure: str) -> float:
    """Mean agreement over all pairs of labellings [labellings, units].

    Units that have the label -1 in any labelling are left out.

    >>> mean_agreement(np.array([[0, 0, 1, 1, -1], [1, 1, 0, 0, 0]]), "ari")
    1.0
    """
    live = labellings[:, (labellings >= 0).all(axis=0)]
    if not live.shape[1]:
        return math.nan
    return float(np.mean([_SCORES[measure](*pair) for pair in combinations(live, 2)]))


def labellings_of(study: StudyFiles, row: dict[str, Any]) -> np.ndarray | None:
    """Labellings that a row compares, [labellings, units]; None if the study did not keep them."""
    method, k, side = row["method"], int(row["k"]), 0 if row["side"] == "U" else 1
    first = (row["condition"], int(row["seed"]), row["layer"])
    other = (row["other_condition"], int(row["other_seed"]), row["other_layer"])
    if row["comparison"] == "restarts":
        starts = study.arrays("clusters", *first, ".starts", f"{method}/{k}/")
        return starts[("rows", "columns")[side]] if starts else None
    if row["comparison"] == "planted":
        planted = study.planted(*first)
        if not planted:
            return None
        return np.stack([study.labels(*first, method, k)[side], planted[("rows", "columns")[side]]])
    if row["comparison"] == "task":
        labels = study.labels(*first, method, k)[side]
        units = np.arange(len(labels))
        return np.stack([labels, units // 10 if side == 0 else units // 28 % 2])
    if row["side"] == "UV":
        return np.stack([study.labels(*first, method, k)[0], study.labels(*other, method, k)[1]])
    return np.stack([study.labels(*one, method, k)[side] for one in (first, other)])
