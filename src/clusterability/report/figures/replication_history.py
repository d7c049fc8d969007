"""Loss and test accuracy during training, with published values of single steps."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from clusterability.jobs.figure_job import FigureJob
from clusterability.report.figures import learning_curves as learning_curves
from clusterability.report.figures.inputs import Inputs, categories, paths
from clusterability.report.figures.learning_curves import PANELS
from clusterability.report.figures.style import (
    INK,
    PAGE_WIDTH,
    ConditionStyle,
    condition_styles,
    new_figure,
    style,
)
from clusterability.results.reading import read_csv

CAPTION = """Training of {condition} and what was published of it: cross-entropy of the minibatch
(left) and accuracy on the test images (right) against the training step. Published accuracies may
be those of other images."""

_ALONE: dict[str, Any] = {"linewidth": 0.6}
_OF_SEVERAL: dict[str, Any] = {"linewidth": 0.4, "alpha": 0.4}
"""Looks of the line of a network, alone and among several."""
_MEAN_WIDTH = 1.4
_PUBLISHED: dict[str, Any] = {
    "linestyle": "",
    "marker": "D",
    "markersize": 3.4,
    "color": INK,
    "markerfacecolor": "white",
    "markeredgewidth": 0.9,
}


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the condition `item`, from `histories` and the table `replication_history`."""
    curves = learning_curves.rows(paths(inputs, "histories"))
    table = rows(curves, read_csv(paths(inputs, "replication_history")[0]), item)
    return draw(table, condition_styles(categories(curves["condition"]))[item]), table


def rows(curves: pd.DataFrame, compared: pd.DataFrame, condition: str) -> pd.DataFrame:
    """The condition's lines as in `learning_curves.rows`, followed by published values.

    Published values have `line` "published", one row each, at their step since the start.

    Args:
        curves: lines of all conditions.
        compared: the table `replication_history`.
        condition: condition to show.
    """
    shown = curves[curves["condition"] == condition].astype({"condition": "str"})
    # The first step of an epoch is always recorded; published steps are relative to it.
    first = shown.groupby("epoch")["step"].min()
    compared = compared[compared["condition"] == condition]
    points = pd.DataFrame(
        {
            "condition": condition,
            "line": "published",
            "step": compared["step"] + compared["epoch"].map(first),
            "epoch": compared["epoch"],
            **{name: compared["published"].where(compared["quantity"] == name) for name in PANELS},
        }
    )
    table = pd.concat([shown, points], ignore_index=True)
    return table[shown.columns].astype({"seed": "Int64"})


@style()
def draw(table: pd.DataFrame, look: ConditionStyle) -> Figure:
    """Two panels over steps: lines are ours, marks are published."""
    figure = new_figure(PAGE_WIDTH, 2.6)
    for axes, (column, label) in zip(figure.subplots(1, len(PANELS)), PANELS.items(), strict=True):
        _draw_panel(axes, table, column, look.colour)
        axes.set(xlabel="step", ylabel=label)
        axes.margins(x=0.02)
        axes.set_ylim(bottom=0)
    count = table["seed"].nunique()
    single = _OF_SEVERAL if count > 1 else _ALONE
    handles = [
        Line2D([], [], **_PUBLISHED, label="published"),
        Line2D([], [], color=look.colour, **single, label="one network of ours"),
    ]
    if count > 1:
        handles.append(
            Line2D([], [], color=look.colour, linewidth=_MEAN_WIDTH, label=f"mean (n = {count})")
        )
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def _draw_panel(axes: Axes, table: pd.DataFrame, column: str, colour: str) -> None:
    single = table[table["line"] == "seed"]
    lines = [line[["step", column]].to_numpy(float) for _, line in single.groupby("seed")]
    single_look = _OF_SEVERAL if len(lines) > 1 else _ALONE
    axes.add_collection(LineCollection(lines, colors=colour, **single_look))
    if len(lines) > 1:
        mean = table[table["line"] == "mean"]
        axes.plot(mean["step"], mean[column], color=colour, linewidth=_MEAN_WIDTH)
    points = table[table["line"] == "published"]
    axes.plot(points["step"], points[column], zorder=3, clip_on=False, **_PUBLISHED)
    axes.autoscale_view()
