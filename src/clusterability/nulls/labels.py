"""Null `labels`: the labels of both sides permuted, sizes fixed; nothing is clustered.

It asks whether a partition is better than a random one of the same sizes. Nearly every partition
found by optimisation is, on random weights too. Held-out information is the exception: its clusters
were found from other rows, so that this null is a fair one for it, unless strengths differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from clusterability.clustering.block_sums import Tables, stack_by_key
from clusterability.clustering.saved_bits import MatrixBits
from clusterability.clustering.summing import (
    held_out_information,
    tables_of,
    weights_information,
)
from clusterability.networks.live_units import DEAD, live_units
from clusterability.networks.partitions import HeldOut, Key, Labels, Partitions, labels_of
from clusterability.networks.scaled_layer import ScaledLayer
from clusterability.numerics import in_threads
from clusterability.randomness import StreamName, generator


def block_label_tables(
    layers: Sequence[ScaledLayer],
    draws: int,
    partitions: Mapping[Key, Partitions],
    held_out: Mapping[Key, HeldOut],
    threads: int = 1,
    fewer: Mapping[str, int] | None = None,
) -> dict[Key, Tables]:
    """Tables [networks, draws, ...] of the null `labels` for a block, by (method, k).

    Args:
        layers: the layer that the partitions are of, at each scale.
        draws: number of draws.
        partitions, held_out: [networks, ...] by (method, k), as `clustering` and `held_out` give.
        threads: draws at a time.
        fewer: draws of methods, by their names at their scale, that have fewer.
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
                threads,
                fewer,
            )
            for number, (seed, matrix) in enumerate(zip(seeds, scaled.matrices, strict=True))
        ]
        result |= stack_by_key(found)
    return result


def label_tables(
    matrix: np.ndarray,
    name: StreamName,
    draws: int,
    labels: Labels,
    held_out: Labels,
    threads: int = 1,
    fewer: Mapping[str, int] | None = None,
) -> dict[Key, Tables]:
    """Tables [draws, ...] of the null `labels`, by (method, k); without those that have no draws.

    One pair of permutations serves all methods and k of a draw.

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.
        draws: number of draws.
        labels: the network's own partitions.
        held_out: rows to judge on and labels of the columns; may be empty.
        threads: draws at a time.
        fewer: draws of methods that have fewer.
    """
    live = live_units(matrix)
    last = {key: (fewer or {}).get(key[0], draws) for key in labels}
    rows, columns = np.flatnonzero(live.rows), np.flatnonzero(live.columns)
    labelled = _labelled(held_out, matrix.shape[1])
    mi_total, bits = weights_information(matrix), MatrixBits(matrix)

    def tables(draw: int) -> dict[Key, Tables]:
        source = generator("draw", *name, "labels", draw)
        # Where the unit of each place goes to, and its label with it.
        row_order, column_order = source.permutation(rows), source.permutation(columns)
        permuted = {
            key: (_moved(own[0], rows, row_order), _moved(own[1], columns, column_order))
            for key, own in labels.items()
            if draw < last[key]
        }
        # The rows to judge on stay the same: only labels of columns are at stake.
        order = source.permutation(labelled)
        judged = {
            key: (judged_rows, _moved(own, labelled, order))
            for key, (judged_rows, own) in held_out.items()
            if draw < last.get(key, draws)
        }
        information = held_out_information(matrix, judged) if judged else {}
        return tables_of(matrix, permuted, information, mi_total, bits)

    return stack_by_key(list(in_threads(tables, range(draws), threads)))


def _moved(labels: np.ndarray, units: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Labels of units, each moved to the unit of its place in another order."""
    result = labels.copy()
    result[order] = labels[units]
    return result


def _labelled(held_out: Labels, columns: int) -> np.ndarray:
    """Numbers of the columns that have a cluster, of any method at any k."""
    mask = np.zeros(columns, bool)
    for _, labels in held_out.values():
        mask |= labels != DEAD
    return np.flatnonzero(mask)
