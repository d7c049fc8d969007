"""Saved bits of a partition: bits saved in describing the weights, net of describing the clusters.

docs/bits.md explains the sign; `code_lengths` has the codes.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import cached_property
from math import log

import numpy as np

from clusterability.clustering.class_counts import class_counts
from clusterability.clustering.code_lengths import BIT, labels_length
from clusterability.clustering.describing import block_lengths, first_clusters, one_sided_lengths
from clusterability.clustering.method_kinds import chooses, of_networks
from clusterability.networks.live_units import DEAD
from clusterability.networks.partitions import Key, Labels
from clusterability.networks.size_classes import ClassBounds, SizeClasses, size_classes


@dataclass(frozen=True)
class SavedBits:
    """Bits saved by a partition; NaN where undefined.

    Attributes:
        blocks: bits saved by coding each pair of clusters separately.
        within: bits saved by coding weights within clusters separately from those between.
        rows, columns: bits saved by the best clusters of one side alone, at most k of them, that a
            search finds; only for partitions that are themselves searched for by bits.
    """

    blocks: float = np.nan
    within: float = np.nan
    rows: float = np.nan
    columns: float = np.nan

    def tables(self) -> dict[str, np.ndarray]:
        """Values by their names in `block_sums.Tables`."""
        names = ("bits", "bits_within", "bits_u", "bits_v")
        return dict(zip(names, map(np.array, astuple(self)), strict=True))


# eq=False: `==` of arrays is elementwise.
@dataclass(frozen=True, eq=False)
class MatrixBits:
    """One matrix, with the code lengths that all its partitions share, computed on demand.

    Attributes:
        matrix: weights [m, n].
        bounds: `class_bounds` of a matrix with the same weights in another order, if known.
    """

    matrix: np.ndarray
    bounds: ClassBounds | None = None

    @cached_property
    def classes(self) -> SizeClasses:
        return size_classes(self.matrix, self.bounds)

    @cached_property
    def length(self) -> float:
        """Code length in nats of all weights as one block, rounded as those of clusters are."""
        rows, columns = (np.zeros((1, size), np.int64) for size in self.matrix.shape)
        counts = class_counts(self.classes, rows, columns, 1)
        return float(block_lengths(counts, np.ones(1, np.int64))[0][0])

    def counts(self, partitions: Labels) -> dict[Key, np.ndarray]:
        """`class_counts` [k, k, classes] by (method, k), skipping partitions of whole networks."""
        layer_partitions = _of_layers(partitions)
        counts = _all_counts(self.classes, layer_partitions)
        return {
            key: counts[number, : key[1], : key[1]] for number, key in enumerate(layer_partitions)
        }

    def saved(self, partitions: Labels) -> dict[Key, SavedBits]:
        """Saved bits by (method, k).

        Args:
            partitions: labels of rows [m] and columns [n] by (method, k).

        Returns:
            `SavedBits` for each partition; all values are NaN for partitions of whole networks.
        """
        saved, layer_partitions = dict.fromkeys(partitions, SavedBits()), _of_layers(partitions)
        if not layer_partitions or self.classes.count == 0:
            return saved
        clusters = np.array([k for _, k in layer_partitions])
        chosen = np.array([chooses(method) for method, _ in layer_partitions])
        counts = _all_counts(self.classes, layer_partitions)
        sides = (np.stack(labels) for labels in zip(*layer_partitions.values(), strict=True))
        sizes = [cluster_sizes(labels, int(clusters.max())) for labels in sides]
        names = labels_cost(sizes, clusters, chosen)
        lengths = block_lengths(counts, clusters)
        blocks, within = ((self.length - nats - names) / BIT for nats in lengths)
        for number, key in enumerate(layer_partitions):
            if sizes[0][number].any() and sizes[1][number].any():
                alone = self._one_sided(key[1]) if chosen[number] else ()
                saved[key] = SavedBits(float(blocks[number]), float(within[number]), *alone)
        return saved

    def _one_sided(self, k: int) -> tuple[float, float]:
        """Bits saved by row clusters alone, and by column clusters alone."""
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
        """Description lengths in nats of both sides, by initial number of clusters."""
        return {}


def cluster_sizes(labels: np.ndarray, k: int) -> np.ndarray:
    """Live units per cluster, [labellings, k], from labels [labellings, units]."""
    cells = labels.astype(np.int64) - DEAD + (k + 1) * np.arange(len(labels))[:, None]
    counts = np.bincount(cells.ravel(), minlength=(k + 1) * len(labels))
    return counts.reshape(len(labels), k + 1)[:, 1:]


def labels_cost(sizes: list[np.ndarray], k: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Code length in nats of the labels of both sides, [partitions].

    If the numbers of clusters were chosen, up to k per side, the code covers the chosen numbers
    and costs 2 ln k more for the choice. It is then 0 if neither side has more than one cluster.

    Args:
        sizes: cluster sizes of each side, [partitions, at least k]; 0 beyond k.
        k: k of each partition.
        chosen: whether the method chose the numbers of clusters, [partitions].
    """
    occupied = [(side > 0).sum(axis=-1) for side in sizes]
    named = [np.where(chosen, np.maximum(count, 1), k) for count in occupied]
    nats = sum(labels_length(*side) for side in zip(sizes, named, strict=True))
    nats = nats + np.where(chosen, 2 * np.log(k), 0)
    together = chosen & (occupied[0] <= 1) & (occupied[1] <= 1)
    return np.where(together, 0.0, nats)


def _of_layers(partitions: Labels) -> dict[Key, tuple[np.ndarray, np.ndarray]]:
    return {key: labels for key, labels in partitions.items() if not of_networks(key[0])}


def _all_counts(classes: SizeClasses, partitions: Labels) -> np.ndarray:
    """`class_counts` of partitions by (method, k), [partitions, k, k, classes]."""
    if not partitions:
        return np.zeros((0, 0, 0, classes.count), np.int64)
    rows, columns = (np.stack(side) for side in zip(*partitions.values(), strict=True))
    return class_counts(classes, rows, columns, max(k for _, k in partitions))
