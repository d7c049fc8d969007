"""Ranking of measures by how well they recover, detect and predict."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from clusterability.jobs.figure_job import FigureJob
from clusterability.measures.function_catalogue import FUNCTION_MEASURES
from clusterability.nulls.catalogue import NULLS
from clusterability.report.answer import NAMES
from clusterability.report.figures.cluster_maps import draw_in_words
from clusterability.report.figures.inputs import Inputs, paths
from clusterability.report.figures.style import INK, PAGE_WIDTH, cluster_colours, new_figure, style
from clusterability.results.display_names import counted, measure_label
from clusterability.results.reading import read_csv

PANELS = {
    "recovery": "calls a partition good exactly\nwhere clusters were found (balanced accuracy)",
    "detection": "tells networks with planted clusters\nfrom those without (mean AUC of z)",
    "clusters": "a cluster's term predicts\nwhat ablating it does",
    "networks": "predicts function, over networks\n(mean correlation of z; dot: holds no 0)",
}
"""Analyses in the order of the panels, with axis labels."""

CHANCE = {"recovery": 0.5, "detection": 0.5, "clusters": 0.0, "networks": 0.0}

OWN = "own threshold"
"""Series of measures that are judged by their own threshold instead of p."""

AS_IT_IS = "no z: value"
"""Series of measures that have no z."""

_MARKERS = "s^vDPX"
_COLUMNS = 2
_LINE_HEIGHT = 0.17
_MARGIN = 1.05

COLUMNS = ["analysis", "measure", "series", "estimate", "low", "high", "n", "found"]
COLUMNS += ["low_of_all", "high_of_all"]

CAPTION = """Which measure is right. Recovery: of all partitions of networks whose clusters are
known, the share that a measure is right about, as the mean of those whose clusters are the planted
ones (adjusted mutual information above 0.5), which it should call good (p at most 0.05 by the null
named, bits from 20 on, held-out entries above 0), and of the others, which it should not (balanced
accuracy; 0.5 is chance; 95 % intervals of Clopper and Pearson). Detection: how well z by the null
named tells networks with planted clusters from those without (area under the curve, 0.5 is chance;
measures without a z as they are). Prediction of a
cluster's term: how a single cluster's own term predicts what ablating it does (rank correlation, 0
is chance). Prediction over networks: how the z of a measure goes with that of each function
measure (colours: rank correlation; a dot where the interval that allows for all measures holds no
0). Method {method}; lines but those of recovery are 95 % bootstrap intervals over seeds, dotted
lines chance."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the study's drawn method and its rows, from the table `validity`."""
    table = rows(paths(inputs, "validity")[0], job.only_method)
    return draw(table, job.only_method), table


def rows(validity: Path, method: str) -> pd.DataFrame:
    """One row per mark: means over all conditions; `series` is a null, or a function measure.

    Measures are sorted by their best series, the best first.
    """
    means = read_csv(validity)
    means = means[(means["method"] == method) & means["condition"].isna()]
    named = means["null"].astype(object).where(means["form"] != "threshold", OWN)
    named = named.where(means["form"] != "value", AS_IT_IS).fillna("z")
    known = means.assign(null=named)
    series = {
        "recovery": _series(over_families(known, "recovery"), "recovery", "null", "p"),
        "detection": _series(over_families(known, "detection"), "detection", "null", "z"),
        "clusters": _series(means, "clusters", "function", "all"),
        "networks": _series(means[means["form"] == "z"], "networks", "function", "all"),
    }
    return pd.concat(series.values(), ignore_index=True)[COLUMNS]


def over_families(table: pd.DataFrame, analysis: str) -> pd.DataFrame:
    """Rows of an analysis over all families, or of the only one; z where a measure has one."""
    rows = table[(table["analysis"] == analysis)]
    # Measures with a z are not shown by their values, too.
    in_z = rows.loc[rows["form"] != "value", "measure"]
    rows = rows[(rows["form"] != "value") | ~rows["measure"].isin(in_z)]
    overall = rows[rows["family"].isna()]
    return overall if len(overall) else rows


def _series(table: pd.DataFrame, analysis: str, column: str, together: str) -> pd.DataFrame:
    """Rows of an analysis, with measures sorted by their best series."""
    rows = table[(table["analysis"] == analysis) & table["estimate"].notna()]
    rows = rows.assign(series=rows[column].fillna(together))
    order = rows.sort_values("estimate", ascending=False, kind="stable")
    ranked = list(order.drop_duplicates("measure")["measure"])
    rank = rows["measure"].map({measure: rank for rank, measure in enumerate(ranked)})
    return rows.assign(place=rank).sort_values(["place", "series"], kind="stable")


