"""Saved bits by condition (rows) and layer (columns), and the bits beyond each null."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from clusterability.jobs.figure_job import FigureJob
from clusterability.measures.catalogue import VERDICT_BITS
from clusterability.networks.scaling_names import scaling_of
from clusterability.report.figures.accuracy import shown_names, with_accuracy
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
    reach,
    scale_bits,
    style,
)
from clusterability.results.display_names import span
from clusterability.results.reading import read_csv

COLUMNS = ["condition", "layer", "method", "n", "quantity", "bits", "low", "high", "verdict"]

_LINE_HEIGHT = 0.34
_HEADING_HEIGHT = 0.4
_LEGEND_HEIGHT = 0.75
_STEP = 0.16
"""Distance between the marks of a condition, in lines."""

CAPTION = """Bits that clusters of each layer (columns) save, by condition (lines, with their mean
test accuracy), method {method}; the same of the weights as they are; and bits less the most that
any draw of a null saves: mean over networks with its 95 % t interval. The dashed line stands at 20
bits, from which on clusters pay; the axis is linear between -20 and 20 and logarithmic beyond. The
differences are no shares of the bits and do not add up."""


@dataclass(frozen=True)
class Look:
    colour: str
    marker: str
    label: str


LOOKS = {
    "bits_unscaled": Look("#9b9b9b", "o", "bits of weights as they are"),
    "bits": Look("#1e0c71", "s", "bits"),
    "beyond_shuffle": Look("#6dc908", "v", "beyond shuffle"),
    "beyond_shuffle_nonzero": Look("#6dc908", "1", "beyond shuffle_nonzero"),
    "beyond_strength": Look("#c8382e", "^", "beyond strength"),
    "beyond_degrees": Look("#e2976d", "<", "beyond degrees"),
    "beyond_within": Look("#00908c", "X", "beyond within"),
    "beyond_rotated_u": Look("#bd5bd3", "D", "beyond rotated_u"),
    "beyond_rotated_v": Look("#1040e7", "P", "beyond rotated_v"),
}
"""Quantities shown of a layer, from the top."""
_LEFT_OUT = ("beyond_shuffle", "beyond_shuffle_nonzero")
"""Nulls hidden if others are drawn: their draws save next to nothing (docs/bits.md)."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure and its rows, from the table `verdict`."""
    table = with_accuracy(rows(paths(inputs, "verdict")[0]), inputs)
    return draw(table), table


def rows(verdict: Path) -> pd.DataFrame:
    """One row per condition, layer and quantity: bits, or bits beyond a null, with COLUMNS."""
    table = read_csv(verdict)
    shown = [name for name in LOOKS if name in table and table[name].notna().any()]
    if (table["method"].map(scaling_of) == "none").all():  # unscaled bits are the same
        shown = [name for name in shown if name != "bits_unscaled"]
    others = [name for name in shown if name.startswith("beyond") and name not in _LEFT_OUT]
    shown = [name for name in shown if name not in _LEFT_OUT or not others]
    frames = [
        table.assign(
            quantity=name, bits=table[name], low=table[f"{name}_low"], high=table[f"{name}_high"]
        )[COLUMNS]
        for name in shown
    ]
    joined = pd.concat(frames, ignore_index=True) if frames else table.reindex(columns=COLUMNS)
    return joined.assign(
        condition=as_categories(joined["condition"], table["condition"].unique()),
        layer=as_categories(joined["layer"], layer_order(table["layer"].unique())),
    )


@style()
def draw(table: pd.DataFrame) -> Figure:
    """Layers side by side, conditions below each other, each with a mark per quantity."""
    conditions, layers = categories(table["condition"]), categories(table["layer"])
    shown = [name for name in LOOKS if name in set(table["quantity"])]
    height = _LINE_HEIGHT * len(conditions) + _HEADING_HEIGHT + _LEGEND_HEIGHT
    figure = new_figure(COLUMN_WIDTH if len(layers) == 1 else PAGE_WIDTH, height)
    panels = figure.subplots(1, max(len(layers), 1), sharey=True, squeeze=False)[0]
    for axes, layer in zip(panels, layers or [""], strict=True):
        _draw_panel(axes, table[table["layer"] == layer], conditions, shown)
        axes.set(title=layer, xlabel="bits")
    names = shown_names(table)
    panels[0].set_yticks(range(len(conditions)), [names.get(name, name) for name in conditions])
    panels[0].set_ylim(len(conditions) - 0.5, -0.5)
    title = f"mean over networks (n = {span(table['n'])}), 95 % t interval"
    draw_legend(figure, _handles(shown), title)
    return figure


def _draw_panel(
    axes: Axes, table: pd.DataFrame, conditions: Sequence[str], shown: Sequence[str]
) -> None:
    axes.axvline(0, color=INK, linewidth=0.4)
    scale_bits(axes, "x", linewidth=0.6, linestyle=(0, (4, 2)))
    for line in range(1, len(conditions)):
        axes.axhline(line - 0.5, color="#dddddd", linewidth=0.4)
    for number, name in enumerate(shown):
        part, look = table[table["quantity"] == name], LOOKS[name]
        y = part["condition"].map(conditions.index).astype(float)
        y += _STEP * (number - (len(shown) - 1) / 2)
        axes.errorbar(
            part["bits"],
            y,
            xerr=reach(part, "bits"),
            color=look.colour,
            marker=look.marker,
            linestyle="",
            elinewidth=0.7,
        )


def _handles(shown: Sequence[str]) -> list[Artist]:
    marks: list[Artist] = [
        Line2D([], [], color=look.colour, marker=look.marker, linestyle="", label=look.label)
        for look in (LOOKS[name] for name in shown)
    ]
    dashes = Line2D([], [], color=INK, linewidth=0.6, linestyle=(0, (4, 2)))
    dashes.set_label(f"{VERDICT_BITS:g} bits")
    return [*marks, dashes]
