"""Bootstrap over seeds: the same seeds are drawn in all conditions (Efron & Tibshirani 1993).

A resample is a vector of multiplicities of the seeds. Statistics are computed from the
multiplicities for all resamples at once; the first resample is the original study.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from clusterability.randomness import generator

Floats = npt.NDArray[np.float64]

_TAIL = 2.5
_LARGEST_CORRELATION = 0.999
"""Clipping bound of correlations in averages, since Fisher's z of 1 is infinite."""


@dataclass(frozen=True)
class Resamples:
    """Multiplicities of seeds.

    Attributes:
        seeds: all seeds of the study, ascending.
        counts: [1 + resamples, seeds]; the first row is all ones.
    """

    seeds: tuple[int, ...]
    counts: Floats

    @classmethod
    def draw(cls, seeds: Iterable[int], resamples: int) -> Resamples:
        """Draw resamples; each depends on its index and the set of seeds."""
        known = tuple(sorted({int(seed) for seed in seeds}))
        counts = np.ones((1 + resamples, len(known)))
        for number in range(resamples if known else 0):
            drawn = generator("bootstrap", number).integers(len(known), size=len(known))
            counts[1 + number] = np.bincount(drawn, minlength=len(known))
        return cls(known, counts)

    def of(self, seeds: Iterable[Any]) -> Floats:
        """Multiplicities [1 + resamples, seeds] of the given seeds, in the given order."""
        return self.counts[:, np.searchsorted(self.seeds, np.array(list(seeds), int))]


def bounds(estimates: Floats, among: int = 1) -> tuple[float, float, float]:
    """Estimate and bounds of its 95 % percentile interval.

    Resamples in which the statistic is undefined are left out; the bounds are NaN if more than half
    of them are undefined.

    Args:
        estimates: [1 + resamples]; the first is the estimate.
        among: number of intervals that hold simultaneously (Bonferroni).
    """
    drawn = estimates[1:][np.isfinite(estimates[1:])]
    if not np.isfinite(estimates[0]) or 2 * len(drawn) < len(estimates) - 1 or not len(drawn):
        return float(estimates[0]), np.nan, np.nan
    low, high = np.percentile(drawn, [_TAIL / among, 100 - _TAIL / among])
    return float(estimates[0]), float(low), float(high)


def weighted_midranks(values: Floats, counts: Floats) -> Floats:
    """Mid-ranks [resamples, n, variables] of values with multiplicities.

    Ties share the mean of their ranks, and so do the copies of a value that was drawn repeatedly.

    Args:
        values: [n, variables].
        counts: multiplicities [resamples, n].
    """
    ranks = np.empty((len(counts), *values.shape))
    for number, column in enumerate(values.T):
        distinct, inverse = np.unique(column, return_inverse=True)
        order = np.argsort(inverse, kind="stable")
        starts = np.searchsorted(inverse[order], np.arange(len(distinct)))
        same = np.add.reduceat(counts[:, order], starts, axis=1)
        before = np.cumsum(same, axis=1) - same
        ranks[:, :, number] = (before + (same + 1) / 2)[:, inverse]
    return ranks


def weighted_correlations(first: Floats, second: Floats, counts: Floats) -> Floats:
    """Pearson correlations [resamples, a, b] of [resamples, n, a] with [resamples, n, b].

    NaN where one of the variables is constant.
    """
    first, second = (_centred(values, counts) for values in (first, second))
    products = np.einsum("rn,rna,rnb->rab", counts, first, second, optimize=True)
    spread = [np.einsum("rn,rna->ra", counts, each**2) for each in (first, second)]
    scale = np.sqrt(spread[0][:, :, None] * spread[1][:, None])
    return np.divide(products, scale, out=np.full(products.shape, np.nan), where=scale > 1e-9)


def _centred(values: Floats, counts: Floats) -> Floats:
    total = np.maximum(counts.sum(axis=1), 1)[:, None]
    return np.asarray(values - (np.einsum("rn,rna->ra", counts, values) / total)[:, None])


class FisherMean:
    """Weighted mean of correlations by Fisher's z, without undefined ones.

    Averages are taken separately for each resample.
    """

    def __init__(self) -> None:
        self.total: Floats | float = 0.0
        self.weight: Floats | float = 0.0

    def add(self, correlations: Floats, weight: float) -> None:
        """Add correlations; all calls need the same shape."""
        defined = np.isfinite(correlations)
        limited = np.clip(correlations, -_LARGEST_CORRELATION, _LARGEST_CORRELATION)
        self.total = self.total + np.where(defined, weight * np.arctanh(limited), 0)
        self.weight = self.weight + weight * defined

    def mean(self) -> Floats:
        """Mean correlation; NaN where none was defined."""
        weight = np.asarray(self.weight, float)
        known = np.where(weight > 0, weight, np.nan)
        return np.asarray(np.tanh(self.total / known))
