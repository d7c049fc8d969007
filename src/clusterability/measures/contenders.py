"""Measures that are compared with the study's own where the true clusters are known.

They are not in the tables of scores: `spectral` depends on the weights and k but on no partition,
and `held_out_entries` clusters the weights five more times. docs/measures.md lists what misleads
them.
"""

from __future__ import annotations

import numpy as np

from clusterability.clustering.block_sums import one_hot
from clusterability.clustering.embedding import embed
from clusterability.clustering.spectral import cluster
from clusterability.networks.live_units import live_units
from clusterability.randomness import StreamName, generator

FOLDS = 5
"""Parts into which the entries are split; each is held out once."""


def spectral(matrix: np.ndarray, k: int) -> float:
    """Sum of squares of the second to k-th singular values of D_U^-1/2 A D_V^-1/2.

    A = abs(W) of the live units, with the strengths D_U and D_V. The sum lies in [0, k - 1]: it is
    k - 1 if no weight connects k parts, and 0 if A is a product of strengths. It bounds the mean
    square contingency, sum of T^2 / (p q) - 1, of all partitions into k clusters per side.

    Args:
        matrix: weights W [m, n].
        k: number of clusters per side.

    Returns:
        The sum; NaN if k clusters per side are infeasible.

    References:
        Dhillon 2001, KDD. doi:10.1145/502512.502550
        Lancaster 1958, The structure of bivariate distributions. doi:10.1214/aoms/1177706532

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
    """Log-likelihood gain, in nats, of predicting held-out weights from clusters of the others.

    Each entry is hidden once, one fifth at a time, and replaced by its expectation from strengths.
    The matrix is clustered, and the hidden weights A_ij are predicted by E_ij = r_i c_j / s from
    the strengths of visible entries, and by E_ij rho_ab. Here rho_ab is the visible weight between
    cluster a of row i and cluster b of column j, divided by its expectation, with one mean weight
    added to both. The gain in Poisson log-likelihood per hidden weight is

        [sum of A_ij ln rho_ab - sum of E_ij (rho_ab - 1)] / sum of A_ij,

    summed over hidden entries. With many weights per block it approaches I(T); where clusters are
    noise it is negative.

    Args:
        matrix: weights [m, n].
        name: name of the random stream.
        k: number of clusters per side.
        method: a method of `clustering.catalogue`.
        restarts: restarts of k-means.

    Returns:
        The gain; NaN if k clusters per side are infeasible.

    References:
        Karrer & Newman 2011, Phys. Rev. E 83, 016107. doi:10.1103/PhysRevE.83.016107
        Stone 1974, Cross-validatory choice and assessment of statistical predictions, J. R. Stat.
        Soc. B 36, 111. doi:10.1111/j.2517-6161.1974.tb00994.x

    >>> blocks = np.kron(np.eye(2), np.ones((8, 8))) + 0.1
    >>> held_out_entries(blocks, ("example",), k=2, method="matched", restarts=3) > 0
    True
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
    """Gain in log-likelihood of the hidden entries from clusters of the visible ones."""
    shown = np.where(hidden, 0, weights)
    expected = _expected_from_strengths(shown, hidden)
    filled = np.where(hidden, expected, weights)
    partitions = cluster(filled[None], [(*name, "held-out entries")], [k], [method], restarts)
    partition = partitions[method, k]
    sides = one_hot(partition.rows[0], k), one_hot(partition.columns[0], k)
    prior = shown.sum() / (~hidden).sum()
    observed, alone = (
        sides[0].T @ part @ sides[1] + prior for part in (shown, np.where(hidden, 0, expected))
    )
    # A unit whose weights are all hidden has no cluster, so its gain is 0.
    logarithms = sides[0] @ np.log(observed / alone) @ sides[1].T
    gain = weights * logarithms - expected * np.expm1(logarithms)
    return float(gain[hidden].sum())


def _expected_from_strengths(shown: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Expected weights r_i c_j / s, [m, n], from sums of visible entries, scaled up."""
    kept = ~hidden
    rows = shown.sum(axis=1) / np.maximum(kept.mean(axis=1), 1 / kept.shape[1])
    columns = shown.sum(axis=0) / np.maximum(kept.mean(axis=0), 1 / kept.shape[0])
    return np.outer(rows, columns) / (shown.sum() / kept.mean())
