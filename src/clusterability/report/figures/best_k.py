"""The chosen k by condition and layer (rows) and measure (columns), and its z on other networks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from clusterability.analysis.choosing_k.largest_z import NO_CLUSTERS
from clusterability.errors import UserError
from clusterability.jobs.figure_job import FigureJob
from clusterability.report.figures.accuracy import shown_names, with_accuracy
from clusterability.report.figures.inputs import Inputs, as_categories, layer_order, paths
from clusterability.report.figures.line_groups import condition_layers, name_groups, separate_groups
from clusterability.report.figures.style import (
    COLUMN_WIDTH,
    INK,
    NO_VALUE,
    PAGE_WIDTH,
    PLAIN,
    new_figure,
    style,
)
from clusterability.report.figures.z_colour_scale import DARK, LEVELS, draw_z_bar, z_scale
from clusterability.results.display_names import measure_label, null_name, shown_null, span
from clusterability.results.reading import read_csv
from clusterability.statistics import SIGNIFICANT

COLUMNS = [
    "condition",
    "layer",
    "measure",
    "method",
    "null",
    "k",
    "k_candidate",
    "p_select",
    "n_select",
    "n_report",
    "z",
    "p",
    "gap_k",
    "networks",
    "p_max",
]

_CELL = ["condition", "layer", "method", "measure", "null"]

_FEW = 4
"""Largest number of measures that fit into one column of a page."""
_LINE_HEIGHT = 0.17
_HEADING_HEIGHT = 0.85
_LEGEND_HEIGHT, _LEGEND_ALONE = 0.95, 0.3
"""Height of the legend in inches, with and without the colour bar."""
_LARGEST_NUMBER = 6.5
"""Points; numbers are smaller if rows are lower than usual."""
_PALE = 0.5
"""Opacity of the number 1."""
_GAP_DISTANCE = 0.3
"""Distance between the measures and the singular-value gap, in columns."""
_DOT: dict[str, Any] = {"marker": ".", "markersize": 3.4, "markeredgewidth": 0, "linestyle": ""}
_ONE: dict[str, Any] = {"marker": "$1$", "markersize": 4, "markeredgewidth": 0, "linestyle": ""}
_ALONE: dict[str, Any] = {"facecolor": "white", "edgecolor": NO_VALUE, "linewidth": 0.8}
"""Look of a cell of a single network, without z on others; the edge sets it apart from z = 0."""
_INSET = 0.05
"""Distance between such a cell and its edge, in columns and rows."""
_DOT_PLACE = 0.32
"""Offset of the dot from the centre of its cell, in columns."""

CAPTION = """How many clusters there are: the number in a cell is the k that half of the networks
chose by a measure (columns), 1 for none; its colour is the mean directed z of that k on the other
half, and a dot marks p at most 0.05 there. By condition and layer (rows); method {item}. The
column on the right is the k of the largest gap between singular values, which knows no measure. By
saved bits all networks choose, 1 means fewer than 20 of them, and there is no z. One network alone
has no other half: in a white cell with an edge stands the k that it chooses by itself, 1 where p of
its largest z over k, against that of each draw, is above 0.05 (by bits: fewer than 20), and a dot
marks that p (by bits, that of the most bits) at most 0.05."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the method `item` and its rows, from the table `best_k`."""
    by_network = paths(inputs, "best_k_networks")[0] if "best_k_networks" in inputs else None
    table = with_accuracy(rows(paths(inputs, "best_k")[0], item, by_network), inputs)
    return draw(table), table


def rows(best_k: Path, method: str, by_network: Path | None = None) -> pd.DataFrame:
    """One row per cell: the chosen `k`, with mean `z` and `p` on networks not used to choose it.

    `z` and `p` are at `k_candidate`, even if the chosen k is 1. `networks` is the number of the
    condition's networks; `p_max` is that of a single network.

    Args:
        best_k: the table of that name.
        method: method of the rows.
        by_network: the table `best_k_networks`; without it, `networks` and `p_max` are empty.

    Raises:
        UserError: if the table has no rows of the method.
    """
    table = read_csv(best_k, dtype={"k": "Int64", "k_candidate": "Int64", "gap_k": "Int64"})
    chosen = table[table["method"] == method]
    if chosen.empty:
        raise UserError(f"{best_k}: found no rows with method {method!r}, expected some")
    chosen = _with_networks(shown_null(chosen), by_network)
    chosen = chosen.assign(
        condition=as_categories(chosen["condition"], chosen["condition"].unique()),
        layer=as_categories(chosen["layer"], layer_order(chosen["layer"].unique())),
    )
    return chosen[COLUMNS].reset_index(drop=True)


