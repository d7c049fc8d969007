"""Which measure is right: measures ranked by what they detect and by what they predict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from clusterability.jobs.figure_job import FigureJob
from clusterability.measures.function_catalogue import ABLATION_MEASURES
from clusterability.report.answer import NAMES
from clusterability.report.figures.cluster_maps import draw_in_words
from clusterability.report.figures.inputs import Inputs, paths
from clusterability.report.figures.style import INK, PAGE_WIDTH, cluster_colours, new_figure, style
from clusterability.results.display_names import counted, measure_label
from clusterability.results.reading import read_csv

PANELS = {
    "detection": "detects planted clusters\n(mean AUC of z)",
    "networks": "predicts function, over networks\n(mean correlation of z)",
    "clusters": "a cluster's term predicts\nwhat ablating it does",
}
"""Analyses in the order of the panels, with what they say."""

CHANCE = {"detection": 0.5, "networks": 0.0, "clusters": 0.0}

_MARKERS = "s^vD"
_MEAN = (INK, "o")
_LINE_HEIGHT = 0.17
_MARGIN = 1.05

COLUMNS = ["analysis", "measure", "series", "estimate", "low", "high", "n"]

CAPTION = """Which measure is right. Detection: how well the z of a measure tells networks with
planted clusters from those without (area under the curve, 0.5 is chance). Prediction over
networks: how the z of a measure goes with what ablating the clusters does (rank correlation, 0 is
chance). Prediction of a cluster's term: how a single cluster's own term predicts it. Method
{method}; lines are 95 % bootstrap intervals over seeds, dotted lines chance."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the study's drawn method and its rows, from the table `validity`."""
    table = rows(paths(inputs, "validity")[0], job.only_method)
    return draw(table, job.only_method), table


def rows(validity: Path, method: str) -> pd.DataFrame:
    """One row a mark: means over all conditions; `series` is a family, or a function measure.

    Measures come from the best to the worst of the mean over series.
    """
    found = read_csv(validity)
    found = found[(found["method"] == method) & found["condition"].isna()]
    series = {
        "detection": _series(found[found["form"] == "z"], "detection", "family", "all"),
        "networks": _series(found[found["form"] == "z"], "networks", "function", "mean"),
        "clusters": _series(found, "clusters", "function", "mean"),
    }
    return pd.concat(series.values(), ignore_index=True)[COLUMNS]


def _series(found: pd.DataFrame, analysis: str, column: str, together: str) -> pd.DataFrame:
    """Rows of an analysis; where there is one series only, there is no mean beside it."""
    rows = found[(found["analysis"] == analysis) & found["estimate"].notna()]
    if analysis == "networks":
        rows = rows[rows[column].isna()]
    rows = rows.assign(series=rows[column].fillna(together))
    order = rows.sort_values("estimate", ascending=False).drop_duplicates("measure")
    means = rows[rows[column].isna()].sort_values("estimate", ascending=False)
    ranked = list((means if len(means) else order)["measure"])
    place = rows["measure"].map({measure: place for place, measure in enumerate(ranked)})
    return rows.assign(place=place).sort_values(["place", "series"], kind="stable")


@style()
def draw(table: pd.DataFrame, method: str) -> Figure:
    """A panel an analysis, measures from the best to the worst, with 95 % intervals."""
    panels = [name for name in PANELS if (table["analysis"] == name).any()]
    if not panels:
        return draw_in_words("nothing to rank: no planted clusters, too few accurate networks")
    lines = max(table.groupby("analysis")["measure"].nunique())
    figure = new_figure(PAGE_WIDTH, _LINE_HEIGHT * max(lines, 5) + _MARGIN)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for place, name in zip(axes, panels, strict=True):
        _draw_panel(place, table[table["analysis"] == name], name)
    seeds = counted(int(table["n"].max()), "seed")
    figure.supxlabel(
        f"method {method}; at most {seeds} a condition; 95 % bootstrap intervals over seeds;"
        " dotted: chance",
        fontsize=6,
    )
    return figure


def _draw_panel(axes: Axes, rows: pd.DataFrame, analysis: str) -> None:
    measures = list(rows["measure"].unique())
    series = _ordered(list(rows["series"].unique()))
    axes.axvline(CHANCE[analysis], color=INK, linewidth=0.6, linestyle=":")
    for number, name in enumerate(series):
        here = rows[rows["series"] == name]
        colour, marker = _MEAN if name in ("all", "mean") else _look(number)
        shift = 0.0 if len(series) == 1 else 0.5 * (number / (len(series) - 1) - 0.5)
        y = np.array([measures.index(measure) for measure in here["measure"]]) + shift
        low, high = here["estimate"] - here["low"], here["high"] - here["estimate"]
        axes.errorbar(
            here["estimate"],
            y,
            xerr=np.clip(np.nan_to_num([low, high]), 0, None),
            color=colour,
            marker=marker,
            linestyle="",
            elinewidth=0.7,
            markersize=2.6,
            label=NAMES.get(name, name),
        )
    axes.set_yticks(range(len(measures)), [_label(measure) for measure in measures])
    axes.set_ylim(len(measures) - 0.4, -0.6)
    axes.set_xlabel(PANELS[analysis])
    if len(series) > 1:
        axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, handlelength=1.2)


def _look(number: int) -> tuple[str, str]:
    """Colour and marker of a series; not those of conditions."""
    return cluster_colours(len(_MARKERS) + 1)[number % len(_MARKERS)], _MARKERS[number % 4]


def _ordered(series: Sequence[str]) -> list[str]:
    """Function measures in their order, means last."""
    known = [name for name in ABLATION_MEASURES if name in series]
    means = [name for name in ("all", "mean") if name in series]
    return [*known, *(n for n in series if n not in known + means), *means]


def _label(measure: str) -> str:
    return NAMES.get(measure) or measure_label(measure).removesuffix(" [nats]")
