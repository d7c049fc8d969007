"""Rows of the table of validity: what all its analyses have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from clusterability.resampling import Floats, bounds

COLUMNS = [
    "analysis",
    "family",
    "condition",
    "reference",
    "layer",
    "method",
    "k",
    "measure",
    "form",
    "function",
    "statistic",
    "estimate",
    "low",
    "high",
    "p",
    "n",
    "low_of_all",
    "behind",
    "behind_low",
    "behind_high",
    "dose",
    "ami_u",
    "ami_u_low",
    "ami_u_high",
    "ami_v",
    "ami_v_low",
    "ami_v_high",
    "test_accuracy",
    "reference_accuracy",
]
"""One row an estimate. What is empty of condition, layer, k and function is averaged over.

`analysis`: `detection` (AUC of planted networks against those without), `clusters` (of a cluster's
own term with what ablating it does), `networks` and `conditions` (of a measure with a function
measure, over networks and over means of conditions). `low` and `high` bound the 95 % bootstrap
interval over seeds. `low_of_all`: the lower bound if intervals of all that it is ranked with are to
hold at once, since the best of many is above chance by chance (Bonferroni). `behind`: how much the
best of those that it is ranked with has more.
"""

Place = Mapping[str, Any]


def estimate_row(place: Place, estimates: Floats) -> dict[str, Any]:
    """A row of the place with the estimate and the interval of [1 + resamples]."""
    estimate, low, high = bounds(estimates)
    return {**place, "estimate": estimate, "low": low, "high": high}


def ranked_rows(places: Sequence[Place], estimates: Sequence[Floats]) -> list[dict[str, Any]]:
    """Rows of what is ranked together: each says how far it is behind the best.

    Differences are paired: of the same resamples.
    """
    if not places:
        return []
    table = np.stack(estimates)
    observed = np.where(np.isfinite(table[:, 0]), table[:, 0], -np.inf)
    best = table[int(observed.argmax())]
    rows = []
    for place, values in zip(places, table, strict=True):
        behind = dict(
            zip(("behind", "behind_low", "behind_high"), bounds(best - values), strict=True)
        )
        low_of_all = bounds(values, among=len(places))[1]
        rows.append(estimate_row(place, values) | {"low_of_all": low_of_all} | behind)
    return rows


def validity_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The rows with COLUMNS; whole numbers stay whole where some are missing."""
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"k": "Int64", "n": "Int64"})
