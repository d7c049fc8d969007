"""Measure `dominant_pairs` as a package of its own: docs/extending.md says how to use it."""

from __future__ import annotations

import numpy as np

from clusterability.clustering.block_sums import Tables
from clusterability.measures.measure import Measure

ENTRY = Measure(
    "dominant pairs",
    1,
    "Share of U clusters that give more weight to their own V cluster than to any other.",
)


def dominant_pairs(tables: Tables) -> np.ndarray:
    """Share of the rows of T [..., k, k] whose largest entry is on the diagonal, in [0, 1].

    Args:
        tables: block sums of partitions, of networks and draws.

    Returns:
        An array of the leading axes; NaN where a partition is undefined.
    """
    weights = np.asarray(tables.weights)
    own = weights.argmax(axis=-1) == np.arange(weights.shape[-1])
    return np.where(np.isnan(weights).any(axis=(-2, -1)), np.nan, own.mean(axis=-1))
