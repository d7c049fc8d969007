"""Saved bits against k: layers in columns, conditions in rows, one line per method."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from clusterability.clustering.method_kinds import chooses
from clusterability.jobs.figure_job import FigureJob
from clusterability.measures.catalogue import VERDICT_BITS
from clusterability.networks.scaling_names import plain_method, scaling_of
from clusterability.report.figures.accuracy import shown_names, with_accuracy
from clusterability.report.figures.inputs import Inputs, categories, paths
from clusterability.report.figures.score_inputs import read_scores
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
from clusterability.statistics import interval

CELL = ["condition", "layer", "method", "k"]

_ROW_HEIGHT = 1.05
_LEGEND_HEIGHT = 0.9
_DASHES = {
    "none": "-",
    "ranked": (0, (4, 1.3)),
    "unit-norm": (0, (1, 1)),
    "balanced": (0, (8, 1.5)),
}
_LOOKS = ("#1e0c71", "s"), ("#c8382e", "^"), ("#bd5bd3", "D")
"""Colours and markers of methods."""

CAPTION = """Saved bits against the number of clusters k, by layer (columns), condition (rows, with
its mean test accuracy) and method (lines; dashed: weights ranked within rows and columns): mean
over networks with its 95 % t interval over seeds. A search is asked for at most k clusters a side.
The dotted line stands at 20 bits, from which on clusters pay; the axis is linear between -20 and 20
and logarithmic beyond."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure and its rows, from the table `scores`."""
    table = with_accuracy(rows(paths(inputs, "scores")[0], job.only_method), inputs)
    return draw(table), table


def rows(scores: Path, method: str) -> pd.DataFrame:
    """One row per condition, layer, method and k: mean bits over `n` networks and their interval.

    The rows are those of `method` and of methods that search for bits, at all scalings.
    """
    bits = read_scores(scores, ["bits"])
    plain = bits["method"].map(plain_method)
    bits = bits[(plain == method) | plain.map(chooses)]
    cells = bits.groupby(CELL, sort=False, observed=True)
    table = pd.DataFrame(
        [_cell_row(cell, group["value"]) for cell, group in cells],
        columns=[*CELL, "n", "bits", "low", "high"],
    )
    for column in ("condition", "layer"):
        table[column] = table[column].astype(bits[column].dtype)
    return table


def _cell_row(cell: tuple[Hashable, ...], values: pd.Series) -> dict[str, Any]:
    mean, low, high = interval(values.to_numpy(float))
    count = int(np.isfinite(values).sum())
    return dict(zip(CELL, cell, strict=True)) | {"n": count, "bits": mean, "low": low, "high": high}


@style()
def draw(table: pd.DataFrame) -> Figure:
    """A panel for each condition and layer."""
    conditions = [c for c in categories(table["condition"]) if (table["condition"] == c).any()]
    layers = [name for name in categories(table["layer"]) if (table["layer"] == name).any()]
    methods = list(dict.fromkeys(table["method"]))
    looks = _looks(methods)
    height = _ROW_HEIGHT * len(conditions) + _LEGEND_HEIGHT
    figure = new_figure(COLUMN_WIDTH if len(layers) == 1 else PAGE_WIDTH, height)
    panels = figure.subplots(len(conditions), len(layers), sharex=True, sharey="col", squeeze=False)
    names = shown_names(table)
    for (row, number), axes in np.ndenumerate(panels):
        panel_rows = table[
            (table["condition"] == conditions[row]) & (table["layer"] == layers[number])
        ]
        _draw_panel(axes, panel_rows, looks)
        if row == 0:
            axes.set_title(layers[number])
        if number == 0:
            axes.set_ylabel(f"{names.get(conditions[row], conditions[row])}\nbits")
    for axes in panels[-1]:
        axes.set_xlabel("k")
        axes.xaxis.set_major_locator(MaxNLocator(7, integer=True))
    title = f"mean over networks (n = {span(table['n'])} a point), 95 % t interval"
    draw_legend(figure, _handles(looks), title)
    return figure


def _looks(methods: list[str]) -> dict[str, dict[str, Any]]:
    """A colour per method, and dashes per scaling."""
    plain = list(dict.fromkeys(plain_method(name) for name in methods))
    looks = dict(zip(plain, cycle(_LOOKS)))
    return {
        name: {"color": colour, "marker": marker, "linestyle": _DASHES[scaling_of(name)]}
        for name in methods
        for colour, marker in [looks[plain_method(name)]]
    }


def _draw_panel(axes: Axes, table: pd.DataFrame, looks: dict[str, dict[str, Any]]) -> None:
    scale_bits(axes, "y", linewidth=0.5, linestyle=(0, (1, 1)))
    for method, line in table.groupby("method", sort=False):
        line = line.sort_values("k")
        axes.errorbar(
            line["k"],
            line["bits"],
            yerr=reach(line, "bits"),
            linewidth=0.8,
            elinewidth=0.6,
            markersize=2.2,
            **looks[str(method)],
        )


def _handles(looks: dict[str, dict[str, Any]]) -> list[Artist]:
    lines: list[Artist] = [Line2D([], [], label=name, **look) for name, look in looks.items()]
    dots = Line2D([], [], color=INK, linewidth=0.5, linestyle=(0, (1, 1)))
    dots.set_label(f"{VERDICT_BITS:g} bits")
    return [*lines, dots]
