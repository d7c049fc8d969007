"""Scores of the contenders, measures that compete with those of the study, for a block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from clusterability.comparison import COMPARED, compare
from clusterability.jobs.comparison_jobs import ContenderJob
from clusterability.measures.contender_catalogue import PLANTED_SHARE
from clusterability.measures.contenders import held_out_entries, spectral
from clusterability.networks.layer_names import tensor_name
from clusterability.networks.scaled_layer import ScaledLayer, scaled_layers
from clusterability.networks.scaling import ranks_draws
from clusterability.networks.scaling_names import plain_method, scaling_of
from clusterability.networks.stacked import Networks
from clusterability.nulls.clustered_again import layer_draw
from clusterability.nulls.redrawing import RandomModel
from clusterability.numerics import one_thread
from clusterability.training.planting import planted_shares

CONTENDER_COLUMNS = [
    *("condition", "seed", "layer", "method", "k", "measure", "null", "value"),
    *("null_n", "z", "p"),
]
"""Columns, named as in `scores`."""

_LABEL_DRAWS = 199


def contender_rows(networks: Networks, job: ContenderJob) -> pd.DataFrame:
    """Scores of `spectral` against each null, and of `held_out_entries`, which needs no null.

    Draws are the same as those of the study's nulls, number by number.

    Returns:
        Rows with CONTENDER_COLUMNS, one per network, layer, k, measure and null.
    """
    with one_thread():
        rows = [
            row
            for layer in dict.fromkeys(layer for layer, _ in job.places)
            for row in _layer_rows(networks, layer, job)
        ]
    rows += _planted_rows(networks, job) if job.planted else []
    return pd.DataFrame(rows, columns=CONTENDER_COLUMNS)


def _planted_rows(networks: Networks, job: ContenderJob) -> list[dict[str, Any]]:
    """Strength of planting by training: PLANTED_SHARE of the planted labels against `labels`."""
    shares, drawn = planted_shares(networks, _LABEL_DRAWS)
    compared = compare(shares, drawn, 1).columns()
    ((layer, k),) = dict.fromkeys(job.places)
    cell: dict[str, Any] = {"condition": networks.condition, "method": job.method}
    cell |= {"layer": tensor_name(layer)}
    cell |= {"k": k, "measure": PLANTED_SHARE, "null": "labels"}
    return [
        cell
        | {"seed": seed, "value": shares[index]}
        | {name: compared[name][index] for name in COMPARED}
        for index, seed in enumerate(networks.seeds)
    ]


def _layer_rows(networks: Networks, layer: str, job: ContenderJob) -> Iterator[dict[str, Any]]:
    (scaled,) = scaled_layers(networks, layer, [scaling_of(job.method)])
    k_values = [k for name, k in job.places if name == layer]
    for number, seed in enumerate(networks.seeds):
        network = {"condition": networks.condition, "seed": seed, "layer": tensor_name(layer)}
        network |= {"method": job.method}
        matrix, stream = scaled.matrices[number], scaled.streams[number]
        for k in k_values:
            arguments = (stream, k, plain_method(job.method), job.restarts)
            value = held_out_entries(matrix, *arguments)
            yield network | {"k": k, "measure": "held_out_entries", "value": value, "null_n": 0}
        values = np.array([spectral(matrix, k) for k in k_values])
        for null, draws in job.nulls.items():
            compared = compare(values, _drawn(scaled, number, null, draws, k_values), 1).columns()
            for index, k in enumerate(k_values):
                row = network | {
                    "k": k,
                    "measure": "spectral",
                    "null": null,
                    "value": values[index],
                }
                yield row | {name: compared[name][index] for name in COMPARED}


def _drawn(
    scaled: ScaledLayer, number: int, null: str, draws: int, k_values: list[int]
) -> np.ndarray:
    """`spectral` of the draws of a null, [k, draws]."""
    name = (scaled.networks.condition, scaled.networks.seeds[number])
    model, weights = RandomModel.named(null), scaled.drawn_from(number)
    draw = layer_draw(model, weights, scaled.layer, name, ranks_draws(scaled.scaling))
    scores = np.empty((len(k_values), draws))
    for index in range(draws):
        matrix = draw(index)
        scores[:, index] = [spectral(matrix, k) for k in k_values]
    return scores
