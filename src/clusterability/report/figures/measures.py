"""One measure against k: by layer (columns), method (rows) and condition, over its null."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from clusterability.jobs.figure_job import FigureJob
from clusterability.report.figures.accuracy import shown_names, with_accuracy
from clusterability.report.figures.inputs import Inputs, categories, paths
from clusterability.report.figures.score_inputs import cell_status, read_scores
from clusterability.report.figures.style import (
    COLUMN_WIDTH,
    PAGE_WIDTH,
    ConditionStyle,
    condition_handles,
    condition_styles,
    draw_legend,
    new_figure,
    style,
)
from clusterability.results.display_names import measure_label, null_name, span
from clusterability.statistics import interval

NULL_REACH = 1.96
"""Standard deviations of the null on each side of its mean: 95 % of a normal null's draws."""

RELATIVE = ("ncut",)
"""Measures shown less the mean of their null: k alone sets their size (n-cut is close to k - 1),
and hides how far they lie from chance."""

CELL = ["condition", "layer", "method", "k"]

_ROW_HEIGHTS = (1.35, 1.6)
"""Inches: of a row of panels with few conditions and with many."""
_MANY = 4
"""More conditions than this need higher panels and finer lines."""
_LEGEND_HEIGHT = 0.75
_INTERVAL_ROOM = 1.5
"""Intervals reach beyond points and nulls by so many times the range of these at most."""
_FEW = 6
"""So many values of k are all named on the axis."""

CAPTION = """{label} against the number of clusters k, by layer (columns), method (rows) and
condition (lines, with their mean test accuracy): mean over networks with its 95 % t interval over
seeds. Bands: where a network would lie by chance, the mean of its null and 1.96 standard
deviations to each side."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the measure `item` and its rows, from the table `scores`."""
    table = with_accuracy(rows(paths(inputs, "scores")[0], item), inputs)
    return draw(table), table


def rows(scores: Path, measure: str) -> pd.DataFrame:
    """One row a cell: mean over `n` networks with its 95 % t interval, and the band of the null.

    The band is the mean over networks of null_mean - 1.96 null_sd and of null_mean + 1.96 null_sd:
    where the measure of one network would lie by chance. `quantity` says what is shown: "value",
    or "excess", the value less the network's null_mean.
    """
    found = read_scores(scores, [measure])
    relative = measure in RELATIVE and bool(found["null"].notna().any())
    origin = found["null_mean"] if relative else 0.0
    found = found.assign(
        quantity="excess" if relative else "value",
        value=found["value"] - origin,
        null_mean=found["null_mean"] - origin,
    )
    cells = found.groupby(CELL, sort=False, observed=True)
    table = pd.DataFrame([_cell_row(cell, group) for cell, group in cells])
    for column in ("condition", "layer"):
        table[column] = table[column].astype(found[column].dtype)
    order = ["method", "layer", "condition", "k"]
    return table.sort_values(order, key=_in_order(found), ignore_index=True)


def _in_order(found: pd.DataFrame) -> Any:
    """Sorts methods as they come, everything else by value."""
    methods = {name: place for place, name in enumerate(found["method"].unique())}
    return lambda column: column.map(methods) if column.name == "method" else column


def _cell_row(cell: tuple[Hashable, ...], group: pd.DataFrame) -> dict[str, Any]:
    values = group["value"].to_numpy(float)
    mean, low, high = interval(values)
    null_mean, reach = group["null_mean"].mean(), NULL_REACH * group["null_sd"].mean()
    return dict(zip(CELL, cell, strict=True)) | {
        "measure": group["measure"].iloc[0],
        "quantity": group["quantity"].iloc[0],
        "null": group["null"].iloc[0],
        "n": int(np.isfinite(values).sum()),
        "mean": mean,
        "low": low,
        "high": high,
        "null_low": null_mean - reach,
        "null_mean": null_mean,
        "null_high": null_mean + reach,
        "status": cell_status(group["status"]),
    }


@style()
def draw(table: pd.DataFrame) -> Figure:
    """Layers side by side, methods one below the other.

    Each panel has its own range: values of one method hide another's distance from its null.
    """
    layers = [layer for layer in categories(table["layer"]) if (table["layer"] == layer).any()]
    methods = list(table["method"].unique())
    looks = condition_styles(categories(table["condition"]))
    height = _ROW_HEIGHTS[len(looks) > _MANY] * len(methods) + _LEGEND_HEIGHT
    figure = new_figure(COLUMN_WIDTH if len(layers) == 1 else PAGE_WIDTH, height)
    panels = figure.subplots(len(methods), len(layers), sharex=True, squeeze=False)
    cut = False
    for (place, number), axes in np.ndenumerate(panels):
        here = table[(table["method"] == methods[place]) & (table["layer"] == layers[number])]
        _draw_panel(axes, here, looks)
        cut |= _cut_intervals(axes, here)
    _label_panels(panels, layers, methods, table)
    _draw_legend(figure, table, looks, cut)
    return figure


