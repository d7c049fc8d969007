"""Rows of the table of validity: what all its analyses have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from clusterability.analysis.recovery import RECOVERY_COLUMNS
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
    "null",
    "function",
    "statistic",
    "estimate",
    "low",
    "high",
    "p",
    "n",
    *RECOVERY_COLUMNS,
    "low_of_all",
    "high_of_all",
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

`analysis`: `recovery` (whether a measure is right about a partition, `recovery.recovery_rows`),
`detection` (AUC of planted networks against those without), `clusters` (of a cluster's
own term with what ablating it does), `networks` and `conditions` (of a measure with a function
measure, over networks and over means of conditions). `low` and `high` bound the 95 % bootstrap
interval over seeds. `low_of_all`, `high_of_all`: the bounds if intervals of all that it is ranked
with are to hold at once, since the best of many is above chance by chance (Bonferroni). `behind`:
how much the best of those that it is ranked with has more.
"""

Place = Mapping[str, Any]


def estimate_row(place: Place, estimates: Floats, networks: int | None = None) -> dict[str, Any]:
    """A row of the place with the estimate and the interval of [1 + resamples].

    Args:
        place: columns that say what is estimated.
        estimates: of the study, then of the resamples.
        networks: of a share of cases, the number of networks that it rests on: see `_bounds`.
    """
    estimate, low, high = _bounds(estimates, networks)
    return {**place, "estimate": estimate, "low": low, "high": high}


def _bounds(estimates: Floats, networks: int | None, among: int = 1) -> tuple[float, float, float]:
    """`bounds`; a share of 0 or 1 in all resamples has Clopper and Pearson's (1934).

    All resamples of networks that are told apart without an error are told apart, however few they
    are: the interval would be a point. Of so many networks out of as many, the bound is
    (0.025 / among)^(1 / networks).

    >>> [round(bound, 3) for bound in _bounds(np.ones(100), 20)]
    [1.0, 0.832, 1.0]
    """
    estimate, low, high = bounds(estimates, among)
    if networks and low == high == estimate and estimate in (0.0, 1.0):
        reach = (0.025 / among) ** (1 / networks)
        return (1.0, reach, 1.0) if estimate else (0.0, 0.0, 1 - reach)
    return estimate, low, high


def ranked_rows(
    places: Sequence[Place], estimates: Sequence[Floats], shares: bool = False
) -> list[dict[str, Any]]:
    """Rows of what is ranked together: each says how far it is behind the best.

    Differences are paired: of the same resamples.

    Args:
        places: columns that say what is estimated, with `n`, the number of networks.
        estimates: [1 + resamples] of each.
        shares: whether they are shares of cases: see `_bounds`.
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
        networks = int(place["n"]) if shares else None
        of_all = dict(
            zip(
                ("low_of_all", "high_of_all"),
                _bounds(values, networks, among=len(places))[1:],
                strict=True,
            )
        )
        rows.append(estimate_row(place, values, networks) | of_all | behind)
    return rows


def validity_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The rows with COLUMNS; whole numbers stay whole where some are missing."""
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"k": "Int64", "n": "Int64", "found": "Int64"})
