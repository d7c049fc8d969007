"""Agreement of partitions against k: a panel per comparison, a line per condition, and the null."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from clusterability.errors import UserError
from clusterability.jobs.figure_job import FigureJob
from clusterability.measures.label_agreement import AGREEMENT_MEASURES
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
    PAGE_WIDTH,
    ConditionStyle,
    condition_handles,
    condition_styles,
    draw_legend,
    new_figure,
    style,
)
from clusterability.results.display_names import span
from clusterability.results.reading import read_csv

MEASURE = "ami"

COMPARISONS = {
    "layers": "next layer",
    "planted": "planted",
    "task": "task's modules",
    "seeds": "other seed",
    "data_order": "data order",
    "restarts": "restarts",
}
"""Comparisons in the order of the panels, with display names."""

_SIDES = ("V", "U", "UV")
"""Sides from the input on: the V side of a layer comes before its U side."""
_COLUMNS = 6
"""Panels per row: the number of sides of the default study's three layers."""
_ROW_HEIGHTS = (1.45, 1.7)
"""Height of a row of panels in inches, with few and with many conditions."""
_MANY = 4
"""With more conditions than this, panels are higher and lines thinner."""
_LEGEND_HEIGHT = 0.75
_MARGIN = 0.15
"""Margin for intervals above and below the means, as a share of the range of all means."""


class Panel(NamedTuple):
    """Comparison shown in one panel."""

    comparison: str
    layer: str
    other_layer: str
    side: str

    @property
    def title(self) -> str:
        """Name of the comparison and of the compared units."""
        if self.side == "UV":
            units = f"{self.layer} U, {self.other_layer} V"
        else:
            units = f"{self.layer} {self.side}"
        return f"{COMPARISONS[self.comparison]}\n{units}"


CAPTION = """Do clusters of the same units agree? Adjusted mutual information (1: the same
partition, 0: chance) between the partitions of two layers that share the units, with planted
clusters, with modules of the task, between seeds, and between restarts of k-means (panels), against
the number of clusters k; method {item}. Mean over networks or pairs of them with its 95 % t
interval over seeds; thin lines: the same with one side's labels permuted."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the method `item` and its rows, from the summary `agreement`."""
    table = with_accuracy(rows(paths(inputs, "agreement")[0], item), inputs)
    return draw(table), table


def rows(agreement: Path, method: str) -> pd.DataFrame:
    """Adjusted mutual information by cell: mean with 95 % t interval, and mean of the null.

    Raises:
        UserError: if there are no such rows.
    """
    cells = read_csv(agreement)
    conditions, layers = cells["condition"].unique(), layer_order(cells["layer"].unique())
    cells = cells[(cells["method"] == method) & (cells["measure"] == MEASURE)]
    if cells.empty:
        raise UserError(f"{agreement}: found no rows with method {method!r}, expected some")
    cells = cells.assign(
        condition=as_categories(cells["condition"], conditions),
        layer=as_categories(cells["layer"], layers),
        side=as_categories(cells["side"], _SIDES),
        comparison=as_categories(cells["comparison"], COMPARISONS),
    )
    cells = cells.rename(columns={"value": "mean", "value_low": "low", "value_high": "high"})
    columns = [*Panel._fields, "condition", "other_condition", "method", "k", "measure", "n"]
    columns += ["mean", "low", "high", "null_mean"]
    order = ["comparison", "layer", "side", "condition", "other_condition", "k"]
    return cells[columns].sort_values(order, ignore_index=True)


