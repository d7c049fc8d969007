"""Strengths r and c of units in weights A_ij = r_i c_j E_ij, as far as A tells them.

The powers A^s are brought to mean 1 in each row and column, zeros left out, by factors of rows and
columns (Sinkhorn & Knopp 1967). The factor of row i tells s ln r_i, but for a chance error, whose
variance is measured by how far two halves of each row or column, every other of its entries,
disagree. Of several powers the one with the least errors is taken: where E^s has a gamma
distribution, it gives the estimate of maximum likelihood, as 1 does for exponential entries, 2 for
normal ones, and a large s, which goes by the largest entries, nearly does for uniform ones.

The logarithms of a side's strengths are taken to be normally distributed. Of their variance, what
chance does not explain is real, and by its share each estimate is drawn towards their mean
(empirical Bayes: Efron & Morris 1975), which leaves an error that is known, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clusterability.networks.sinkhorn import MAX_ITERATIONS, scaling_factors

_POWERS = (1.0, 2.0, 4.0, 8.0, 0.5, 0.25)
"""The first of those that are equally good is taken."""
_FEW_ITERATIONS = 200
"""For all powers but the first, which need not be brought to these sums at all cost."""


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


def unit_strengths(
    weights: np.ndarray, powers: Sequence[float] = _POWERS
) -> tuple[UnitStrengths, UnitStrengths] | None:
    """What is known of the strengths of rows and of columns, up to a factor of each component.

    Args:
        weights: float64 [m, n], non-negative.
        powers: to choose from; the first of those that are equally good is taken.

    Returns:
        None where weights are not finite or all zero, or no power of them can be scaled.

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
    """Of some powers, the one that tells strengths with the least errors.

    Args:
        weights: float64 [m, n], non-negative.
        powers: to choose from; the first of those that are equally good is taken.

    Returns:
        None as for `unit_strengths`.

    >>> best_power(np.random.default_rng(0).standard_exponential((40, 60)))
    1.0
    """
    best = _best(weights, powers)
    return best.power if best else None


def _best(weights: np.ndarray, powers: Sequence[float] = _POWERS) -> _Told | None:
    if not np.isfinite(weights).all() or not weights.any():
        return None
    used = weights != 0
    counts = used.sum(axis=1), used.sum(axis=0)
    told = [each for power in powers if (each := _told(weights, used, counts, power))]
    return min(told, key=lambda each: each.variance, default=None)


@dataclass(frozen=True)
class _Told:
    """What a power of the weights tells.

    Attributes:
        power: of the weights.
        logs: logarithms of the strengths of live rows, and of live columns.
        variance: that of a logarithm is this over the number of a unit's non-zero weights.
    """

    power: float
    logs: tuple[np.ndarray, np.ndarray]
    variance: float


def _told(
    weights: np.ndarray, used: np.ndarray, counts: tuple[np.ndarray, np.ndarray], power: float
) -> _Told | None:
    """What a power of the weights tells; None where it cannot be scaled.

    `used` are those that are not zero, `counts` how many there are in each row and column.
    """
    # Of the largest: powers of large weights stay finite.
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
    return _Told(power, (of_rows, of_columns), variance)


def _halves_apart(entries: np.ndarray, used: np.ndarray) -> tuple[float, float]:
    """How far the halves of each row disagree, and how far those of entries of variance 1 would.

    Sums over rows of the squared difference of logarithms of means, and of 1/a + 1/b for halves of
    a and b entries. Factors of columns were fitted to these entries and took part of the variance.
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
    """Live units' logarithms drawn towards their mean by the share of chance in their variance."""
    real = max(0.0, float(logs.var(ddof=1) - chance.mean())) if len(logs) > 1 else 0.0
    known = real / np.where(real + chance > 0, real + chance, 1)
    means, errors = np.zeros(len(live)), np.zeros(len(live))
    means[live] = logs.mean() + known * (logs - logs.mean())
    errors[live] = np.sqrt(known * chance)
    return UnitStrengths(means, errors)
