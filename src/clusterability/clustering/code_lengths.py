"""How long a description of a matrix by clusters is: codes of size classes and of labels, in nats.

With counts c_x over B classes in a set of n weights, the length of their best code without
parameters is that of Krichevsky & Trofimov 1981, a Dirichlet-multinomial of parameters 1/2:

    D(c) = -ln [ Gamma(B/2) / Gamma(n + B/2) * prod over x of Gamma(c_x + 1/2) / Gamma(1/2) ]

Labels of n units in k clusters of n_a units, which may be empty, take

    ln n! - sum over a of ln n_a! + ln C(n + k - 1, k - 1)

the sizes first, each of them as likely as any other, and then which unit is where.
docs/bits.md tells what the sign of a saving means.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import gammaln

BIT = math.log(2)
"""Nats."""


def classes_length(counts: np.ndarray) -> np.ndarray:
    """D(c) in nats, [...], of counts [..., classes]; 0 where there are no weights.

    >>> f"{float(classes_length(np.array([1, 1]))):.4f}"  # -ln 1/8
    '2.0794'
    """
    half = counts.shape[-1] / 2
    terms = gammaln(counts + 0.5) - gammaln(0.5)
    lengths = gammaln(counts.sum(axis=-1) + half) - gammaln(half) - terms.sum(axis=-1)
    return np.asarray(lengths)


def labels_length(sizes: np.ndarray, k: np.ndarray | int | None = None) -> np.ndarray:
    """Nats of the labels of one side, [...], with clusters of sizes [..., at least k].

    Args:
        sizes: of clusters; 0 beyond k.
        k: how many clusters there are; by default as many as there are sizes.

    >>> f"{float(labels_length(np.array([1, 1]))):.4f}"  # ln 2! + ln C(3, 1)
    '1.7918'
    """
    units, clusters = sizes.sum(axis=-1), sizes.shape[-1] if k is None else k
    orders = gammaln(units + 1) - gammaln(sizes + 1).sum(axis=-1)
    return np.asarray(orders + gammaln(units + clusters) - gammaln(units + 1) - gammaln(clusters))
