"""Mean directed z of all measures as heat maps: condition and layer against k."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from clusterability.jobs.figure_job import FigureJob
from clusterability.measures.catalogue import STANDARDISED
from clusterability.report.figures.accuracy import shown_names, with_accuracy
from clusterability.report.figures.inputs import Inputs, paths
from clusterability.report.figures.line_groups import condition_layers, name_groups, separate_groups
from clusterability.report.figures.score_inputs import INFEASIBLE, cell_status, read_scores
from clusterability.report.figures.style import (
    COLUMN_WIDTH,
    HATCHED,
    INK,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    PLAIN,
    new_figure,
    style,
)
from clusterability.report.figures.z_colour_scale import DARK, LEVELS, draw_z_bar, z_scale
from clusterability.results.display_names import measure_label, null_name, span
from clusterability.statistics import SIGNIFICANT

WORSE = -2
"""Cells with a mean z up to this are marked: in grey print, both ends of the scale are dark."""

CELL = ["condition", "layer", "k", "measure"]

_PANELS_A_ROW = 5
_LINE_HEIGHT = 0.125
_PANEL_MARGIN = 0.3
_LEGEND_HEIGHT = 0.88
_K_LABELS = 6
_MARK_SIZES: dict[str, dict[str, Any]] = {
    ".": {"markersize": 3.0, "markeredgewidth": 0},
    "_": {"markersize": 2.8, "markeredgewidth": 0.6},
}

CAPTION = """How good clusters are against chance: directed z of each structural measure (panels,
those with the largest mean first), mean over networks, by condition and layer (rows) and number of
clusters k (columns); method {item}. Positive is better than chance. A dot marks q at most 0.05
(one-sided t test over networks, Benjamini-Hochberg within a measure), a dash z at most -2;
hatched: k is more than a layer can hold. With each condition, its mean test accuracy. Intervals of
z over seeds are in the table summary."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the method `item` and its rows, from the table `scores`."""
    table = with_accuracy(rows(paths(inputs, "scores")[0], item), inputs)
    return draw(table), table


def rows(scores: Path, method: str, measures: Sequence[str] = STANDARDISED) -> pd.DataFrame:
    """One row per cell: `z`, the mean over `n` networks with a z, and the cell's `q`.

    Measures without direction have no z and are left out.
    """
    scores_of_method = read_scores(scores, measures, method=method)
    cells = scores_of_method.groupby(CELL, sort=False, observed=True)
    table = cells.agg(
        method=("method", "first"),
        null=("null", "first"),
        n=("z", "count"),
        z=("z", "mean"),
        q=("q", "first"),
        status=("status", cell_status),
    )
    # There is no z if the null has no spread.
    table.loc[(table["status"] == "ok") & (table["n"] == 0), "status"] = "undefined"
    return table.reset_index()[[*CELL, "method", "null", "n", "z", "q", "status"]]


@style()
def draw(table: pd.DataFrame) -> Figure:
    """A panel per measure, with conditions and layers in rows and k in columns.

    Measures with the largest mean z come first: what sees much stands beside what sees little.
    """
    means = table.groupby("measure", sort=False)["z"].mean()
    measures = list(means.sort_values(ascending=False, kind="stable").index)
    lines = condition_layers(table)
    down = math.ceil(len(measures) / _PANELS_A_ROW)
    across = math.ceil(len(measures) / down)
    figure = _empty_figure(len(lines), down, across)
    panels = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
    scale = z_scale()
    for axes, measure in zip(panels.flat, measures, strict=False):
        _draw_panel(axes, table[table["measure"] == measure], lines, scale)
        axes.set_title(measure_label(measure))
    for axes in panels.flat[len(measures) :]:
        axes.set_axis_off()
    for axes in _column_ends(panels, len(measures)):
        axes.set_xlabel("k")
        axes.tick_params(labelbottom=True)
    for axes in panels[:, 0]:
        name_groups(axes, lines, 3.8, shown_names(table), fontsize=6.0)
    _draw_legend(figure, table, scale)
    return figure


def _empty_figure(lines: int, down: int, across: int) -> Figure:
    """An empty figure as high as its lines need, up to the height of a page."""
    room = (PAGE_HEIGHT - _LEGEND_HEIGHT) / down - _PANEL_MARGIN
    line = min(_LINE_HEIGHT, room / lines)
    height = down * (lines * line + _PANEL_MARGIN) + _LEGEND_HEIGHT
    return new_figure(COLUMN_WIDTH if across == 1 else PAGE_WIDTH, height)


