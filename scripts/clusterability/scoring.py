"""Partitions and tables of a block to rows of scores: one a network, method, k, measure, null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from clusterability.comparison import compare
from clusterability.contingency import Tables, stack_by_key, tables_of
from clusterability.measures import MEASURES, barber_terms, effective_clusters, mi_terms, ncut_terms
from clusterability.networks import Networks
from clusterability.partitions import Key, Partitions, labels_of

SCORE_COLUMNS = [
    "condition",
    "seed",
    "layer",
    "method",
    "k",
    "k_effective",
    "measure",
    "value",
    "null",
    "null_mean",
    "null_sd",
    "null_n",
    "z",
    "p",
    "p_two_sided",
    "status",
]
"""Columns of a block's scores; `q` joins them when all blocks are there."""


def observed_tables(
    networks: Networks, layer: str, partitions: Mapping[Key, Partitions]
) -> dict[Key, Tables]:
    """Tables of each network's own partitions, [networks, ...], by (method, k)."""
    found = [
        tables_of(matrix, labels_of(partitions, number))
        for number, matrix in enumerate(networks.weights[layer])
    ]
    return stack_by_key(found)


def score_rows(
    networks: Networks,
    layer: str,
    partitions: Mapping[Key, Partitions],
    nulls: Mapping[str, Mapping[Key, Tables]],
) -> pd.DataFrame:
    """Structural measures of a block, compared with each null.

    Args:
        networks: the block's networks.
        layer: the layer that the partitions are of.
        partitions: [networks, ...] by (method, k).
        nulls: tables [networks, draws, ...] by null, then by (method, k).

    Returns:
        Rows with SCORE_COLUMNS. Without nulls, one row a measure with an empty null.
    """
    observed = observed_tables(networks, layer, partitions)
    frames = []
    for key, partition in partitions.items():
        for measure in MEASURES:
            for null in nulls or [""]:
                draws = nulls[null][key] if null else None
                frame = _measure_frame(measure, observed[key], partition.feasible, draws)
                frames.append(
                    frame.assign(seed=networks.seeds, method=key[0], k=key[1], null=null or None)
                )
    rows = pd.concat(frames, ignore_index=True)
    return rows.assign(condition=networks.condition, layer=layer)[SCORE_COLUMNS]


def _measure_frame(
    measure: str, observed: Tables, feasible: np.ndarray, draws: Tables | None
) -> pd.DataFrame:
    """One measure of all networks of a block, compared with one null."""
    function, direction = MEASURES[measure].function, MEASURES[measure].direction
    values = np.where(feasible, function(observed), np.nan)
    drawn = function(draws) if draws is not None else np.empty((len(values), 0))
    drawn = np.where(feasible[:, None], drawn, np.nan)
    found = compare(values, drawn, direction)
    status = np.where(~feasible, "infeasible", np.where(np.isfinite(values), "ok", "undefined"))
    return pd.DataFrame(
        {
            "k_effective": effective_clusters(observed),
            "measure": measure,
            "value": values,
            "null_mean": found.mean,
            "null_sd": found.deviation,
            "null_n": found.count,
            "z": found.z,
            "p": found.p,
            "p_two_sided": found.p_two_sided,
            "status": status,
        }
    )


def cluster_rows(
    networks: Networks, layer: str, partitions: Mapping[Key, Partitions]
) -> pd.DataFrame:
    """One row a cluster: sizes, and its terms of Barber's Q, n-cut and mutual information.

    The terms of a partition's clusters sum to `barber_q`, `ncut` and `mi`.
    """
    observed = observed_tables(networks, layer, partitions)
    rows = pd.concat(
        [
            _cluster_frame(networks, key, observed[key], partition.feasible)
            for key, partition in partitions.items()
        ],
        ignore_index=True,
    )
    rows.insert(0, "condition", networks.condition)
    rows.insert(2, "layer", layer)
    return rows


def _cluster_frame(
    networks: Networks, key: Key, tables: Tables, feasible: np.ndarray
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
        }
    )
    return frame[np.repeat(feasible, k)]


def partition_rows(
    condition: str, seeds: Sequence[int], layer: str, partitions: Mapping[Key, Partitions]
) -> pd.DataFrame:
    """One row a unit: its side, its number in the layer and its label (-1: dead)."""
    frames = []
    for (method, k), partition in partitions.items():
        for side, labels in (("U", partition.rows), ("V", partition.columns)):
            units = labels.shape[1]
            frames.append(
                pd.DataFrame(
                    {
                        "condition": condition,
                        "seed": np.repeat(seeds, units),
                        "layer": layer,
                        "method": method,
                        "k": k,
                        "side": side,
                        "unit": np.tile(np.arange(units), len(seeds)),
                        "label": labels.ravel(),
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)
