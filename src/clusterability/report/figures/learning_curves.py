"""Loss and test accuracy during training: a thin line per network, a thick one for the mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from clusterability.jobs.figure_job import FigureJob
from clusterability.report.figures.inputs import Inputs, as_categories, categories, paths
from clusterability.report.figures.style import (
    PAGE_WIDTH,
    ConditionStyle,
    by_rows,
    condition_styles,
    new_figure,
    style,
)
from clusterability.results.reading import read_csv

PANELS = {"loss": "minibatch cross-entropy [nats]", "test_accuracy": "test accuracy"}
"""Column of the history for each panel, with its axis label."""

_COLUMNS = ["condition", "line", "seed", "step", "epoch", *PANELS]
_MARKERS_A_LINE = 8
_LEGEND_COLUMNS = 4
_LOG_FROM = 10
"""A loss that decreases by more than this factor is drawn on a logarithmic axis."""

CAPTION = """Training: cross-entropy of the minibatch (left) and accuracy on the test images
(right) against the training step. Thick lines: means over networks; thin lines: single networks,
which show the spread."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure and its rows, from `histories`: `{condition}/{seeds}.history.csv`."""
    table = rows(paths(inputs, "histories"))
    return draw(table), table


def rows(histories: Sequence[Path]) -> pd.DataFrame:
    """All lines: `line` is "seed" for a single network and "mean" for the mean of a condition.

    Untrained conditions have no rows, but remain categories of `condition`.
    """
    order = list(dict.fromkeys(file.parent.name for file in histories))
    tables = [read_csv(file).assign(condition=file.parent.name) for file in histories]
    trained = [table for table in tables if len(table)]
    networks = pd.concat(trained or tables[:1], ignore_index=True).assign(line="seed")
    steps = networks.groupby(["condition", "step", "epoch"], sort=False)
    means = steps[list(PANELS)].mean().reset_index().assign(line="mean")
    table = pd.concat([networks, means], ignore_index=True)[_COLUMNS]
    table["seed"] = table["seed"].astype("Int64")
    table["condition"] = as_categories(table["condition"], order)
    return table.sort_values(["condition", "line", "seed", "step"], ignore_index=True)


@style()
def draw(table: pd.DataFrame) -> Figure:
    """Two panels over steps; the legend gives the number of networks."""
    figure = new_figure(PAGE_WIDTH, 2.5)
    looks = condition_styles(categories(table["condition"]))
    panels = figure.subplots(1, len(PANELS))
    for axes, (column, label) in zip(panels, PANELS.items(), strict=True):
        for condition, lines in table.groupby("condition", observed=True):
            _draw_condition(axes, lines, column, looks[str(condition)])
        axes.set(xlabel="step", ylabel=label)
        axes.margins(x=0.02)
        if table.empty:
            axes.text(0.5, 0.5, "no training steps", transform=axes.transAxes, ha="center")
    loss = table["loss"]
    if loss.min() > 0 and loss.max() > _LOG_FROM * loss.min():
        panels[0].set_yscale("log")
    if len(table):
        _draw_legend(figure, table, looks)
    return figure


def _draw_condition(axes: Axes, lines: pd.DataFrame, column: str, look: ConditionStyle) -> None:
    single = lines[lines["line"] == "seed"]
    curves = [curve[["step", column]].to_numpy(float) for _, curve in single.groupby("seed")]
    axes.add_collection(LineCollection(curves, colors=look.colour, linewidths=0.4, alpha=0.4))
    mean = lines[lines["line"] == "mean"]
    axes.plot(
        mean["step"],
        mean[column],
        color=look.colour,
        linestyle=look.dashes,
        linewidth=1.4,
        marker=look.marker,
        markevery=max(1, len(mean) // _MARKERS_A_LINE),
    )
    axes.autoscale_view()


def _draw_legend(figure: Figure, table: pd.DataFrame, looks: dict[str, ConditionStyle]) -> None:
    seeds = table.groupby("condition", observed=True)["seed"].nunique()
    handles = [
        Line2D(
            [],
            [],
            color=looks[condition].colour,
            linestyle=looks[condition].dashes,
            marker=looks[condition].marker,
            linewidth=1.4,
            label=f"{condition} (n = {count})",
        )
        for condition, count in zip(map(str, seeds.index), seeds, strict=True)
    ]
    handles.append(Line2D([], [], color="#7a7a7a", linewidth=0.4, label="one network"))
    figure.legend(
        handles=by_rows(handles, _LEGEND_COLUMNS),
        loc="outside lower center",
        ncols=min(_LEGEND_COLUMNS, len(handles)),
    )
