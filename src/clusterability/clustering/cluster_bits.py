"""How good is *a* cluster, in bits: how strong it is, and how distinct from the nearest one.

Cluster a is its units of both sides. Its blocks are those of its rows with all clusters of columns,
and of its columns with all clusters of rows.
"""

from __future__ import annotations

from itertools import combinations
from math import log
from typing import NamedTuple

import numpy as np

from clusterability.clustering.catalogue import method_entry
from clusterability.clustering.code_lengths import classes_length
from clusterability.clustering.saved_bits import MatrixBits, cluster_sizes, labels_cost
from clusterability.networks.partitions import Key, Labels

_BIT = log(2)


class ClusterBits(NamedTuple):
    """Of each cluster of a partition, [k]; NaN where it is not defined.

    Attributes:
        bits: what its blocks save against codes with the whole layer's frequencies, less the cost
            of its labels, n_a log2(n / n_a) of each side: how strong. NaN of an empty cluster.
        if_merged: what the partition saves less once the cluster is merged with another: how
            distinct. The least over all others; near 0 for twins.
        merge_with: that other; NaN where there is none.
    """

    bits: np.ndarray
    if_merged: np.ndarray
    merge_with: np.ndarray


def cluster_bits(matrix: MatrixBits, partitions: Labels) -> dict[Key, ClusterBits]:
    """Of each partition of a matrix. Nothing is defined of those of whole networks.

    Args:
        matrix: the weights.
        partitions: labels of rows [m] and columns [n] by (method, k).
    """
    counts = matrix.counts(partitions)
    found = {}
    for key, sides in partitions.items():
        sizes = [cluster_sizes(side, key[1]) for side in sides]
        known = key in counts and counts[key].any()
        nothing = np.full(key[1], np.nan)
        found[key] = ClusterBits(nothing, nothing, nothing)
        if known:
            chosen = method_entry(key[0]).chooses
            merged = _merged(counts[key], sizes, chosen)
            found[key] = ClusterBits(_strengths(counts[key], sizes), *merged)
    return found


def _strengths(counts: np.ndarray, sizes: list[np.ndarray]) -> np.ndarray:
    """`ClusterBits.bits` of counts [k, k, classes] and sizes [k] of both sides."""
    totals = counts.sum(axis=(0, 1))
    # Every class has a weight.
    by_frequency = -(counts * np.log(totals / totals.sum())).sum(axis=-1)
    saved = by_frequency - classes_length(counts)
    bits = saved.sum(axis=1) + saved.sum(axis=0) - np.diagonal(saved)
    for side in sizes:
        units = side.sum()
        bits = bits - side * np.log(units / np.where(side > 0, side, units))
    return np.where(sizes[0] + sizes[1] > 0, bits / _BIT, np.nan)


def _merged(
    counts: np.ndarray, sizes: list[np.ndarray], chosen: bool
) -> tuple[np.ndarray, np.ndarray]:
    """`ClusterBits.if_merged` and `merge_with`."""
    k = len(counts)
    least, other = np.full(k, np.inf), np.full(k, np.nan)
    length = _length(counts, sizes, chosen, k)
    occupied = np.flatnonzero(sizes[0] + sizes[1])
    for a, b in combinations(occupied, 2):
        kept = np.delete(np.arange(k), b)
        together, fewer = counts.copy(), [side.copy() for side in sizes]
        together[a] += together[b]
        together[:, a] += together[:, b]
        for side in fewer:
            side[a] += side[b]
        lost = _length(together[np.ix_(kept, kept)], [s[kept] for s in fewer], chosen, k) - length
        for one, its_other in ((a, b), (b, a)):
            if lost < least[one]:
                least[one], other[one] = lost, its_other
    return np.where(np.isfinite(least), least / _BIT, np.nan), other


def _length(counts: np.ndarray, sizes: list[np.ndarray], chosen: bool, most: int) -> float:
    return float(classes_length(counts).sum()) + labels_cost(sizes, chosen, most)
