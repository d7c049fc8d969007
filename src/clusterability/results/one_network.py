"""One network in memory to its rows of scores: what the workflow's jobs do, without files.

The same network of the same name gives the same numbers, to the bit, as a study that imports it.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from clusterability.blocks import Block
from clusterability.clustering.all_scales import block_partitions
from clusterability.clustering.block_sums import Tables
from clusterability.errors import UserError
from clusterability.networks.graph import layer_matrices
from clusterability.networks.live_units import live_units
from clusterability.networks.partitions import Key
from clusterability.networks.stacked import Networks
from clusterability.nulls.catalogue import NULLS
from clusterability.nulls.clustered_again import block_redrawn_tables
from clusterability.nulls.labels import block_label_tables
from clusterability.results.structure_rows import observed_tables, score_rows
from clusterability.results.summary import with_q
from clusterability.study.loading import load_study
from clusterability.study.study import Study

Said = Callable[[str], None]
"""Told what is done next."""


def study_of(
    name: str,
    k_grid: Sequence[Any],
    methods: Sequence[Any],
    scalings: Sequence[Any],
    nulls: Mapping[Any, Any],
    restarts: Any,
) -> Study:
    """The study that would import the network and score it so.

    Raises:
        UserError: in one line, where a study's config could not say the same.
    """
    config = {
        "networks": {name: {"path": "weights.npz"}},
        "k_grid": list(k_grid),
        "clustering": {
            "methods": list(methods),
            "scalings": list(scalings),
            "restarts": whole_number(restarts),
        },
        "nulls": {null: whole_number(draws) for null, draws in nulls.items()},
    }
    try:
        study = load_study(config)
    except UserError as error:
        raise UserError(_as_arguments(str(error))) from None
    if "untrained" in study.nulls:
        others = [null for null in NULLS if null != "untrained"]
        raise UserError(
            f"nulls: found 'untrained', expected of {', '.join(others)}: which"
            " networks these weights were before training, only a study knows"
        )
    return study


def whole_number(item: Any) -> Any:
    """Whole numbers of any library as Python's; anything else as it is, for the check to tell."""
    try:
        return item if isinstance(item, bool) else operator.index(item)
    except TypeError:
        return item


def _as_arguments(text: str) -> str:
    """Faults of a config in one line, by the names that functions give to its keys."""
    lines = [line.removeprefix("config: ") for line in text.splitlines()]
    for key, argument in (("k_grid", "k"), (r"clustering\.", ""), (r"networks\.[^:]*", "name")):
        lines = [re.sub(rf"^{key}", argument, line) for line in lines]
    return "; ".join(lines)


def largest_k(networks: Networks, layer: str) -> int:
    """The largest k that a layer can hold: the live units of its smaller side."""
    return min(min(live_units(m).shape) for m in layer_matrices(networks.weights, layer))


def check_k(networks: Networks, layers: Sequence[str], k_values: Sequence[int]) -> None:
    """UserError where there is a k that none of these layers can hold."""
    most = max(largest_k(networks, layer) for layer in layers)
    for k in k_values:
        if k > most:
            where = layers[0] if len(layers) == 1 else "some layer"
            raise UserError(
                f"k: found {k}, expected k that {where} can hold (at most {most}, the live units of"
                " the smaller side)"
            )


def evaluate(networks: Networks, study: Study, said: Said = lambda step: None) -> pd.DataFrame:
    """Rows of the table `scores`, as the study gives them for the network.

    Args:
        networks: a block of one.
        study: what is asked, as `study_of` gives it.
        said: told of each step.

    Returns:
        Columns `tables.SCORES`; by layer, block of k, method, k, measure and null.

    Raises:
        UserError: where no layer can hold some k, or layers do not fit.
    """
    layers = study.clustered_layers(list(networks.weights))
    check_k(networks, layers, study.k_values)
    frames = [
        _block_rows(networks, study, layer, block, said)
        for layer in layers
        for block in study.k_blocks
    ]
    return with_q(pd.concat(frames, ignore_index=True))


def _block_rows(
    networks: Networks, study: Study, layer: str, block: Block, said: Said
) -> pd.DataFrame:
    said(f"{layer}, k = {block.name}: clusters")
    found = block_partitions(networks, layer, block, study.clustering_parameters(layer))
    observed = observed_tables(networks, layer, found.partitions, found.held_out)
    nulls: dict[str, dict[Key, Tables]] = {}
    for null, draws in study.nulls.items():
        said(f"{layer}, k = {block.name}: {null}")
        if NULLS[null].redrawn:
            asked = study.null_parameters(null, layer)
            nulls[null] = block_redrawn_tables(null, networks, layer, block, asked)
        else:
            labels = (found.partitions, found.held_out)
            nulls[null] = block_label_tables(networks, layer, draws, *labels)
    return score_rows(networks, layer, found.partitions, observed, nulls)
