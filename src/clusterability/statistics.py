"""Confidence intervals, p and q over the replicates (seeds) of the cells of a table.

Cells with the same number of values are stacked as rows of one matrix; NumPy sums a row to the same
bits as a separate array. A study of a thousand seeds has tens of thousands of cells, and
scipy.stats takes a millisecond per call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy

CONFIDENCE = 0.95
SIGNIFICANT = 0.05
SHARED_DRAWS = ("untrained",)
"""Nulls whose draws are shared by all networks of a cell."""


@dataclass(frozen=True)
class Replicates:
    """Defined values of many cells.

    Attributes:
        cells: number of cells, including cells without values.
        values: all defined values, grouped by cell, in their original order within a cell.
        sizes: number of values per cell, int [cells].
    """

    cells: int
    values: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, cell: np.ndarray, cells: int) -> Replicates:
        """Group values by cell, without undefined ones.

        Args:
            values: float [rows].
            cell: index of the cell of each value, int [rows].
            cells: number of cells.
        """
        known = np.isfinite(values)
        values, cell = values[known], cell[known]
        order = np.argsort(cell, kind="stable")
        return cls(cells, values[order], np.bincount(cell, minlength=cells))

    def matrices(self, least: int = 1) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the cells [c] with n >= `least` values and these values [c, n], for each n."""
        starts = np.cumsum(self.sizes) - self.sizes
        for size in np.unique(self.sizes[self.sizes >= least]):
            members = np.flatnonzero(self.sizes == size)
            yield members, self.values[starts[members][:, None] + np.arange(size)]


def intervals(replicates: Replicates) -> np.ndarray:
    """Mean and bounds of `interval` for each cell, [3, cells].

    >>> bounds = intervals(Replicates.of(np.array([1.0, 2, 3, 7]), np.array([0, 0, 0, 1]), 2))
    >>> bounds.round(3).T.tolist()
    [[2.0, -0.484, 4.484], [7.0, nan, nan]]
    """
    bounds = np.full((3, replicates.cells), np.nan)
    for members, values in replicates.matrices():
        bounds[0, members] = mean = values.mean(axis=1)
        count = values.shape[1]
        if count > 1:
            error = values.std(axis=1, ddof=1) / np.sqrt(count)
            reach = float(scipy.special.stdtrit(count - 1, (1 + CONFIDENCE) / 2)) * error
            bounds[1:, members] = mean - reach, mean + reach
    return bounds


def shares_significant(p: Replicates) -> np.ndarray:
    """Compute `share_significant` for each cell, [cells]."""
    cell = np.repeat(np.arange(p.cells), p.sizes)
    small = np.bincount(cell, weights=p.values <= SIGNIFICANT, minlength=p.cells)
    return np.divide(small, p.sizes, out=np.full(p.cells, np.nan), where=p.sizes > 0)


def replicate_ps(z: Replicates, shared_draws: np.ndarray) -> np.ndarray:
    """Compute `replicate_p` for each cell, [cells].

    Args:
        z: replicates of each cell.
        shared_draws: number of draws shared by the replicates of each cell, int [cells]; 0 if each
            replicate has separate draws.
    """
    p = np.full(z.cells, np.nan)
    for members, values in z.matrices(least=2):
        spread = np.ptp(values, axis=1) > 0
        for shared in (False, True):
            chosen = spread & ((shared_draws[members] > 0) == shared)
            if chosen.any():
                draws = shared_draws[members[chosen]] if shared else None
                p[members[chosen]] = _t_tests(values[chosen], draws)
    return p


def _t_tests(z: np.ndarray, shared_draws: np.ndarray | None) -> np.ndarray:
    """One-sided p of rows of z [cells, n] that vary."""
    if shared_draws is None:
        return scipy.stats.ttest_1samp(z, 0, axis=1, alternative="greater").pvalue
    return scipy.stats.ttest_ind_from_stats(
        *(z.mean(axis=1), z.std(axis=1, ddof=1), z.shape[1]),
        *(0, 1, shared_draws),
        equal_var=False,
        alternative="greater",
    ).pvalue


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and 95 % t interval, without undefined values.

    The bounds are NaN for fewer than two values.

    >>> [f"{bound:.3f}" for bound in interval(np.array([1.0, 2.0, 3.0]))]
    ['2.000', '-0.484', '4.484']
    """
    mean, low, high = intervals(_only_cell(values))[:, 0]
    return float(mean), float(low), float(high)


def compared_means(value: np.ndarray, null_mean: np.ndarray, z: np.ndarray) -> dict[str, float]:
    """Means over replicates of `value`, `excess` (value - null mean) and `z`, with intervals.

    The bounds of the 95 % t interval of each have the suffixes `_low` and `_high`.

    >>> row = compared_means(np.array([3.0]), np.array([1.0]), np.array([2.5]))
    >>> row["value"], row["excess"], row["z"], row["z_low"]
    (3.0, 2.0, 2.5, nan)
    """
    row: dict[str, float] = {}
    for name, each in {"value": value, "excess": value - null_mean, "z": z}.items():
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), interval(each), strict=True))
    return row


def clopper_pearson(count: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Exact confidence interval of a proportion, count / n; (0, 1) for n = 0.

    References:
        Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404.

    >>> [round(bound, 4) for bound in clopper_pearson(0, 400)]
    [0.0, 0.0092]
    >>> clopper_pearson(0, 0)
    (0.0, 1.0)
    """
    error = (1 - confidence) / 2
    low = scipy.stats.beta.ppf(error, count, n - count + 1) if count else 0.0
    high = scipy.stats.beta.isf(error, count + 1, n - count) if count < n else 1.0
    return float(low), float(high)


def share_significant(p: np.ndarray) -> float:
    """Share of the defined p that are at most 0.05; NaN without any."""
    return float(shares_significant(_only_cell(p))[0])


def replicate_p(z: np.ndarray, shared_draws: int | None = None) -> float:
    """One-sided p of the t test over seeds that the mean directed z exceeds 0.

    NaN for fewer than two defined values, or without spread.

    Args:
        z: one value per seed.
        shared_draws: number of draws, if all seeds were compared with the same draws. Their z then
            share the error of the mean of the draws, and the test is Welch's (1947) of seeds
            against draws, which in units of z have mean 0 and standard deviation 1.
    """
    return float(replicate_ps(_only_cell(z), np.array([shared_draws or 0]))[0])


def _only_cell(values: np.ndarray) -> Replicates:
    """Values as the replicates of a single cell."""
    return Replicates.of(values, np.zeros(len(values), int), 1)


def false_discovery_q(p: np.ndarray) -> np.ndarray:
    """Adjusted p of Benjamini & Hochberg 1995; undefined p stay NaN and are not counted.

    References:
        Benjamini & Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    q = np.full(len(p), np.nan)
    defined = np.isfinite(p)
    if defined.any():
        q[defined] = scipy.stats.false_discovery_control(p[defined], method="bh")
    return q
