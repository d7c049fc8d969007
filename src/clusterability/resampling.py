"""Bootstrap over seeds: the same seeds are drawn in all conditions (Efron & Tibshirani 1993).

A resample is how often each seed was drawn. Statistics are computed with these multiplicities for
all resamples at once; the first resample is the study as it is.
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
"""Larger ones count as this much in averages: Fisher's z of 1 is infinite."""


@dataclass(frozen=True)
class Resamples:
    """Multiplicities of seeds.

    Attributes:
        seeds: all seeds of the study, ascending.
        counts: [1 + resamples, seeds]; first each seed once, then as it was drawn.
    """

    seeds: tuple[int, ...]
    counts: Floats

    @classmethod
    def draw(cls, seeds: Iterable[int], resamples: int) -> Resamples:
        """As many resamples; a resample depends on its number and on the seeds."""
        known = tuple(sorted({int(seed) for seed in seeds}))
        counts = np.ones((1 + resamples, len(known)))
        for number in range(resamples if known else 0):
            drawn = generator("bootstrap", number).integers(len(known), size=len(known))
            counts[1 + number] = np.bincount(drawn, minlength=len(known))
        return cls(known, counts)

    def of(self, seeds: Iterable[Any]) -> Floats:
        """Multiplicities [1 + resamples, seeds] of these seeds, in their order."""
        return self.counts[:, np.searchsorted(self.seeds, np.array(list(seeds), int))]


def bounds(estimates: Floats, among: int = 1) -> tuple[float, float, float]:
    """The estimate and the bounds of its 95 % percentile interval, of [1 + resamples].

    With `among`, the intervals of so many estimates hold all at once (Bonferroni).

    Resamples in which it is undefined are left out; bounds are NaN where more than half are.
    """
    drawn = estimates[1:][np.isfinite(estimates[1:])]
    if not np.isfinite(estimates[0]) or 2 * len(drawn) < len(estimates) - 1 or not len(drawn):
        return float(estimates[0]), np.nan, np.nan
    low, high = np.percentile(drawn, [_TAIL / among, 100 - _TAIL / among])
    return float(estimates[0]), float(low), float(high)


def weighted_midranks(values: Floats, counts: Floats) -> Floats:
    """Ranks [resamples, n, variables] of values [n, variables] with multiplicities [resamples, n].

    Equal values, as a value that was drawn twice is with itself, share the mean of their ranks.
    """
    ranks = np.empty((len(counts), *values.shape))
    for number, column in enumerate(values.T):
        distinct, place = np.unique(column, return_inverse=True)
        order = np.argsort(place, kind="stable")
        starts = np.searchsorted(place[order], np.arange(len(distinct)))
        same = np.add.reduceat(counts[:, order], starts, axis=1)
        before = np.cumsum(same, axis=1) - same
        ranks[:, :, number] = (before + (same + 1) / 2)[:, place]
    return ranks


def weighted_correlations(first: Floats, second: Floats, counts: Floats) -> Floats:
    """Pearson correlations [resamples, a, b] of [resamples, n, a] with [resamples, n, b].

    NaN where one of them does not vary.
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
    """Mean of correlations by Fisher's z, weighted; undefined ones are left out.

    Each resample is averaged for itself.
    """

    def __init__(self) -> None:
        self.total: Floats | float = 0.0
        self.weight: Floats | float = 0.0

    def add(self, correlations: Floats, weight: float) -> None:
        """Adds correlations of any shape, the same each time."""
        defined = np.isfinite(correlations)
        limited = np.clip(correlations, -_LARGEST_CORRELATION, _LARGEST_CORRELATION)
        self.total = self.total + np.where(defined, weight * np.arctanh(limited), 0)
        self.weight = self.weight + weight * defined

    def mean(self) -> Floats:
        """The mean correlation; NaN where none was defined."""
        weight = np.asarray(self.weight, float)
        known = np.where(weight > 0, weight, np.nan)
        return np.asarray(np.tanh(self.total / known))
