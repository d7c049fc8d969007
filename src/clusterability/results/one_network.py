"""Scores of one network in memory: what the workflow's jobs do, without files.

Equal networks with equal names give bitwise the same numbers as a study that imports them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from clusterability.blocks import Block
from clusterability.clustering.all_scales import ClusteredLayer
from clusterability.clustering.block_sums import KeyedTables
from clusterability.errors import UserError
from clusterability.networks.graph import layer_matrices
from clusterability.networks.known_groups import KnownGroups
from clusterability.networks.layer_names import tensor_name
from clusterability.networks.live_units import DEAD, live_units
from clusterability.networks.partitions import Key, Partitions
from clusterability.networks.scaled_layer import ScaledLayer, check_chain, scaled_layers
from clusterability.networks.stacked import Networks
from clusterability.nulls.catalogue import NULLS
from clusterability.nulls.degrees import are_counts
from clusterability.nulls.labels import block_label_tables
from clusterability.nulls.mixing_units import MOST_ZEROS, too_many_zeros
from clusterability.numerics import ONE_AT_A_TIME, Workers
from clusterability.results.single.group_rows import group_rows
from clusterability.results.single.work import (
    LABELS_COST,
    Work,
    clustered,
    cost_of,
    redrawn,
    redrawn_until_decided,
)
from clusterability.results.structure_rows import observed_tables, score_rows
from clusterability.results.summary import with_q
from clusterability.study.arguments import Asked
from clusterability.study.job_parameters import (
    adaptive_draws,
    clustering_job,
    labels_job,
    null_job,
)

SIZES = ["layer", "method", "k", "u_sizes", "v_sizes"]
"""Columns of the cluster sizes."""


def largest_k(networks: Networks, layer: str) -> int:
    """Largest feasible k of a layer: the number of live units on its smaller side."""
    return min(min(live_units(m).shape) for m in layer_matrices(networks.weights, layer))


def usual_k(networks: Networks, asked: Asked) -> Asked:
    """Restrict the default k to values that are feasible in some layer.

    Raises:
        UserError: if matrices that form no chain are asked for something that needs a chain.
    """
    names = asked.clustering.clustered_layers(list(networks.weights))
    check_chain(networks, names, asked.scalings)
    most = max(largest_k(networks, name) for name in names)
    first, last = asked.k_values[0], asked.k_values[-1]
    if not first <= most < last:
        return asked
    return asked.model_copy(update={"k": [Block(range(first, most + 1)).name]})


def check_k(networks: Networks, layers: Sequence[str], k_values: Sequence[int]) -> None:
    """Raise UserError for a k that is infeasible in all of these layers."""
    most = max(largest_k(networks, layer) for layer in layers)
    for k in k_values:
        if k > most:
            where = layers[0] if len(layers) == 1 else "some layer"
            raise UserError(
                f"k: found {k}, expected k that {where} can hold (at most {most}, the live units of"
                " the smaller side)"
            )


def _check_counts(networks: Networks, asked: Asked) -> None:
    """Raise UserError if the null `degrees` is asked for weights that are no counts."""
    if "degrees" in asked.nulls:
        for layer, stack in networks.weights.items():
            if not are_counts(stack):
                raise UserError(
                    f"nulls: found 'degrees', expected weights that are zeros and ones or counts:"
                    f" {layer} has others, and 'strength' keeps the sums of any"
                )


def _check_zeros(networks: Networks, asked: Asked) -> None:
    """Raise UserError if rotations are asked for weights with many zeros."""
    mixing = [null for null in asked.nulls if null.startswith("rotated")]
    for layer, stack in networks.weights.items() if mixing else ():
        if any(map(too_many_zeros, stack)):
            raise UserError(
                f"nulls: found {mixing[0]!r}, expected layers of whose weights between live units"
                f" at most {MOST_ZEROS:.0%} are zero: {layer} has more, and 'shuffle_nonzero'"
                " leaves zeros where they are"
            )


class Scored(NamedTuple):
    """Result of `evaluate`.

    Attributes:
        rows: rows of the table `scores`, as in a study of the network.
        sizes: sizes of the clusters; see `cluster_sizes`.
        found: partitions [1, ...] by layer name in files, then by (method, k).
    """

    rows: pd.DataFrame
    sizes: pd.DataFrame
    found: dict[str, dict[Key, Partitions]]


def evaluate(
    networks: Networks,
    asked: Asked,
    work: Work | None = None,
    workers: Workers = ONE_AT_A_TIME,
    groups: Mapping[str, KnownGroups] | None = None,
) -> Scored:
    """Cluster the network; score its clusters and its known groups.

    Args:
        networks: a block of one.
        asked: k, methods, scalings, restarts and nulls.
        work: reports, and may keep, each step.
        workers: sets the number of draws computed at a time.
        groups: known groups of units by layer name in files.

    Returns:
        Rows with the columns `columns.SCORES`, by layer, block of k, method, k, measure and null;
        known groups come last.

    Raises:
        UserError: if no layer can hold some k, or if matrices that form no chain are asked for
            something that needs a chain.
    """
    names = asked.clustering.clustered_layers(list(networks.weights))
    check_chain(networks, names, asked.scalings)
    check_k(networks, names, asked.k_values)
    _check_counts(networks, asked)
    _check_zeros(networks, asked)
    work = Work() if work is None else work
    work.begin(sum(_cost(networks, name, asked) for name in names))
    rows, sizes = [], []
    partitions_by_layer: dict[str, dict[Key, Partitions]] = {name: {} for name in names}
    for name in names:
        layers = scaled_layers(networks, name, asked.scalings)
        for block in asked.k_blocks:
            partitions, scores = _block_rows(layers, asked, block, work, workers)
            partitions_by_layer[name] |= partitions
            rows.append(scores)
            sizes.append(cluster_sizes(name, partitions))
    for name, known in (groups or {}).items():
        work.step(f"{tensor_name(name)}: known groups")
        layers = scaled_layers(networks, name, asked.scalings)
        draws = asked.nulls.get("labels", 0)
        rows.append(group_rows(layers, known, draws, workers, asked.measures))
    # A string column even without nulls, as in the table of a study.
    table = pd.concat(rows, ignore_index=True).astype({"null": "str"})
    return Scored(with_q(table), pd.concat(sizes, ignore_index=True), partitions_by_layer)


def _cost(networks: Networks, layer: str, asked: Asked) -> float:
    """Cost of everything asked of a layer, in the units of `work.Work`."""
    draws = {null: 1.0 if NULLS[null].redrawn else LABELS_COST for null in asked.nulls}
    clusterings = 1 + sum(count * draws[null] for null, count in asked.nulls.items())
    size = layer_matrices(networks.weights, layer)[0].size
    return clusterings * size * len(asked.scalings) * len(asked.k_values)


def cluster_sizes(layer: str, partitions: Mapping[Key, Partitions]) -> pd.DataFrame:
    """Sizes of the clusters of one network, one row per feasible partition.

    Args:
        layer: name of the layer in files.
        partitions: [1, ...] by method and k.

    Returns:
        Columns SIZES: layer, method, k, and for either side a list of the number of live units in
        each cluster.

    >>> labels = np.array([[0, 0, 1, -1]], np.int16), np.array([[1, 0]], np.int16)
    >>> partitions = {("matched", 2): Partitions(*labels, np.array([True]))}
    >>> cluster_sizes("fc1", partitions).to_numpy().tolist()
    [['fc1', 'matched', 2, [2, 1], [1, 1]]]
    """
    rows = [
        (tensor_name(layer), method, k, _counts(partition.rows[0]), _counts(partition.columns[0]))
        for (method, k), partition in partitions.items()
        if partition.feasible[0]
    ]
    return pd.DataFrame(rows, columns=SIZES)


def _counts(labels: np.ndarray) -> list[int]:
    return [int(count) for count in np.bincount(labels[labels != DEAD])]


def _block_rows(
    layers: Sequence[ScaledLayer], asked: Asked, block: Block, work: Work, workers: Workers
) -> tuple[dict[Key, Partitions], pd.DataFrame]:
    networks, layer = layers[0].networks, layers[0].layer
    key, shown = f"{layer}/{block.name}", f"{layer}, k = {block.name}"
    work.step(f"{shown}: clusters")
    result = clustered(work, key, layers, block, clustering_job(asked.clustering, layer))
    observed = observed_tables(layers, result.partitions, result.held_out)
    nulls: dict[str, KeyedTables] = {}
    for null, draws in asked.nulls.items():
        work.step(f"{shown}: {null}")
        threads = workers.at_once(layers[0].matrices[0].size)
        if NULLS[null].redrawn:
            job = null_job(asked.clustering, null, draws, layer)
            arguments = (work, key, null, layers, block, job, threads)
            nulls[null] = (
                redrawn_until_decided(*arguments, result.partitions, observed, asked.measures)
                if null in asked.adaptive_nulls
                else redrawn(*arguments)
            )
        else:
            nulls[null] = _permuted(work, key, layers, block, asked, result, threads)
    adaptive = adaptive_draws(asked.clustering, asked.adaptive_nulls, layer)
    compared = (result.partitions, observed, nulls, adaptive)
    scores = score_rows(networks, layer, *compared, asked.measures)
    return result.partitions, scores


def _permuted(
    work: Work,
    place: str,
    layers: Sequence[ScaledLayer],
    block: Block,
    asked: Asked,
    clusters: ClusteredLayer,
    threads: int,
) -> KeyedTables:
    """Tables of the null `labels`."""
    job = labels_job(asked.clustering, asked.nulls["labels"], layers[0].layer)
    observed = (clusters.partitions, clusters.held_out)
    return work.permuted(
        f"{place}.labels",
        LABELS_COST * job.draws * cost_of(layers, block),
        lambda: block_label_tables(layers, job.draws, *observed, threads, job.fewer),
    )
