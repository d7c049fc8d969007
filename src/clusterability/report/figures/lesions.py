"""The lesion test of Filan et al. 2021 by condition, above our z of the same sub-clusters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from clusterability.jobs.figure_job import FigureJob
from clusterability.measures.lesions import (
    COMPLETE,
    IMPORTANT,
    LEAST_FALL,
    LEAST_IMPORTANT,
    OTHER,
    PRUNABLE,
    SMALL,
    SMALL_FALL,
    UNCERTAIN,
)
from clusterability.report.figures.cluster_maps import draw_in_words
from clusterability.report.figures.inputs import (
    Inputs,
    as_categories,
    categories,
    layer_order,
    paths,
)
from clusterability.report.figures.style import (
    COLUMN_WIDTH,
    INK,
    PAGE_WIDTH,
    draw_legend,
    new_figure,
    style,
)
from clusterability.results.reading import read_rows, where

COLUMNS = [
    "condition",
    "seed",
    "layer",
    "method",
    "k",
    "cluster",
    "u_size",
    "share",
    "groups",
    "category",
    "importance",
    "group_importance",
    "fall_p",
    "importance_z",
]

_ACROSS = 4
"""Conditions per row."""
_FEW = 2
"""Largest number of conditions that fit into one column of a page."""
_BAND_HEIGHT = 2.6
_LINE_HEIGHT = 0.14
_TICKS = (0, 0.01, 0.1, 1)
_LINEAR_Z = 10
_LARGEST_LINEAR_Z = 50
"""Beyond this, the scale of z is logarithmic from _LINEAR_Z on."""
_LOOKS: dict[str, tuple[str, str]] = {
    IMPORTANT: ("#c8382e", "important"),
    SMALL_FALL: ("#e9a23b", "certain, small drop"),
    UNCERTAIN: ("#7c9bdc", "drop not certain"),
    LEAST_IMPORTANT: ("#1e0c71", "least important"),
    PRUNABLE: ("#6f5a3a", "prunable"),
    OTHER: ("#b4b4b4", "other"),
}
"""Colour and name of each tested category."""
_MARKERS = "o^sDvP"
"""Markers of layers, from the input on; repeated after the sixth."""

_Limits = tuple[tuple[float, float], tuple[float, float]]
"""Limits of the horizontal and of the vertical axis."""

CAPTION = """The lesion test of Filan et al. 2021: what the network loses without the units of one
cluster in one hidden layer. Above: drop in accuracy, and its mean for random groups of as many
units of the layer (on the line they are equal; both axes are linear up to 0.01). Important: the
network falls by 0.01 or more, and with none of the {groups} random groups by more. Below: our z of
the same falls against the same groups. A point is a cluster with at least 5 % of the live units of
a hidden layer, but not all; all networks that are right on 20 % of the images or more; method
{item}, k = {k}."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the method `item` and its rows, from the table `lesions`."""
    table = rows(paths(inputs, "lesions")[0], item, job.only_k)
    return draw(table), table


def rows(lesions: Path, method: str, k: int) -> pd.DataFrame:
    """Tested sub-clusters: rows of the table `lesions` with COLUMNS."""
    tested = read_rows(lesions, COLUMNS, where(method=[method], k=[k]))
    tested = tested[~tested["category"].isin([SMALL, COMPLETE])].reset_index(drop=True)
    return tested.assign(
        condition=as_categories(tested["condition"], tested["condition"].unique()),
        layer=as_categories(tested["layer"], layer_order(tested["layer"].unique())),
    )


