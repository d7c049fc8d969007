"""What k is chosen from, gathered from all networks of a condition and all k of a layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from clusterability.analysis.agreement import adjusted_mutual_information
from clusterability.analysis.choose_k import Evidence, gap_k, singular_values, stability
from clusterability.clustering.block_sums import Tables
from clusterability.networks.partitions import Key, Partitions, Starts
from clusterability.networks.scaling import layers_at_scales
from clusterability.networks.stacked import Networks
from clusterability.results.structure_rows import observed_tables


def gather(
    networks: Networks,
    layer: str,
    partitions: Mapping[Key, Partitions],
    starts: Mapping[Key, Starts],
    nulls: Mapping[str, Mapping[Key, Tables]],
) -> Iterator[Evidence]:
    """The evidence, scale by scale: each scale of the weights has singular values of its own.

    Args:
        networks: all networks of a condition, or a block of them.
        layer: the layer that the partitions are of.
        partitions, starts: [networks, ...] by (method, k).
        nulls: tables [networks, draws, ...] by null, then by (method, k), of all scales.
    """
    observed = observed_tables(networks, layer, partitions, {})
    for keys, matrices in layers_at_scales(networks.weights, layer, partitions):
        k_values = sorted({k for _, k in keys})
        yield Evidence(
            condition=networks.condition,
            layer=layer,
            seeds=networks.seeds,
            observed={key: observed[key] for key in keys},
            nulls=nulls,
            gap_k=np.array([gap_k(singular_values(matrix), k_values) for matrix in matrices]),
            stability={key: _both_sides(starts[key]) for key in keys if key in starts},
        )


def _both_sides(starts: Starts) -> tuple[np.ndarray, np.ndarray]:
    ami = adjusted_mutual_information
    return stability(starts.rows, ami), stability(starts.columns, ami)
