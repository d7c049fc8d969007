"""Search for the partition of a matrix whose description is shortest.

Units move to the cluster in which their weights take the fewest nats, rows given columns and
columns given rows; then the two clusters of a side merge whose merging costs least, and so on down
to one on each side. Beginning with more clusters than are asked for finds far shorter descriptions
than beginning with as many (Peixoto 2014, Phys. Rev. E 89, 012804, for block models).
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
"""Clusters that a search begins with."""


class Descent(NamedTuple):
    """The shortest description that a start came to with each number of clusters.

    Attributes:
        lengths: nats [1 + k] of the weights and the labels, by the larger number of clusters of
            both sides; infinite where there is none.
        rows, columns: labels [1 + k, m] and [1 + k, n].
    """

    lengths: np.ndarray
    rows: np.ndarray
    columns: np.ndarray


def descend(classes: SizeClasses, rows: np.ndarray, columns: np.ndarray) -> Descent:
    """What moves and merges make of one start.

    Args:
        classes: of the live part of a matrix, [m, n].
        rows, columns: labels of the start, [m] and [n], from 0; no cluster is empty.
    """
    most = 1 + max(int(rows.max()), int(columns.max()))
    found = Descent(
        np.full(1 + most, np.inf),
        np.zeros((1 + most, len(rows)), np.int64),
        np.zeros((1 + most, len(columns)), np.int64),
    )
    own = rows.astype(np.int64), columns.astype(np.int64)
    descend_labels(classes.codes, classes.codes.T.copy(), *own, _known(classes.count), *found)
    return found


def settle(
    classes: SizeClasses, rows: np.ndarray, columns: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Moves units until none moves: nats of the description, and labels of both sides.

    Arguments are those of `descend`.
    """
    own = rows.astype(np.int64), columns.astype(np.int64)
    length = settle_labels(classes.codes, classes.codes.T.copy(), *own, _known(classes.count))
    return length, *own


def first_clusters(k: int) -> int:
    """How many clusters a side the search for at most k of them begins with: 16, 32, 64, …

    >>> first_clusters(2), first_clusters(16), first_clusters(17)
    (16, 16, 32)
    """
    return max(_FEWEST, 1 << (k - 1).bit_length())


def occupied(labels: np.ndarray) -> np.ndarray:
    """Labels with the numbers of empty clusters left out.

    >>> occupied(np.array([5, 0, 5, 2])).tolist()
    [2, 0, 2, 1]
    """
    return np.unique(labels, return_inverse=True)[1]


def sorted_clusters(classes: SizeClasses, k: int) -> np.ndarray:
    """Labels [m] of rows: sorted by the mean class of their weights, and cut into k equal parts."""
    units = len(classes.codes)
    order = np.argsort(classes.codes.mean(axis=1), kind="stable")
    labels = np.empty(units, np.int64)
    labels[order] = np.arange(units) * min(k, units) // units
    return labels


def one_sided_lengths(classes: SizeClasses, most: int) -> np.ndarray:
    """Nats [1 + most] of the shortest descriptions that are found with the columns in one cluster.

    Args:
        classes: of the live part of a matrix, [m, n].
        most: clusters of rows that the search begins with.

    Returns:
        By the number of clusters of rows; infinite where there is none.
    """
    rows = sorted_clusters(classes, most)
    found = descend(classes, rows, np.zeros(classes.codes.shape[1], np.int64)).lengths
    return np.pad(found, (0, most + 1 - len(found)), constant_values=np.inf)


def block_lengths(counts: np.ndarray, clusters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nats of the weights of many partitions: by pairs of clusters, and by inside and between.

    Args:
        counts: of weights, int64 [partitions, k, k, classes].
        clusters: k of each, int64 [partitions]; counts beyond are 0.

    Returns:
        Both [partitions]; labels are not in them.
    """
    found = np.zeros((2, len(counts)))
    code_blocks(counts, clusters, _known(counts.shape[-1]), found)
    return found[0], found[1]


def merge_costs(counts: np.ndarray) -> np.ndarray:
    """Nats [k, k] that weights take more if two clusters are merged on both sides.

    Args:
        counts: of weights by pairs of clusters, int64 [k, k, classes].
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