@style()
def draw(table: pd.DataFrame) -> Figure:
    """Two panels per condition, in rows of a few conditions; text if nothing was tested."""
    if table.empty:
        return draw_in_words("no network was accurate enough for a lesion test of large clusters")
    conditions, layers = categories(table["condition"]), categories(table["layer"])
    bands = [conditions[start : start + _ACROSS] for start in range(0, len(conditions), _ACROSS)]
    width = PAGE_WIDTH if len(bands[0]) > _FEW else COLUMN_WIDTH
    handles = _handles(table, layers)
    entries = 4 if width == PAGE_WIDTH else 2  # legend entries per row
    legend = _LINE_HEIGHT * (1 + -(-len(handles) // entries))
    figure = new_figure(width, _BAND_HEIGHT * len(bands) + legend)
    panels = figure.subplots(2 * len(bands), len(bands[0]), squeeze=False)
    across, drops, depths = (
        _limits(table[name].to_numpy())
        for name in ("group_importance", "importance", "importance_z")
    )
    for number in range(len(bands) * len(bands[0])):
        band, column = divmod(number, len(bands[0]))
        pair = panels[2 * band : 2 * band + 2, column]
        if number >= len(conditions):
            for axes in pair:
                axes.set_axis_off()
            continue
        clusters = table[table["condition"] == conditions[number]]
        _draw_falls(pair[0], clusters, layers, (across, drops))
        _draw_z(pair[1], clusters, layers, (across, depths))
        important = int((clusters["category"] == IMPORTANT).sum())
        pair[0].set_title(f"{conditions[number]}\n{important} of {len(clusters)} important")
        if column == 0:
            pair[0].set_ylabel("drop in accuracy")
            pair[1].set_ylabel("our z of the drop")
        else:
            for axes in pair:
                axes.tick_params(labelleft=False)
        if number + _ACROSS >= len(conditions):  # no panel below
            pair[1].set_xlabel("mean drop of random groups")
    draw_legend(figure, handles, title="clusters in hidden layers")
    return figure


def _draw_falls(axes: Axes, clusters: pd.DataFrame, layers: Sequence[str], limits: _Limits) -> None:
    _draw_points(axes, clusters, layers, "importance")
    equal = (min(map(min, limits)), max(map(max, limits)))
    axes.plot(equal, equal, color=INK, linewidth=0.6, zorder=1)
    axes.axhline(LEAST_FALL, color=INK, linewidth=0.5, linestyle=":", zorder=1)
    _scale_falls(axes, "x", limits[0])
    _scale_falls(axes, "y", limits[1])
    axes.tick_params(labelbottom=False)


def _draw_z(axes: Axes, clusters: pd.DataFrame, layers: Sequence[str], limits: _Limits) -> None:
    _draw_points(axes, clusters, layers, "importance_z")
    axes.axhline(0, color=INK, linewidth=0.6, zorder=1)
    _scale_falls(axes, "x", limits[0])
    _scale_z(axes, limits[1])


def _scale_z(axes: Axes, limits: tuple[float, float]) -> None:
    """Scale z linearly; beyond _LARGEST_LINEAR_Z, as where groups lose little, logarithmically."""
    if max(map(abs, limits)) > _LARGEST_LINEAR_Z:
        axes.set_yscale("symlog", linthresh=_LINEAR_Z)
        axes.set_yticks([-_LINEAR_Z, 0, _LINEAR_Z, 10 * _LINEAR_Z])
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_ylim(*limits)


def _draw_points(axes: Axes, clusters: pd.DataFrame, layers: Sequence[str], column: str) -> None:
    """Draw points by category and layer; the most important are drawn last."""
    for category in reversed(list(_LOOKS)):
        for number, layer in enumerate(layers):
            points = clusters[(clusters["category"] == category) & (clusters["layer"] == layer)]
            if points.empty:  # an empty line would still affect the layout
                continue
            axes.plot(
                points["group_importance"],
                points[column],
                linestyle="",
                marker=_MARKERS[number % len(_MARKERS)],
                color=_LOOKS[category][0],
                markersize=3.0,
                markeredgewidth=0.3,
                markeredgecolor="white",
                clip_on=False,
                zorder=2,
            )


def _limits(values: np.ndarray) -> tuple[float, float]:
    """Limits slightly beyond 0 and the smallest and largest defined value."""
    known = values[np.isfinite(values)]
    # Relative margins: a scale may be linear on one side and logarithmic on the other.
    low, high = known.min(initial=-LEAST_FALL / 5), known.max(initial=LEAST_FALL)
    return 1.25 * float(low), 1.25 * float(high)


def _scale_falls(axes: Axes, side: Literal["x", "y"], limits: tuple[float, float]) -> None:
    """Scale drops linearly up to LEAST_FALL and logarithmically above."""
    axes.set(**{f"{side}lim": limits})
    (axes.set_xscale if side == "x" else axes.set_yscale)("symlog", linthresh=LEAST_FALL)
    axis = axes.xaxis if side == "x" else axes.yaxis
    axis.set_major_locator(FixedLocator(_TICKS))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _handles(table: pd.DataFrame, layers: Sequence[str]) -> list[Artist]:
    """Legend of the categories that occur, by colour, and of layers, by marker."""
    occurring = table["category"].unique()
    colours = [look for category, look in _LOOKS.items() if category in occurring]
    marks = [(_MARKERS[number % len(_MARKERS)], layer) for number, layer in enumerate(layers)]
    looks = [("s", colour, label) for colour, label in colours]
    looks += [(marker, INK, layer) for marker, layer in marks]
    return [
        Line2D([], [], linestyle="", marker=marker, color=colour, markersize=3.5, label=label)
        for marker, colour, label in looks
    ]
