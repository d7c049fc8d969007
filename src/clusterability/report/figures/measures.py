"""One measure against k: layers in columns, methods in rows, a line per condition, and the null."""

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
"""Measures shown minus the mean of their null: they grow with k (n-cut is close to k - 1), which
hides their distance from chance."""

CELL = ["condition", "layer", "method", "k"]

_ROW_HEIGHTS = (1.35, 1.6)
"""Height of a row of panels in inches, with few and with many conditions."""
_MANY = 4
"""With more conditions than this, panels are higher and lines thinner."""
_LEGEND_HEIGHT = 0.75
_INTERVAL_ROOM = 1.5
"""Largest extent of intervals beyond points and nulls, relative to the range of these."""
_FEW = 6
"""Up to this many values of k, all are labelled."""

CAPTION = """{label} against the number of clusters k, by layer (columns), method (rows) and
condition (lines, with their mean test accuracy): mean over networks with its 95 % t interval over
seeds. Bands: where a network would lie by chance, the mean of its null and 1.96 standard
deviations to each side."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the measure `item` and its rows, from the table `scores`."""
    table = with_accuracy(rows(paths(inputs, "scores")[0], item), inputs)
    return draw(table), table


def rows(scores: Path, measure: str) -> pd.DataFrame:
    """One row per cell: mean over `n` networks with its 95 % t interval, and the band of the null.

    The band is the mean over networks of null_mean - 1.96 null_sd and of null_mean + 1.96 null_sd:
    the range of the measure by chance for one network. `quantity` is "value", or "excess" for the
    value minus the network's null_mean.
    """
    scores_of_measure = read_scores(scores, [measure])
    relative = measure in RELATIVE and bool(scores_of_measure["null"].notna().any())
    origin = scores_of_measure["null_mean"] if relative else 0.0
    scores_of_measure = scores_of_measure.assign(
        quantity="excess" if relative else "value",
        value=scores_of_measure["value"] - origin,
        null_mean=scores_of_measure["null_mean"] - origin,
    )
    cells = scores_of_measure.groupby(CELL, sort=False, observed=True)
    table = pd.DataFrame([_cell_row(cell, group) for cell, group in cells])
    for column in ("condition", "layer"):
        table[column] = table[column].astype(scores_of_measure[column].dtype)
    order = ["method", "layer", "condition", "k"]
    return table.sort_values(order, key=_in_order(scores_of_measure), ignore_index=True)


def _in_order(table: pd.DataFrame) -> Any:
    """Sort key that keeps methods in the order of the rows and sorts other columns by value."""
    methods = {name: number for number, name in enumerate(table["method"].unique())}
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
    """Panels with layers side by side and methods below each other.

    Each panel has its own range: the values of one method would hide the distance of another from
    its null.
    """
    layers = [layer for layer in categories(table["layer"]) if (table["layer"] == layer).any()]
    methods = list(table["method"].unique())
    looks = condition_styles(categories(table["condition"]))
    height = _ROW_HEIGHTS[len(looks) > _MANY] * len(methods) + _LEGEND_HEIGHT
    figure = new_figure(COLUMN_WIDTH if len(layers) == 1 else PAGE_WIDTH, height)
    panels = figure.subplots(len(methods), len(layers), sharex=True, squeeze=False)
    cut = False
    for (row, number), axes in np.ndenumerate(panels):
        panel_rows = table[(table["method"] == methods[row]) & (table["layer"] == layers[number])]
        _draw_panel(axes, panel_rows, looks)
        cut |= _cut_intervals(axes, panel_rows)
    _label_panels(panels, layers, methods, table)
    _draw_legend(figure, table, looks, cut)
    return figure


def _draw_panel(axes: Axes, table: pd.DataFrame, looks: dict[str, ConditionStyle]) -> None:
    spacing = _spacing(table["k"])
    many = len(looks) > _MANY
    for condition, line in table.groupby("condition", observed=True):
        look = looks[str(condition)]
        # Bands mostly overlap: the more there are, the fainter each.
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
    """Limit the axis where intervals would hide the positions of points and nulls.

    With two networks, an interval can be a hundred times as long as all distances between points.
    Return whether any interval is cut.
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
        # Extended beyond both ends, so that the band of a single k is visible.
        x = np.concatenate([[k[0] - reach], k, [k[-1] + reach]])
        low, high = (np.pad(run[name], 1, mode="edge") for name in ("null_low", "null_high"))
        axes.fill_between(
            x, low, high, color=look.colour, alpha=0.3 * strength, linewidth=0, zorder=1
        )
        for edge in (low, high):
            axes.plot(x, edge, color=look.colour, alpha=strength, linewidth=0.35, zorder=2)


def _runs(line: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Ranges of k without a gap in the null."""
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
    """Description of a point, for the legend."""
    if (table["n"] <= 1).all():
        return f"one network a point (n = {span(table['n'])})"
    return f"mean over networks (n = {span(table['n'])} a point), 95 % t interval"
