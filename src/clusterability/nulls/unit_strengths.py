"""Strengths r and c of units in weights A_ij = r_i c_j E_ij, as far as A tells them.

The powers A^s are brought to mean 1 in each row and column, zeros left out, by factors of rows and
columns (Sinkhorn & Knopp 1967). The factor of row i tells s ln r_i, but for a chance error, whose
variance is measured by how far the two halves of each row, of columns with even and with odd
numbers, disagree. Of several powers the one with the least errors is taken: where E^s is
exponentially distributed, it gives the estimate of maximum likelihood, as 1 does for exponential
entries, nearly 2 for normal ones, and a large s, which goes by the largest entries, for uniform
ones.

The logarithms of a side's strengths are taken to be normally distributed. Of their variance, what
chance does not explain is real, and by its share each estimate is drawn towards their mean
(empirical Bayes: Efron & Morris 1975), which leaves an error that is known, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clusterability.networks.sinkhorn import scaling_factors

_POWERS = (1.0, 2.0, 4.0, 8.0, 0.5, 0.25)
"""The first of those that are equally good is taken."""


@dataclass(frozen=True)
class UnitStrengths:
    """Normal distributions of the logarithms of one side's strengths: 0 and certain for dead units.

    Attributes:
        logs: means.
        errors: standard deviations.
    """

    logs: np.ndarray
    errors: np.ndarray

    def drawn(self, source: np.random.Generator) -> np.ndarray:
        """Strengths drawn from these distributions."""
        return np.exp(self.logs + self.errors * source.standard_normal(len(self.logs)))


def unit_strengths(weights: np.ndarray) -> tuple[UnitStrengths, UnitStrengths] | None:
    """What is known of the strengths of rows and of columns, up to one factor of all.

    Args:
        weights: float64 [m, n], non-negative.

    Returns:
        None where weights are not finite or all zero, or no power of them can be scaled.

    >>> rows, columns = unit_strengths(np.outer([1.0, 2.0], [3.0, 1.0]))
    >>> np.exp([rows.logs[1] - rows.logs[0], columns.logs[0] - columns.logs[1]]).round(9).tolist()
    [2.0, 3.0]
    """
    if not np.isfinite(weights).all() or not weights.any():
        return None
    powers = [_of_power(weights, power) for power in _POWERS]
    best = min((each for each in powers if each), key=_mean_chance, default=None)
    if best is None:
        return None
    rows, columns = (_shrunken(*side) for side in best)
    return rows, columns


_Side = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Logarithms of strengths and their chance variances, of live units; and which units are live."""


def _mean_chance(sides: tuple[_Side, _Side]) -> float:
    return sum(float(chance.mean()) for _, chance, _ in sides)


def _of_power(weights: np.ndarray, power: float) -> tuple[_Side, _Side] | None:
    """What a power of the weights tells of both sides; None where it cannot be scaled."""
    used = weights != 0
    # Of the largest: powers of large weights stay finite.
    powers = np.power(weights / weights.max(), power, where=used, out=np.zeros_like(weights))
    rows, columns = scaling_factors(powers, *(used.sum(axis).astype(float) for axis in (1, 0)))
    if not (np.isfinite(rows).all() and np.isfinite(columns).all()):
        return None
    of_rows = _side(rows, powers * columns, used, power)
    return of_rows, _side(columns, (powers * rows[:, None]).T, used.T, power)


def _side(factors: np.ndarray, entries: np.ndarray, used: np.ndarray, power: float) -> _Side:
    """What factors [units] tell of strengths; entries [units, others] are without the others'."""
    live = used.any(axis=1)
    counts = [used[live, half::2].sum(axis=1) for half in (0, 1)]
    both = (counts[0] > 0) & (counts[1] > 0)
    means = [entries[live, half::2].sum(axis=1)[both] / counts[half][both] for half in (0, 1)]
    differences = np.log(means[0] / means[1]) / power
    expected = (1 / counts[0][both] + 1 / counts[1][both]).sum()
    variance = float((differences**2).sum() / expected) if both.any() else 0.0
    chance = variance / (counts[0] + counts[1]).astype(np.float64)
    return -np.log(factors[live]) / power, chance, np.asarray(live)


def _shrunken(logs: np.ndarray, chance: np.ndarray, live: np.ndarray) -> UnitStrengths:
    """Live units' logarithms drawn towards their mean by the share of chance in their variance."""
    real = max(0.0, float(logs.var(ddof=1) - chance.mean())) if len(logs) > 1 else 0.0
    known = real / np.where(real + chance > 0, real + chance, 1)
    means, errors = np.zeros(len(live)), np.zeros(len(live))
    means[live] = logs.mean() + known * (logs - logs.mean())
    errors[live] = np.sqrt(known * chance)
    return UnitStrengths(means, errors)
