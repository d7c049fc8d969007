"""How good is *a* cluster, in bits: how strong it is, and how distinct from the nearest one.

Cluster a is its units of both sides. Its blocks are those of its rows with all clusters of columns,
and of its columns with all clusters of rows.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from clusterability.clustering.code_lengths import BIT, classes_length
from clusterability.clustering.describing import merge_costs
from clusterability.clustering.method_kinds import chooses
from clusterability.clustering.saved_bits import MatrixBits, cluster_sizes, labels_cost
from clusterability.networks.partitions import Key, Labels


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
    counts, found = matrix.counts(partitions), {}
    for key, (rows, columns) in partitions.items():
        nothing = np.full(key[1], np.nan)
        found[key] = ClusterBits(nothing, nothing, nothing)
        if key in counts and counts[key].any():
            sizes = [cluster_sizes(labels[None], key[1])[0] for labels in (rows, columns)]
            merged = _merged(counts[key], sizes, chooses(key[0]))
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
    return np.where(sizes[0] + sizes[1] > 0, bits / BIT, np.nan)


def _merged(
    counts: np.ndarray, sizes: list[np.ndarray], chosen: bool
) -> tuple[np.ndarray, np.ndarray]:
    """`ClusterBits.if_merged` and `merge_with`."""
    k = len(counts)
    occupied = np.flatnonzero(sizes[0] + sizes[1])
    pairs = np.array(list(combinations(occupied, 2)), np.int64).reshape(-1, 2)
    least, other = np.full(k, np.nan), np.full(k, np.nan)
    if not len(pairs):
        return least, other
    first, second = pairs.T
    lost = merge_costs(counts)[first, second] + _renaming(sizes, pairs, chosen)
    # The last of the sorted pairs is the one that loses least.
    for place in np.argsort(-lost, kind="stable"):
        for one, its_other in (pairs[place], pairs[place][::-1]):
            least[one], other[one] = lost[place] / BIT, its_other
    return least, other


def _renaming(sizes: list[np.ndarray], pairs: np.ndarray, chosen: bool) -> np.ndarray:
    """Nats that labels take more if two clusters are merged on both sides, [pairs]."""
    k, rows = len(sizes[0]), np.arange(len(pairs))
    merged = [np.repeat(side[None], len(pairs), axis=0) for side in sizes]
    for side in merged:
        side[rows, pairs[:, 0]] += side[rows, pairs[:, 1]]
        side[rows, pairs[:, 1]] = 0
    # Numbers that are chosen are chosen among k, others are one fewer.
    fewer = np.full(len(pairs), k if chosen else k - 1)
    before = labels_cost([side[None] for side in sizes], np.array([k]), np.array([chosen]))
    return labels_cost(merged, fewer, np.full(len(pairs), chosen)) - before
