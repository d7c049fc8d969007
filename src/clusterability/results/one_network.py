"""One network in memory to its rows of scores: what the workflow's jobs do, without files.

The same network of the same name gives the same numbers, to the bit, as a study that imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from clusterability.blocks import Block
from clusterability.clustering.all_scales import block_partitions
from clusterability.clustering.block_sums import Tables
from clusterability.errors import UserError
from clusterability.networks.graph import layer_matrices
from clusterability.networks.layer_names import tensor_name
from clusterability.networks.live_units import DEAD, live_units
from clusterability.networks.partitions import Key, Partitions
from clusterability.networks.scaled_layer import ScaledLayer, check_chain, scaled_layers
from clusterability.networks.stacked import Networks
from clusterability.nulls.catalogue import NULLS
from clusterability.nulls.clustered_again import block_redrawn_tables
from clusterability.nulls.degrees import are_counts
from clusterability.nulls.labels import block_label_tables
from clusterability.nulls.mixing_units import MOST_ZEROS, too_many_zeros
from clusterability.numerics import ONE_AT_A_TIME, Workers
from clusterability.results.structure_rows import observed_tables, score_rows
from clusterability.results.summary import with_q
from clusterability.study.arguments import Asked
from clusterability.study.job_parameters import clustering_job, labels_job, null_job

Said = Callable[[str], None]
"""Told what is done next."""

SIZES = ["layer", "method", "k", "u_sizes", "v_sizes"]
"""Columns of the sizes of clusters."""


def largest_k(networks: Networks, layer: str) -> int:
    """The largest k that a layer can hold: the live units of its smaller side."""
    return min(min(live_units(m).shape) for m in layer_matrices(networks.weights, layer))


def usual_k(networks: Networks, asked: Asked) -> Asked:
    """What is asked, of the usual k those that some layer can hold; nobody has asked for more.

    Raises:
        UserError: where matrices that are no chain are asked for what needs one.
    """
    names = asked.clustering.clustered_layers(list(networks.weights))
    check_chain(networks, names, asked.scalings)
    most = max(largest_k(networks, name) for name in names)
    first, last = asked.k_values[0], asked.k_values[-1]
    if not first <= most < last:
        return asked
    return asked.model_copy(update={"k": [Block(range(first, most + 1)).name]})


def check_k(networks: Networks, layers: Sequence[str], k_values: Sequence[int]) -> None:
    """UserError where there is a k that none of these layers can hold."""
    most = max(largest_k(networks, layer) for layer in layers)
    for k in k_values:
        if k > most:
            where = layers[0] if len(layers) == 1 else "some layer"
            raise UserError(
                f"k: found {k}, expected k that {where} can hold (at most {most}, the live units of"
                " the smaller side)"
            )


def _check_counts(networks: Networks, asked: Asked) -> None:
    """UserError where degrees are asked of weights that have none."""
    if "degrees" in asked.nulls:
        for layer, stack in networks.weights.items():
            if not are_counts(stack):
                raise UserError(
                    f"nulls: found 'degrees', expected weights that are zeros and ones or counts:"
                    f" {layer} has others, and 'strength' keeps the sums of any"
                )


def _check_zeros(networks: Networks, asked: Asked) -> None:
    """UserError where mixtures are asked of weights many of which are zero."""
    mixing = [null for null in asked.nulls if null.startswith("rotated")]
    for layer, stack in networks.weights.items() if mixing else ():
        if any(map(too_many_zeros, stack)):
            raise UserError(
                f"nulls: found {mixing[0]!r}, expected layers of whose weights between live units"
                f" at most {MOST_ZEROS:.0%} are zero: {layer} has more, and 'shuffle_nonzero'"
                " leaves zeros where they are"
            )


def evaluate(
    networks: Networks,
    asked: Asked,
    said: Said = lambda step: None,
    workers: Workers = ONE_AT_A_TIME,
) -> pd.DataFrame:
    """Rows of the table `scores`, as a study gives them for the network.

    Args:
        networks: a block of one.
        asked: k, methods, scalings, restarts and nulls.
        said: told of each step.
        workers: draws at a time.

    Returns:
        Columns `columns.SCORES`; by layer, block of k, method, k, measure and null.

    Raises:
        UserError: where no layer can hold some k, or matrices that are no chain are asked for what
            needs one.
    """
    return evaluate_with_sizes(networks, asked, said, workers)[0]


def evaluate_with_sizes(
    networks: Networks,
    asked: Asked,
    said: Said = lambda step: None,
    workers: Workers = ONE_AT_A_TIME,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows as `evaluate` gives them, and the sizes of the clusters, as `cluster_sizes` does."""
    names = asked.clustering.clustered_layers(list(networks.weights))
    check_chain(networks, names, asked.scalings)
    check_k(networks, names, asked.k_values)
    _check_counts(networks, asked)
    _check_zeros(networks, asked)
    blocks = []
    for name in names:
        layers = scaled_layers(networks, name, asked.scalings)
        blocks += [_block_rows(layers, asked, block, said, workers) for block in asked.k_blocks]
    rows, sizes = (pd.concat(frames, ignore_index=True) for frames in zip(*blocks, strict=True))
    # Texts without any, too: as in the table of a study.
    return with_q(rows.astype({"null": "str"})), sizes


def cluster_sizes(layer: str, partitions: Mapping[Key, Partitions]) -> pd.DataFrame:
    """Sizes of the clusters of one network, a row a partition that is feasible.

    Args:
        layer: the name of the layer in files.
        partitions: [1, ...] by method and k.

    Returns:
        Columns SIZES: layer, method, k, and lists of the numbers of live units on either side, by
        the number of the cluster.

    >>> labels = np.array([[0, 0, 1, -1]], np.int16), np.array([[1, 0]], np.int16)
    >>> found = {("matched", 2): Partitions(*labels, np.array([True]))}
    >>> cluster_sizes("fc1", found).to_numpy().tolist()
    [['fc1', 'matched', 2, [2, 1], [1, 1]]]
    """
    rows = [
        (tensor_name(layer), method, k, _counts(found.rows[0]), _counts(found.columns[0]))
        for (method, k), found in partitions.items()
        if found.feasible[0]
    ]
    return pd.DataFrame(rows, columns=SIZES)


def _counts(labels: np.ndarray) -> list[int]:
    return [int(count) for count in np.bincount(labels[labels != DEAD])]


def _block_rows(
    layers: Sequence[ScaledLayer], asked: Asked, block: Block, said: Said, workers: Workers
) -> tuple[pd.DataFrame, pd.DataFrame]:
    networks, layer = layers[0].networks, layers[0].layer
    said(f"{layer}, k = {block.name}: clusters")
    found = block_partitions(layers, block, clustering_job(asked.clustering, layer))
    observed = observed_tables(layers, found.partitions, found.held_out)
    nulls: dict[str, dict[Key, Tables]] = {}
    for null, draws in asked.nulls.items():
        said(f"{layer}, k = {block.name}: {null}")
        threads = workers.at_once(layers[0].matrices[0].size)
        if NULLS[null].redrawn:
            job = null_job(asked.clustering, null, draws, layer)
            nulls[null] = block_redrawn_tables(null, layers, block, job, threads)
        else:
            permuted = labels_job(asked.clustering, draws, layer)
            own = (found.partitions, found.held_out)
            nulls[null] = block_label_tables(layers, draws, *own, threads, permuted.fewer)
    rows = score_rows(networks, layer, found.partitions, observed, nulls)
    return rows, cluster_sizes(layer, found.partitions)
