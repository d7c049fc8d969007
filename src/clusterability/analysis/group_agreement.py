"""How far clusters that were found agree with groups of units that are known beforehand."""

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
"""Permutations of labels that agreement is compared with, as a study's `agreement.draws`."""


def group_agreement(
    name: str,
    found: Mapping[str, Mapping[Key, Partitions]],
    groups: Mapping[str, KnownGroups],
    draws: int = DRAWS,
) -> pd.DataFrame:
    """Agreement (AMI, ARI, NMI) of found clusters with known groups, on each side that has some.

    Args:
        name: of the network.
        found: partitions [1, ...] by layer, as files name it, then by (method, k).
        groups: known groups, by layer.
        draws: permutations of the labels that it is compared with.

    Returns:
        Rows with AGREEMENT_COLUMNS, as a study's `agreement.parquet` has them, `comparison` being
        `groups`; for each layer, method, k, side and measure.
    """
    frames = []
    for layer in filter(found.__contains__, groups):
        planted = {layer: _as_planted(groups[layer])}
        block = BlockPartitions(name, (IMPORTED_SEED,), {layer: found[layer]}, {}, planted)
        rows = agreement_rows(block, draws, shared_ends=False)
        frames.append(rows[rows["side"].isin(groups[layer].sides)])
    none = pd.DataFrame(columns=AGREEMENT_COLUMNS)
    return (pd.concat(frames, ignore_index=True) if frames else none).assign(comparison="groups")


def _as_planted(known: KnownGroups) -> Partitions:
    """Without any clusters on a side of which nothing is known."""
    rows, columns = (
        known.sides.get(side, np.full(count, DEAD))[None]
        for side, count in zip(("U", "V"), known.shape, strict=True)
    )
    return Partitions(rows, columns, np.ones(1, bool))


def agreement_by_side(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each layer, method and k: AMI and ARI of each side that has groups."""
    shown = rows[rows["measure"].isin(["ami", "ari"])]
    place = ["layer", "method", "k"]
    table = shown.pivot_table(
        index=place, columns=["side", "measure"], values="value", sort=False, dropna=False
    )
    table.columns = pd.Index([f"{pair[0]} {pair[1].upper()}" for pair in table.columns])
    return table.reset_index()
