"""Statistics of many cells at once; seeds are the replicates of a cell.

What `statistics` gives cell by cell, to the last bit: cells with equally many values are the rows
of one matrix, and NumPy adds up a row of it as it adds up an array of its own. A study of a
thousand seeds has tens of thousands of cells, and scipy.stats takes a millisecond a call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from clusterability.statistics import CONFIDENCE, SIGNIFICANT


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
    """`statistics.interval` of each cell: mean and bounds, [3, cells].

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
    """`statistics.share_significant` of each cell, [cells]."""
    cell = np.repeat(np.arange(p.cells), p.sizes)
    small = np.bincount(cell, weights=p.values <= SIGNIFICANT, minlength=p.cells)
    return np.divide(small, p.sizes, out=np.full(p.cells, np.nan), where=p.sizes > 0)


def replicate_ps(z: Replicates, shared_draws: np.ndarray) -> np.ndarray:
    """`statistics.replicate_p` of each cell, [cells].

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