def _draw_panel(axes: Axes, table: pd.DataFrame, looks: dict[str, ConditionStyle]) -> None:
    spacing = _spacing(table["k"])
    many = len(looks) > _MANY
    for condition, line in table.groupby("condition", observed=True):
        look = looks[str(condition)]
        # Bands mostly lie on each other: the more there are, the fainter each.
        _draw_null(axes, line, look, reach=0.4 * spacing, strength=min(0.5, 1 / len(looks)))
        axes.errorbar(
            line["k"],
            line["mean"],
            yerr=[line["mean"] - line["low"], line["high"] - line["mean"]],
            color=look.colour,
            linestyle=look.dashes,
            linewidth=0.7 if many else 0.9,
            elinewidth=0.7,
            marker=look.marker,
            markersize=2.2 if many else None,
            zorder=3,
        )


def _cut_intervals(axes: Axes, table: pd.DataFrame) -> bool:
    """Ends the axis where intervals would hide how points and nulls lie to each other.

    Of two networks, an interval can be a hundred times as long as all distances between points.
    Returns whether one is cut.
    """
    shown = table[["mean", "null_low", "null_high"]].to_numpy(float)
    if not np.isfinite(shown).any():
        return False
    low, high = np.nanmin(shown), np.nanmax(shown)
    room = _INTERVAL_ROOM * ((high - low) or abs(high) or 1.0)
    bottom, top = axes.get_ylim()
    axes.set_ylim(max(bottom, low - room), min(top, high + room))
    return bool((table["low"] < low - room).any() or (table["high"] > high + room).any())


def _draw_null(
    axes: Axes, line: pd.DataFrame, look: ConditionStyle, reach: float, strength: float
) -> None:
    for run in _runs(line):
        k = run["k"].to_numpy(float)
        # Beyond both ends, so that a single k has a band that can be seen.
        x = np.concatenate([[k[0] - reach], k, [k[-1] + reach]])
        low, high = (np.pad(run[name], 1, mode="edge") for name in ("null_low", "null_high"))
        axes.fill_between(
            x, low, high, color=look.colour, alpha=0.3 * strength, linewidth=0, zorder=1
        )
        for edge in (low, high):
            axes.plot(x, edge, color=look.colour, alpha=strength, linewidth=0.35, zorder=2)


def _runs(line: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Stretches of k without a gap in the null."""
    defined = line["null_low"].notna() & line["null_high"].notna()
    for _, run in line[defined].groupby((~defined).cumsum()[defined]):
        yield run


def _spacing(k: pd.Series) -> float:
    values = np.unique(k)
    return float(np.diff(values).min()) if len(values) > 1 else 1.0


def _label_panels(
    panels: np.ndarray, layers: Sequence[str], methods: Sequence[str], table: pd.DataFrame
) -> None:
    k_values = np.unique(table["k"])
    label = measure_label(table["measure"].iloc[0])
    if table["quantity"].iloc[0] == "excess":
        label += " \N{MINUS SIGN} null mean"
    for axes, layer in zip(panels[0], layers, strict=True):
        axes.set_title(layer)
    for line, method in zip(panels, methods, strict=True):
        line[0].set_ylabel(label)
        line[-1].annotate(
            method,
            (1, 0.5),
            xycoords="axes fraction",
            xytext=(4, 0),
            textcoords="offset points",
            rotation=-90,
            va="center",
        )
    for axes in panels[-1]:
        axes.set_xlabel("k")
    margin = 0.6 * _spacing(table["k"])
    panels[0, 0].set_xlim(k_values[0] - margin, k_values[-1] + margin)
    if len(k_values) <= _FEW:
        panels[0, 0].set_xticks(k_values)
    else:
        panels[0, 0].xaxis.set_major_locator(MaxNLocator(7, integer=True))


def _draw_legend(
    figure: Figure, table: pd.DataFrame, looks: dict[str, ConditionStyle], cut: bool
) -> None:
    handles = condition_handles(looks, shown_names(table))
    if table["null"].notna().any():
        label = f"its null ({null_name(table)}): mean ± {NULL_REACH} sd"
        handles.append(Patch(facecolor="#d4d4d4", edgecolor="#8c8c8c", linewidth=0.35, label=label))
    draw_legend(figure, handles, title=_replicates(table) + (", cut at the frame" if cut else ""))


def _replicates(table: pd.DataFrame) -> str:
    """What a point is, for the legend."""
    if (table["n"] <= 1).all():
        return f"one network a point (n = {span(table['n'])})"
    return f"mean over networks (n = {span(table['n'])} a point), 95 % t interval"
