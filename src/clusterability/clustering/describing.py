"""Search for the partition that gives the shortest description of a matrix.

Units move to the cluster in which their weights take the fewest nats, rows given columns and
columns given rows. Then the two clusters on a side whose merger costs least are merged, and so on
down to one cluster per side. Starting with more clusters than requested finds far shorter
descriptions than starting with the requested number (for block models: Peixoto 2014,
doi:10.1103/PhysRevE.89.012804).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from clusterability.clustering.describing_loops import (
    KNOWN,
    Known,
    code_blocks,
    cost_merges,
    descend_labels,
    settle_labels,
)
from clusterability.networks.size_classes import SizeClasses

_FEWEST = 16
"""Minimum number of clusters at the start of a search."""


class Descent(NamedTuple):
    """Shortest descriptions reached from one start, one for each number of clusters.

    Attributes:
        lengths: nats of weights and labels, [1 + k], indexed by the larger number of clusters of
            the two sides; infinite where no description was reached.
        rows, columns: labels [1 + k, m] and [1 + k, n].
    """

    lengths: np.ndarray
    rows: np.ndarray
    columns: np.ndarray


def descend(classes: SizeClasses, rows: np.ndarray, columns: np.ndarray) -> Descent:
    """Alternate moves and mergers from one start, down to one cluster per side.

    Args:
        classes: size classes of the live part of a matrix, [m, n].
        rows, columns: initial labels [m] and [n], from 0, without empty clusters.
    """
    most = 1 + max(int(rows.max()), int(columns.max()))
    descent = Descent(
        np.full(1 + most, np.inf),
        np.zeros((1 + most, len(rows)), np.int64),
        np.zeros((1 + most, len(columns)), np.int64),
    )
    labels = rows.astype(np.int64), columns.astype(np.int64)
    descend_labels(classes.codes, classes.codes.T.copy(), *labels, _known(classes.count), *descent)
    return descent


def settle(
    classes: SizeClasses, rows: np.ndarray, columns: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Move units until none moves; return the description's nats and the labels of both sides.

    Arguments as in `descend`.
    """
    labels = rows.astype(np.int64), columns.astype(np.int64)
    length = settle_labels(classes.codes, classes.codes.T.copy(), *labels, _known(classes.count))
    return length, *labels


def first_clusters(k: int) -> int:
    """Clusters per side at the start of a search for at most k: 16, 32, 64, …

    >>> first_clusters(2), first_clusters(16), first_clusters(17)
    (16, 16, 32)
    """
    return max(_FEWEST, 1 << (k - 1).bit_length())


def occupied(labels: np.ndarray) -> np.ndarray:
    """Relabel clusters consecutively, skipping empty ones.

    >>> occupied(np.array([5, 0, 5, 2])).tolist()
    [2, 0, 2, 1]
    """
    return np.unique(labels, return_inverse=True)[1]


def sorted_clusters(classes: SizeClasses, k: int) -> np.ndarray:
    """Labels [m] of rows sorted by the mean class of their weights and cut into k equal parts."""
    units = len(classes.codes)
    order = np.argsort(classes.codes.mean(axis=1), kind="stable")
    labels = np.empty(units, np.int64)
    labels[order] = np.arange(units) * min(k, units) // units
    return labels


def one_sided_lengths(classes: SizeClasses, most: int) -> np.ndarray:
    """Shortest description lengths found with all columns in one cluster, in nats.

    Args:
        classes: size classes of the live part of a matrix, [m, n].
        most: row clusters at the start of the search.

    Returns:
        Nats [1 + most] by the number of row clusters; infinite where no description was reached.
    """
    rows = sorted_clusters(classes, most)
    lengths = descend(classes, rows, np.zeros(classes.codes.shape[1], np.int64)).lengths
    return np.pad(lengths, (0, most + 1 - len(lengths)), constant_values=np.inf)


def block_lengths(counts: np.ndarray, clusters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Code lengths in nats of the weights, for many partitions: by block, and within/between.

    Args:
        counts: weights, int64 [partitions, k, k, classes].
        clusters: k of each partition, int64 [partitions]; counts beyond it are 0.

    Returns:
        Two arrays [partitions]: one code for each pair of clusters, and one code within clusters
        plus one between them. Labels are not included.
    """
    lengths = np.zeros((2, len(counts)))
    code_blocks(counts, clusters, _known(counts.shape[-1]), lengths)
    return lengths[0], lengths[1]


def merge_costs(counts: np.ndarray) -> np.ndarray:
    """Extra nats [k, k] that the weights take when two clusters are merged on both sides.

    Args:
        counts: weights by pairs of clusters, int64 [k, k, classes].
    """
    costs = np.zeros((len(counts), len(counts)))
    cost_merges(counts, _known(counts.shape[-1]), costs)
    return costs


@lru_cache(maxsize=16)
def _known(classes: int) -> Known:
    numbers, half = np.arange(KNOWN), classes / 2
    return (
        gammaln(numbers + 0.5) - gammaln(0.5),
        gammaln(numbers + half) - gammaln(half),
        np.log(numbers + 0.5),
    )
