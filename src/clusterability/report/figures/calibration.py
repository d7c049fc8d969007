"""Calibration of p: shares of p <= 0.05 by cell, and of p <= level, with a column per null."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator

from clusterability.analysis.calibration import ALL, COMPARED, JUDGED, comparisons
from clusterability.errors import UserError
from clusterability.jobs.figure_job import FigureJob
from clusterability.report.figures.cluster_maps import draw_in_words
from clusterability.report.figures.inputs import (
    Inputs,
    as_categories,
    categories,
    layer_order,
    paths,
)
from clusterability.report.figures.line_groups import name_groups, separate_groups
from clusterability.report.figures.style import (
    INK,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    by_rows,
    new_figure,
    style,
)
from clusterability.results.display_names import counted, null_name, span
from clusterability.results.reading import read_csv, read_rows, where
from clusterability.statistics import SHARED_DRAWS, SIGNIFICANT, interval

CELLS = "cells"
LEVELS = "levels"
"""Values of `panel` in the rows, for the upper and the lower panels."""

COLUMNS = ["panel", "condition", "null", "layer", "method", "k", "measure"]
COLUMNS += ["n", "level", "share", "low", "high", "verdict"]

_LEVELS_SHOWN = 40
"""Largest number of points per line, evenly spaced on the logarithmic axis."""
_LINE_HEIGHT = 0.2
_SQUARE_HEIGHT = 1.25
_MARGIN_HEIGHT = 1.35
"""Total height of titles, axis labels and legend in inches."""
_TITLE_LETTERS = 21
"""Letters that fit above a panel of a fifth of the page; longer titles are wrapped."""
_REACH = 0.36
"""Extent of the cells above and below the middle of their line, relative to its height."""
_SHARE_TICKS = [0, SIGNIFICANT, 0.2, 0.5, 1]
_BELOW = 4
"""Ratio of the smallest level to the lower end of the axis of shares."""
_BAND: dict[str, Any] = {"facecolor": "#d4d4d4", "linewidth": 0}
_ONE_MEASURE: dict[str, Any] = {"color": "#8c8c8c", "linewidth": 0.35}
_ALL_MEASURES: dict[str, Any] = {"color": INK, "linewidth": 1.0}
_REFERENCE: dict[str, Any] = {"color": INK, "linewidth": 0.5, "linestyle": (0, (3, 1.5))}
"""Look of references: the level, and the diagonal."""
_LOOKS: dict[str, dict[str, Any]] = {
    "calibrated": {"marker": "o", "color": "#6b6b6b", "markersize": 1.5},
    "conservative": {"marker": "<", "color": "#542788", "markersize": 2.6},
    "liberal": {"marker": ">", "color": "#b35806", "markersize": 2.6},
    "undefined": {"marker": "x", "color": "#6b6b6b", "markersize": 2.0, "markeredgewidth": 0.4},
}
"""Look of verdicts; arrow heads point to the side of the band on which the cell lies."""

CAPTION = """Is p what it says? In {item}, where there is nothing to find: share of p at most 0.05
by layer, method and measure for each null (above; the band holds 95 % of shares if p is uniform
over networks), and share of p at most each level (below; thin lines: single measures, thick: all,
with its 95 % interval over networks; dashed: what it should be)."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the condition `item` and its rows, from the tables `calibration` and `scores`.

    Raises:
        UserError: if a table has no rows of this condition.
    """
    table = rows(paths(inputs, "calibration")[0], paths(inputs, "scores")[0], item)
    return draw(table, item), table


def rows(calibration: Path, scores: Path, condition: str) -> pd.DataFrame:
    """Rows of both kinds of panels: `share` of p <= `level` among `n` networks.

    - `panel` "cells": the cells of `calibration.calibration_cells` that have a p, with their
      interval under the null.
    - `panel` "levels": all layers, methods and k together, by measure and, as measure "all", over
      all measures. Values are means over networks of each network's share of p; for measure "all",
      `low` and `high` bound the 95 % t interval, unless networks share their draws.

    No rows where no p is judged: a search that finds no clusters, neither in networks nor in draws.
    """
    cells = read_csv(calibration)
    cells = cells[cells["condition"] == condition]
    compared = comparisons(read_rows(scores, COMPARED, where(condition=[condition]) & JUDGED))
    for path, table in ((calibration, cells), (scores, compared)):
        if table.empty:
            raise UserError(f"{path}: found no rows of condition {condition!r}, expected some")
    cells, compared = cells[cells["n"] > 0], compared.dropna(subset="p")
    if cells.empty:
        return pd.DataFrame(columns=COLUMNS)
    table = pd.concat([cells.assign(panel=CELLS), _level_rows(compared)])
    table = table.assign(condition=condition, layer=_layers(table["layer"]))
    return table.reset_index(drop=True)[COLUMNS].astype({"k": "Int64"})


def _level_rows(compared: pd.DataFrame) -> pd.DataFrame:
    frames = []
    for null, of_null in compared.groupby("null", sort=False):
        levels = _shown_levels(of_null["null_n"])
        for measure, group in of_null.groupby("measure", sort=False):
            shares = _level_shares(group, levels)
            frames.append(shares.assign(null=null, measure=measure, low=np.nan, high=np.nan))
        shares = _level_shares(of_null, levels).assign(null=null, measure=ALL)
        if null in SHARED_DRAWS:
            shares[["low", "high"]] = np.nan
        frames.append(shares)
    return pd.concat(frames).assign(panel=LEVELS, layer=ALL, method=ALL)


def _shown_levels(draws: pd.Series) -> np.ndarray:
    """Levels on the grid of p; with different numbers of draws, the grid of the most frequent."""
    points = int(draws.mode().iloc[0]) + 1
    return np.unique(np.geomspace(1, points, _LEVELS_SHOWN).round()) / points


def _level_shares(compared: pd.DataFrame, levels: np.ndarray) -> pd.DataFrame:
    """Share of p up to each level per network: mean over networks with its t interval."""
    networks = [np.sort(p.to_numpy(float)) for _, p in compared.groupby("seed")["p"]]
    shares = np.array([np.searchsorted(p, levels, side="right") / len(p) for p in networks])
    bounds = [interval(share) for share in shares.T]
    table = pd.DataFrame(bounds, columns=["share", "low", "high"])
    return table.assign(level=levels, n=len(networks))


def _layers(layers: pd.Series) -> pd.Categorical:
    """Layers in the order of figures, with "all" last."""
    return as_categories(layers, [*layer_order(set(layers) - {ALL}), ALL])


@style()
def draw(table: pd.DataFrame, condition: str) -> Figure:
    """A column per null: cells on the lines of their layer and method above, levels below.

    The lower panel is a Q-Q plot of p with exchanged axes, so that liberal lies above the diagonal.
    On a logarithmic axis, quantiles of p would jump by factors of two where p is smallest.
    """
    if table.empty:
        return draw_in_words(f"{condition}: each value equals all of its draws")
    cells, levels = (table[table["panel"] == panel] for panel in (CELLS, LEVELS))
    nulls, lines = list(cells["null"].unique()), _lines(cells)
    room = PAGE_HEIGHT - _SQUARE_HEIGHT - _MARGIN_HEIGHT
    upper = min(_LINE_HEIGHT * len(lines), room)
    figure = new_figure(PAGE_WIDTH, upper + _SQUARE_HEIGHT + _MARGIN_HEIGHT)
    panels = figure.subplots(
        2, len(nulls), squeeze=False, sharey="row", height_ratios=[upper, _SQUARE_HEIGHT]
    )
    for null, (above, below) in zip(nulls, panels.T, strict=True):
        _draw_cells(above, cells[cells["null"] == null], lines)
        _draw_levels(below, levels[levels["null"] == null])
        above.set_title(textwrap.fill(null_name(cells[cells["null"] == null]), _TITLE_LETTERS))
    _set_axes(panels, lines, levels)
    columns = 3
    networks = counted(span(cells["n"]), "network")
    figure.legend(
        handles=by_rows(list(_legend_handles(cells)), columns),
        loc="outside lower center",
        ncols=columns,
        title=f"{condition}: a point a cell (k and measure), n = {networks}",
    )
    return figure


def _lines(cells: pd.DataFrame) -> list[tuple[str, str]]:
    """Layer and method of each line of the upper panels, from the top."""
    occurring = set(zip(cells["layer"], cells["method"], strict=True))
    return [
        (layer, method)
        for layer in categories(cells["layer"])
        for method in cells["method"].unique()
        if (layer, method) in occurring
    ]


def _draw_cells(axes: Axes, cells: pd.DataFrame, lines: Sequence[tuple[str, str]]) -> None:
    """Draw cells on the lines of their layer and method, one above the other in row order."""
    for line, (layer, method) in enumerate(lines):
        line_cells = cells[(cells["layer"] == layer) & (cells["method"] == method)]
        y = line + np.linspace(-_REACH, _REACH, len(line_cells) + 2)[1:-1]
        edges = np.concatenate([[line - _REACH], y, [line + _REACH]])
        low, high = (np.pad(line_cells[name], 1, mode="edge") for name in ("low", "high"))
        axes.fill_betweenx(edges, low, high, zorder=1, **_BAND)
        for verdict, look in _LOOKS.items():
            chosen = (line_cells["verdict"] == verdict).to_numpy()
            if chosen.any():
                axes.plot(
                    line_cells["share"][chosen], y[chosen], **_mark(look), clip_on=False, zorder=3
                )
    _draw_level(axes)


def _mark(look: dict[str, Any]) -> dict[str, Any]:
    return {"linestyle": "", "markeredgewidth": 0} | look


def _draw_level(axes: Axes) -> None:
    axes.axvline(SIGNIFICANT, zorder=2, **_REFERENCE)


def _draw_levels(axes: Axes, levels: pd.DataFrame) -> None:
    axes.axline((1, 1), slope=1, zorder=2, **_REFERENCE)
    _draw_level(axes)
    for measure, line in levels.groupby("measure", sort=False):
        # A logarithmic axis cannot show a share of 0, nor a bound below it.
        share = line["share"].where(line["share"] > 0)
        if measure == ALL:
            low = line["low"].clip(lower=_smallest_share(line))
            axes.fill_between(line["level"], low, line["high"], color=INK, alpha=0.25, linewidth=0)
            axes.plot(line["level"], share, zorder=4, **_ALL_MEASURES)
        else:
            axes.plot(line["level"], share, zorder=3, **_ONE_MEASURE)


def _smallest_share(levels: pd.DataFrame) -> float:
    """Lower end of the axis of shares."""
    return float(levels["level"].min()) / _BELOW


def _set_axes(panels: np.ndarray, lines: Sequence[tuple[str, str]], levels: pd.DataFrame) -> None:
    above, below = panels
    for axes in above:
        axes.set_xscale("function", functions=(_root, np.square))
        axes.set(xlim=(0, 1), xlabel=f"share of p ≤ {SIGNIFICANT}")
        axes.set_xticks(_SHARE_TICKS, [f"{share:g}" for share in _SHARE_TICKS])
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        separate_groups(axes, lines, linewidth=0.3)
    above[0].set(ylim=(len(lines) - 0.5, -0.5))
    above[0].set_yticks(range(len(lines)), [method for _, method in lines])
    name_groups(above[0], lines, 3.4, {})
    for axes in below:
        axes.set(xscale="log", yscale="log", xlabel="level")
        _set_level_axis(axes, levels)
    below[0].set_ylabel("share of p ≤ level")


def _root(shares: np.ndarray) -> np.ndarray:
    """Square-root scale, on which binomial standard deviations are about equal."""
    return np.sqrt(np.maximum(shares, 0))


def _set_level_axis(axes: Axes, levels: pd.DataFrame) -> None:
    smallest = levels["level"].min()
    ticks = [tick for tick in (0.001, 0.01, SIGNIFICANT, 0.2, 1) if tick >= smallest]
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.set_minor_locator(NullLocator())
    axes.set(xlim=(smallest, 1), ylim=(_smallest_share(levels), 1))


def _legend_handles(cells: pd.DataFrame) -> Iterator[Artist]:
    """Legend of lines and bands, then verdicts with their counts."""
    yield Line2D([], [], **_ALL_MEASURES, label="all measures, 95 % t interval")
    yield Line2D([], [], **_ONE_MEASURE, label="one measure")
    yield Patch(**_BAND, label="chance: 95 % for all cells of a null")
    for verdict, look in _LOOKS.items():
        count = int((cells["verdict"] == verdict).sum())
        if count or verdict != "undefined":
            yield Line2D([], [], **_mark(look), label=f"{verdict}: {counted(count, 'cell')}")
