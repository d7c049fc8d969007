"""What suggests a k without draws: the gap between singular values, the agreement of restarts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from clusterability.analysis.choosing_k.largest_z import NO_CLUSTERS
from clusterability.clustering.embedding import embed
from clusterability.networks.live_units import DEAD, live_units
from clusterability.numerics import one_thread

_TIE = 1e-9
"""Gaps that differ by no more are equal: rounding decides between them."""


def singular_values(matrix: np.ndarray) -> np.ndarray:
    """All singular values of D_U^-1/2 abs(W) D_V^-1/2 (Dhillon 2001), falling; the first is 1.

    Args:
        matrix: weights W [m, n]; dead units are left out.

    Returns:
        float64 [min(live rows, live columns)]; empty where no unit is live.
    """
    live = live_units(matrix)
    count = min(live.shape)
    if count == 0:
        return np.empty(0)
    adjacency = np.abs(live.take(matrix).astype(np.float64))
    with one_thread():
        return embed(adjacency, count).singular_values


def gap_k(values: np.ndarray, k_values: Sequence[int]) -> int:
    """The k with the largest gap sigma_k - sigma_(k+1), or 1: the eigengap heuristic.

    von Luxburg 2007, section 8.3, for singular values. k clusters without weight between them
    have k singular values of 1, and the next is smaller.

    It needs no clustering and no draws, and so tells nothing of chance. It misleads in these ways:

    - sigma_1 is 1 always, and random weights leave a wide gap behind it. Weak clusters, whose
      sigma_k lies nearer to sigma_(k+1) than sigma_2 to 1, are answered with 1.
    - A few units that nearly only link to each other have a singular value near 1 of their own.
    - Singular values have no sign: clusters that avoid each other count like those that seek each
      other, while most measures call only the latter good.
    - Beyond the last singular value comes 0: a k equal to the smaller side competes with its own
      sigma, not with a gap.

    Args:
        values: singular values, falling.
        k_values: numbers of clusters; those above the number of values are infeasible. 1 is
            always among the answers.

    Returns:
        The smallest of equals; 1 where there are no values.

    >>> gap_k(np.array([1.0, 0.9, 0.85, 0.2]), [2, 3, 4])
    3
    """
    feasible = [k for k in sorted({NO_CLUSTERS, *k_values}) if k <= len(values)]
    gaps = {k: gap for k, gap in enumerate(-np.diff(values, append=0), start=1) if k in feasible}
    largest = max(gaps.values(), default=0)
    return next((k for k, gap in gaps.items() if gap >= largest - _TIE), NO_CLUSTERS)


def stability(labels: np.ndarray, ami: Callable[[np.ndarray, np.ndarray], float]) -> np.ndarray:
    """Mean adjusted mutual information over all pairs of starts of k-means, [matrices].

    It measures the optimiser: a high one says that the starts agree, not that there are clusters
    (Ben-David, von Luxburg & Pal 2006). NaN with fewer than two starts or without live units.

    Args:
        labels: [matrices, starts, units] of one side; units with the label -1 are left out.
        ami: adjusted mutual information of two labellings [units].
    """
    return np.array([_stability_of(starts, ami) for starts in labels], dtype=float)


def _stability_of(starts: np.ndarray, ami: Callable[[np.ndarray, np.ndarray], float]) -> float:
    live = starts[:, (starts != DEAD).all(axis=0)]
    if live.shape[0] < 2 or live.shape[1] == 0:
        return np.nan
    return float(np.mean([ami(first, second) for first, second in combinations(live, 2)]))