def _column_ends(panels: np.ndarray, count: int) -> Iterator[Axes]:
    """The lowest panel in use of each column."""
    across = panels.shape[1]
    for column in range(across):
        yield panels[(count - 1 - column) // across, column]


def _draw_panel(
    axes: Axes, table: pd.DataFrame, lines: Sequence[tuple[str, str]], scale: ScalarMappable
) -> None:
    k_values = np.unique(table["k"])
    numbers = {line: number for number, line in enumerate(lines)}
    y = np.array([numbers[line] for line in zip(table["condition"], table["layer"], strict=True)])
    x = np.searchsorted(k_values, table["k"])
    grid = np.full((len(lines), len(k_values)), np.nan)
    grid[y, x] = table["z"]
    axes.pcolormesh(
        np.arange(len(k_values) + 1) - 0.5,
        np.arange(len(lines) + 1) - 0.5,
        np.ma.masked_invalid(grid),
        cmap=scale.cmap,
        norm=scale.norm,  # type: ignore[arg-type]
        edgecolors="white",
        linewidth=0.25,
    )
    infeasible = (table["status"] == INFEASIBLE).to_numpy()
    _fill(axes, x[infeasible], y[infeasible], HATCHED)
    no_z = table["z"].isna().to_numpy() & ~infeasible
    _fill(axes, x[no_z], y[no_z], PLAIN)
    _mark(axes, x, y, table, scale)
    _set_axes(axes, lines, k_values)


def _fill(axes: Axes, x: np.ndarray, y: np.ndarray, look: dict[str, Any]) -> None:
    cells = [Rectangle((i - 0.5, j - 0.5), 1, 1) for i, j in zip(x, y, strict=True)]
    if cells:
        axes.add_collection(PatchCollection(cells, **look))


def _mark(
    axes: Axes, x: np.ndarray, y: np.ndarray, table: pd.DataFrame, scale: ScalarMappable
) -> None:
    """Mark cells: dots where q is significant, dashes where z is far worse than chance."""
    shades = scale.to_rgba(table["z"].to_numpy(float))
    dark = shades[:, :3] @ [0.299, 0.587, 0.114] < DARK
    marks = {".": table["q"] <= SIGNIFICANT, "_": table["z"] <= WORSE}
    for marker, chosen in marks.items():
        for is_dark, colour in ((False, INK), (True, "white")):
            mask = chosen.to_numpy() & (dark == is_dark)
            axes.plot(x[mask], y[mask], marker, color=colour, **_MARK_SIZES[marker])


def _set_axes(axes: Axes, lines: Sequence[tuple[str, str]], k_values: np.ndarray) -> None:
    step = math.ceil(len(k_values) / _K_LABELS)
    axes.set_xticks(range(0, len(k_values), step), [str(k) for k in k_values[::step]])
    axes.set_yticks(range(len(lines)), [layer for _, layer in lines])
    axes.tick_params(length=0)
    axes.set(xlim=(-0.5, len(k_values) - 0.5), ylim=(len(lines) - 0.5, -0.5))
    axes.spines[:].set_visible(False)
    separate_groups(axes, lines)


def _draw_legend(figure: Figure, table: pd.DataFrame, scale: ScalarMappable) -> None:
    draw_z_bar(figure, scale, _scale_label(table))
    handles = list(_legend_handles(table))
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def _scale_label(table: pd.DataFrame) -> str:
    if table["null"].isna().all():
        return "mean directed z: the study has no null"
    return (
        f"mean directed z over networks (n = {span(table['n'])}; null: {null_name(table)})\n"
        f"positive: better than chance; ends: beyond ±{LEVELS[-1]}"
    )


def _legend_handles(table: pd.DataFrame) -> Iterator[Artist]:
    """Legend of the marks that occur."""
    infeasible = table["status"] == INFEASIBLE
    marks = {
        ".": (table["q"] <= SIGNIFICANT, f"q ≤ {SIGNIFICANT}"),
        "_": (table["z"] <= WORSE, f"z ≤ \N{MINUS SIGN}{-WORSE}"),
    }
    for marker, (occurs, label) in marks.items():
        if occurs.any():
            size = _MARK_SIZES[marker]
            yield Line2D([], [], linestyle="", marker=marker, color=INK, label=label, **size)
    if infeasible.any():
        yield Patch(label="k is infeasible", **HATCHED)
    if (table["z"].isna() & ~infeasible).any():
        yield Patch(label="no z", **PLAIN)
