"""Null `labels`: the labels of both sides permuted, cluster sizes fixed; nothing is clustered.

The null tests whether a partition is better than a random one with the same sizes. Nearly every
optimised partition is, even on random weights. Held-out information is the exception: its clusters
were found on other rows, so that the null is fair unless strengths differ.
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
        layers: the layer of the partitions at each scaling.
        draws: number of draws.
        partitions, held_out: [networks, ...] by (method, k), as `clustering` and `held_out` give.
        threads: number of draws computed at a time.
        fewer: number of draws by scaled method, for methods with fewer draws.
    """
    result: dict[Key, Tables] = {}
    for scaled in layers:
        clusters, held = scaled.of_scaling(partitions), scaled.of_scaling(held_out)
        condition, seeds = scaled.networks.condition, scaled.networks.seeds
        by_network = [
            label_tables(
                matrix,
                (condition, seed, scaled.layer),
                draws,
                labels_of(clusters, number),
                labels_of(held, number),
                threads,
                fewer,
            )
            for number, (seed, matrix) in enumerate(zip(seeds, scaled.matrices, strict=True))
        ]
        result |= stack_by_key(by_network)
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
    """Tables [draws, ...] of the null `labels`, by (method, k); methods without draws are left out.

    Each draw permutes the rows and the columns once, for all methods and k.

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.
        draws: number of draws.
        labels: partitions of the network.
        held_out: rows to judge on and labels of the columns; may be empty.
        threads: number of draws computed at a time.
        fewer: number of draws by method, for methods with fewer draws.

    >>> labels = {("mine", 2): (np.array([0, 1, 1]), np.array([0, 0, 1]))}
    >>> tables = label_tables(np.ones((3, 3)), ("mine", 0, "fc1"), 5, labels, {})
    >>> tables["mine", 2].row_sizes[4].tolist(), tables["mine", 2].weights.shape
    ([1, 2], (5, 2, 2))
    """
    live = live_units(matrix)
    last = {key: (fewer or {}).get(key[0], draws) for key in labels}
    rows, columns = np.flatnonzero(live.rows), np.flatnonzero(live.columns)
    labelled = _labelled(held_out, matrix.shape[1])
    mi_total, bits = weights_information(matrix), MatrixBits(matrix)

    def tables(draw: int) -> dict[Key, Tables]:
        source = generator("draw", *name, "labels", draw)
        # The label of unit rows[i] moves to unit row_order[i].
        row_order, column_order = source.permutation(rows), source.permutation(columns)
        permuted = {
            key: (_moved(pair[0], rows, row_order), _moved(pair[1], columns, column_order))
            for key, pair in labels.items()
            if draw < last[key]
        }
        # The judged rows stay the same: only the labels of columns are tested.
        order = source.permutation(labelled)
        judged = {
            key: (judged_rows, _moved(column_labels, labelled, order))
            for key, (judged_rows, column_labels) in held_out.items()
            if draw < last.get(key, draws)
        }
        information = held_out_information(matrix, judged) if judged else {}
        return tables_of(matrix, permuted, information, mi_total, bits)

    return stack_by_key(list(in_threads(tables, range(draws), threads)))


def _moved(labels: np.ndarray, units: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Labels of `units`, moved to the units in `order`."""
    result = labels.copy()
    result[order] = labels[units]
    return result


def _labelled(held_out: Labels, columns: int) -> np.ndarray:
    """Indices of the columns that any method assigns to a cluster at any k."""
    mask = np.zeros(columns, bool)
    for _, labels in held_out.values():
        mask |= labels != DEAD
    return np.flatnonzero(mask)
