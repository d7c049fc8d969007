"""Agreement of the clusters found with groups of units known beforehand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from clusterability.analysis.agreement import AGREEMENT_COLUMNS, agreement_rows
from clusterability.names import IMPORTED_SEED
from clusterability.networks.known_groups import KnownGroups
from clusterability.networks.live_units import DEAD
from clusterability.networks.partitions import Key, Partitions
from clusterability.results.block_paths import BlockPartitions

DRAWS = 99
"""Permutations of labels that agreement is compared with, like a study's `agreement.draws`."""


def group_agreement(
    name: str,
    partitions: Mapping[str, Mapping[Key, Partitions]],
    groups: Mapping[str, KnownGroups],
    draws: int = DRAWS,
) -> pd.DataFrame:
    """Agreement (AMI, ARI, NMI) of clusters with known groups, on each side that has some.

    Args:
        name: name of the network.
        partitions: [1, ...] by layer, as named in files, then by (method, k).
        groups: known groups by layer.
        draws: permutations of the labels in the null.

    Returns:
        Rows with AGREEMENT_COLUMNS, as in a study's `agreement.parquet`, with `groups` as
        `comparison`; one per layer, method, k, side and measure.
    """
    frames = []
    for layer in filter(partitions.__contains__, groups):
        planted = {layer: _as_planted(groups[layer])}
        block = BlockPartitions(name, (IMPORTED_SEED,), {layer: partitions[layer]}, {}, planted)
        rows = agreement_rows(block, draws, shared_ends=False)
        frames.append(rows[rows["side"].isin(groups[layer].sides)])
    none = pd.DataFrame(columns=AGREEMENT_COLUMNS)
    return (pd.concat(frames, ignore_index=True) if frames else none).assign(comparison="groups")


def _as_planted(known: KnownGroups) -> Partitions:
    """Known groups as a partition; a side without known groups has no clusters."""
    rows, columns = (
        known.sides.get(side, np.full(count, DEAD))[None]
        for side, count in zip(("U", "V"), known.shape, strict=True)
    )
    return Partitions(rows, columns, np.ones(1, bool))


def agreement_by_side(rows: pd.DataFrame) -> pd.DataFrame:
    """AMI and ARI of each side with known groups, one row per layer, method and k."""
    shown = rows[rows["measure"].isin(["ami", "ari"])]
    index = ["layer", "method", "k"]
    table = shown.pivot_table(
        index=index, columns=["side", "measure"], values="value", sort=False, dropna=False
    )
    table.columns = pd.Index([f"{pair[0]} {pair[1].upper()}" for pair in table.columns])
    return table.reset_index()