def _with_networks(table: pd.DataFrame, by_network: Path | None) -> pd.DataFrame:
    """Add `networks`, and `p_max` for conditions with a single network."""
    if by_network is None:
        return table.assign(networks=np.nan, p_max=np.nan)
    choices = read_csv(by_network)
    networks = table["condition"].map(choices.groupby("condition")["seed"].nunique())
    alone = choices[~choices.duplicated(_CELL, keep=False)]
    joined = table.merge(alone[[*_CELL, "p_max"]], how="left", on=_CELL)
    one = (networks == 1).to_numpy()
    return joined.assign(networks=networks.to_numpy(), p_max=joined["p_max"].where(one))


def _alone(table: pd.DataFrame) -> pd.Series:
    """Mask of rows of a single network, which chose its k alone and has no z on others."""
    return (table["networks"] == 1) & table["z"].isna() & table["k"].notna()


@style()
def draw(table: pd.DataFrame) -> Figure:
    """Heat map of z with the chosen k in its cells, beside the k of the singular-value gap."""
    lines = condition_layers(table)
    measures = list(table["measure"].unique())
    legend_height = _LEGEND_HEIGHT if _has_colours(table) else _LEGEND_ALONE
    figure = _empty_figure(len(lines), len(measures), legend_height)
    axes = figure.subplots()
    scale = z_scale()
    numbers = {line: number for number, line in enumerate(lines)}
    y = np.array([numbers[line] for line in zip(table["condition"], table["layer"], strict=True)])
    x = np.array([measures.index(measure) for measure in table["measure"]])
    _draw_cells(axes, x, y, table["z"], scale)
    alone = _alone(table).to_numpy()
    _draw_alone(axes, x[alone], y[alone])
    size = _number_size(figure, len(lines), legend_height)
    _write_choices(axes, x, y, table, scale, size)
    _set_axes(axes, lines, measures)
    name_groups(axes, lines, 3.8, shown_names(table), fontsize=6.0)
    _draw_legend(figure, table, scale)
    return figure


def _has_colours(table: pd.DataFrame) -> bool:
    """Whether there is a colour bar; there is none if all cells are of single networks."""
    return bool(table["z"].notna().any() or not _alone(table).any())


def _empty_figure(lines: int, measures: int, legend_height: float) -> Figure:
    height = lines * _LINE_HEIGHT + _HEADING_HEIGHT + legend_height
    return new_figure(COLUMN_WIDTH if measures <= _FEW else PAGE_WIDTH, height)


def _number_size(figure: Figure, lines: int, legend_height: float) -> float:
    """Largest font size, in points, at which numbers of neighbouring rows do not overlap."""
    room = (figure.get_figheight() - _HEADING_HEIGHT - legend_height) / lines
    return min(_LARGEST_NUMBER, 0.8 * 72 * room)


def _gap_place(measures: int) -> float:
    """Position of the singular-value gap, to the right of the measures."""
    return measures + _GAP_DISTANCE


def _draw_cells(
    axes: Axes, x: np.ndarray, y: np.ndarray, z: pd.Series, scale: ScalarMappable
) -> None:
    grid = np.full((y.max() + 1, x.max() + 1), np.nan)
    grid[y, x] = z
    axes.pcolormesh(
        np.arange(grid.shape[1] + 1) - 0.5,
        np.arange(grid.shape[0] + 1) - 0.5,
        np.ma.masked_invalid(grid),
        cmap=scale.cmap.with_extremes(bad=NO_VALUE),
        norm=scale.norm,  # type: ignore[arg-type]
        edgecolors="white",
        linewidth=0.25,
    )


def _draw_alone(axes: Axes, x: np.ndarray, y: np.ndarray) -> None:
    side = 1 - 2 * _INSET
    for i, j in zip(x, y, strict=True):
        axes.add_patch(Rectangle((i - side / 2, j - side / 2), side, side, **_ALONE))


