"""Activation of each cluster of hidden units by class, in the first network of a condition."""

from __future__ import annotations

from pathlib import Path

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

COLUMNS = [
    "condition",
    "seed",
    "layer",
    "method",
    "k",
    "cluster",
    "u_size",
    "class",
    "images",
    "activity",
]

CAPTION = """Which classes the clusters of hidden units are active for: mean activation of a
cluster's units on the images of a class, each unit's in units of its root mean square. Condition
{item}, one network (seed {seed}), method {method}, k = {k}; in parentheses, its units."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the condition `item` and its rows, from the table `ablations`."""
    table = rows(paths(inputs, "ablations")[0], item, job.only_method, job.only_k)
    return draw(table, item), table


def rows(ablations: Path, condition: str, method: str, k: int) -> pd.DataFrame:
    """One row per cluster and class: `activity`, relative to each unit's root mean square."""
    return read_first_network(ablations, condition, method, k)[COLUMNS].drop_duplicates(
        ignore_index=True
    )


@style()
def draw(table: pd.DataFrame, condition: str) -> Figure:
    """Map of the mean activations of clusters by class; text if there are no clusters."""
    if table.empty:
        return draw_in_words(f"{condition}: no clusters of hidden units were shown images")
    top = float(table["activity"].max()) or 1.0
    look = MapLook("activity", "mean activation (1: a unit's root mean square)", "Greys", (0, top))
    return draw_maps(table, [look])
