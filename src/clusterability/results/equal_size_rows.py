"""Layers compared at equal size: scores of random submatrices as large as the smallest layer.

z and excess depend on the size of a matrix. Layers of 128 x 784 and 10 x 128 are comparable if both
give matrices of 10 x 128.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd

from clusterability.clustering.spectral import cluster
from clusterability.jobs.clustering_job import NullJob
from clusterability.jobs.equal_size_job import EqualSizeJob
from clusterability.networks.layer_names import tensor_name
from clusterability.networks.live_units import live_units
from clusterability.networks.partitions import Key, Partitions
from clusterability.networks.scaled_layer import scaled_layers
from clusterability.networks.stacked import Networks
from clusterability.nulls.clustered_again import block_redrawn_tables
from clusterability.randomness import generator
from clusterability.results.columns import EQUAL_SIZE_NETWORKS
from clusterability.results.effect_sizes import with_effect_sizes
from clusterability.results.structure_rows import observed_tables, score_rows

NULL = "shuffle"
"""Null that submatrices are compared with."""

_PARTITION = ["method", "k", "measure"]
_MEANS = ["value", "null_mean", "excess", "z"]


def common_size(networks: Networks, number: int) -> tuple[int, int]:
    """Size that every layer of a network has: the smallest numbers of live rows and columns.

    >>> weights = {"fc1": np.ones((1, 8, 5)), "fc2": np.ones((1, 3, 8))}
    >>> common_size(Networks("trained", (0,), {}, weights), 0)
    (3, 5)
    """
    shapes = [live_units(stack[number]).shape for stack in networks.weights.values()]
    rows, columns = zip(*shapes, strict=True)
    return min(rows), min(columns)


def submatrices(networks: Networks, number: int, layer: str, count: int) -> Networks:
    """Random submatrices of a layer of one network, as a block of networks with one layer.

    Rows and columns are drawn without replacement among the live units and keep their order; each
    submatrix has its own random stream. A layer of the common size gives the same matrix every
    time, but with different k-means restarts and shuffles.

    Args:
        networks: a block with all layers.
        number: index of the network in the block.
        layer: name of a layer.
        count: number of submatrices.

    Returns:
        Networks whose seeds number the submatrices, with the single layer [count, rows, columns] of
        `common_size`. Their condition contains the name of the network, and so do the random
        streams of clustering and draws.
    """
    condition, seed = networks.condition, networks.seeds[number]
    matrix, size = networks.weights[layer][number], common_size(networks, number)
    live = live_units(matrix)
    stack = np.empty((count, *size), matrix.dtype)
    for index in range(count):
        source = generator("equal_size", condition, seed, layer, index)
        rows, columns = (
            np.sort(source.choice(np.flatnonzero(side), units, replace=False))
            for side, units in zip((live.rows, live.columns), size, strict=True)
        )
        stack[index] = matrix[np.ix_(rows, columns)]
    name = f"{condition} {seed} equal_size"
    return Networks(
        name, tuple(range(count)), networks.recipe, {layer: stack}, chain=networks.chain
    )


def equal_size_rows(networks: Networks, layer: str, job: EqualSizeJob) -> pd.DataFrame:
    """Means over submatrices of a layer, for each network of a block.

    Each submatrix is scaled, clustered, shuffled and scored as a separate matrix.

    Args:
        networks: a block with all layers.
        layer: name of a layer.
        job: submatrices, shuffles, methods, scalings and k.

    Returns:
        `columns.EQUAL_SIZE_NETWORKS`, one row per network, method, k and measure: `rows` and
        `columns` of the submatrices; `submatrices`, the number with a value; `value`, `null_mean`,
        `excess` and `z`, means over submatrices; `z_error`, the Monte Carlo standard error of the
        mean z. `z` and `z_error` are empty unless each submatrix with a value has a z.
    """
    parts = [_network_rows(networks, number, layer, job) for number in range(len(networks.seeds))]
    return pd.concat(parts, ignore_index=True)[EQUAL_SIZE_NETWORKS]


def _network_rows(networks: Networks, number: int, layer: str, job: EqualSizeJob) -> pd.DataFrame:
    rows, columns = common_size(networks, number)
    scores = _scores(submatrices(networks, number, layer, job.submatrices), layer, job)
    return _means(scores).assign(
        condition=networks.condition,
        seed=networks.seeds[number],
        layer=tensor_name(layer),
        rows=rows,
        columns=columns,
        draws=job.draws,
    )


def _scores(parts: Networks, layer: str, job: EqualSizeJob) -> pd.DataFrame:
    """Scores of submatrices, with effect sizes."""
    layers = scaled_layers(parts, layer, job.scalings)
    partitions: dict[Key, Partitions] = {}
    for scaled in layers:
        arguments = (scaled.matrices, scaled.streams, job.k, job.methods, job.restarts)
        partitions |= scaled.renamed(cluster(*arguments))
    settings = {
        name.name: getattr(job, name.name) for name in fields(NullJob) if name.name != "fewer"
    }
    drawn = block_redrawn_tables(NULL, layers, job.k, NullJob(**settings))
    tables = observed_tables(layers, partitions, {})
    scores = score_rows(parts, layer, partitions, tables, {NULL: drawn})
    # Held-out information clusters half of the rows, and shuffles have none.
    return with_effect_sizes(scores[scores["measure"] != "held_out"])


def _means(scores: pd.DataFrame) -> pd.DataFrame:
    """Means over submatrices, in the order of the scores.

    z is undefined where all shuffles of a submatrix give the same value. The remaining submatrices
    would be a selection, and their mean z would not describe the layer.
    """
    scores = scores.assign(square=scores["z_error"] ** 2)
    groups = scores.groupby(_PARTITION, sort=False)
    means = groups[_MEANS].mean()
    means["submatrices"] = groups["value"].count()
    known = groups["square"].count()
    means["z_error"] = np.sqrt(groups["square"].mean() / known.where(known > 0))
    means.loc[groups["z"].count() < means["submatrices"], ["z", "z_error"]] = np.nan
    return means.reset_index()
