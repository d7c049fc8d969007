"""Statistics of one cell at a time, by scipy: what those of many cells at once are held to."""

from __future__ import annotations

import numpy as np
from scipy import stats


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and the bounds of its 95 % t interval; undefined values are left out."""
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return np.nan, np.nan, np.nan
    mean = float(values.mean())
    if len(values) == 1:
        return mean, np.nan, np.nan
    error = float(values.std(ddof=1)) / np.sqrt(len(values))
    reach = float(stats.t.ppf(0.975, len(values) - 1)) * error
    return mean, mean - reach, mean + reach


def share_significant(p: np.ndarray) -> float:
    """Share of the defined p that are at most 0.05; NaN without any."""
    p = p[np.isfinite(p)]
    return float((p <= 0.05).mean()) if len(p) else np.nan


def replicate_p(z: np.ndarray, shared_draws: int | None = None) -> float:
    """One p for a cell: the one-sided t test over seeds that the mean directed z is above 0."""
    z = z[np.isfinite(z)]
    if len(z) < 2 or np.ptp(z) == 0:
        return np.nan
    if shared_draws is None:
        return float(stats.ttest_1samp(z, 0, alternative="greater").pvalue)
    found = stats.ttest_ind_from_stats(
        *(z.mean(), z.std(ddof=1), len(z)),
        *(0, 1, shared_draws),
        equal_var=False,
        alternative="greater",
    )
    return float(found.pvalue)
