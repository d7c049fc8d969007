"""Scores of groups of units that were not found in the weights but are known beforehand.

They are compared with the null `labels` alone: draws of other nulls are clustered, and clusters
that were searched for in a draw are better in it than groups that nobody has searched for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from clusterability.clustering.block_sums import KeyedTables, Tables
from clusterability.clustering.code_lengths import BIT, labels_length
from clusterability.comparison import COMPARED
from clusterability.networks.known_groups import KnownGroups
from clusterability.networks.partitions import Key, Partitions
from clusterability.networks.scaled_layer import ScaledLayer
from clusterability.networks.scaling_names import plain_method, scaled_method
from clusterability.nulls.labels import block_label_tables
from clusterability.numerics import Workers
from clusterability.results.structure_rows import observed_tables, score_rows

METHOD = "groups"
"""What stands in the column `method`."""

WITHOUT_PAIRS = ("mi_total", "mi", "mi_preserved", "bits", "bits_per_weight")
"""Measures that do not ask which group of rows goes with which of columns."""
OF_ONE_SIDE = ("mi_total", "bits", "bits_per_weight")
"""Measures that say something where the other side is one cluster."""


def of_groups(scores: pd.DataFrame) -> pd.Series:
    """Which rows are those of known groups."""
    return scores["method"].map(plain_method) == METHOD


def group_rows(
    layers: Sequence[ScaledLayer], known: KnownGroups, draws: int, workers: Workers
) -> pd.DataFrame:
    """Rows of the groups of one layer, with the columns of `structure_rows.score_rows`.

    k is the number of groups. Measures that need what the groups do not say are `undefined`: which
    groups are pairs, or groups of both sides; so is `held_out`, since nothing was found.

    Args:
        layers: the layer of a block of one, at each scale.
        known: its groups.
        draws: of the null `labels`; 0: there is none.
        workers: draws at a time.
    """
    k, networks = len(known.names), layers[0].networks
    partitions: dict[Key, Partitions] = {
        (scaled_method(METHOD, scaled.scaling), k): known.partition(scaled.matrices[0])
        for scaled in layers
    }
    found = {"": observed_tables(layers, partitions, {})}
    if draws:
        threads = workers.at_once(layers[0].matrices[0].size)
        found["labels"] = block_label_tables(layers, draws, partitions, {}, threads)
    named = {null: _named_by_side(tables) for null, tables in found.items()}
    observed = named.pop("")
    rows = score_rows(networks, layers[0].layer, partitions, observed, named)
    return _without_undefined(rows, known)


def _named_by_side(found: KeyedTables) -> KeyedTables:
    """Bits for which each side names the groups that it has, and not those of the other side."""
    return {key: _with_names(tables) for key, tables in found.items()}


def _with_names(tables: Tables) -> Tables:
    sizes = (tables.row_sizes, tables.column_sizes)
    less = sum(labels_length(each) - labels_length(each, _occupied(each)) for each in sizes) / BIT
    return replace(tables, bits=tables.bits + less, bits_within=tables.bits_within + less)


def _occupied(sizes: np.ndarray) -> np.ndarray:
    return np.asarray((sizes > 0).sum(axis=-1))


def _without_undefined(rows: pd.DataFrame, known: KnownGroups) -> pd.DataFrame:
    """Rows without values of measures that the groups do not define."""
    if known.paired:
        return rows
    defined = WITHOUT_PAIRS if len(known.sides) == 2 else OF_ONE_SIDE
    undefined = ~rows["measure"].isin(defined) & (rows["status"] == "ok")
    rows.loc[undefined, ["value", *(name for name in COMPARED if name != "null_n")]] = np.nan
    rows.loc[undefined, "null_n"] = 0
    rows.loc[undefined, "status"] = "undefined"
    return rows
