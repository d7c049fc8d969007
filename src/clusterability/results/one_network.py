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
from clusterability.study.arguments import ScoringArguments
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


def usual_k(networks: Networks, arguments: ScoringArguments) -> ScoringArguments:
    """Restrict the default k to values that are feasible in some layer.

    Raises:
        UserError: if matrices that form no chain are asked for something that needs a chain.
    """
    names = arguments.clustering.clustered_layers(list(networks.weights))
    check_chain(networks, names, arguments.scalings)
    most = max(largest_k(networks, name) for name in names)
    first, last = arguments.k_values[0], arguments.k_values[-1]
    if not first <= most < last:
        return arguments
    return arguments.model_copy(update={"k": [Block(range(first, most + 1)).name]})


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


def _check_counts(networks: Networks, arguments: ScoringArguments) -> None:
    """Raise UserError if the null `degrees` is asked for weights that are no counts."""
    if "degrees" in arguments.nulls:
        for layer, stack in networks.weights.items():
            if not are_counts(stack):
                raise UserError(
                    f"nulls: found 'degrees', expected weights that are zeros and ones or counts:"
                    f" {layer} has others, and 'strength' keeps the sums of any"
                )


def _check_zeros(networks: Networks, arguments: ScoringArguments) -> None:
    """Raise UserError if rotations are asked for weights with many zeros."""
    mixing = [null for null in arguments.nulls if null.startswith("rotated")]
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
        partitions: [1, ...] by layer name in files, then by (method, k).
    """

    rows: pd.DataFrame
    sizes: pd.DataFrame
    partitions: dict[str, dict[Key, Partitions]]


def evaluate(
    networks: Networks,
    arguments: ScoringArguments,
    work: Work | None = None,
    workers: Workers = ONE_AT_A_TIME,
    groups: Mapping[str, KnownGroups] | None = None,
) -> Scored:
    """Cluster the network; score its clusters and its known groups.

    Args:
        networks: a block of one.
        arguments: k, methods, scalings, restarts and nulls.
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
    names = arguments.clustering.clustered_layers(list(networks.weights))
    check_chain(networks, names, arguments.scalings)
    check_k(networks, names, arguments.k_values)
    _check_counts(networks, arguments)
    _check_zeros(networks, arguments)
    work = Work() if work is None else work
    work.begin(sum(_cost(networks, name, arguments) for name in names))
    rows, sizes = [], []
    partitions_by_layer: dict[str, dict[Key, Partitions]] = {name: {} for name in names}
    for name in names:
        layers = scaled_layers(networks, name, arguments.scalings)
        for block in arguments.k_blocks:
            partitions, scores = _block_rows(layers, arguments, block, work, workers)
            partitions_by_layer[name] |= partitions
            rows.append(scores)
            sizes.append(cluster_sizes(name, partitions))
    for name, known in (groups or {}).items():
        work.step(f"{tensor_name(name)}: known groups")
        layers = scaled_layers(networks, name, arguments.scalings)
        draws = arguments.nulls.get("labels", 0)
        rows.append(group_rows(layers, known, draws, workers, arguments.measures))
    # A string column even without nulls, as in the table of a study.
    table = pd.concat(rows, ignore_index=True).astype({"null": "str"})
    return Scored(with_q(table), pd.concat(sizes, ignore_index=True), partitions_by_layer)


def _cost(networks: Networks, layer: str, arguments: ScoringArguments) -> float:
    """Cost of everything asked of a layer, in the units of `work.Work`."""
    draws = {null: 1.0 if NULLS[null].redrawn else LABELS_COST for null in arguments.nulls}
    clusterings = 1 + sum(count * draws[null] for null, count in arguments.nulls.items())
    size = layer_matrices(networks.weights, layer)[0].size
    return clusterings * size * len(arguments.scalings) * len(arguments.k_values)


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
    layers: Sequence[ScaledLayer],
    arguments: ScoringArguments,
    block: Block,
    work: Work,
    workers: Workers,
) -> tuple[dict[Key, Partitions], pd.DataFrame]:
    networks, layer = layers[0].networks, layers[0].layer
    key, shown = f"{layer}/{block.name}", f"{layer}, k = {block.name}"
    work.step(f"{shown}: clusters")
    result = clustered(work, key, layers, block, clustering_job(arguments.clustering, layer))
    observed = observed_tables(layers, result.partitions, result.held_out)
    nulls: dict[str, KeyedTables] = {}
    for null, draws in arguments.nulls.items():
        work.step(f"{shown}: {null}")
        threads = workers.at_once(layers[0].matrices[0].size)
        if NULLS[null].redrawn:
            job = null_job(arguments.clustering, null, draws, layer)
            redraw = (work, key, null, layers, block, job, threads)
            nulls[null] = (
                redrawn_until_decided(*redraw, result.partitions, observed, arguments.measures)
                if null in arguments.adaptive_nulls
                else redrawn(*redraw)
            )
        else:
            nulls[null] = _permuted(work, key, layers, block, arguments, result, threads)
    adaptive = adaptive_draws(arguments.clustering, arguments.adaptive_nulls, layer)
    compared = (result.partitions, observed, nulls, adaptive)
    scores = score_rows(networks, layer, *compared, arguments.measures)
    return result.partitions, scores


def _permuted(
    work: Work,
    step: str,
    layers: Sequence[ScaledLayer],
    block: Block,
    arguments: ScoringArguments,
    clusters: ClusteredLayer,
    threads: int,
) -> KeyedTables:
    """Tables of the null `labels`."""
    job = labels_job(arguments.clustering, arguments.nulls["labels"], layers[0].layer)
    observed = (clusters.partitions, clusters.held_out)
    return work.permuted(
        f"{step}.labels",
        LABELS_COST * job.draws * cost_of(layers, block),
        lambda: block_label_tables(layers, job.draws, *observed, threads, job.fewer),
    )
