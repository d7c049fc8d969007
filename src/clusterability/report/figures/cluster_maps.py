"""Heat maps of the clusters of hidden layers by class: rows, axes, and text where none is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from clusterability.report.figures.inputs import as_categories, categories, layer_order
from clusterability.report.figures.style import COLUMN_WIDTH, INK, NO_VALUE, PAGE_WIDTH, new_figure
from clusterability.results.function_columns import ABLATION_COLUMNS
from clusterability.results.reading import read_rows, where

_ROW_HEIGHT = 0.13
_LAYER_MARGIN = 0.34
_MARGIN = 0.75
_EMPTY_HEIGHT = 0.7
_DIGIT_SIZE = 4.6
_DARK = 0.45
"""Luma below which cells have white numbers."""


@dataclass(frozen=True)
class MapLook:
    """Look of the maps of one column.

    Attributes:
        column: column of the table.
        title: title of the colour bar.
        colours: matplotlib's colour map.
        limits: values at the ends of the colour map.
    """

    column: str
    title: str
    colours: str
    limits: tuple[float, float]


def read_first_network(path: Path, condition: str, method: str, k: int) -> pd.DataFrame:
    """Rows of the first network of a condition for this method and k; may be empty."""
    passing = where(condition=[condition], method=[method], k=[k])
    rows = read_rows(path, ABLATION_COLUMNS, passing)
    rows = rows[rows["seed"] == rows["seed"].min()]
    layers = layer_order(rows["layer"].unique())
    return rows.assign(layer=as_categories(rows["layer"], layers)).reset_index(drop=True)


def draw_in_words(text: str) -> Figure:
    """A figure with text that says why nothing is drawn."""
    figure = new_figure(COLUMN_WIDTH, _EMPTY_HEIGHT)
    figure.text(0.5, 0.5, text, ha="center", va="center", color=INK)
    return figure


def draw_maps(table: pd.DataFrame, looks: Sequence[MapLook]) -> Figure:
    """Maps of clusters by class: hidden layers below each other, one column per look."""
    layers = [layer for layer in categories(table["layer"]) if (table["layer"] == layer).any()]
    heights = [table.loc[table["layer"] == layer, "cluster"].nunique() for layer in layers]
    height = _ROW_HEIGHT * sum(heights) + _LAYER_MARGIN * len(layers) + _MARGIN
    figure = new_figure(COLUMN_WIDTH if len(looks) == 1 else PAGE_WIDTH, height)
    panels = figure.subplots(
        len(layers), len(looks), squeeze=False, gridspec_kw={"height_ratios": heights}
    )
    for column, look in enumerate(looks):
        for axes, layer in zip(panels[:, column], layers, strict=True):
            image = _draw_map(axes, table[table["layer"] == layer], look)
            axes.set_title(f"{layer} U")
        panels[-1, column].set_xlabel("class")
        bar = figure.colorbar(
            image, ax=list(panels[:, column]), location="bottom", aspect=40, shrink=0.9, pad=0.02
        )
        bar.set_label(look.title)
        bar.outline.set_linewidth(0.4)
        bar.ax.tick_params(length=0)
    figure.supylabel("cluster (units)")
    return figure


def _draw_map(axes: Axes, rows: pd.DataFrame, look: MapLook) -> AxesImage:
    grid = rows.pivot(index="cluster", columns="class", values=look.column)
    sizes = rows.groupby("cluster")["u_size"].first()
    image = axes.imshow(
        grid.to_numpy(float),
        cmap=look.colours,
        vmin=look.limits[0],
        vmax=look.limits[1],
        aspect="auto",
        interpolation="nearest",
    )
    axes.set_facecolor(NO_VALUE)
    axes.set_xticks(range(grid.shape[1]), [str(name) for name in grid.columns])
    axes.set_yticks(range(len(grid)), [f"{c} ({sizes[c]})" for c in grid.index])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    _write_numbers(axes, grid.to_numpy(float), image)
    return image


def _write_numbers(axes: Axes, grid: np.ndarray, image: AxesImage) -> None:
    shades = image.to_rgba(grid)[..., :3] @ [0.299, 0.587, 0.114]
    for (row, column), value in np.ndenumerate(grid):
        if np.isfinite(value):
            colour = "white" if shades[row, column] < _DARK else INK
            text: dict[str, Any] = {"color": colour, "fontsize": _DIGIT_SIZE}
            axes.text(column, row, _number(value), ha="center", va="center", **text)


def _number(value: float) -> str:
    """Two decimal digits without the leading zero, such as ".25", with a true minus sign."""
    text = f"{abs(value):.2f}"
    text = text[1:] if text.startswith("0") else text
    return "0" if text == ".00" else ("\N{MINUS SIGN}" if value < 0 else "") + text
