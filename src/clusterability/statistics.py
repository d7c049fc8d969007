"""From seeds to intervals and q."""

from __future__ import annotations

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
SIGNIFICANT = 0.05
SHARED_DRAWS = ("untrained",)
"""Nulls whose draws are the same for all networks of a cell."""


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and the bounds of its 95 % t interval; undefined values are left out.

    The bounds are NaN with fewer than two values.

    >>> [f"{bound:.3f}" for bound in interval(np.array([1.0, 2.0, 3.0]))]
    ['2.000', '-0.484', '4.484']
    """
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return np.nan, np.nan, np.nan
    mean = float(values.mean())
    if len(values) == 1:
        return mean, np.nan, np.nan
    error = float(values.std(ddof=1)) / np.sqrt(len(values))
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * error
    return mean, mean - reach, mean + reach


def compared_means(value: np.ndarray, null_mean: np.ndarray, z: np.ndarray) -> dict[str, float]:
    """Means over replicates of `value`, `excess` (value - null mean) and `z`, with their intervals.

    Each has the bounds of its 95 % t interval beside it, in `_low` and `_high`.

    >>> row = compared_means(np.array([3.0]), np.array([1.0]), np.array([2.5]))
    >>> row["value"], row["excess"], row["z"], row["z_low"]
    (3.0, 2.0, 2.5, nan)
    """
    row: dict[str, float] = {}
    for name, each in {"value": value, "excess": value - null_mean, "z": z}.items():
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), interval(each), strict=True))
    return row


def share_significant(p: np.ndarray) -> float:
    """Share of the defined p that are at most 0.05; NaN without any."""
    p = p[np.isfinite(p)]
    return float((p <= SIGNIFICANT).mean()) if len(p) else np.nan


def replicate_p(z: np.ndarray, shared_draws: int | None = None) -> float:
    """One p for a cell: the one-sided t test over seeds that the mean directed z is above 0.

    NaN with fewer than two defined values, or without spread.

    Args:
        z: one a seed.
        shared_draws: number of draws, where all seeds were compared with the same ones: their z
            share the error of the draws' mean. The test is then that of Welch 1947 for seeds
            against draws, which are a sample of mean 0 and standard deviation 1 in units of z.
    """
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


def false_discovery_q(p: np.ndarray) -> np.ndarray:
    """Benjamini & Hochberg 1995 adjusted p; undefined p stay NaN and count for nothing."""
    q = np.full(len(p), np.nan)
    defined = np.isfinite(p)
    if defined.any():
        q[defined] = stats.false_discovery_control(p[defined], method="bh")
    return q
