"""Estimates of the unit strengths r and c in weights A_ij = r_i c_j E_ij.

Row and column factors scale the powers A^s to mean 1 over the non-zero entries in each row and
column (Sinkhorn & Knopp 1967). The factor of row i estimates s ln r_i. The variance of its chance
error is measured by how much two halves of a row or column, its odd and even entries, disagree. Of
several powers, the one with the smallest error is used. If E^s has a gamma distribution, its
estimate is the maximum likelihood one: s = 1 for exponential entries, 2 for normal ones. A large s,
dominated by the largest entries, comes close for uniform entries.

The log strengths of one side are modelled as normal. The part of their variance that chance does
not explain is real; each estimate is shrunk towards their mean accordingly (empirical Bayes; Efron
& Morris 1975), which gives its posterior standard deviation, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clusterability.networks.sinkhorn import MAX_ITERATIONS, scaling_factors

_POWERS = (1.0, 2.0, 4.0, 8.0, 0.5, 0.25)
"""Candidate powers; the first wins ties."""
_FEW_ITERATIONS = 200
"""Iterations for all powers but the first, for which convergence is not essential."""


@dataclass(frozen=True)
class UnitStrengths:
    """Normal distributions of one side's log strengths; dead units have mean 0 and no error.

    Attributes:
        logs: means, [units].
        errors: standard deviations, [units].
    """

    logs: np.ndarray
    errors: np.ndarray

    def drawn(self, source: np.random.Generator) -> np.ndarray:
        """Sample strengths, [units]."""
        return np.exp(self.logs + self.errors * source.standard_normal(len(self.logs)))


def unit_strengths(
    weights: np.ndarray, powers: Sequence[float] = _POWERS
) -> tuple[UnitStrengths, UnitStrengths] | None:
    """Estimate the strengths of rows and columns, up to one factor per connected component.

    Args:
        weights: A, float64 [m, n], non-negative.
        powers: candidate powers of A; the first wins ties.

    Returns:
        Distributions of the log strengths of rows and of columns. None if weights are not finite,
        all zero, or no power of them can be scaled.

    References:
        Sinkhorn & Knopp 1967, Concerning nonnegative matrices and doubly stochastic matrices.
        doi:10.2140/pjm.1967.21.343
        Efron & Morris 1975, Data analysis using Stein's estimator and its generalizations.
        doi:10.1080/01621459.1975.10479864

    >>> rows, columns = unit_strengths(np.outer([1.0, 2.0], [3.0, 1.0]))
    >>> np.exp([rows.logs[1] - rows.logs[0], columns.logs[0] - columns.logs[1]]).round(9).tolist()
    [2.0, 3.0]
    """
    best = _best(weights, powers)
    if best is None:
        return None
    counts = np.count_nonzero(weights, axis=1), np.count_nonzero(weights, axis=0)
    rows, columns = (
        _shrunken(logs, best.variance / count[count > 0], count > 0)
        for logs, count in zip(best.logs, counts, strict=True)
    )
    return rows, columns


def best_power(weights: np.ndarray, powers: Sequence[float] = _POWERS) -> float | None:
    """Power of the weights that estimates strengths with the smallest error.

    Args:
        weights: A, float64 [m, n], non-negative.
        powers: candidate powers of A; the first wins ties.

    Returns:
        The power; None as in `unit_strengths`.

    >>> best_power(np.random.default_rng(0).standard_exponential((40, 60)))
    1.0
    """
    best = _best(weights, powers)
    return best.power if best else None


def _best(weights: np.ndarray, powers: Sequence[float] = _POWERS) -> _Estimate | None:
    if not np.isfinite(weights).all() or not weights.any():
        return None
    used = weights != 0
    counts = used.sum(axis=1), used.sum(axis=0)
    estimates = [
        estimate for power in powers if (estimate := _estimate(weights, used, counts, power))
    ]
    return min(estimates, key=lambda estimate: estimate.variance, default=None)


@dataclass(frozen=True)
class _Estimate:
    """Log strengths estimated from one power of the weights.

    Attributes:
        power: the power.
        logs: log strengths of live rows and of live columns.
        variance: error variance of a log strength times the unit's number of non-zero weights.
    """

    power: float
    logs: tuple[np.ndarray, np.ndarray]
    variance: float


def _estimate(
    weights: np.ndarray, used: np.ndarray, counts: tuple[np.ndarray, np.ndarray], power: float
) -> _Estimate | None:
    """Estimate log strengths from one power of the weights; None if it cannot be scaled.

    Args:
        weights: A [m, n].
        used: mask [m, n] of the non-zero weights.
        counts: number of non-zero weights per row [m] and column [n].
        power: the power.
    """
    # Relative to the largest weight, powers stay finite.
    powers = np.power(weights / weights.max(), power, where=used, out=np.zeros_like(weights))
    rows, columns = (count.astype(np.float64) for count in counts)
    iterations = MAX_ITERATIONS if power == _POWERS[0] else _FEW_ITERATIONS
    factors = scaling_factors(powers, rows, columns, iterations)
    if not all(np.isfinite(side).all() for side in factors):
        return None
    entries = factors[0][:, None] * powers * factors[1]
    apart = _halves_apart(entries, used), _halves_apart(entries.T, used.T)
    squares, expected = (float(sum(side)) for side in zip(*apart, strict=True))
    variance = squares / expected / power**2 if expected else 0.0
    live = (side[count > 0] for side, count in zip(factors, counts, strict=True))
    of_rows, of_columns = (-np.log(side) / power for side in live)
    return _Estimate(power, (of_rows, of_columns), variance)


def _halves_apart(entries: np.ndarray, used: np.ndarray) -> tuple[float, float]:
    """Disagreement of the two halves of each row, observed and expected for entries of variance 1.

    Sums over rows of the squared difference between the logs of the two means, and of 1/a + 1/b for
    halves of a and b entries. Column factors, fitted to these entries, have absorbed part of the
    variance.
    """
    odd = used & (np.cumsum(used, axis=1) % 2 == 1)
    even = used & ~odd
    sizes = odd.sum(axis=1), even.sum(axis=1)
    both = sizes[1] > 0
    means = [
        np.where(half, entries, 0).sum(axis=1)[both] / size[both]
        for half, size in zip((odd, even), sizes, strict=True)
    ]
    left = 1 - np.count_nonzero(used.any(axis=0)) / np.count_nonzero(used)
    expected = left * float((1 / sizes[0][both] + 1 / sizes[1][both]).sum())
    return float((np.log(means[0] / means[1]) ** 2).sum()), expected


def _shrunken(logs: np.ndarray, chance: np.ndarray, live: np.ndarray) -> UnitStrengths:
    """Shrink the log strengths of live units towards their mean by the share of chance variance."""
    real = max(0.0, float(logs.var(ddof=1) - chance.mean())) if len(logs) > 1 else 0.0
    known = real / np.where(real + chance > 0, real + chance, 1)
    means, errors = np.zeros(len(live)), np.zeros(len(live))
    means[live] = logs.mean() + known * (logs - logs.mean())
    errors[live] = np.sqrt(known * chance)
    return UnitStrengths(means, errors)
