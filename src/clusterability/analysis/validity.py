"""Rows of the table of validity: what its analyses have in common."""

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
"""One row per estimate; empty columns among condition, layer, k and function are averaged over.

`analysis`: `recovery` (does a measure accept the right partitions, see `recovery.recovery_rows`),
`detection` (AUC of networks with planted clusters against those without), `clusters` (a cluster's
term and the effect of ablating it), `networks` and `conditions` (a structural and a function
measure, over networks and over means of conditions). `low` and `high` bound the 95 % bootstrap
interval over seeds. `low_of_all` and `high_of_all` hold simultaneously for everything ranked
together, since the best of many exceeds chance by chance (Bonferroni). `behind`: difference from
the best of those ranked together.
"""

Keys = Mapping[str, Any]


def estimate_row(keys: Keys, estimates: Floats, networks: int | None = None) -> dict[str, Any]:
    """Row with an estimate and its bootstrap interval.

    Args:
        keys: columns that identify the estimate.
        estimates: [1 + resamples]: the study's, then those of the resamples.
        networks: for a share of cases, the number of networks behind it: see `_bounds`.
    """
    estimate, low, high = _bounds(estimates, networks)
    return {**keys, "estimate": estimate, "low": low, "high": high}


def _bounds(estimates: Floats, networks: int | None, among: int = 1) -> tuple[float, float, float]:
    """Bounds of `bounds`, or of Clopper & Pearson 1934 for a share of 0 or 1 in all resamples.

    If all networks are separated without error, so are all resamples, however few networks there
    are, and the bootstrap interval would be a point. With n successes out of n networks, the bound
    is (0.025 / among)^(1 / n).

    >>> [round(bound, 3) for bound in _bounds(np.ones(100), 20)]
    [1.0, 0.832, 1.0]
    """
    estimate, low, high = bounds(estimates, among)
    if networks and low == high == estimate and estimate in (0.0, 1.0):
        reach = (0.025 / among) ** (1 / networks)
        return (1.0, reach, 1.0) if estimate else (0.0, 0.0, 1 - reach)
    return estimate, low, high


def ranked_rows(
    places: Sequence[Keys], estimates: Sequence[Floats], shares: bool = False
) -> list[dict[str, Any]]:
    """Rows of estimates ranked together, each with its difference from the best.

    Differences are paired by resample.

    Args:
        places: columns that identify the estimates, with `n`, the number of networks.
        estimates: [1 + resamples] for each.
        shares: whether they are shares of cases: see `_bounds`.
    """
    if not places:
        return []
    table = np.stack(estimates)
    observed = np.where(np.isfinite(table[:, 0]), table[:, 0], -np.inf)
    best = table[int(observed.argmax())]
    rows = []
    for identifiers, values in zip(places, table, strict=True):
        behind = dict(
            zip(("behind", "behind_low", "behind_high"), bounds(best - values), strict=True)
        )
        networks = int(identifiers["n"]) if shares else None
        of_all = dict(
            zip(
                ("low_of_all", "high_of_all"),
                _bounds(values, networks, among=len(places))[1:],
                strict=True,
            )
        )
        rows.append(estimate_row(identifiers, values, networks) | of_all | behind)
    return rows


def validity_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows with COLUMNS; integers stay integers where some are missing."""
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"k": "Int64", "n": "Int64", "found": "Int64"})