def _write_choices(
    axes: Axes,
    x: np.ndarray,
    y: np.ndarray,
    table: pd.DataFrame,
    scale: ScalarMappable,
    size: float,
) -> None:
    """Write the chosen k, dots where p is significant, and the k of the gap."""
    inks = _inks(table["z"], scale)
    shown_p = table["p"].where(~_alone(table), table["p_max"])
    for i, j, k, p, ink in zip(x, y, table["k"], shown_p, inks, strict=True):
        _write_k(axes, i, j, k, size, ink)
        if p <= SIGNIFICANT:
            axes.plot(i + _DOT_PLACE, j, color=ink, **_DOT)
    # The gap does not depend on the measure: any row of a line has it.
    for j, k in dict(zip(y, table["gap_k"], strict=True)).items():
        _write_k(axes, _gap_place(x.max() + 1), j, k, size, INK)


def _write_k(axes: Axes, x: float, y: float, k: Any, size: float, ink: str) -> None:
    if pd.notna(k):
        axes.text(
            x,
            y,
            str(k),
            ha="center",
            va="center_baseline",
            fontsize=size,
            color=ink,
            alpha=_PALE if k == NO_CLUSTERS else 1,
        )


def _inks(z: pd.Series, scale: ScalarMappable) -> list[str]:
    """A legible text colour for each cell."""
    luma = scale.to_rgba(z.to_numpy(float))[:, :3] @ [0.299, 0.587, 0.114]
    dark = (luma < DARK) & z.notna().to_numpy()
    return ["white" if is_dark else INK for is_dark in dark]


def _set_axes(axes: Axes, lines: Sequence[tuple[str, str]], measures: Sequence[str]) -> None:
    gap = _gap_place(len(measures))
    # Cells hold no values of the measures, so headings have no units.
    headings = [measure_label(measure).removesuffix(" [nats]") for measure in measures]
    axes.set(xlim=(-0.5, gap + 0.5), ylim=(len(lines) - 0.5, -0.5))
    axes.set_xticks([*range(len(measures)), gap], [*headings, "singular-value gap"])
    axes.set_yticks(range(len(lines)), [layer for _, layer in lines])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    for label in axes.get_xticklabels():
        label.set(rotation=35, rotation_mode="anchor", ha="left", va="center")
    axes.spines[:].set_visible(False)
    separate_groups(axes, lines)


def _draw_legend(figure: Figure, table: pd.DataFrame, scale: ScalarMappable) -> None:
    wide = figure.get_figwidth() > COLUMN_WIDTH
    if _has_colours(table):
        draw_z_bar(figure, scale, _scale_label(table, wide), narrow=not wide)
    handles = list(_legend_handles(table))
    if handles:
        columns = len(handles) if wide else 1
        figure.legend(handles=handles, loc="outside lower center", ncols=columns)


def _scale_label(table: pd.DataFrame, wide: bool) -> str:
    where = f"that k was not chosen on (n = {span(table['n_report'])})"
    parts = [
        "mean directed z on the networks" + (" " if wide else "\n") + where,
        f"null: {null_name(table)}",
        f"positive: better than chance; ends: beyond ±{LEVELS[-1]}",
    ]
    return "\n".join([parts[0], "; ".join(parts[1:])] if wide else parts)


def _legend_handles(table: pd.DataFrame) -> Iterator[Artist]:
    """Legend of the marks that occur."""
    alone = _alone(table)
    if (table["p"] <= SIGNIFICANT).any():
        yield Line2D([], [], color=INK, label=f"p ≤ {SIGNIFICANT} on these networks", **_DOT)
    if (table.loc[alone, "p_max"] <= SIGNIFICANT).any():
        label = f"one network: p of its largest z ≤ {SIGNIFICANT}"
        yield Line2D([], [], color=INK, label=label, **_DOT)
    ones = table["k"] == NO_CLUSTERS
    if (ones & ~alone).any():
        label = "no clusters; colour and dot: at the best k above 1"
        yield Line2D([], [], color=INK, alpha=_PALE, label=label, **_ONE)
    elif ones.any():
        yield Line2D([], [], color=INK, alpha=_PALE, label="no clusters", **_ONE)
    if alone.any():
        yield Patch(label=f"one network, by itself (null: {null_name(table)})", **_ALONE)
    if (table["z"].isna() & ~alone).any():
        yield Patch(label="no z", **PLAIN)
