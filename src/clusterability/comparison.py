"""From draws of a null to z and p.

Apart from `statistics`, whose scipy.stats takes longer to import than a block takes to compare.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NO_SPREAD = 1e-12
"""A null's standard deviation below it gives no z."""
_TIE = 1e-12
"""A draw that misses the value by no more (times the value, where that is above 1) ties with it."""

COMPARED = ["null_mean", "null_sd", "null_n", "z", "p", "p_two_sided"]
"""Columns of tables that say how a value compares with its null."""


@dataclass(frozen=True)
class Comparison:
    """Values compared with their draws; each array has the shape of the values.

    Attributes:
        mean, deviation, count: of the draws that are defined (deviation with n - 1).
        z: directed, positive is better than chance; NaN without direction or spread.
        p: permutation p in the better direction, NaN without direction.
        p_two_sided: twice the smaller of both directions' p, at most 1.
    """

    mean: np.ndarray
    deviation: np.ndarray
    count: np.ndarray
    z: np.ndarray
    p: np.ndarray
    p_two_sided: np.ndarray

    def columns(self) -> dict[str, np.ndarray]:
        """The arrays by their names in tables: COMPARED."""
        arrays = (self.mean, self.deviation, self.count, self.z, self.p, self.p_two_sided)
        return dict(zip(COMPARED, arrays, strict=True))


def compare(values: np.ndarray, draws: np.ndarray, direction: int) -> Comparison:
    """Compares each value with its draws.

    p = (1 + number of draws at least as extreme) / (n + 1) (Phipson & Smyth 2010): never 0.

    Args:
        values: [...], NaN where undefined.
        draws: [..., draws], NaN where undefined.
        direction: 1 where higher is better, -1 where lower is, 0 where neither.

    >>> found = compare(np.array([3.0]), np.array([[0.0, 1.0, 2.0]]), direction=1)
    >>> float(found.z[0]), float(found.p[0]), float(found.p_two_sided[0])
    (2.0, 0.25, 0.5)
    """
    defined = np.isfinite(draws)
    count = defined.sum(axis=-1)
    total = np.where(defined, draws, 0).sum(axis=-1)
    mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    squares = np.where(defined, draws - mean[..., None], 0) ** 2
    variance = np.divide(
        squares.sum(axis=-1), count - 1, out=np.full(count.shape, np.nan), where=count > 1
    )
    deviation = np.sqrt(variance)
    spread = np.where(deviation >= NO_SPREAD, deviation, np.nan)
    above = _permutation_p(values, draws, count, 1)
    below = _permutation_p(values, draws, count, -1)
    nothing = np.full(count.shape, np.nan)
    return Comparison(
        mean=mean,
        deviation=deviation,
        count=count,
        z=direction * (values - mean) / spread if direction else nothing,
        p={1: above, -1: below, 0: nothing}[direction],
        p_two_sided=np.minimum(2 * np.minimum(above, below), 1),
    )


def _permutation_p(
    values: np.ndarray, draws: np.ndarray, count: np.ndarray, direction: int
) -> np.ndarray:
    tie = _TIE * np.maximum(np.abs(values), 1)
    extreme = direction * (draws - values[..., None]) >= -tie[..., None]
    p = (1 + extreme.sum(axis=-1)) / (count + 1)
    return np.where(np.isfinite(values) & (count > 0), p, np.nan)
