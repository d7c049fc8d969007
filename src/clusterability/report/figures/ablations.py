"""Drop in accuracy by class when each cluster is ablated, in the first network of a condition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from clusterability.jobs.figure_job import FigureJob
from clusterability.report.figures.cluster_maps import (
    MapLook,
    draw_in_words,
    draw_maps,
    read_first_network,
)
from clusterability.report.figures.inputs import Inputs, paths
from clusterability.report.figures.style import style

ABLATION = "zero"
"""Ablation that is drawn; the rows of the table `ablations` also hold the other."""

_SMALLEST_LIMIT = 0.05
"""Smallest end of the colour scale: smaller drops are noise."""

CAPTION = """What each class loses without a cluster of hidden units: drop in test accuracy when
the cluster's units are set to zero (left), and by how much it exceeds the mean drop of random
groups of as many units (right). Condition {item}, one network (seed {seed}), method {method}, k =
{k}; in parentheses, units of the cluster."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the condition `item` and its rows, from the table `ablations`."""
    table = rows(paths(inputs, "ablations")[0], item, job.only_method, job.only_k)
    return draw(table, item), table


def rows(ablations: Path, condition: str, method: str, k: int) -> pd.DataFrame:
    """One row per cluster and class: drop in accuracy, `fall`, and `excess` over random groups."""
    effects = read_first_network(ablations, condition, method, k)
    effects = effects[effects["ablation"] == ABLATION].reset_index(drop=True)
    return effects.assign(excess=effects["fall"] - effects["null_mean"])


@style()
def draw(table: pd.DataFrame, condition: str) -> Figure:
    """Maps of the drops and of their excess over random groups; text if there are none."""
    if table.empty:
        return draw_in_words(f"{condition}: no clusters of hidden units were ablated")
    if table["fall"].isna().all():
        return draw_in_words(f"{condition}: not accurate enough (below 20 %) to be ablated")
    fall, excess = (_limit(table[name]) for name in ("fall", "excess"))
    looks = [
        MapLook("fall", "drop in accuracy of the class", "Greys", (0, fall)),
        MapLook("excess", "less that of random groups of its size", "PuOr", (-excess, excess)),
    ]
    return draw_maps(table, looks)


def _limit(values: pd.Series) -> float:
    return max(float(np.nanmax(values.abs())), _SMALLEST_LIMIT)
