"""Effect of training: scores compared with those of untrained networks.

There are two comparisons: each network against many fresh ones (the null `untrained`), and each
network minus the same network before training.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy

from clusterability.comparison import compare
from clusterability.measures.catalogue import MEASURES
from clusterability.results.columns import SCORE_COLUMNS
from clusterability.statistics import false_discovery_q, interval

UNTRAINED = "untrained"
"""Name of the null."""

_PLACE = ["layer", "method", "k", "measure"]
_NETWORK = ["condition", "seed"]

OBSERVED = [*_NETWORK, *_PLACE, "null", "value"]
"""Columns that `less_initial` needs."""


def with_untrained(
    scores: pd.DataFrame, fresh: pd.DataFrame, fresh_of: Mapping[str, str]
) -> pd.DataFrame:
    """Scores, followed by the rows of the null `untrained`.

    Args:
        scores: rows with SCORE_COLUMNS, against any nulls.
        fresh: the same rows for fresh networks.
        fresh_of: condition to the condition of the fresh networks it is compared with; others get
            no rows.

    Returns:
        Rows with SCORE_COLUMNS, without the compared conditions' rows that have no null.
    """
    compared = scores["condition"].isin(list(fresh_of))
    pools = {
        cell: group["value"].to_numpy(float)
        for cell, group in observed_rows(fresh).groupby(["condition", *_PLACE], observed=True)
    }
    cells = observed_rows(scores[compared]).groupby(
        ["condition", *_PLACE], sort=False, observed=True
    )
    rows = [
        _against_pool(group, pools[fresh_of[str(condition)], *cell])
        for (condition, *cell), group in cells
    ]
    kept = scores[~compared | scores["null"].notna()]
    return pd.concat([kept, *rows], ignore_index=True)[SCORE_COLUMNS]


def observed_rows(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per network, layer, method, k and measure, for whichever null comes first."""
    return scores.drop_duplicates([*_NETWORK, *_PLACE])


def _against_pool(group: pd.DataFrame, pool: np.ndarray) -> pd.DataFrame:
    """Compare the networks of one cell with the same fresh networks."""
    values = group["value"].to_numpy(float)
    draws = np.broadcast_to(pool, (len(values), len(pool)))
    draws = np.where(np.isfinite(values)[:, None], draws, np.nan)
    entry = MEASURES[group["measure"].iloc[0]]
    columns = compare(values, draws, entry.direction).columns()
    if not entry.standardised:
        columns["z"] = np.full(len(values), np.nan)
    return group.assign(null=UNTRAINED, **columns)


def less_initial(scores: pd.DataFrame, initial_of: Mapping[str, str]) -> pd.DataFrame:
    """Change by training, paired by seed: the value minus that of the network's initial weights.

    Args:
        scores: rows with OBSERVED, against any nulls.
        initial_of: condition to the condition that holds its networks before training.

    Returns:
        One row per condition, layer, method, k and measure: `initial` (the other condition), `n`
        pairs, mean `change` with the bounds of its 95 % t interval, and `p`, two-sided, of the
        paired t test.
    """
    observed = observed_rows(scores).set_index([*_NETWORK, *_PLACE])["value"]
    rows = []
    for condition, initial in initial_of.items():
        change = observed.loc[condition] - observed.loc[initial]
        for key, values in change.groupby(_PLACE, sort=False, observed=True):
            cell = {"condition": condition, "initial": initial} | dict(
                zip(_PLACE, key, strict=True)
            )
            rows.append(cell | _change(values.to_numpy(float)))
    columns = ["condition", "initial", *_PLACE, "n", "change", "change_low", "change_high", "p"]
    return pd.DataFrame(rows, columns=columns)


def with_change_q(changes: pd.DataFrame) -> pd.DataFrame:
    """Add `q` to all rows of `less_initial`: Benjamini-Hochberg within (method, measure)."""
    families = changes.groupby(["method", "measure"], observed=True)["p"]
    return changes.assign(q=families.transform(lambda p: false_discovery_q(p.to_numpy(float))))


def _change(values: np.ndarray) -> dict[str, float]:
    values = values[np.isfinite(values)]
    mean, low, high = interval(values)
    tested = len(values) > 1 and np.ptp(values) > 0
    return {
        "n": len(values),
        "change": mean,
        "change_low": low,
        "change_high": high,
        "p": float(scipy.stats.ttest_1samp(values, 0).pvalue) if tested else np.nan,
    }
