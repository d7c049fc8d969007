"""Clusters behind the best and the worst correlation of a cluster's term with its function."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from clusterability.analysis.prediction import CELL, TERMS, adjusted_ranks, large_clusters
from clusterability.jobs.figure_job import FigureJob
from clusterability.report.answer import FUNCTIONS, NAMES
from clusterability.report.figures.cluster_maps import draw_in_words
from clusterability.report.figures.inputs import Inputs, as_categories, categories, paths
from clusterability.report.figures.style import (
    COLUMN_WIDTH,
    INK,
    condition_handles,
    condition_styles,
    draw_legend,
    new_figure,
    style,
)
from clusterability.results.reading import read_csv, read_rows, where

_HEIGHT = 3.4
_SIZE = 2.2
_MANY = 800
"""With more points than this, they are drawn fainter."""

CAPTION = """What lies behind the {item} correlation between a cluster's own term and what ablating
it does: a point is a cluster, both as ranks in its network adjusted for the cluster's size; the
line has the slope of all points. Method {method}; all layers and k. Mean rank correlation
{estimate}, 95 % bootstrap interval over seeds {low} to {high}."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the `best` or the `worst` term and its rows.

    The table `validity` determines the term; the points are from the table `clusters`.
    """
    chosen = choose(paths(inputs, "validity")[0], job.only_method, item)
    table = rows(paths(inputs, "clusters")[0], job.only_method, chosen)
    return draw(table, chosen), table


def choose(validity: Path, method: str, item: str) -> pd.Series | None:
    """Row of the best or of the worst term, for ablation to zero; None if there is none."""
    terms = read_csv(validity)
    terms = terms[
        (terms["analysis"] == "clusters")
        & (terms["method"] == method)
        & terms["condition"].isna()
        & terms["function"].isin(FUNCTIONS)
        & terms["estimate"].notna()
    ].sort_values("estimate", ascending=False, kind="stable")
    if terms.empty:
        return None
    return terms.iloc[0 if item == "best" else -1]


def rows(clusters: Path, method: str, chosen: pd.Series | None) -> pd.DataFrame:
    """One row per cluster: `term` and `function` as ranks in its network, adjusted for size.

    Every row has the mean correlation `estimate` with its interval.
    """
    columns = ["condition", "layer", "k", "term", "function", "estimate", "low", "high"]
    if chosen is None:
        return pd.DataFrame(columns=columns)
    term, function = chosen["measure"], f"{chosen['function']}_z"
    names = [*CELL, "seed", term, function, "u_size"]
    table = large_clusters(read_rows(clusters, names, where(method=[method])))
    frames = []
    for cell, group in table.groupby(CELL, sort=False):
        part = group[["seed", term, function, "u_size"]].dropna()
        identifiers: dict[str, Any] = dict(zip(CELL, cell, strict=True))
        frames.append(adjusted_ranks(part, TERMS[term]).assign(**identifiers))
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        return pd.DataFrame(columns=columns)
    ranks = pd.concat(frames, ignore_index=True)
    ranks = ranks.assign(condition=as_categories(ranks["condition"], ranks["condition"].unique()))
    return ranks.assign(**chosen[["estimate", "low", "high"]])[columns]


@style()
def draw(table: pd.DataFrame, chosen: pd.Series | None) -> Figure:
    """Clusters of all cells; the slope of the line is the mean correlation."""
    if chosen is None or table.empty:
        return draw_in_words("too few accurate networks or clusters to ask what clusters do")
    figure = new_figure(COLUMN_WIDTH, _HEIGHT)
    axes = figure.subplots()
    looks = condition_styles(categories(table["condition"]))
    for condition, points in table.groupby("condition", observed=True):
        look = looks[str(condition)]
        axes.plot(
            points["term"],
            points["function"],
            linestyle="",
            marker=look.marker,
            color=look.colour,
            markersize=_SIZE,
            markeredgewidth=0,
            alpha=0.35 if len(table) > _MANY else 0.7,
        )
    slope = float(chosen["estimate"])
    axes.axline((0, 0), slope=slope, color=INK, linewidth=0.8)
    term, function = NAMES[chosen["measure"]], NAMES[chosen["function"]]
    axes.set_xlabel(f"cluster's share of {term}, better to the right\n(rank in its network)")
    axes.set_ylabel(f"z of {function} (rank in its network)")
    draw_legend(figure, condition_handles(looks), title=f"{len(table)} clusters, all layers and k")
    return figure
