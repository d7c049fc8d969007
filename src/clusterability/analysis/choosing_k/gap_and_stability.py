"""Indications of k without draws: the gap between singular values, the agreement of restarts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from clusterability.analysis.choosing_k.largest_z import NO_CLUSTERS
from clusterability.clustering.embedding import embed
from clusterability.networks.live_units import DEAD, live_units
from clusterability.numerics import one_thread

_TIE = 1e-9
"""Gaps closer than this are equal, so that rounding does not decide between them."""


def singular_values(matrix: np.ndarray) -> np.ndarray:
    """Singular values of D_U^-1/2 abs(W) D_V^-1/2, descending; the first is 1.

    Args:
        matrix: weights W [m, n]; dead units are left out.

    Returns:
        float64 [min(live rows, live columns)]; empty if no unit is live.

    References:
        Dhillon 2001, KDD. doi:10.1145/502512.502550
    """
    live = live_units(matrix)
    count = min(live.shape)
    if count == 0:
        return np.empty(0)
    adjacency = np.abs(live.take(matrix).astype(np.float64))
    with one_thread():
        return embed(adjacency, count).singular_values


def gap_k(values: np.ndarray, k_values: Sequence[int]) -> int:
    """k with the largest gap sigma_k - sigma_(k+1), or 1 (eigengap heuristic).

    Applied to singular values: k clusters without weight between them have k singular values of 1,
    and the next is smaller. The heuristic needs no clustering and no draws, and so is not
    calibrated against chance. It can mislead:

    - sigma_1 is always 1, and random weights leave a wide gap after it. Weak clusters, with sigma_k
      closer to sigma_(k+1) than sigma_2 to 1, give the answer 1.
    - A few units that are linked almost only to each other have a singular value near 1.
    - Singular values have no sign: clusters with less weight between their two sides than expected
      count like those with more, while most measures rate only the latter as good.
    - The last singular value is followed by 0: a k equal to the smaller side competes with its
      sigma, not with a gap.

    Args:
        values: singular values, descending.
        k_values: numbers of clusters; those above the number of values are infeasible. 1 is always
            a candidate.

    Returns:
        The k, the smallest in case of ties; 1 if there are no values.

    References:
        von Luxburg 2007, A tutorial on spectral clustering, section 8.3.
        doi:10.1007/s11222-007-9033-z

    >>> gap_k(np.array([1.0, 0.9, 0.85, 0.2]), [2, 3, 4])
    3
    """
    feasible = [k for k in sorted({NO_CLUSTERS, *k_values}) if k <= len(values)]
    gaps = {k: gap for k, gap in enumerate(-np.diff(values, append=0), start=1) if k in feasible}
    largest = max(gaps.values(), default=0)
    return next((k for k, gap in gaps.items() if gap >= largest - _TIE), NO_CLUSTERS)


def stability(labels: np.ndarray, ami: Callable[[np.ndarray, np.ndarray], float]) -> np.ndarray:
    """Mean adjusted mutual information over all pairs of restarts of k-means, [matrices].

    It measures the optimiser: high stability means that restarts agree, not that there are clusters
    (Ben-David, von Luxburg & Pál 2006). NaN with fewer than two restarts or without live units.

    Args:
        labels: [matrices, restarts, units] of one side; units labelled -1 are left out.
        ami: adjusted mutual information of two labellings [units].
    """
    return np.array([_stability_of(starts, ami) for starts in labels], dtype=float)


def _stability_of(starts: np.ndarray, ami: Callable[[np.ndarray, np.ndarray], float]) -> float:
    live = starts[:, (starts != DEAD).all(axis=0)]
    if live.shape[0] < 2 or live.shape[1] == 0:
        return np.nan
    return float(np.mean([ami(first, second) for first, second in combinations(live, 2)]))
