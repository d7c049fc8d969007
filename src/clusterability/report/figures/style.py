"""Style shared by all figures: the style sheet, colours with fixed meanings, and saving.

Colours were chosen by a search that keeps all pairs apart (in CIELAB) for normal vision and for
simulated protanopia, deuteranopia and tritanopia (Machado et al. 2009). Their lightness differs,
too, so that they stay apart when printed in grey. Lines also differ by dashes and markers.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from clusterability.files import whole_file, write_whole
from clusterability.measures.catalogue import VERDICT_BITS

COLUMN_WIDTH = 3.3
"""Inches, for one column of a page."""
PAGE_WIDTH = 6.8
"""Inches, for both columns."""
PAGE_HEIGHT = 8.8
"""Inches: the largest height of a figure, which leaves room for a caption."""

RESOLUTION = 300
"""Dots per inch, for PNG and for images inside PDF and SVG."""

INK = "#262626"
"""Colour of axes and text."""
NO_VALUE = "#dcdcdc"
"""Colour of cells without a value, and of units without a cluster."""
PLAIN: dict[str, Any] = {"facecolor": NO_VALUE, "linewidth": 0}
"""Look of a patch without a value."""
HATCHED: dict[str, Any] = PLAIN | {"edgecolor": "#8c8c8c", "hatch": "//////"}
"""Look of a patch that cannot have a value: infeasible k, dead units."""

STYLE: dict[str, Any] = {
    # DejaVu Sans is part of matplotlib: the same glyphs on every machine. SVG files hold text as
    # text and name the other fonts for viewers without it.
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "Helvetica"],
    "mathtext.fontset": "dejavusans",
    "font.size": 7.0,
    "axes.labelsize": 7.0,
    "axes.titlesize": 7.0,
    "figure.labelsize": 7.0,
    "xtick.labelsize": 6.0,
    "ytick.labelsize": 6.0,
    "legend.fontsize": 6.5,
    "legend.title_fontsize": 6.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlepad": 3.0,
    "axes.labelpad": 2.0,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.0,
    "ytick.major.size": 2.0,
    "xtick.minor.size": 1.2,
    "ytick.minor.size": 1.2,
    "xtick.major.pad": 1.5,
    "ytick.major.pad": 1.5,
    "lines.linewidth": 1.0,
    "lines.markersize": 2.8,
    "hatch.linewidth": 0.4,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "legend.columnspacing": 1.4,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "clusterability",
    "figure.dpi": RESOLUTION,
    "savefig.dpi": RESOLUTION,
}

METADATA: dict[str, dict[str, str | None]] = {
    "pdf": {"Creator": "clusterability", "Producer": None, "CreationDate": None},
    "svg": {"Creator": "clusterability", "Date": None},
    "png": {"Software": "clusterability"},
}
"""Metadata of the files: no date and no version."""


@contextmanager
def style() -> Iterator[None]:
    """Apply the style sheet on top of matplotlib's defaults, ignoring the user's matplotlibrc.

    It works as a context manager and as a decorator, `@style()`.
    """
    with matplotlib.style.context(["default", STYLE]):
        yield


def new_figure(
    width: float, height: float, layout: Literal["constrained", "compressed"] = "constrained"
) -> Figure:
    """An empty figure of this size in inches, drawn by Agg and independent of global state."""
    figure = Figure(figsize=(width, min(height, PAGE_HEIGHT)), layout=layout)
    FigureCanvasAgg(figure)
    return figure


def scale_bits(axes: Axes, side: Literal["x", "y"], **line: Any) -> None:
    """Scale an axis of saved bits linearly up to VERDICT_BITS, and draw a line there."""
    horizontal = side == "x"
    scale = axes.set_xscale if horizontal else axes.set_yscale
    scale("symlog", linthresh=VERDICT_BITS, linscale=0.5)
    ticks = [-1e4, -1e2, 0, 1e2, 1e4]
    axes.set_xticks(ticks) if horizontal else axes.set_yticks(ticks)
    (axes.axvline if horizontal else axes.axhline)(VERDICT_BITS, color=INK, **line)


def reach(rows: pd.DataFrame, column: str) -> np.ndarray:
    """Lengths of error bars, [2, rows], from the column to `low` and `high`; 0 without them."""
    below, above = rows[column] - rows["low"], rows["high"] - rows[column]
    return np.nan_to_num(np.abs([below, above]))


def condition_handles(
    looks: Mapping[str, ConditionStyle], names: Mapping[str, str] | None = None
) -> list[Artist]:
    """Legend entries for the lines of conditions, with their display names."""
    return [
        Line2D(
            [],
            [],
            color=look.colour,
            linestyle=look.dashes,
            linewidth=0.9,
            marker=look.marker,
            label=(names or {}).get(condition, condition),
        )
        for condition, look in looks.items()
    ]


def draw_legend(figure: Figure, handles: Sequence[Artist], title: str) -> None:
    """Draw the legend below all panels, in as many columns as the width allows."""
    columns = 4 if figure.get_figwidth() > COLUMN_WIDTH else 2
    figure.legend(
        handles=by_rows(handles, columns),
        loc="outside lower center",
        ncols=min(columns, len(handles)),
        title=title,
    )


def by_rows(handles: Sequence[Artist], columns: int) -> list[Artist]:
    """Reorder legend entries to read row by row; matplotlib fills columns first."""
    return [handle for start in range(columns) for handle in handles[start::columns]]


# --- colours -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ConditionStyle:
    """Look of the lines of one condition.

    Attributes:
        colour: "#rrggbb".
        marker: matplotlib's marker.
        dashes: matplotlib's line style.
    """

    colour: str
    marker: str
    dashes: Any


_SOLID = "-"
_DASHED = (0, (4, 1.3))
_DOTTED = (0, (1, 1))
_DASH_DOT = (0, (5, 1.2, 1, 1.2))
_LONG = (0, (8, 1.5))
_DASH_DOT_DOT = (0, (5, 1.2, 1, 1.2, 1, 1.2))

_NAMED = {
    "untrained": ConditionStyle("#9b9b9b", "o", _DOTTED),
    "baseline": ConditionStyle("#1e0c71", "s", _SOLID),
    "trained": ConditionStyle("#c8382e", "^", _SOLID),
    "random_labels": ConditionStyle("#6dc908", "v", _DASH_DOT),
    "dropout": ConditionStyle("#bd5bd3", "D", _DASHED),
    "l1": ConditionStyle("#1040e7", "P", _LONG),
    "clusterable": ConditionStyle("#7d1942", "X", _DASH_DOT_DOT),
}
"""Conditions of the default study, which look the same in the figures of every study."""

_FURTHER = [
    ConditionStyle("#bf5761", "<", _DASHED),
    ConditionStyle("#593e7c", ">", _DASH_DOT),
    ConditionStyle("#e2976d", "p", _LONG),
    ConditionStyle("#562008", "h", _DOTTED),
    ConditionStyle("#b27db9", "*", _SOLID),
]


def condition_styles(conditions: Sequence[str]) -> dict[str, ConditionStyle]:
    """Look of each condition of a study, the same in all figures.

    Other conditions take, in the order of the config, the looks of default conditions that the
    study lacks, then further ones. The colours of up to twelve conditions are far apart; beyond the
    twelfth, colours repeat in other shades.
    """
    free = [look for name, look in _NAMED.items() if name not in conditions]
    # The grey of `untrained` comes last, since it suggests a control.
    free.sort(key=lambda look: look is _NAMED["untrained"])
    free += _FURTHER
    others = [name for name in conditions if name not in _NAMED]
    looks = {name: _look(free, number) for number, name in enumerate(others)}
    return {name: _NAMED[name] if name in _NAMED else looks[name] for name in conditions}


def _look(free: Sequence[ConditionStyle], number: int) -> ConditionStyle:
    turn, index = divmod(number, len(free))
    look = free[index]
    if turn == 0:
        return look
    dashes = free[(index + turn) % len(free)].dashes
    marker = free[(index + 2 * turn) % len(free)].marker
    return ConditionStyle(_shade(look.colour, turn), marker, dashes)


def _shade(colour: str, turn: int) -> str:
    """Darken (odd turns) or lighten (even turns) the colour, more with each turn."""
    target, share = (0, 0.35) if turn % 2 else (255, 0.35)
    share = 1 - (1 - share) ** ((turn + 1) // 2)
    parts = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return "#" + "".join(f"{round(part + (target - part) * share):02x}" for part in parts)


_CLUSTERS = (
    "#4c3ce6",
    "#62e8e8",
    "#e66da1",
    "#653309",
    "#a9aefe",
    "#807a05",
    "#b8f78c",
    "#637df5",
    "#f4bc32",
    "#a3439a",
    "#941651",
    "#59b968",
)
"""Twelve colours of distinct lightness; the first ones are the furthest apart."""

_GOLDEN = 0.61803398875


def cluster_colours(count: int) -> list[str]:
    """Colours of clusters; the first twelve are colour-blind safe."""
    further = [_generated(number) for number in range(count - len(_CLUSTERS))]
    return [*_CLUSTERS, *further][:count]


def _generated(number: int) -> str:
    parts = colorsys.hls_to_rgb(number * _GOLDEN % 1, (0.25, 0.55, 0.8)[number % 3], 0.5)
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


# --- saving ------------------------------------------------------------------------------------


class FigureFiles(Protocol):
    """Paths of a figure's images and of its rows."""

    pdf: str
    svg: str
    png: str
    csv: str


@style()
def save_figure(figure: Figure, rows: pd.DataFrame, output: FigureFiles) -> None:
    """Write the figure as PDF, SVG and PNG and its rows as CSV, each atomically.

    Equal figures and rows give equal bytes.
    """
    # A single layout keeps positions equal in all formats; the layout engine would draw the figure
    # twice per format.
    figure.draw_without_rendering()
    figure.set_layout_engine(None)
    for ending, metadata in METADATA.items():
        with whole_file(Path(getattr(output, ending))) as temporary:
            figure.savefig(temporary, format=ending, metadata=metadata)
    content = rows.to_csv(index=False, lineterminator="\n")
    write_whole(Path(output.csv), content.encode())
