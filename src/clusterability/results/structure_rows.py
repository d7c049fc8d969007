"""Score rows of a block: one per network, method, k, measure and null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from clusterability.clustering.block_sums import Tables, stack_by_key
from clusterability.clustering.cluster_bits import ClusterBits, cluster_bits
from clusterability.clustering.saved_bits import MatrixBits
from clusterability.clustering.summing import partition_tables
from clusterability.comparison import compare
from clusterability.jobs.adaptive_job import AdaptiveDraws
from clusterability.measures.asked import asked_of_method
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.structure import (
    FUNCTIONS,
    barber_terms,
    effective_clusters,
    mean_strengths,
    mi_terms,
    ncut_terms,
)
from clusterability.names import NETWORK
from clusterability.networks.graph import network_units
from clusterability.networks.importing.unit_names import NO_NAMES, UnitNames
from clusterability.networks.layer_names import tensor_name
from clusterability.networks.partitions import HeldOut, Key, Partitions, labels_of
from clusterability.networks.scaled_layer import ScaledLayer
from clusterability.networks.stacked import Networks
from clusterability.results.columns import SCORE_COLUMNS
from clusterability.stopping import compare_stopped


def observed_tables(
    layers: Sequence[ScaledLayer],
    partitions: Mapping[Key, Partitions],
    held_out: Mapping[Key, HeldOut],
) -> dict[Key, Tables]:
    """Tables of the observed partitions, [networks, ...], by (method, k).

    Args:
        layers: the layer of the partitions at each scaling.
        partitions, held_out: [networks, ...] by (method, k).
    """
    by_key: dict[Key, Tables] = {}
    for scaled in layers:
        clusters, held = scaled.of_scaling(partitions), scaled.of_scaling(held_out)
        tables = [
            partition_tables(matrix, clusters, held, i) for i, matrix in enumerate(scaled.matrices)
        ]
        by_key |= stack_by_key(tables)
    return {key: by_key[key] for key in partitions}


def score_rows(
    networks: Networks,
    layer: str,
    partitions: Mapping[Key, Partitions],
    observed: Mapping[Key, Tables],
    nulls: Mapping[str, Mapping[Key, Tables]],
    adaptive: Mapping[str, AdaptiveDraws] = MappingProxyType({}),
    added: Sequence[str] = (),
) -> pd.DataFrame:
    """Structural measures of a block, compared with each null.

    Args:
        networks: networks of the block.
        layer: layer of the partitions.
        partitions: [networks, ...] by (method, k).
        observed: tables of the partitions; see `observed_tables`.
        nulls: tables [networks, draws, ...] by null, then by (method, k), without methods that have
            no draws.
        adaptive: nulls whose draws end by the rule in `stopping`.
        added: measures of other packages.

    Returns:
        Rows with SCORE_COLUMNS. Without nulls, one row per measure with an empty null.
    """
    parts = []
    for key, partition in partitions.items():
        named: dict[str, Any] = {"method": key[0], "k": key[1]}
        # Tables of draws may be stored in files: read them once for all measures.
        drawn = {null: nulls[null].get(key) if null else None for null in nulls or [""]}
        for measure in asked_of_method(key[0], added):
            for null, draws in drawn.items():
                most = adaptive[null].most(key[0]) if null in adaptive else None
                columns_of_measure = _measure_columns(
                    measure, observed[key], partition.feasible, draws, most
                )
                parts.append(
                    named | {"measure": measure, "null": null or None} | columns_of_measure
                )
    count = len(networks.seeds)
    columns = {
        name: np.concatenate([_repeated(part[name], count) for part in parts])
        for name in SCORE_COLUMNS
        if name in parts[0]
    }
    rows = pd.DataFrame(columns).assign(
        condition=networks.condition,
        layer=tensor_name(layer),
        seed=np.tile(networks.seeds, len(parts)),
    )
    return rows[SCORE_COLUMNS]


def _repeated(value: Any, count: int) -> np.ndarray:
    """Repeat a value for each network; arrays already have one value per network."""
    return value if isinstance(value, np.ndarray) else np.array([value] * count)


def _measure_columns(
    measure: str,
    observed: Tables,
    feasible: np.ndarray,
    draws: Tables | None,
    most: int | None,
) -> dict[str, np.ndarray]:
    """One measure of all networks of a block, compared with one null.

    `most` is the largest number of draws, if they end by a rule.
    """
    function, entry = FUNCTIONS[measure], MEASURES[measure]
    values = np.where(feasible, function(observed), np.nan)
    drawn = function(draws) if draws is not None else np.empty((len(values), 0))
    drawn = np.where(feasible[:, None], drawn, np.nan)
    arguments = (values, drawn, entry.direction)
    comparison = compare(*arguments) if most is None else compare_stopped(*arguments, most)
    status = np.where(~feasible, "infeasible", np.where(np.isfinite(values), "ok", "undefined"))
    return {
        "k_effective": effective_clusters(observed),
        "value": values,
        **comparison.columns(),
        **({} if entry.standardised else {"z": np.full(len(values), np.nan)}),
        "status": status.astype(object),
    }


def cluster_rows(
    networks: Networks,
    layer: str,
    partitions: Mapping[Key, Partitions],
    observed: Mapping[Key, Tables],
    layers: Sequence[ScaledLayer],
) -> pd.DataFrame:
    """One row per cluster: sizes, terms of Barber's Q, n-cut and mutual information, and bits.

    The terms of a partition's clusters sum to `barber_q`, `ncut` and `mi`. `layers` is as in
    `observed_tables`; the other arguments are as in `score_rows`.
    """
    bits = [cluster for scaled in layers for cluster in bits_of_clusters(scaled, partitions)]
    by_key = {
        key: [bits_of_network[key] for bits_of_network in bits if key in bits_of_network]
        for key in partitions
    }
    rows = pd.concat(
        [
            _cluster_frame(networks, key, observed[key], partition.feasible, by_key[key])
            for key, partition in partitions.items()
        ],
        ignore_index=True,
    )
    rows.insert(0, "condition", networks.condition)
    rows.insert(2, "layer", tensor_name(layer))
    return rows


def bits_of_clusters(
    scaled: ScaledLayer, partitions: Mapping[Key, Partitions]
) -> list[dict[Key, ClusterBits]]:
    """Bits of the clusters at one scaling of the weights, by network."""
    clusters = scaled.of_scaling(partitions)
    return [
        cluster_bits(MatrixBits(matrix), labels_of(clusters, number))
        for number, matrix in enumerate(scaled.matrices)
    ]


def _cluster_frame(
    networks: Networks,
    key: Key,
    tables: Tables,
    feasible: np.ndarray,
    bits: Sequence[ClusterBits],
) -> pd.DataFrame:
    method, k = key
    frame = pd.DataFrame(
        {
            "seed": np.repeat(networks.seeds, k),
            "method": method,
            "k": k,
            "cluster": np.tile(np.arange(k), len(networks.seeds)),
            "u_size": tables.row_sizes.ravel(),
            "v_size": tables.column_sizes.ravel(),
            "barber_term": barber_terms(tables).ravel(),
            "ncut_term": ncut_terms(tables).ravel(),
            "mi_term": mi_terms(tables).ravel(),
            "cluster_bits": np.concatenate([cluster.bits for cluster in bits]),
            "bits_if_merged": np.concatenate([cluster.if_merged for cluster in bits]),
            "merge_with": np.concatenate([cluster.merge_with for cluster in bits]),
            "mean_strength": mean_strengths(tables).ravel(),
        }
    )
    return frame[np.repeat(feasible, k)]


def _names_column(names: Sequence[str] | None, labels: np.ndarray) -> pd.Series:
    """Names of the units, repeated for each network of labels [networks, units], or empty."""
    repeated = [None] * labels.size if names is None else [*names] * len(labels)
    return pd.Series(repeated, dtype=object)


def partition_rows(
    condition: str,
    seeds: Sequence[int],
    layer: str,
    sizes: Sequence[int],
    partitions: Mapping[Key, Partitions],
    names: UnitNames = NO_NAMES,
) -> pd.DataFrame:
    """One row per unit: side, index in the layer, label (-1 for dead units) and name.

    In the layer "network", the U side holds the units of even layers and the V side those of odd
    layers, numbered through the whole network.

    Args:
        condition: condition of the networks.
        seeds: one per network.
        layer: layer of the partitions.
        sizes: units per layer of the network, input first.
        partitions: [networks, ...] by (method, k).
        names: names of the layer's units; empty if they have none, and for the layer "network".
    """
    frames = []
    given = {"U": names.rows, "V": names.columns}
    for (method, k), partition in partitions.items():
        sides = {"U": partition.rows, "V": partition.columns}
        numbers = {side: np.arange(labels.shape[1]) for side, labels in sides.items()}
        if layer == NETWORK:
            numbers = dict(zip(sides, network_units(sizes), strict=True))
        for side, labels in sides.items():
            frames.append(
                pd.DataFrame(
                    {
                        "condition": condition,
                        "seed": np.repeat(seeds, labels.shape[1]),
                        "layer": tensor_name(layer),
                        "method": method,
                        "k": k,
                        "side": side,
                        "unit": np.tile(numbers[side], len(seeds)),
                        "label": labels.ravel(),
                        "name": _names_column(given[side], labels),
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)
