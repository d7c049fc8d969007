"""The lesion test of Filan et al. 2021 by condition, and our z of the same sub-clusters below."""

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
"""Conditions side by side."""
_FEW = 2
"""So many fit into one column of a page."""
_BAND_HEIGHT = 2.6
_LINE_HEIGHT = 0.14
_TICKS = (0, 0.01, 0.1, 1)
_LINEAR_Z = 10
_LARGEST_LINEAR_Z = 50
"""Beyond it, the scale of z is logarithmic from _LINEAR_Z on."""
_LOOKS: dict[str, tuple[str, str]] = {
    IMPORTANT: ("#c8382e", "important"),
    SMALL_FALL: ("#e9a23b", "certain, small fall"),
    UNCERTAIN: ("#7c9bdc", "fall not certain"),
    LEAST_IMPORTANT: ("#1e0c71", "least important"),
    PRUNABLE: ("#6f5a3a", "prunable"),
    OTHER: ("#b4b4b4", "other"),
}
"""Colour and name of each category that is tested."""
_MARKERS = "o^sDvP"
"""Of layers, from the input on; again from the first after the sixth."""

_Limits = tuple[tuple[float, float], tuple[float, float]]
"""Of the horizontal and of the vertical axis."""

CAPTION = """The lesion test of Filan et al. 2021: what the network loses without the units of one
cluster in one hidden layer. Above: fall in accuracy, and its mean for random groups of as many
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
    """The sub-clusters that are tested: rows of the table `lesions` with COLUMNS."""
    found = read_rows(lesions, COLUMNS, where(method=[method], k=[k]))
    found = found[~found["category"].isin([SMALL, COMPLETE])].reset_index(drop=True)
    return found.assign(
        condition=as_categories(found["condition"], found["condition"].unique()),
        layer=as_categories(found["layer"], layer_order(found["layer"].unique())),
    )


@style()
def draw(table: pd.DataFrame) -> Figure:
    """Two panels a condition, in bands of a few conditions; words where nothing was tested."""
    if table.empty:
        return draw_in_words("no network was accurate enough for a lesion test of large clusters")
    conditions, layers = categories(table["condition"]), categories(table["layer"])
    bands = [conditions[at : at + _ACROSS] for at in range(0, len(conditions), _ACROSS)]
    width = PAGE_WIDTH if len(bands[0]) > _FEW else COLUMN_WIDTH
    handles = _handles(table, layers)
    entries = 4 if width == PAGE_WIDTH else 2  # of the legend, side by side
    legend = _LINE_HEIGHT * (1 + -(-len(handles) // entries))
    figure = new_figure(width, _BAND_HEIGHT * len(bands) + legend)
    panels = figure.subplots(2 * len(bands), len(bands[0]), squeeze=False)
    across, falls, depths = (
        _limits(table[name].to_numpy())
        for name in ("group_importance", "importance", "importance_z")
    )
    for place in range(len(bands) * len(bands[0])):
        band, column = divmod(place, len(bands[0]))
        pair = panels[2 * band : 2 * band + 2, column]
        if place >= len(conditions):
            for axes in pair:
                axes.set_axis_off()
            continue
        own = table[table["condition"] == conditions[place]]
        _draw_falls(pair[0], own, layers, (across, falls))
        _draw_z(pair[1], own, layers, (across, depths))
        important = int((own["category"] == IMPORTANT).sum())
        pair[0].set_title(f"{conditions[place]}\n{important} of {len(own)} important")
        if column == 0:
            pair[0].set_ylabel("fall in accuracy")
            pair[1].set_ylabel("our z of the fall")
        else:
            for axes in pair:
                axes.tick_params(labelleft=False)
        if place + _ACROSS >= len(conditions):  # no panel below
            pair[1].set_xlabel("mean fall of random groups")
    draw_legend(figure, handles, title="clusters in hidden layers")
    return figure


def _draw_falls(axes: Axes, own: pd.DataFrame, layers: Sequence[str], limits: _Limits) -> None:
    _draw_points(axes, own, layers, "importance")
    equal = (min(map(min, limits)), max(map(max, limits)))
    axes.plot(equal, equal, color=INK, linewidth=0.6, zorder=1)
    axes.axhline(LEAST_FALL, color=INK, linewidth=0.5, linestyle=":", zorder=1)
    _scale_falls(axes, "x", limits[0])
    _scale_falls(axes, "y", limits[1])
    axes.tick_params(labelbottom=False)


def _draw_z(axes: Axes, own: pd.DataFrame, layers: Sequence[str], limits: _Limits) -> None:
    _draw_points(axes, own, layers, "importance_z")
    axes.axhline(0, color=INK, linewidth=0.6, zorder=1)
    _scale_falls(axes, "x", limits[0])
    _scale_z(axes, limits[1])


def _scale_z(axes: Axes, limits: tuple[float, float]) -> None:
    """Linear about 0; where random groups hardly lose anything, z of hundreds are logarithmic."""
    if max(map(abs, limits)) > _LARGEST_LINEAR_Z:
        axes.set_yscale("symlog", linthresh=_LINEAR_Z)
        axes.set_yticks([-_LINEAR_Z, 0, _LINEAR_Z, 10 * _LINEAR_Z])
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_ylim(*limits)


def _draw_points(axes: Axes, own: pd.DataFrame, layers: Sequence[str], column: str) -> None:
    """Points by category and layer; those that matter most are drawn last."""
    for category in reversed(list(_LOOKS)):
        for number, layer in enumerate(layers):
            here = own[(own["category"] == category) & (own["layer"] == layer)]
            if here.empty:  # drawn beyond the axes, it would have no place in the layout
                continue
            axes.plot(
                here["group_importance"],
                here[column],
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
    """A little beyond the least and the largest defined value, and 0."""
    known = values[np.isfinite(values)]
    # By a share of each: a scale may be linear on one side and logarithmic on the other.
    low, high = known.min(initial=-LEAST_FALL / 5), known.max(initial=LEAST_FALL)
    return 1.25 * float(low), 1.25 * float(high)


def _scale_falls(axes: Axes, side: Literal["x", "y"], limits: tuple[float, float]) -> None:
    """Linear up to LEAST_FALL, where ticks are few, and logarithmic from there on."""
    axes.set(**{f"{side}lim": limits})
    (axes.set_xscale if side == "x" else axes.set_yscale)("symlog", linthresh=LEAST_FALL)
    axis = axes.xaxis if side == "x" else axes.yaxis
    axis.set_major_locator(FixedLocator(_TICKS))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _handles(table: pd.DataFrame, layers: Sequence[str]) -> list[Artist]:
    """Categories that occur by colour, layers by marker."""
    found = table["category"].unique()
    colours = [look for category, look in _LOOKS.items() if category in found]
    marks = [(_MARKERS[number % len(_MARKERS)], layer) for number, layer in enumerate(layers)]
    looks = [("s", colour, label) for colour, label in colours]
    looks += [(marker, INK, layer) for marker, layer in marks]
    return [
        Line2D([], [], linestyle="", marker=marker, color=colour, markersize=3.5, label=label)
        for marker, colour, label in looks
    ]
