"""Scores of known groups of units, which were not found in the weights.

They are compared with the null `labels` alone. Draws of other nulls are clustered, and optimised
clusters of a draw score better in it than groups that were not optimised.
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
"""Value of the column `method`."""

WITHOUT_PAIRS = ("mi_total", "mi", "mi_preserved", "bits", "bits_per_weight")
"""Measures that do not depend on how groups of rows and columns are paired."""
OF_ONE_SIDE = ("mi_total", "bits", "bits_per_weight")
"""Measures that are informative when the other side is one cluster."""


def of_groups(scores: pd.DataFrame) -> pd.Series:
    """Mask of the rows of known groups."""
    return scores["method"].map(plain_method) == METHOD


def group_rows(
    layers: Sequence[ScaledLayer],
    known: KnownGroups,
    draws: int,
    workers: Workers,
    added: Sequence[str] = (),
) -> pd.DataFrame:
    """Rows of the groups of one layer, with the columns of `structure_rows.score_rows`.

    k is the number of groups. Measures that need more than the groups define, such as pairs or
    groups on both sides, are `undefined`. So is `held_out`, since nothing was clustered.

    Args:
        layers: the layer of a block of one, at each scaling.
        known: groups of the layer.
        draws: number of draws of the null `labels`; 0 for none.
        workers: sets the number of draws computed at a time.
        added: measures of other packages.
    """
    k, networks = len(known.names), layers[0].networks
    partitions: dict[Key, Partitions] = {
        (scaled_method(METHOD, scaled.scaling), k): known.partition(scaled.matrices[0])
        for scaled in layers
    }
    tables = {"": observed_tables(layers, partitions, {})}
    if draws:
        threads = workers.at_once(layers[0].matrices[0].size)
        tables["labels"] = block_label_tables(layers, draws, partitions, {}, threads)
    named = {null: _named_by_side(by_key) for null, by_key in tables.items()}
    observed = named.pop("")
    rows = score_rows(networks, layers[0].layer, partitions, observed, named, added=added)
    return _without_undefined(rows, known)


def _named_by_side(tables: KeyedTables) -> KeyedTables:
    """Replace bits so that each side names only its own groups, not those of the other side."""
    return {key: _with_names(item) for key, item in tables.items()}


def _with_names(tables: Tables) -> Tables:
    sizes = (tables.row_sizes, tables.column_sizes)
    less = sum(labels_length(side) - labels_length(side, _occupied(side)) for side in sizes) / BIT
    return replace(tables, bits=tables.bits + less, bits_within=tables.bits_within + less)


def _occupied(sizes: np.ndarray) -> np.ndarray:
    return np.asarray((sizes > 0).sum(axis=-1))


def _without_undefined(rows: pd.DataFrame, known: KnownGroups) -> pd.DataFrame:
    """Set the values of measures that the groups do not define to undefined."""
    if known.paired:
        return rows
    defined = WITHOUT_PAIRS if len(known.sides) == 2 else OF_ONE_SIDE
    undefined = ~rows["measure"].isin(defined) & (rows["status"] == "ok")
    rows.loc[undefined, ["value", *(name for name in COMPARED if name != "null_n")]] = np.nan
    rows.loc[undefined, "null_n"] = 0
    rows.loc[undefined, "status"] = "undefined"
    return rows