@style()
def draw(table: pd.DataFrame, method: str) -> Figure:
    """A panel per analysis with measures from best to worst and 95 % intervals."""
    panels = [name for name in PANELS if (table["analysis"] == name).any()]
    if not panels:
        return draw_in_words("nothing to rank: no planted clusters, too few accurate networks")
    lines = {name: max(_lines(table, name), 5) for name in panels}
    starts = range(0, len(panels), _COLUMNS)
    heights = [max(lines[name] for name in panels[start : start + _COLUMNS]) for start in starts]
    height = sum(_LINE_HEIGHT * rows_of_panels + _MARGIN for rows_of_panels in heights)
    figure = new_figure(PAGE_WIDTH, height)
    columns = min(len(panels), _COLUMNS)
    axes = figure.subplots(len(heights), columns, squeeze=False, height_ratios=heights)
    for panel, name in zip_longest(axes.flat, panels):
        if name is None:
            panel.remove()
        elif name == "networks":
            _draw_grid(figure, panel, table[table["analysis"] == name])
        else:
            _draw_panel(panel, table[table["analysis"] == name], name)
    figure.supxlabel(_small_print(table, method), fontsize=6)
    return figure


def _lines(table: pd.DataFrame, analysis: str) -> int:
    return int(table.loc[table["analysis"] == analysis, "measure"].nunique())


def _small_print(table: pd.DataFrame, method: str) -> str:
    others = table[table["analysis"] != "recovery"]
    parts = [f"method {method}"]
    if len(others):
        parts.append(f"at most {counted(int(others['n'].max()), 'seed')} a condition")
    judged = table[table["analysis"] == "recovery"].nlargest(1, "n")
    if len(judged):
        recovered, n = int(judged["found"].iloc[0]), int(judged["n"].iloc[0])
        parts.append(f"planted clusters found in {recovered} of {n} partitions")
    return "; ".join([*parts, "95 % intervals", "dotted: chance"])


def _draw_panel(axes: Axes, rows: pd.DataFrame, analysis: str) -> None:
    measures = list(rows["measure"].unique())
    series = _ordered(list(rows["series"].unique()))
    axes.axvline(CHANCE[analysis], color=INK, linewidth=0.6, linestyle=":")
    for number, name in enumerate(series):
        series_rows = rows[rows["series"] == name]
        colour, marker = _look(number)
        shift = 0.0 if len(series) == 1 else 0.5 * (number / (len(series) - 1) - 0.5)
        y = np.array([measures.index(measure) for measure in series_rows["measure"]]) + shift
        low, high = (
            series_rows["estimate"] - series_rows["low"],
            series_rows["high"] - series_rows["estimate"],
        )
        axes.errorbar(
            series_rows["estimate"],
            y,
            xerr=np.clip(np.nan_to_num([low, high]), 0, None),
            color=colour,
            marker=marker,
            linestyle="",
            elinewidth=0.7,
            markersize=2.6,
            label=NAMES.get(name, name),
        )
    _name_lines(axes, measures, analysis)
    if len(series) > 1:
        axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, handlelength=1.2)


def _draw_grid(figure: Figure, axes: Axes, rows: pd.DataFrame) -> None:
    """Correlations of each measure with each function measure; dots where intervals exclude 0."""
    measures, functions = list(rows["measure"].unique()), _ordered(list(rows["series"].unique()))
    table = rows.pivot(index="measure", columns="series", values="estimate")
    grid = table.reindex(index=measures, columns=functions).to_numpy(float)
    most = max(float(np.nanmax(np.abs(grid))), 0.1)
    image = axes.imshow(grid, cmap="PuOr", vmin=-most, vmax=most, aspect="auto")
    significant = rows[(rows["low_of_all"] > 0) | (rows["high_of_all"] < 0)]
    x = [functions.index(name) for name in significant["series"]]
    axes.plot(
        x, [measures.index(name) for name in significant["measure"]], ".", color=INK, markersize=3
    )
    names = [_label(name) for name in functions]
    axes.set_xticks(range(len(functions)), names, rotation=60, ha="right", rotation_mode="anchor")
    _name_lines(axes, measures, "networks")
    figure.colorbar(image, ax=axes, aspect=30, pad=0.02).outline.set_linewidth(0.4)


def _name_lines(axes: Axes, measures: Sequence[str], analysis: str) -> None:
    axes.set_yticks(range(len(measures)), [_label(measure) for measure in measures])
    axes.set_ylim(len(measures) - 0.4, -0.6)
    axes.set_xlabel(PANELS[analysis])


def _look(number: int) -> tuple[str, str]:
    """Colour and marker of a series, different from those of conditions."""
    index = number % len(_MARKERS)
    return cluster_colours(len(_MARKERS) + 1)[index], _MARKERS[index]


def _ordered(series: Sequence[str]) -> list[str]:
    """Function measures and nulls in the order of the catalogues, then the others."""
    known = [name for name in (*FUNCTION_MEASURES, *NULLS) if name in series]
    return [*known, *(name for name in series if name not in known)]


def _label(measure: str) -> str:
    return NAMES.get(measure) or measure_label(measure).removesuffix(" [nats]")
