"""Code lengths, in nats, of a matrix described by clusters: size classes of weights, and labels.

Among n weights in B classes, let c_x be the number in class x. The parameter-free code of
Krichevsky & Trofimov 1981 (doi:10.1109/TIT.1981.1056331), a Dirichlet-multinomial with parameters
1/2, has the length

    D(c) = -ln [ Gamma(B/2) / Gamma(n + B/2) * prod over x of Gamma(c_x + 1/2) / Gamma(1/2) ]

The labels of n units in k clusters with sizes n_a, some possibly empty, take

    ln n! - sum over a of ln n_a! + ln C(n + k - 1, k - 1)

nats: first the sizes, all combinations equally likely, then the assignment of units. docs/bits.md
explains the sign of a saving.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import gammaln

BIT = math.log(2)
"""One bit in nats."""


def classes_length(counts: np.ndarray) -> np.ndarray:
    """Code length D(c) of class counts, in nats (see the module for the formula).

    Args:
        counts: weights per class, [..., classes].

    Returns:
        D(c), [...]; 0 where there are no weights.

    >>> f"{float(classes_length(np.array([1, 1]))):.4f}"  # -ln 1/8
    '2.0794'
    """
    half = counts.shape[-1] / 2
    terms = gammaln(counts + 0.5) - gammaln(0.5)
    lengths = gammaln(counts.sum(axis=-1) + half) - gammaln(half) - terms.sum(axis=-1)
    return np.asarray(lengths)


def labels_length(sizes: np.ndarray, k: np.ndarray | int | None = None) -> np.ndarray:
    """Code length in nats of the labels of one side (see the module for the formula).

    Args:
        sizes: units per cluster, [..., at least k]; 0 beyond k.
        k: number of clusters, by default the number of sizes.

    Returns:
        Nats, [...].

    >>> f"{float(labels_length(np.array([1, 1]))):.4f}"  # ln 2! + ln C(3, 1)
    '1.7918'
    """
    units, clusters = sizes.sum(axis=-1), sizes.shape[-1] if k is None else k
    orders = gammaln(units + 1) - gammaln(sizes + 1).sum(axis=-1)
    return np.asarray(orders + gammaln(units + clusters) - gammaln(units + 1) - gammaln(clusters))
