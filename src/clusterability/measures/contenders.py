"""Measures that are compared with those of the study where it is known which clusters there are.

They are not in the tables of scores: `spectral` is of the weights and k and not of a partition, and
`held_out_entries` clusters the weights five times more. docs/measures.md says what misleads them.
"""

from __future__ import annotations

import numpy as np

from clusterability.clustering.block_sums import one_hot
from clusterability.clustering.embedding import embed
from clusterability.clustering.spectral import cluster
from clusterability.networks.live_units import live_units
from clusterability.randomness import StreamName, generator

FOLDS = 5
"""Parts of the entries, each of which is held out once."""


def spectral(matrix: np.ndarray, k: int) -> float:
    """Sum of the squares of the second to the k-th singular value of D_U^-1/2 A D_V^-1/2.

    A = abs(W) [m, n] of the live units, D_U and D_V their strengths on the diagonal. In [0, k - 1]:
    k - 1 where k parts are joined by no weight, 0 where A is a product of strengths. No partition
    into k clusters a side has a larger mean square contingency, sum of T^2 / (p q) less 1 (Dhillon
    2001; Lancaster 1958).

    Returns:
        NaN where k clusters a side are not feasible.

    >>> round(spectral(np.array([[3.0, 1.0], [1.0, 3.0]]), 2), 9)
    0.25
    """
    live = live_units(matrix)
    if not live.holds(k):
        return float("nan")
    values = embed(np.abs(live.take(matrix)), k).singular_values
    return float(np.square(values[1:]).sum())


def held_out_entries(
    matrix: np.ndarray, name: StreamName, k: int, method: str, restarts: int
) -> float:
    """What clusters say of weights that they were not found from, in nats.

    Each entry is hidden once, a fifth of them at a time: replaced by r_i c_j / s, which strengths
    make of the others. The matrix is clustered, and the hidden weights A_ij are predicted twice, by
    E_ij = r_i c_j / s and by E_ij rho_ab, rho_ab the weight between the clusters a of i and b of j
    over what strengths make of it, of the entries that are shown, one mean weight added to both.
    The value is the gain in the logarithm of Poisson's likelihood over the hidden weight,

        [sum of A_ij ln rho_ab - sum of E_ij (rho_ab - 1)] / sum of A_ij,

    both over hidden entries (Karrer & Newman 2011 for the model, Stone 1974 for holding out). With
    many weights in each block it comes to I(T); where clusters are noise it is below 0.

    Args:
        matrix: weights [m, n].
        name: of the random stream.
        k: number of clusters a side.
        method: of `clustering.catalogue`.
        restarts: starts of k-means.

    Returns:
        NaN where k clusters a side are not feasible.
    """
    live = live_units(matrix)
    if not live.holds(k):
        return float("nan")
    weights = np.abs(live.take(matrix)).astype(np.float64)
    fold = generator("held-out entries", *name).permutation(weights.size) % FOLDS
    gains = [
        _gain(weights, fold.reshape(weights.shape) == number, (*name, number), k, method, restarts)
        for number in range(FOLDS)
    ]
    return float(np.sum(gains) / weights.sum())


def _gain(
    weights: np.ndarray,
    hidden: np.ndarray,
    name: StreamName,
    k: int,
    method: str,
    restarts: int,
) -> float:
    """What clusters of the other entries add to the log-likelihood of the hidden ones."""
    shown = np.where(hidden, 0, weights)
    expected = _of_strengths(shown, hidden)
    filled = np.where(hidden, expected, weights)
    found = cluster(filled[None], [(*name, "held-out entries")], [k], [method], restarts)
    partition = found[method, k]
    sides = one_hot(partition.rows[0], k), one_hot(partition.columns[0], k)
    prior = shown.sum() / (~hidden).sum()
    observed, alone = (
        sides[0].T @ part @ sides[1] + prior for part in (shown, np.where(hidden, 0, expected))
    )
    # A unit all of whose weights are hidden has no cluster, and nothing is said of it.
    logarithms = sides[0] @ np.log(observed / alone) @ sides[1].T
    gain = weights * logarithms - expected * np.expm1(logarithms)
    return float(gain[hidden].sum())


def _of_strengths(shown: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """r_i c_j / s, [m, n]: sums over the entries that are not hidden, made up to whole ones."""
    kept = ~hidden
    rows = shown.sum(axis=1) / np.maximum(kept.mean(axis=1), 1 / kept.shape[1])
    columns = shown.sum(axis=0) / np.maximum(kept.mean(axis=0), 1 / kept.shape[0])
    return np.outer(rows, columns) / (shown.sum() / kept.mean())
