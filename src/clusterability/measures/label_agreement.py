"""Agreement of two labellings of the same units: AMI, ARI and NMI."""

from __future__ import annotations

import numpy as np

from clusterability.clustering.block_sums import mutual_information
from clusterability.networks.live_units import DEAD

AGREEMENT_MEASURES = {"ami": "AMI", "ari": "ARI", "nmi": "NMI"}
"""Labels of the agreement measures, in the order of tables; for each, higher is better."""

_NO_ROOM = 1e-9
"""If the maximum exceeds the expected value by less than this, they differ only by rounding: where
all but a few clusters are single units, the difference is still about ln 2 / units."""


def adjusted_mutual_information(first: np.ndarray, second: np.ndarray) -> float:
    """Adjusted mutual information (AMI) of two labellings of the same units.

        AMI = (I - E[I]) / (mean of both entropies - E[I])

    with the expectation over all permutations of the labels. At most 1; 0 on average by chance.

    Args:
        first, second: labels [units]; units labelled -1 in either are left out.

    Returns:
        AMI; NaN if no unit is left.

    References:
        Vinh, Epps & Bailey 2010, Information theoretic measures for clusterings comparison, J.
        Mach. Learn. Res. 11, 2837.

    >>> adjusted_mutual_information(np.array([0, 0, 1, 1, -1]), np.array([1, 1, 0, 0, 0]))
    1.0
    """
    return float(agreement(*live_labels(np.stack([first, second])))["ami"])


def live_labels(labellings: np.ndarray) -> np.ndarray:
    """Labels of the units that are live in all labellings, both [labellings, units].

    Clusters are renumbered without gaps.
    """
    live = labellings[:, (labellings != DEAD).all(axis=0)]
    numbered = [np.unique(labels, return_inverse=True)[1] for labels in live]
    return np.array(numbered, np.int64).reshape(live.shape)


def agreement(first: np.ndarray, second: np.ndarray) -> dict[str, np.ndarray]:
    """Each agreement measure, [...], keyed as AGREEMENT_MEASURES; NaN if there are no units.

    Args:
        first: labels [..., units] without gaps. Cluster sizes must not change along the leading
            axes, so that expectations and entropies are computed once.
        second: the same, or one labelling [units] for all of the first.

    >>> {name: float(value) for name, value in agreement(np.arange(3), np.arange(3)).items()}
    {'ami': 1.0, 'ari': 1.0, 'nmi': 1.0}
    """
    units = first.shape[-1]
    if units == 0:
        return {name: np.full(first.shape[:-1], np.nan) for name in AGREEMENT_MEASURES}
    counts = _contingency_counts(first, second)
    table = counts.reshape(-1, *counts.shape[-2:])[0]  # any table: all have the same marginals
    sizes = table.sum(axis=1), table.sum(axis=0)

    information = mutual_information(counts / units)
    mean_entropy = (_entropy(sizes[0]) + _entropy(sizes[1])) / 2
    pairs = _pairs(counts).sum(axis=(-2, -1))
    first_pairs, second_pairs = (float(_pairs(size).sum()) for size in sizes)
    expected_pairs = first_pairs * second_pairs / max(float(_pairs(table.sum())), 1)
    return {
        "ami": _above_expected(information, _expected_information(*sizes), mean_entropy),
        "ari": _above_expected(pairs, expected_pairs, (first_pairs + second_pairs) / 2),
        "nmi": _above_expected(information, 0, mean_entropy),
    }


def _contingency_counts(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Units in each pair of clusters, int64 [..., clusters of first, clusters of second]."""
    shape = int(first.max()) + 1, int(second.max()) + 1
    cells = (first * shape[1] + second).reshape(-1, first.shape[-1])
    cells += np.arange(len(cells))[:, None] * shape[0] * shape[1]
    counts = np.bincount(cells.ravel(), minlength=len(cells) * shape[0] * shape[1])
    return counts.reshape(*first.shape[:-1], *shape)


def _entropy(sizes: np.ndarray) -> float:
    share = sizes / sizes.sum()
    return float(-(share * np.log(share)).sum())


def _pairs(sizes: np.ndarray) -> np.ndarray:
    """Number of pairs of units within groups of the given sizes."""
    return sizes * (sizes - 1) / 2


def _expected_information(first: np.ndarray, second: np.ndarray) -> float:
    """Mean mutual information in nats over all permutations of the labels.

        E[I] = sum over a, b, n of P(n) n / N ln(N n / (a b))

    P is hypergeometric: n of the N units in clusters of sizes a and b (Vinh, Epps & Bailey 2010).
    scikit-learn has the same sum, but importing it takes longer than the jobs that need it.

    Args:
        first, second: sizes of the clusters of either labelling, int64, which both add up to N.
    """
    if min(len(first), len(second)) == 1:
        return 0.0  # exactly, where rounding would leave some 1e-16
    units = int(first.sum())
    logs = np.log(np.arange(1, units + 1))
    ln_factorial = np.concatenate([[0.0], np.cumsum(logs)])
    (rows, row_counts), (columns, column_counts) = (
        np.unique(sizes, return_counts=True) for sizes in (first, second)
    )
    b = columns[:, None]
    mean = 0.0
    for a, count in zip(rows.tolist(), row_counts.tolist(), strict=True):
        n = np.arange(max(1, a + columns[0] - units), min(a, columns[-1]) + 1)
        rest = a - n, b - n, units - a - b + n
        possible = (rest[1] >= 0) & (rest[2] >= 0)
        ln_p = ln_factorial[a] + ln_factorial[b] - ln_factorial[n]
        ln_p = ln_p + ln_factorial[units - a] + ln_factorial[units - b] - ln_factorial[units]
        for left in rest:
            ln_p = ln_p - ln_factorial[np.maximum(left, 0)]
        terms = (
            np.exp(ln_p) * n / units * (logs[units - 1] + logs[n - 1] - logs[a - 1] - logs[b - 1])
        )
        mean += count * float(np.where(possible, terms, 0).sum(axis=1) @ column_counts)
    return mean


def _above_expected(index: np.ndarray, expected: float, maximum: float) -> np.ndarray:
    """Index adjusted for chance, (index - expected) / (maximum - expected) (Hubert & Arabie 1985).

    1 if maximum and expected value are equal: then both labellings have a single cluster, or both
    have one cluster per unit, and they agree (the convention of scikit-learn).
    """
    room = maximum - expected
    if room <= _NO_ROOM * max(maximum, 1):
        return np.ones_like(index, dtype=np.float64)
    return (index - expected) / room
