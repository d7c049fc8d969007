"""Published values and ours: a line per condition; panels for the measure, its z and accuracy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from clusterability.jobs.figure_job import FigureJob
from clusterability.report.figures.inputs import Inputs, as_categories, categories, paths
from clusterability.report.figures.style import INK, PAGE_WIDTH, condition_styles, new_figure, style
from clusterability.results.display_names import measure_label
from clusterability.results.reading import read_csv
from clusterability.statistics import CONFIDENCE
from clusterability.study.published import ACCURACY, KEY

COLUMNS = [
    *KEY,
    "quantity",
    "published",
    "published_low",
    "published_high",
    "published_n",
    "ours",
    "ours_low",
    "ours_high",
    "n",
]

CAPTION = """Published values of {label} and ours (in the condition's colour): the measure with the
mean of its null, its z as it was published, which is not directed, and the accuracy on the test
images. Bars: 95 % t intervals over networks, of published means from their standard deviation and
number."""

_Z, _VALUE, _NULL = "z", "value", "null_mean"
_PANELS = {"value": (_NULL, _VALUE), "z": (_Z,), ACCURACY: (ACCURACY,)}
"""Quantities by panel."""
_APART = 0.17
"""Offset of published and our values from the middle of a line, relative to the line distance."""
_LINE_HEIGHT = 0.3
_MARGIN_HEIGHT = 0.85
"""Inches."""
_PUBLISHED: dict[str, Any] = {"color": INK, "markerfacecolor": "white"}
_BAR: dict[str, Any] = {"linestyle": "", "elinewidth": 0.8, "capsize": 1.5, "capthick": 0.6}
_NULL_MARK: dict[str, Any] = {"marker": "|", "markersize": 7, "markeredgewidth": 1.2}
_MEAN_MARK: dict[str, Any] = {"markersize": 3.6, "markeredgewidth": 0.7}
_NEUTRAL = "#6b6b6b"


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the measure `item` and its rows, from the tables `replication`, `networks`."""
    conditions = read_csv(paths(inputs, "networks")[0])["condition"].unique()
    table = rows(read_csv(paths(inputs, "replication")[0]), item)
    # With all conditions of the study, each looks as it does in the other figures.
    table["condition"] = as_categories(table["condition"], conditions)
    return draw(table), table


def rows(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Rows of the measure, and accuracies of the conditions for which it was published."""
    of_measure = table[table["measure"] == measure]
    accuracy = (table["quantity"] == ACCURACY) & table["condition"].isin(of_measure["condition"])
    table = pd.concat([of_measure, table[accuracy]]).rename(columns={"seeds": "n"})
    reach = _reach(table["published_sd"].to_numpy(float), table["published_n"].to_numpy(float))
    table["published_low"] = table["published"] - reach
    table["published_high"] = table["published"] + reach
    counts = {"k": "Int64", "published_n": "Int64", "n": "Int64"}
    return table[COLUMNS].astype(counts).reset_index(drop=True)


def _reach(sd: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Half-width of the 95 % t interval of means; NaN for fewer than two networks."""
    several = np.where(count > 1, count, np.nan)
    return scipy.special.stdtrit(several - 1, (1 + CONFIDENCE) / 2) * sd / np.sqrt(several)


@style()
def draw(table: pd.DataFrame) -> Figure:
    """A panel per published quantity, and a line per condition, layer, method, k and null."""
    lines = _lines(table)
    panels = [name for name, shown in _PANELS.items() if table["quantity"].isin(shown).any()]
    figure = new_figure(PAGE_WIDTH, _LINE_HEIGHT * len(lines) + _MARGIN_HEIGHT)
    all_axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    looks = condition_styles(categories(table["condition"]))
    for axes, panel in zip(all_axes, panels, strict=True):
        for number, line in enumerate(lines):
            for quantity in _PANELS[panel]:
                shown_rows = _of_line(table, line, quantity)
                _draw_line(axes, shown_rows, number, quantity, looks[line[0]].colour)
        _set_axes(axes, panel, lines, table)
    all_axes[0].set_yticks(range(len(lines)), _names(lines))
    all_axes[0].set(ylim=(len(lines) - 0.5, -0.5))
    figure.legend(handles=list(_handles(table)), loc="outside lower center", ncols=4)
    return figure


Line = tuple[str, str, str, int, str]
"""Condition, layer, method, k and null."""


def _lines(table: pd.DataFrame) -> list[Line]:
    """Lines of the figure, in the order of the published rows."""
    names = ["condition", "layer", "method", "k", "null"]
    keys = table.dropna(subset="measure")[names].drop_duplicates()
    return list(keys.itertuples(index=False, name=None))


def _names(lines: Sequence[Line]) -> list[str]:
    """Names of lines: the condition, and the parts that differ between lines."""
    differ = [len({line[part] for line in lines}) > 1 for part in range(1, 5)]
    forms = ("{}", "{}", "k = {}", "{}")
    texts = []
    for condition, *parts in lines:
        shown = [form.format(part) for form, part, d in zip(forms, parts, differ, strict=True) if d]
        texts.append("\n".join([condition, ", ".join(shown)]).strip())
    return texts


def _of_line(table: pd.DataFrame, line: Line, quantity: str) -> pd.DataFrame:
    """Rows of a quantity that belong to a line; accuracy is that of the condition."""
    mask = (table["quantity"] == quantity) & (table["condition"] == line[0])
    if quantity != ACCURACY:
        for name, value in zip(("layer", "method", "k", "null"), line[1:], strict=True):
            mask &= table[name] == value
    return table[mask]


def _draw_line(axes: Axes, rows: pd.DataFrame, y: float, quantity: str, colour: str) -> None:
    ours = {"color": colour, "markeredgecolor": colour}
    looks = {"published": ("D", -_APART, _PUBLISHED), "ours": ("o", _APART, ours)}
    for name, (marker, shift, look) in looks.items():
        for _, row in rows.iterrows():
            mean, low, high = (row[part] for part in (name, f"{name}_low", f"{name}_high"))
            if quantity == _NULL:  # its interval would hide that of the value
                axes.plot(mean, y + shift, linestyle="", zorder=2, **look, **_NULL_MARK)
                continue
            error = None if np.isnan(low) else [[mean - low], [high - mean]]
            marks = {"marker": marker, "zorder": 3, **_MEAN_MARK}
            axes.errorbar([mean], [y + shift], xerr=error, **look, **marks, **_BAR)


def _set_axes(axes: Axes, panel: str, lines: Sequence[Line], table: pd.DataFrame) -> None:
    measure = measure_label(str(table["measure"].dropna().iloc[0]))
    labels = {"value": measure, _Z: f"z of {measure} (not directed)", ACCURACY: "test accuracy"}
    axes.set_xlabel(labels[panel])
    for number in range(1, len(lines)):
        axes.axhline(number - 0.5, color="#d0d0d0", linewidth=0.4, zorder=0)
    if panel == _Z:
        axes.axvline(0, color=INK, linewidth=0.5, linestyle=(0, (3, 1.5)), zorder=0)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.06)


def _handles(table: pd.DataFrame) -> Iterator[Artist]:
    """Legend of marks; our marks have the colours of conditions, whose names are on the left."""
    yield Line2D([], [], linestyle="", marker="D", label="published", **_PUBLISHED, **_MEAN_MARK)
    yield Line2D([], [], linestyle="", marker="o", label="ours", color=_NEUTRAL, **_MEAN_MARK)
    if (table["quantity"] == _NULL).any():
        for color, source in ((INK, "published"), (_NEUTRAL, "ours")):
            label = f"mean of the null, {source}"
            yield Line2D([], [], linestyle="", color=color, label=label, **_NULL_MARK)
