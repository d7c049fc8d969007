"""From seeds to intervals, p and q; seeds are the replicates of a cell.

Cells with equally many values are the rows of one matrix, and NumPy adds up a row of it as it adds
up an array of its own. A study of a thousand seeds has tens of thousands of cells, and scipy.stats
takes a millisecond a call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
SIGNIFICANT = 0.05
SHARED_DRAWS = ("untrained",)
"""Nulls whose draws are the same for all networks of a cell."""


@dataclass(frozen=True)
class Replicates:
    """The defined values of many cells.

    Attributes:
        cells: number of cells; some may have no value.
        values: all defined values, one cell after the other, in their order within a cell.
        sizes: values of each cell, int [cells].
    """

    cells: int
    values: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, cell: np.ndarray, cells: int) -> Replicates:
        """Sorts values by cell; undefined ones are left out.

        Args:
            values: float [rows].
            cell: number of the cell of each value, int [rows].
            cells: number of cells.
        """
        known = np.isfinite(values)
        values, cell = values[known], cell[known]
        order = np.argsort(cell, kind="stable")
        return cls(cells, values[order], np.bincount(cell, minlength=cells))

    def matrices(self, least: int = 1) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Cells [c] with equally many values, at least so many, and their values [c, n]."""
        starts = np.cumsum(self.sizes) - self.sizes
        for size in np.unique(self.sizes[self.sizes >= least]):
            places = np.flatnonzero(self.sizes == size)
            yield places, self.values[starts[places][:, None] + np.arange(size)]


def intervals(replicates: Replicates) -> np.ndarray:
    """`interval` of each cell: mean and bounds, [3, cells].

    >>> found = intervals(Replicates.of(np.array([1.0, 2, 3, 7]), np.array([0, 0, 0, 1]), 2))
    >>> found.round(3).T.tolist()
    [[2.0, -0.484, 4.484], [7.0, nan, nan]]
    """
    found = np.full((3, replicates.cells), np.nan)
    for places, values in replicates.matrices():
        found[0, places] = mean = values.mean(axis=1)
        count = values.shape[1]
        if count > 1:
            error = values.std(axis=1, ddof=1) / np.sqrt(count)
            reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, count - 1)) * error
            found[1:, places] = mean - reach, mean + reach
    return found


def shares_significant(p: Replicates) -> np.ndarray:
    """`share_significant` of each cell, [cells]."""
    cell = np.repeat(np.arange(p.cells), p.sizes)
    small = np.bincount(cell, weights=p.values <= SIGNIFICANT, minlength=p.cells)
    return np.divide(small, p.sizes, out=np.full(p.cells, np.nan), where=p.sizes > 0)


def replicate_ps(z: Replicates, shared_draws: np.ndarray) -> np.ndarray:
    """`replicate_p` of each cell, [cells].

    Args:
        z: of each cell's replicates.
        shared_draws: number of draws that the replicates of a cell share, int [cells]; 0 where
            each has its own.
    """
    found = np.full(z.cells, np.nan)
    for places, values in z.matrices(least=2):
        spread = np.ptp(values, axis=1) > 0
        for shared in (False, True):
            chosen = spread & ((shared_draws[places] > 0) == shared)
            if chosen.any():
                draws = shared_draws[places[chosen]] if shared else None
                found[places[chosen]] = _t_tests(values[chosen], draws)
    return found


def _t_tests(z: np.ndarray, shared_draws: np.ndarray | None) -> np.ndarray:
    """One-sided p of z [cells, n] that vary."""
    if shared_draws is None:
        return stats.ttest_1samp(z, 0, axis=1, alternative="greater").pvalue
    return stats.ttest_ind_from_stats(
        *(z.mean(axis=1), z.std(axis=1, ddof=1), z.shape[1]),
        *(0, 1, shared_draws),
        equal_var=False,
        alternative="greater",
    ).pvalue


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and the bounds of its 95 % t interval; undefined values are left out.

    The bounds are NaN with fewer than two values.

    >>> [f"{bound:.3f}" for bound in interval(np.array([1.0, 2.0, 3.0]))]
    ['2.000', '-0.484', '4.484']
    """
    mean, low, high = intervals(_only_cell(values))[:, 0]
    return float(mean), float(low), float(high)


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


def clopper_pearson(count: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Bounds of the exact interval of a share, count out of n (Clopper & Pearson 1934).

    From 0 to 1 without any cases.

    >>> [round(bound, 4) for bound in clopper_pearson(0, 400)]
    [0.0, 0.0092]
    >>> clopper_pearson(0, 0)
    (0.0, 1.0)
    """
    error = (1 - confidence) / 2
    low = stats.beta.ppf(error, count, n - count + 1) if count else 0.0
    high = stats.beta.isf(error, count + 1, n - count) if count < n else 1.0
    return float(low), float(high)


def share_significant(p: np.ndarray) -> float:
    """Share of the defined p that are at most 0.05; NaN without any."""
    return float(shares_significant(_only_cell(p))[0])


def replicate_p(z: np.ndarray, shared_draws: int | None = None) -> float:
    """One p for a cell: the one-sided t test over seeds that the mean directed z is above 0.

    NaN with fewer than two defined values, or without spread.

    Args:
        z: one a seed.
        shared_draws: number of draws, where all seeds were compared with the same ones: their z
            share the error of the draws' mean. The test is then that of Welch 1947 for seeds
            against draws, which are a sample of mean 0 and standard deviation 1 in units of z.
    """
    return float(replicate_ps(_only_cell(z), np.array([shared_draws or 0]))[0])


def _only_cell(values: np.ndarray) -> Replicates:
    """The values of one cell."""
    return Replicates.of(values, np.zeros(len(values), int), 1)


def false_discovery_q(p: np.ndarray) -> np.ndarray:
    """Benjamini & Hochberg 1995 adjusted p; undefined p stay NaN and count for nothing."""
    q = np.full(len(p), np.nan)
    defined = np.isfinite(p)
    if defined.any():
        q[defined] = stats.false_discovery_control(p[defined], method="bh")
    return q
