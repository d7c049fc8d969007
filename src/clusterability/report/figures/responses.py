"""Mean input weights of the clusters of first-layer units, as images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from clusterability.jobs.figure_job import FigureJob
from clusterability.networks.live_units import live_units
from clusterability.networks.stacked import load_networks
from clusterability.networks.tasks import SIDE
from clusterability.report.figures.cluster_maps import draw_in_words
from clusterability.report.figures.inputs import Inputs, first_partition, paths
from clusterability.report.figures.style import (
    COLUMN_WIDTH,
    NO_VALUE,
    PAGE_WIDTH,
    new_figure,
    style,
)
from clusterability.results.display_names import counted

_NARROW = 4
"""Largest number of maps that fit into one column of a page."""
_ACROSS = 6
_MAP_MARGIN = 0.2
_BAR_HEIGHT = 0.55
_LARGEST_MAP = 1.5

CAPTION = """What clusters of first-layer units respond to: mean input weight of a cluster's units,
as an image. Condition {item}, one network (seed {seed}), method {method}, k = {k}; dead pixels are
grey."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the condition `item` and its rows.

    It is drawn from `weights`, a block whose first network is shown, and its `partitions`,
    `{condition}/{seeds}/fc1/{k}.npz`.
    """
    files = paths(inputs, "partitions")
    table = rows(paths(inputs, "weights")[0], files, job.only_method, job.only_k)
    return draw(table, item), table


def rows(networks: Path, partitions: Sequence[Path], method: str, k: int) -> pd.DataFrame:
    """One row per cluster and pixel: `weight`, the mean over its units; empty for dead pixels."""
    block = load_networks(networks)
    matrix = block.weights["fc1"][0].astype(np.float64)
    labels = first_partition(partitions, (method, k))[0]
    live = live_units(matrix).columns
    pixels = np.arange(matrix.shape[1])
    frames = [
        pd.DataFrame(
            {
                "seed": block.seeds[0],
                "cluster": cluster,
                "u_size": int((labels == cluster).sum()),
                "pixel": pixels,
                "x": pixels % (len(pixels) // SIDE),
                "y": pixels // (len(pixels) // SIDE),
                "weight": np.where(live, matrix[labels == cluster].mean(axis=0), np.nan),
            }
        )
        for cluster in range(k)
        if (labels == cluster).any()
    ]
    columns = ["seed", "cluster", "u_size", "pixel", "x", "y", "weight"]
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    return table.assign(method=method, k=k)


@style()
def draw(table: pd.DataFrame, condition: str) -> Figure:
    """A map per cluster, all with the same colour scale, symmetric about 0."""
    if table.empty:
        return draw_in_words(f"{condition}: k is infeasible in the first layer")
    clusters = list(table["cluster"].unique())
    narrow = len(clusters) <= _NARROW
    across = min(len(clusters), _NARROW if narrow else _ACROSS)
    down = math.ceil(len(clusters) / across)
    width = COLUMN_WIDTH if narrow else PAGE_WIDTH
    side = min(width / across, _LARGEST_MAP)
    figure = new_figure(width, down * (side + _MAP_MARGIN) + _BAR_HEIGHT, layout="compressed")
    panels = figure.subplots(down, across, squeeze=False)
    top = float(table["weight"].abs().max()) or 1.0
    for axes, cluster in zip(panels.flat, clusters, strict=False):
        pixels = table[table["cluster"] == cluster]
        image = np.full((int(pixels["y"].max()) + 1, int(pixels["x"].max()) + 1), np.nan)
        image[pixels["y"], pixels["x"]] = pixels["weight"]
        shown = axes.imshow(image, cmap="PuOr", norm=Normalize(-top, top))
        axes.set_facecolor(NO_VALUE)
        axes.set_title(f"{cluster} ({counted(pixels['u_size'].iloc[0], 'unit')})")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    for axes in panels.flat[len(clusters) :]:
        axes.set_axis_off()
    bar = figure.colorbar(shown, ax=list(panels.flat), location="bottom", aspect=35, pad=0.03)
    bar.set_label("mean input weight of a cluster's units (grey: dead pixels)")
    bar.outline.set_linewidth(0.4)
    bar.ax.tick_params(length=0)
    return figure
