"""Maps of pixel clusters: V side of the first layer, in the first network of each condition."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from clusterability.jobs.figure_job import FigureJob
from clusterability.networks.live_units import DEAD
from clusterability.networks.tasks import SIDE
from clusterability.report.figures.inputs import (
    Inputs,
    as_categories,
    categories,
    first_partition,
    paths,
)
from clusterability.report.figures.style import (
    COLUMN_WIDTH,
    INK,
    NO_VALUE,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    by_rows,
    cluster_colours,
    new_figure,
    style,
)

_MAP_WIDTH = 1.4
_SMALLEST_MAP = 0.95
_LABEL_WIDTH = 0.25
_MARGIN_HEIGHT = 0.5
_LEGEND_LINE = 0.14

CAPTION = """Clusters of pixels: V side of the first layer in one network (the first seed) of each
condition, at several k; method {method}. Colours count clusters by size; grey: pixels without
weights."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure and its rows, from `partitions`: `{condition}/{seeds}/fc1/{k}.npz`."""
    table = rows(paths(inputs, "partitions"), job.only_method, job.several_k)
    return draw(table), table


def rows(partitions: Sequence[Path], method: str, k_values: Sequence[int]) -> pd.DataFrame:
    """One row per pixel, condition and k.

    `cluster` ranks clusters by size, 1 for the most pixels, so that colours do not depend on the
    labels of k-means; `label` is the label in the partition. Dead pixels, and all pixels where k is
    infeasible, have cluster 0 and label -1.
    """
    by_condition: dict[str, list[Path]] = {}
    for file in partitions:
        by_condition.setdefault(file.parts[-4], []).append(file)
    frames = []
    for condition, files in by_condition.items():
        for k in k_values:
            labels = first_partition(files, (method, k))[1]
            frames.append(_map_rows(labels).assign(condition=condition, k=k))
    table = pd.concat(frames, ignore_index=True)
    table["condition"] = as_categories(table["condition"], by_condition)
    return table[["condition", "k", "pixel", "x", "y", "cluster", "label"]]


def _map_rows(labels: np.ndarray) -> pd.DataFrame:
    pixels = np.arange(len(labels))
    return pd.DataFrame(
        {
            "pixel": pixels,
            "x": pixels % (len(labels) // SIDE),
            "y": pixels // (len(labels) // SIDE),
            "cluster": ranked_by_size(labels),
            "label": labels,
        }
    )


def ranked_by_size(labels: np.ndarray) -> np.ndarray:
    """Rank of each pixel's cluster by size, from 1; ties go by the first pixel.

    >>> ranked_by_size(np.array([7, 2, 2, -1, 0])).tolist()
    [2, 1, 1, 0, 3]
    """
    values, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    live = [label for label in values[order] if label != DEAD]
    ranks = {label: rank for rank, label in enumerate(live, start=1)} | {DEAD: 0}
    return np.array([ranks[label] for label in labels])


@style()
def draw(table: pd.DataFrame) -> Figure:
    """Maps with conditions below each other and values of k side by side."""
    conditions = categories(table["condition"])
    k_values = list(table["k"].unique())
    colours = [NO_VALUE, *cluster_colours(max(1, int(table["cluster"].max())))]
    figure = _empty_figure(len(conditions), len(k_values), len(colours))
    panels = figure.subplots(len(conditions), len(k_values), squeeze=False)
    cells = table.groupby(["condition", "k"], observed=True)
    for (row, column), axes in np.ndenumerate(panels):
        pixels = cells.get_group((conditions[row], k_values[column]))
        _draw_map(axes, pixels, ListedColormap(colours))
    for axes, condition in zip(panels[:, 0], conditions, strict=True):
        axes.set_ylabel(condition)
    for axes, k in zip(panels[0], k_values, strict=True):
        axes.set_title(f"k = {k}")
    _draw_legend(figure, table, colours)
    return figure


def _empty_figure(down: int, across: int, colours: int) -> Figure:
    """An empty figure as narrow as the maps allow, and no higher than a page."""
    narrow = (COLUMN_WIDTH - _LABEL_WIDTH) / across >= _SMALLEST_MAP
    width = COLUMN_WIDTH if narrow else PAGE_WIDTH
    margin = _MARGIN_HEIGHT + _LEGEND_LINE * ((colours - 1) // _legend_columns(width))
    room = (PAGE_HEIGHT - margin) / down
    side = min(_MAP_WIDTH, (width - _LABEL_WIDTH) / across, room)
    return new_figure(width, down * side + margin, layout="compressed")


def _legend_columns(width: float) -> int:
    return 8 if width <= COLUMN_WIDTH else 16


def _draw_map(axes: Axes, pixels: pd.DataFrame, colours: ListedColormap) -> None:
    image = np.zeros((int(pixels["y"].max()) + 1, int(pixels["x"].max()) + 1), int)
    image[pixels["y"], pixels["x"]] = pixels["cluster"]
    axes.imshow(image, cmap=colours, vmin=-0.5, vmax=colours.N - 0.5, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    if not image.any():
        axes.text(0.5, 0.5, "infeasible", transform=axes.transAxes, ha="center", va="center")


def _draw_legend(figure: Figure, table: pd.DataFrame, colours: Sequence[str]) -> None:
    columns = _legend_columns(figure.get_figwidth())
    edge: dict[str, Any] = {"edgecolor": INK, "linewidth": 0.3}
    handles = [
        Patch(facecolor=colour, label=str(number), **edge)
        for number, colour in enumerate(colours)
        if number > 0
    ]
    if (table["cluster"] == 0).any():
        handles.append(Patch(facecolor=colours[0], label="none", **edge))
    figure.legend(
        handles=by_rows(handles, columns),
        loc="outside lower center",
        ncols=min(columns, len(handles)),
        title="cluster, by number of pixels",
        handlelength=1,
        columnspacing=1,
        handletextpad=0.4,
    )
