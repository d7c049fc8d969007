"""Rows of the table of networks.

Beside `networks.stacked`, which every job loads: loading pandas would be a quarter of its start.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from clusterability.networks.components import connected_components
from clusterability.networks.layer_names import tensor_name
from clusterability.networks.live_units import live_units
from clusterability.networks.stacked import Networks, network_digest

HEAD_COLUMNS = ("test_accuracy_head1", "test_accuracy_head2")
"""Columns of test accuracy by head, for tasks with two heads."""


def network_rows(networks: Networks) -> pd.DataFrame:
    """One row per network, with the columns of `training.history.network_table`.

    Columns that only training knows are empty.
    """
    unknown = dict.fromkeys(
        ("train_accuracy", "train_loss", "test_accuracy", "test_loss", "seconds"), np.nan
    )
    return pd.DataFrame(
        [
            {"condition": networks.condition, "seed": seed, **unknown, "device": None}
            | dict.fromkeys(("planted_clusterability", *HEAD_COLUMNS), np.nan)
            | weight_columns(networks, number)
            for number, seed in enumerate(networks.seeds)
        ]
    )


def weight_columns(networks: Networks, number: int) -> dict[str, Any]:
    """Columns of the table of networks that derive from a network's weights.

    In order: the source array of each layer, as JSON; number of parameters; number of zero weights;
    per layer, dead units on both sides and number of connected components; digest.
    """
    matrices = [stack[number] for stack in networks.weights.values()]
    columns: dict[str, Any] = {
        "layers": _layer_map(networks),
        "parameters": sum(stack[number].size for stack in networks.arrays.values()),
        "zeros": sum(weights.size - np.count_nonzero(weights) for weights in matrices),
    }
    for layer, stack in networks.weights.items():
        live = live_units(stack[number])
        name = tensor_name(layer)
        columns[f"{name}_dead_u"] = int((~live.rows).sum())
        columns[f"{name}_dead_v"] = int((~live.columns).sum())
        columns[f"{name}_components"] = connected_components(stack[number]).count
    return columns | {"digest": network_digest(networks, number)}


def _layer_map(networks: Networks) -> str | None:
    """Source array of each layer as JSON; None if unknown."""
    arrays = networks.recipe.get("layers")
    if not arrays or len(arrays) != len(networks.weights):
        return None
    return json.dumps(dict(zip(networks.weights, arrays, strict=True)), ensure_ascii=False)
