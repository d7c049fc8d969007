"""Comparison of values with the draws of a null: z and permutation p.

The draws belong to one value; `statistics` covers the seeds of a cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NO_SPREAD = 1e-12
"""z is undefined if the standard deviation of the draws is below this."""
_TIE = 1e-12
"""Tolerance for ties of a draw with the value, relative for absolute values above 1."""

COMPARED = ["null_mean", "null_sd", "null_n", "z", "p", "p_two_sided"]
"""Columns of tables that compare a value with its null."""


@dataclass(frozen=True)
class Comparison:
    """Values compared with their draws; each array has the shape of the values.

    Attributes:
        mean, deviation, count: mean, standard deviation (n - 1) and number of the defined draws.
        z: directed z-score, positive if better than chance; NaN without direction or spread.
        p: permutation p in the better direction; NaN without direction.
        p_two_sided: twice the smaller p of both directions, at most 1.
    """

    mean: np.ndarray
    deviation: np.ndarray
    count: np.ndarray
    z: np.ndarray
    p: np.ndarray
    p_two_sided: np.ndarray

    def columns(self) -> dict[str, np.ndarray]:
        """Map the names in COMPARED to the arrays."""
        arrays = (self.mean, self.deviation, self.count, self.z, self.p, self.p_two_sided)
        return dict(zip(COMPARED, arrays, strict=True))


def compare(values: np.ndarray, draws: np.ndarray, direction: int) -> Comparison:
    """Compare each value with its draws from a null.

        z = direction * (value - mean) / standard deviation of the draws
        p = (1 + number of draws at least as extreme) / (n + 1),   never 0

    Args:
        values: [...], NaN where undefined.
        draws: [..., draws], NaN where undefined.
        direction: 1 if higher is better, -1 if lower is, 0 if neither.

    Returns:
        Comparison with arrays [...]. p counts draws in the better direction, ties included.

    References:
        Phipson & Smyth 2010, Permutation p-values should never be zero. doi:10.2202/1544-6115.1585

    >>> result = compare(np.array([3.0]), np.array([[0.0, 1.0, 2.0]]), direction=1)
    >>> float(result.z[0]), float(result.p[0]), float(result.p_two_sided[0])
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
    undefined = np.full(count.shape, np.nan)
    return Comparison(
        mean=mean,
        deviation=deviation,
        count=count,
        z=direction * (values - mean) / spread if direction else undefined,
        p={1: above, -1: below, 0: undefined}[direction],
        p_two_sided=np.minimum(2 * np.minimum(above, below), 1),
    )


def _permutation_p(
    values: np.ndarray, draws: np.ndarray, count: np.ndarray, direction: int
) -> np.ndarray:
    tie = _TIE * np.maximum(np.abs(values), 1)
    extreme = direction * (draws - values[..., None]) >= -tie[..., None]
    p = (1 + extreme.sum(axis=-1)) / (count + 1)
    return np.where(np.isfinite(values) & (count > 0), p, np.nan)
