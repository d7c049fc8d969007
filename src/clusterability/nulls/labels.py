"""Null `labels`: the labels of both sides permuted, sizes fixed; nothing is clustered.

It asks whether a partition is better than a random one of the same sizes. Nearly every partition
found by optimisation is, on random weights too. Held-out information is the exception: its clusters
were found from other rows, so that this null is a fair one for it, unless strengths differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from clusterability.clustering.block_sums import Tables, stack_by_key
from clusterability.clustering.summing import held_out_information, tables_of
from clusterability.networks.live_units import DEAD, live_units
from clusterability.networks.partitions import HeldOut, Key, Labels, Partitions, labels_of
from clusterability.networks.scaled_layer import ScaledLayer
from clusterability.randomness import StreamName, generator


def block_label_tables(
    layers: Sequence[ScaledLayer],
    draws: int,
    partitions: Mapping[Key, Partitions],
    held_out: Mapping[Key, HeldOut],
) -> dict[Key, Tables]:
    """Tables [networks, draws, ...] of the null `labels` for a block, by (method, k).

    Args:
        layers: the layer that the partitions are of, at each scale.
        draws: number of draws.
        partitions, held_out: [networks, ...] by (method, k), as `clustering` and `held_out` give.
    """
    result: dict[Key, Tables] = {}
    for scaled in layers:
        own, held = scaled.own(partitions), scaled.own(held_out)
        condition, seeds = scaled.networks.condition, scaled.networks.seeds
        found = [
            label_tables(
                matrix,
                (condition, seed, scaled.layer),
                draws,
                labels_of(own, number),
                labels_of(held, number),
            )
            for number, (seed, matrix) in enumerate(zip(seeds, scaled.matrices, strict=True))
        ]
        result |= stack_by_key(found)
    return result


def label_tables(
    matrix: np.ndarray, name: StreamName, draws: int, labels: Labels, held_out: Labels
) -> dict[Key, Tables]:
    """Tables [draws, ...] of the null `labels`, by (method, k).

    One pair of permutations serves all methods and k of a draw.

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.
        draws: number of draws.
        labels: the network's own partitions.
        held_out: rows to judge on and labels of the columns; may be empty.
    """
    live = live_units(matrix)
    rows, columns = np.flatnonzero(live.rows), np.flatnonzero(live.columns)
    labelled = _labelled(held_out, matrix.shape[1])
    found = []
    for draw in range(draws):
        source = generator("draw", *name, "labels", draw)
        row_order, column_order = source.permutation(rows), source.permutation(columns)
        # Permuting the units under fixed labels is permuting the labels.
        permuted = np.zeros_like(matrix)
        permuted[np.ix_(rows, columns)] = matrix[np.ix_(row_order, column_order)]
        # The rows to judge on stay the same: only labels of columns are at stake.
        judged = np.zeros_like(matrix)
        judged[:, labelled] = matrix[:, source.permutation(labelled)]
        information = held_out_information(judged, held_out) if held_out else {}
        found.append(tables_of(permuted, labels, information))
    return stack_by_key(found)


def _labelled(held_out: Labels, columns: int) -> np.ndarray:
    """Numbers of the columns that have a cluster, of any method at any k."""
    mask = np.zeros(columns, bool)
    for _, labels in held_out.values():
        mask |= labels != DEAD
    return np.flatnonzero(mask)
