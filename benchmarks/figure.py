"""One figure of what was measured: ratios, training by block, growth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from benchmarks.growth import slopes
from clusterability.report.figures.style import INK, PAGE_WIDTH, new_figure, save_figure, style

OURS, THEIRS, LIMIT = "#1e0c71", "#bf5761", "#9b9b9b"
_GROWTH = (("o", "#1e0c71"), ("^", "#c8382e"), ("s", "#6dc908"), ("D", "#bd5bd3"), ("v", "#2f8f8b"))


@dataclass
class _Files:
    """Files of the figure: `FigureFiles`."""

    pdf: str
    svg: str
    png: str
    csv: str


@style()
def draw(rows: pd.DataFrame, points: pd.DataFrame | None, stem: Path) -> None:
    """Writes `stem`.pdf, .svg, .png and .csv, the rows shown; nothing if there are none."""
    compared = rows[(rows["peer"] != "") & (rows["part"] != "workflow")]
    trained = rows[rows["part"] == "training"]
    drawing: list[tuple[Callable[[Axes, pd.DataFrame], None], pd.DataFrame]] = [
        (_draw_ratios, compared),
        (_draw_training, trained),
        (_draw_growth, pd.DataFrame() if points is None else points),
    ]
    drawing = [(function, shown) for function, shown in drawing if len(shown)]
    if not drawing:  # nothing has a peer or grows: seconds alone are in the table
        return
    figure = new_figure(PAGE_WIDTH, max(2.3, 0.27 * len(compared)))
    panels = figure.subplots(1, len(drawing), squeeze=False)[0]
    for axes, (function, shown), letter in zip(panels, drawing, "abc", strict=False):
        function(axes, shown)
        axes.set_title(letter, loc="left", fontweight="bold")
    save_figure(figure, rows, _Files(*(f"{stem}.{end}" for end in ("pdf", "svg", "png", "csv"))))


def _draw_ratios(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw how many times faster than the peer, with the range over rounds."""
    places = np.arange(len(rows))[::-1]
    below, above = rows["ratio"] - rows["ratio_low"], rows["ratio_high"] - rows["ratio"]
    # From 1 on, to the left where the peer is the faster one.
    axes.barh(places, rows["ratio"] - 1, left=1, height=0.6, color=OURS)
    axes.errorbar(
        rows["ratio"], places, xerr=[below, above], fmt="none", ecolor=THEIRS, elinewidth=0.8
    )
    for position, ratio, high in zip(places, rows["ratio"], rows["ratio_high"], strict=True):
        axes.annotate(f" {ratio:.1f}", (max(high, 1), position), va="center", fontsize=6)
    axes.axvline(1, color=INK, linewidth=0.5)
    axes.set_xscale("log")
    axes.set_xlim(min(0.8, rows["ratio_low"].min() * 0.7), rows["ratio_high"].max() * 2.2)
    labels = rows["item"] + "\nagainst " + rows["peer"]
    axes.set_yticks(places, labels.tolist(), fontsize=5)
    axes.set_xlabel("times as fast")


def _draw_training(axes: Axes, rows: pd.DataFrame) -> None:
    """Seconds a network against the size of the block."""
    blocks = rows["item"].str.removeprefix("block of ").astype(int)
    means = rows.assign(block=blocks).groupby("block")[["ours", "limit"]].mean()
    axes.plot(means.index, means["ours"], color=OURS, marker="o")
    axes.plot(means.index, means["ours"] * means["limit"], color=LIMIT, linestyle="--")
    last = means.index[-1]
    axes.annotate("this project", (last, means.loc[last, "ours"]), color=OURS,
                  xytext=(0, -9), textcoords="offset points", ha="right", fontsize=6)  # fmt: skip
    limit = (means["ours"] * means["limit"]).iloc[0]
    axes.annotate("products alone, at this machine's rate", (means.index[0], limit), color=INK,
                  xytext=(0, -8), textcoords="offset points", fontsize=6)  # fmt: skip
    for peer, group in rows[rows["peer"] != ""].groupby("peer"):
        theirs = group["theirs"].median()
        axes.axhline(theirs, color=THEIRS, linewidth=0.9)
        axes.annotate(str(peer), (last, theirs), xytext=(0, 3), ha="right",
                      textcoords="offset points", color=THEIRS, fontsize=6)  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(means.index, [str(size) for size in means.index])
    axes.minorticks_off()
    axes.set_ylim(limit / 2, 2 * max(means["ours"].max(), rows["theirs"].fillna(0).max()))
    axes.set_xlabel("networks trained together")
    axes.set_ylabel("seconds a network")


def _draw_growth(axes: Axes, points: pd.DataFrame) -> None:
    """Time against amount, both over their least, with the slope of the logarithms."""
    exponents = slopes(points)
    groups = points.groupby("kind", sort=False)
    for (kind, group), (marker, colour) in zip(groups, _GROWTH, strict=True):
        least = group.iloc[0]
        axes.plot(
            group["amount"] / least["amount"],
            group["seconds"] / least["seconds"],
            marker=marker,
            color=colour,
            label=f"{kind}: slope {exponents[kind]:.2f}",
        )
    largest = (groups["amount"].max() / groups["amount"].min()).max()
    axes.plot([1, largest], [1, largest], color=LIMIT, linestyle="--", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("amount, over the least")
    axes.set_ylabel("time, over the least")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), fontsize=5.5, handlelength=1.6)
