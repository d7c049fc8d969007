"""Weights and partitions to bits: what naming the clusters saves in describing the weights.

docs/bits.md tells what the sign means; `code_lengths` has the codes.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import cached_property
from math import log

import numpy as np

from clusterability.clustering.code_lengths import BIT, labels_length
from clusterability.clustering.describing import block_lengths, first_clusters, one_sided_lengths
from clusterability.clustering.method_kinds import chooses, of_networks
from clusterability.compiled import compiled
from clusterability.networks.live_units import DEAD
from clusterability.networks.partitions import Key, Labels
from clusterability.networks.size_classes import SizeClasses, size_classes


@dataclass(frozen=True)
class SavedBits:
    """What a partition saves, in bits; NaN where it is not defined.

    Attributes:
        blocks: by telling pairs of clusters apart.
        within: by telling weights inside clusters from weights between them.
        rows, columns: by clusters of one side alone, the best with at most k of them that a search
            finds; of a partition that is itself searched for by its bits.
    """

    blocks: float = np.nan
    within: float = np.nan
    rows: float = np.nan
    columns: float = np.nan

    def tables(self) -> dict[str, np.ndarray]:
        """By the names that `block_sums.Tables` has for them."""
        names = ("bits", "bits_within", "bits_u", "bits_v")
        return dict(zip(names, map(np.array, astuple(self)), strict=True))


# Arrays are not equal or different as a whole.
@dataclass(frozen=True, eq=False)
class MatrixBits:
    """One matrix, and what the bits of all its partitions share; worked out when it is asked for.

    Attributes:
        matrix: weights [m, n].
    """

    matrix: np.ndarray

    @cached_property
    def classes(self) -> SizeClasses:
        return size_classes(self.matrix)

    @cached_property
    def length(self) -> float:
        """Nats of all weights without clusters, rounded as those of clusters are."""
        codes = self.classes.codes.ravel()
        counts = np.bincount(codes[codes != DEAD], minlength=self.classes.count)
        return float(block_lengths(counts[None, None, None], np.ones(1, np.int64))[0][0])

    def counts(self, partitions: Labels) -> dict[Key, np.ndarray]:
        """`block_counts` of each partition that is not of a whole network."""
        asked = _of_layers(partitions)
        counts = _all_counts(self.classes, asked)
        return {key: counts[number, : key[1], : key[1]] for number, key in enumerate(asked)}

    def saved(self, partitions: Labels) -> dict[Key, SavedBits]:
        """What each partition saves. Nothing is defined of those of whole networks.

        Args:
            partitions: labels of rows [m] and columns [n] by (method, k).
        """
        found, asked = dict.fromkeys(partitions, SavedBits()), _of_layers(partitions)
        if not asked or self.classes.count == 0:
            return found
        clusters = np.array([k for _, k in asked])
        chosen = np.array([chooses(method) for method, _ in asked])
        counts = _all_counts(self.classes, asked)
        sides = (np.stack(labels) for labels in zip(*asked.values(), strict=True))
        sizes = [cluster_sizes(labels, int(clusters.max())) for labels in sides]
        names = labels_cost(sizes, clusters, chosen)
        lengths = block_lengths(counts, clusters)
        blocks, within = ((self.length - nats - names) / BIT for nats in lengths)
        for number, key in enumerate(asked):
            if sizes[0][number].any() and sizes[1][number].any():
                alone = self._one_sided(key[1]) if chosen[number] else ()
                found[key] = SavedBits(float(blocks[number]), float(within[number]), *alone)
        return found

    def _one_sided(self, k: int) -> tuple[float, float]:
        """Of clusters of rows alone, and of columns alone."""
        most = first_clusters(k)
        if most not in self._sides:
            live = self.classes.live()
            self._sides[most] = [one_sided_lengths(side, most) for side in (live, live.turned())]
        rows, columns = (
            max(0.0, (self.length - float(lengths[: k + 1].min()) - log(k)) / BIT)
            for lengths in self._sides[most]
        )
        return rows, columns

    @cached_property
    def _sides(self) -> dict[int, list[np.ndarray]]:
        """Nats by the clusters that the search begins with."""
        return {}


def block_counts(classes: SizeClasses, rows: np.ndarray, columns: np.ndarray, k: int) -> np.ndarray:
    """Weights of each class between each pair of clusters, int64 [k, k, classes].

    Args:
        classes: of a matrix [m, n].
        rows, columns: labels [m] and [n] from 0 to k - 1; units with the label -1 are left out.
    """
    return _all_counts(classes, {("any", k): (rows, columns)})[0]


def cluster_sizes(labels: np.ndarray, k: int) -> np.ndarray:
    """Live units in each cluster, [labellings, k], of labels [labellings, units]."""
    places = labels.astype(np.int64) - DEAD + (k + 1) * np.arange(len(labels))[:, None]
    counts = np.bincount(places.ravel(), minlength=(k + 1) * len(labels))
    return counts.reshape(len(labels), k + 1)[:, 1:]


def labels_cost(sizes: list[np.ndarray], k: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Nats of the labels of both sides, [partitions].

    Where the numbers of clusters were chosen, up to k of them, they and the choice are paid for.
    Without clusters there is nothing to name then.

    Args:
        sizes: of the clusters of either side, [partitions, at least k]; 0 beyond k.
        k: of each partition.
        chosen: whether its numbers of clusters were.
    """
    occupied = [(side > 0).sum(axis=-1) for side in sizes]
    named = [np.where(chosen, np.maximum(count, 1), k) for count in occupied]
    nats = sum(labels_length(*side) for side in zip(sizes, named, strict=True))
    nats = nats + np.where(chosen, 2 * np.log(k), 0)
    together = chosen & (occupied[0] <= 1) & (occupied[1] <= 1)
    return np.where(together, 0.0, nats)


def _of_layers(partitions: Labels) -> dict[Key, tuple[np.ndarray, np.ndarray]]:
    return {key: own for key, own in partitions.items() if not of_networks(key[0])}


def _all_counts(classes: SizeClasses, partitions: Labels) -> np.ndarray:
    """`block_counts` of many partitions, in one pass: [partitions, k, k, classes]."""
    most = max((k for _, k in partitions), default=0)
    counts = np.zeros((len(partitions), most, most, classes.count), np.int64)
    if partitions:
        rows, columns = (np.stack(side) for side in zip(*partitions.values(), strict=True))
        _count(classes.codes, rows.astype(np.int64), columns.astype(np.int64), counts)
    return counts


@compiled
def _count(codes: np.ndarray, rows: np.ndarray, columns: np.ndarray, counts: np.ndarray) -> None:
    """Adds to counts [labellings, k, k, classes]; labels below 0 are left out."""
    for row in range(codes.shape[0]):
        for number in range(len(rows)):
            cluster = rows[number, row]
            if cluster < 0:
                continue
            of_cluster = counts[number, cluster]
            for column in range(codes.shape[1]):
                label = columns[number, column]
                if label >= 0 and codes[row, column] >= 0:
                    of_cluster[label, codes[row, column]] += 1