@style()
def draw(table: pd.DataFrame) -> Figure:
    """A panel for each comparison, all with the same range."""
    lines = _wrapped(_panels(table))
    looks = condition_styles(categories(table["condition"]))
    width = max(len(line) for line in lines)
    height = _ROW_HEIGHTS[len(looks) > _MANY] * len(lines) + _LEGEND_HEIGHT
    figure = new_figure(COLUMN_WIDTH if width <= 2 else PAGE_WIDTH, height)
    axes = figure.subplots(len(lines), width, sharex=True, sharey=True, squeeze=False)
    for row, line in zip(axes, lines, strict=True):
        for axis, panel in zip(row, line, strict=False):
            _draw_panel(axis, _of_panel(table, panel), looks)
            axis.set_title(panel.title)
        row[0].set_ylabel(AGREEMENT_MEASURES[MEASURE])
        for empty in row[len(line) :]:
            empty.set_axis_off()
    _label_k(axes, lines, np.unique(table["k"]))
    axes[0, 0].set_ylim(_value_range(table))
    _draw_legend(figure, table, looks)
    return figure


def _panels(table: pd.DataFrame) -> list[Panel]:
    """Panels in the order of the rows."""
    fields = list(Panel._fields)
    different = table[fields].drop_duplicates()
    return [Panel(*map(str, values)) for values in different.itertuples(index=False)]


def _of_panel(table: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    return table[(table[list(Panel._fields)] == list(panel)).all(axis=1)]


def _wrapped(panels: Sequence[Panel]) -> list[list[Panel]]:
    """Rows of panels; a comparison that does not fit into a row starts a new one."""
    lines: list[list[Panel]] = [[]]
    for comparison in COMPARISONS:
        group = [panel for panel in panels if panel.comparison == comparison]
        if len(lines[-1]) + len(group) > _COLUMNS and lines[-1]:
            lines.append([])
        for panel in group:
            if len(lines[-1]) == _COLUMNS:
                lines.append([])
            lines[-1].append(panel)
    return lines


def _draw_panel(axes: Axes, table: pd.DataFrame, looks: dict[str, ConditionStyle]) -> None:
    many = len(looks) > _MANY
    for (condition, _), line in table.groupby(["condition", "other_condition"], observed=True):
        look = looks[str(condition)]
        axes.plot(line["k"], line["null_mean"], color=look.colour, linewidth=0.5, zorder=2)
        axes.errorbar(
            line["k"],
            line["mean"],
            yerr=[line["mean"] - line["low"], line["high"] - line["mean"]],
            color=look.colour,
            linestyle=look.dashes,
            linewidth=0.7 if many else 0.9,
            elinewidth=0.7,
            marker=look.marker,
            markersize=2.2 if many else 2.6,
            zorder=3,
        )


def _value_range(table: pd.DataFrame) -> tuple[float, float]:
    """Range of all means and nulls, with a margin.

    Longer intervals are cut: those of the ten classes would leave little room for the others.
    """
    values = table[["mean", "null_mean"]].to_numpy(float)
    if not np.isfinite(values).any():
        return 0, 1
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = _MARGIN * max(high - low, 0.1)
    return low - margin, high + margin


def _label_k(axes: np.ndarray, lines: Sequence[Sequence[Panel]], k_values: np.ndarray) -> None:
    """Label k below the lowest panel of each column."""
    for column in range(axes.shape[1]):
        lowest = max(row for row, line in enumerate(lines) if column < len(line))
        axes[lowest, column].set_xlabel("k")
        axes[lowest, column].tick_params(labelbottom=True)
    first = axes[0, 0]
    margin = 0.6 * float(np.diff(k_values).min(initial=1))
    first.set_xlim(k_values[0] - margin, k_values[-1] + margin)
    first.xaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))


def _draw_legend(figure: Figure, table: pd.DataFrame, looks: dict[str, ConditionStyle]) -> None:
    null = Line2D([], [], color="#8c8c8c", linewidth=0.5, label="labels permuted")
    draw_legend(
        figure, [*condition_handles(looks, shown_names(table)), null], title=_replicates(table)
    )


def _replicates(table: pd.DataFrame) -> str:
    """Description of a point, for the legend."""
    if (table["n"] <= 1).all():
        return f"one network or pair a point (n = {span(table['n'])})"
    text = f"mean over networks or pairs (n = {span(table['n'])} a point), 95 % t interval"
    low, high = _value_range(table)
    cut = (table["low"] < low) | (table["high"] > high)
    return f"{text}, cut at the frame" if cut.any() else text
