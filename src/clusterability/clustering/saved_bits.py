"""Weights and partitions to bits: what naming the clusters saves in describing the weights.

docs/bits.md tells what the sign means; `code_lengths` has the codes.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import cached_property
from math import log

import numpy as np

from clusterability.clustering.catalogue import method_entry
from clusterability.clustering.code_lengths import classes_length, labels_length
from clusterability.clustering.describing import first_clusters, one_sided_lengths
from clusterability.compiled import compiled
from clusterability.networks.live_units import DEAD
from clusterability.networks.partitions import Key, Labels
from clusterability.networks.size_classes import SizeClasses, size_classes

_BIT = log(2)
"""Nats."""


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
        """Nats of all weights without clusters."""
        codes = self.classes.codes.ravel()
        counts = np.bincount(codes[codes != DEAD], minlength=self.classes.count)
        return float(classes_length(counts))

    def counts(self, partitions: Labels) -> dict[Key, np.ndarray]:
        """`block_counts` of each partition that is not of a whole network."""
        asked = {key: own for key, own in partitions.items() if not method_entry(key[0]).whole}
        return _all_counts(self.classes, asked) if asked else {}

    def saved(self, partitions: Labels) -> dict[Key, SavedBits]:
        """What each partition saves. Nothing is defined of those of whole networks.

        Args:
            partitions: labels of rows [m] and columns [n] by (method, k).
        """
        found = dict.fromkeys(partitions, SavedBits())
        for key, counts in self.counts(partitions).items():
            sizes = [cluster_sizes(side, key[1]) for side in partitions[key]]
            found[key] = self._saved(method_entry(key[0]).chooses, counts, sizes)
        return found

    def _saved(self, chosen: bool, counts: np.ndarray, sizes: list[np.ndarray]) -> SavedBits:
        """Of counts [k, k, classes] and sizes [k] of both sides; NaN without live units."""
        if not counts.any():
            return SavedBits()
        k = len(counts)
        labels = labels_cost(sizes, chosen, k)
        inside = np.diagonal(counts).sum(axis=-1)
        within = np.stack([inside, counts.sum(axis=(0, 1)) - inside])
        blocks, two = (
            (self.length - float(classes_length(each).sum()) - labels) / _BIT
            for each in (counts, within)
        )
        return SavedBits(blocks, two, *(self._one_sided(k) if chosen else ()))

    def _one_sided(self, k: int) -> tuple[float, float]:
        """Of clusters of rows alone, and of columns alone."""
        most = first_clusters(k)
        if most not in self._sides:
            live = self.classes.live()
            self._sides[most] = [one_sided_lengths(side, most) for side in (live, live.turned())]
        rows, columns = (
            max(0.0, (self.length - float(lengths[: k + 1].min()) - log(k)) / _BIT)
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
    return _all_counts(classes, {("any", k): (rows, columns)})["any", k]


def cluster_sizes(labels: np.ndarray, k: int) -> np.ndarray:
    """Live units in each cluster of a side, [k]."""
    return np.bincount(labels[labels != DEAD], minlength=k)


def labels_cost(sizes: list[np.ndarray], chosen: bool, most: int) -> float:
    """Nats of the labels of both sides, of sizes [k] each.

    Where the numbers of clusters were chosen, up to `most` of them, they and the choice are paid
    for. Without clusters there is nothing to name.
    """
    if not chosen:
        return float(sum(labels_length(side) for side in sizes))
    occupied = [side[side > 0] for side in sizes]
    if all(len(side) == 1 for side in occupied):
        return 0.0
    return float(sum(labels_length(side) for side in occupied)) + 2 * log(most)


def _all_counts(classes: SizeClasses, partitions: Labels) -> dict[Key, np.ndarray]:
    """`block_counts` of many partitions in one pass over the matrix."""
    rows = np.stack([rows for rows, _ in partitions.values()]).astype(np.int64)
    columns = np.stack([columns for _, columns in partitions.values()]).astype(np.int64)
    most = max(k for _, k in partitions)
    counts = np.zeros((len(partitions), most, most, classes.count), np.int64)
    _count(classes.codes, rows, columns, counts)
    # Laid out anew: in which order numpy adds up goes by what a view leaves out.
    return {key: counts[number, : key[1], : key[1]].copy() for number, key in enumerate(partitions)}


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
