"""Saved bits of a single cluster: its strength, and its distinctness from the nearest cluster.

Cluster a consists of its units on both sides. Its blocks are those of its rows with every column
cluster, and those of its columns with every row cluster.
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
    """Saved bits per cluster of a partition, each [k]; NaN where undefined.

    Attributes:
        bits: strength: bits that the cluster's blocks save relative to codes with the class
            frequencies of the whole layer, minus the cost of its labels, n_a log2(n / n_a) per
            side. NaN for an empty cluster.
        if_merged: distinctness: bits that the partition loses when the cluster is merged with
            another, minimised over all others. Near 0 for twins.
        merge_with: the cluster that attains this minimum; NaN if there is no other.
    """

    bits: np.ndarray
    if_merged: np.ndarray
    merge_with: np.ndarray


def cluster_bits(matrix: MatrixBits, partitions: Labels) -> dict[Key, ClusterBits]:
    """Strength and distinctness in bits of every cluster of each partition.

    Args:
        matrix: the weights.
        partitions: labels of rows [m] and columns [n] by (method, k).

    Returns:
        `ClusterBits` by (method, k). All values are NaN for partitions of whole networks.
    """
    counts, bits = matrix.counts(partitions), {}
    for key, (rows, columns) in partitions.items():
        undefined = np.full(key[1], np.nan)
        bits[key] = ClusterBits(undefined, undefined, undefined)
        if key in counts and counts[key].any():
            sizes = [cluster_sizes(labels[None], key[1])[0] for labels in (rows, columns)]
            merged = _merged(counts[key], sizes, chooses(key[0]))
            bits[key] = ClusterBits(_strengths(counts[key], sizes), *merged)
    return bits


def _strengths(counts: np.ndarray, sizes: list[np.ndarray]) -> np.ndarray:
    """`ClusterBits.bits` from counts [k, k, classes] and sizes [k] of both sides."""
    totals = counts.sum(axis=(0, 1))
    # Every class holds at least one weight, so no logarithm is infinite.
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
    """`ClusterBits.if_merged` and `ClusterBits.merge_with`."""
    k = len(counts)
    occupied = np.flatnonzero(sizes[0] + sizes[1])
    pairs = np.array(list(combinations(occupied, 2)), np.int64).reshape(-1, 2)
    least, nearest = np.full(k, np.nan), np.full(k, np.nan)
    if not len(pairs):
        return least, nearest
    first, second = pairs.T
    lost = merge_costs(counts)[first, second] + _renaming(sizes, pairs, chosen)
    # Pairs are sorted by decreasing loss, so the smallest loss is written last.
    for index in np.argsort(-lost, kind="stable"):
        for cluster, partner in (pairs[index], pairs[index][::-1]):
            least[cluster], nearest[cluster] = lost[index] / BIT, partner
    return least, nearest


def _renaming(sizes: list[np.ndarray], pairs: np.ndarray, chosen: bool) -> np.ndarray:
    """Extra nats that the labels cost after merging two clusters on both sides, [pairs]."""
    k, rows = len(sizes[0]), np.arange(len(pairs))
    merged = [np.repeat(side[None], len(pairs), axis=0) for side in sizes]
    for side in merged:
        side[rows, pairs[:, 0]] += side[rows, pairs[:, 1]]
        side[rows, pairs[:, 1]] = 0
    # A chosen number of clusters is still chosen among k; a given one decreases by 1.
    fewer = np.full(len(pairs), k if chosen else k - 1)
    before = labels_cost([side[None] for side in sizes], np.array([k]), np.array([chosen]))
    return labels_cost(merged, fewer, np.full(len(pairs), chosen)) - before
