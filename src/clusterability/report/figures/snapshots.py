"""Saved bits, z and accuracy against the training step, with layers in columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from clusterability.jobs.figure_job import FigureJob
from clusterability.measures.catalogue import VERDICT_BITS
from clusterability.report.figures.inputs import Inputs, layer_order, paths
from clusterability.report.figures.style import (
    INK,
    PAGE_WIDTH,
    draw_legend,
    new_figure,
    reach,
    scale_bits,
    style,
)
from clusterability.report.figures.verdict import LOOKS
from clusterability.results.display_names import measure_label, span
from clusterability.results.reading import read_csv

_MEASURES = (
    ("#1e0c71", "s", "-"),
    ("#c8382e", "^", (0, (4, 1.3))),
    ("#6dc908", "v", (0, (1, 1))),
    ("#bd5bd3", "D", (0, (5, 1.2, 1, 1.2))),
    ("#1040e7", "P", (0, (8, 1.5))),
    ("#7d1942", "X", (0, (5, 1.2, 1, 1.2, 1, 1.2))),
)
"""Colours, markers and dashes of measures, in turn."""

CAPTION = """Clusters against the training step, condition {item}: bits that clusters of each layer
save and bits beyond draws of nulls (above), z of measures (below), and test accuracy (right): mean
over networks with its 95 % t interval. The dashed line stands at 20 bits, from which on clusters
pay; the axis of bits is linear between -20 and 20 and logarithmic beyond, that of steps linear up
to the first one."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the condition `item` and its rows, from the table `snapshots`."""
    table = rows(paths(inputs, "snapshots")[0], item)
    return draw(table), table


def rows(snapshots: Path, condition: str) -> pd.DataFrame:
    """Rows of the table for this condition."""
    table = read_csv(snapshots)
    return table[table["condition"] == condition].reset_index(drop=True)


@style()
def draw(table: pd.DataFrame) -> Figure:
    """Bits above and z below, one column per layer; accuracy in the last column.

    Layers and measures without any value, such as layers of fewer units than k, are left out.
    """
    table = table.dropna(subset="value")
    layers = layer_order(table["layer"].dropna().unique())
    figure = new_figure(PAGE_WIDTH, 4.2)
    panels = figure.subplots(2, len(layers) + 1, sharex=True, squeeze=False)
    looks = _looks(table)
    for column, layer in enumerate(layers):
        layer_rows = table[table["layer"] == layer]
        _draw_lines(panels[0, column], layer_rows[layer_rows["quantity"] != "z"], looks)
        _draw_lines(panels[1, column], layer_rows[layer_rows["quantity"] == "z"], looks)
        scale_bits(panels[0, column], "y", linewidth=0.6, linestyle=(0, (4, 2)))
        panels[0, column].set_title(layer)
        panels[1, column].axhline(0, color=INK, linewidth=0.4)
    _draw_lines(panels[0, -1], table[table["quantity"] == "test_accuracy"], looks)
    panels[0, -1].set_title("test accuracy")
    panels[1, -1].set_axis_off()
    panels[0, 0].set_ylabel("bits" if layers else "")
    panels[1, 0].set_ylabel("z" if layers else "")
    _scale_steps([*panels[1, :-1], panels[0, -1]], table["step"])
    title = f"mean over networks (n = {span(table['n'])}), 95 % t interval"
    draw_legend(figure, _handles(looks), title)
    return figure


def _names(table: pd.DataFrame) -> pd.Series:
    """Quantity shown by each row's line, or the measure of its z."""
    return table["measure"].where(table["quantity"] == "z", table["quantity"])


def _looks(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Looks of the lines; bits look as in the figure of the verdict."""
    looks: dict[str, dict[str, Any]] = {}
    names = _names(table)
    for name in (name for name in LOOKS if (names == name).any()):
        look = LOOKS[name]
        looks[name] = {"color": look.colour, "marker": look.marker, "label": look.label}
    measures = list(names[table["quantity"] == "z"].unique())
    for number, name in enumerate(measures):
        colour, marker, dashes = _MEASURES[number % len(_MEASURES)]
        looks[name] = {"color": colour, "marker": marker, "linestyle": dashes}
        looks[name]["label"] = f"z of {measure_label(name)}"
    return looks | {"test_accuracy": {"color": INK, "marker": "o"}}


def _draw_lines(axes: Axes, table: pd.DataFrame, looks: dict[str, dict[str, Any]]) -> None:
    for name, line in table.groupby(_names(table), sort=False):
        line = line.sort_values("step")
        axes.errorbar(
            line["step"],
            line["value"],
            yerr=reach(line, "value"),
            linewidth=0.8,
            elinewidth=0.6,
            markersize=2.4,
            **looks[str(name)],
        )


def _scale_steps(panels: Sequence[Axes], steps: pd.Series) -> None:
    """Set a logarithmic axis with room for step 0."""
    first, last = float(steps[steps > 0].min()), float(steps.max())
    powers = 10.0 ** np.arange(np.ceil(np.log10(first)), np.log10(last) + 1)
    for axes in panels:
        axes.set_xscale("symlog", linthresh=first, linscale=0.5)
        axes.set_xticks([0, *powers[powers <= last]])
        axes.set_xlabel("training step")
        axes.tick_params(labelbottom=True)


def _handles(looks: dict[str, dict[str, Any]]) -> list[Artist]:
    marks: list[Artist] = [
        Line2D([], [], linewidth=0.8, **look) for look in looks.values() if "label" in look
    ]
    dashes = Line2D([], [], color=INK, linewidth=0.6, linestyle=(0, (4, 2)))
    dashes.set_label(f"{VERDICT_BITS:g} bits")
    return [*marks, dashes]
