"""Weight matrices of one network, unordered and ordered by the clusters of one or two methods.

The rows hold the order of the units. The matrix itself, abs(W) of the first network of the block,
is too large for a figure's table; `draw` receives it from the network's `.safetensors` file.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from clusterability.jobs.figure_job import FigureJob
from clusterability.networks.layer_names import tensor_name
from clusterability.networks.live_units import DEAD
from clusterability.networks.partitions import Partitions
from clusterability.networks.stacked import load_networks
from clusterability.report.figures.inputs import Inputs, first_partition, paths
from clusterability.report.figures.style import (
    HATCHED,
    NO_VALUE,
    PAGE_WIDTH,
    cluster_colours,
    new_figure,
    style,
)
from clusterability.results.npz_files import load_items

CLIP = 0.995
"""Quantile of a layer's abs(W) at which the colour scale ends."""

_COLOURS = matplotlib.colormaps["Greys"].resampled(64)
"""Few levels, indistinguishable by eye, make smaller files."""
_BORDER = "#e0431b"
_MANY = 8
"""From this number of borders on, they are drawn thinner."""

# Inches. A strip along an edge of a matrix shows the colours of the clusters.
_PANELS_WIDTH = 5.2
"""Total width of the panels of a row."""
_AXES_HEIGHTS = (0.6, 1.35)
_UNIT_HEIGHT = 0.011
_ROW_MARGIN = 0.5
_LEGEND_HEIGHT = 0.35
_STRIP = 0.05
_LABEL_ROOM = 0.09
_LABEL_SIZE = 5.0

Matrices = Mapping[str, np.ndarray]
"""abs(W) [out, in] by layer."""

SEARCHES = ("described-ranked", "described")
"""Methods shown beside the drawn one: the first of these that the partitions have."""

CAPTION = """Weight matrices of {item} as trained (left) and ordered by cluster, absolute values, by
layer: one network (the first seed), methods as named, at most k = {k} clusters a side. Lines are
borders of clusters; bars at the edges name them."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the condition `item` and its rows.

    It is drawn from `weights`, a block whose first network is shown, and its `partitions`,
    `{condition}/{seeds}/{layer}/{k}.npz`.
    """
    matrices = read_matrices(paths(inputs, "weights")[0])
    files = paths(inputs, "partitions")
    methods = [job.only_method, *_search(files, job.only_k)]
    table = rows(matrices, files, list(dict.fromkeys(methods)), job.only_k)
    return draw(table, matrices), table


def read_matrices(networks: Path) -> dict[str, np.ndarray]:
    """abs(W) of the first network of a block, by layer from the input on."""
    return {layer: np.abs(stack[0]) for layer, stack in load_networks(networks).weights.items()}


def _search(files: Sequence[Path], k: int) -> list[str]:
    """First method of SEARCHES that the partitions have at this k, as a list; may be empty."""
    known = {key for file in files for key in load_items(file, Partitions)}
    return [method for method in SEARCHES if (method, k) in known][:1]


def rows(
    matrices: Matrices, partitions: Sequence[Path], methods: Sequence[str], k: int
) -> pd.DataFrame:
    """One row per method and unit: layer, side, cluster, strength, position in the ordered matrix.

    `cluster` is the label in the partition, `strength` the sum of abs(W) over the unit's weights.
    Units are sorted by cluster, dead ones (-1) last, then by decreasing strength.
    """
    files: dict[str, list[Path]] = {}
    for file in partitions:
        files.setdefault(file.parent.name, []).append(file)
    frames = []
    for method, (layer, matrix) in itertools.product(methods, matrices.items()):
        labels = first_partition(files[layer], (method, k))
        for side, axis, cluster in (("U", 1, labels[0]), ("V", 0, labels[1])):
            strength = matrix.sum(axis=axis, dtype=float)
            identifiers = {"method": method, "layer": tensor_name(layer), "side": side}
            frames.append(_side_rows(cluster, strength).assign(**identifiers))
    table = pd.concat(frames, ignore_index=True)
    return table[["method", "layer", "side", "unit", "cluster", "strength", "position"]]


def _side_rows(cluster: np.ndarray, strength: np.ndarray) -> pd.DataFrame:
    units = np.arange(len(cluster))
    order = np.lexsort((units, -strength, cluster, cluster == DEAD))
    position = np.empty(len(units), int)
    position[order] = units
    return pd.DataFrame(
        {"unit": units, "cluster": cluster, "strength": strength, "position": position}
    )


@style()
def draw(table: pd.DataFrame, matrices: Matrices) -> Figure:
    """A row per layer: abs(W) unordered, ordered by each method's clusters, and a colour bar."""
    methods = list(table["method"].unique())
    heights = [_axes_height(len(matrix)) for matrix in matrices.values()]
    total = sum(heights) + _ROW_MARGIN * len(heights) + _LEGEND_HEIGHT
    figure = new_figure(PAGE_WIDTH, total)
    columns = len(methods) + 1
    panels = figure.subplots(len(matrices), columns, squeeze=False, height_ratios=heights)
    colours = cluster_colours(int(table["cluster"].max()) + 1)
    for (before, *ordered), (layer, matrix) in zip(panels, matrices.items(), strict=True):
        limit = _colour_limit(matrix)
        image = _draw_matrix(before, matrix, limit)
        before.set(ylabel="U: output", xlabel="V: input", title=tensor_name(layer))
        for after, method in zip(ordered, methods, strict=True):
            shown = (table["layer"] == tensor_name(layer)) & (table["method"] == method)
            units = table[shown]
            sides = [units[units["side"] == side].sort_values("position") for side in ("U", "V")]
            _draw_ordered(after, matrix, sides, limit, colours, _PANELS_WIDTH / columns)
            if layer == next(iter(matrices)):  # above the cluster names
                after.set_title(method, pad=12)
        last = ordered[-1]
        bar = figure.colorbar(image, ax=last, extend="max", fraction=0.03, pad=0.02, aspect=14)
        bar.set_label("abs(W)")
        bar.outline.set_linewidth(0.4)
    _draw_legend(figure, table)
    return figure


def _colour_limit(matrix: np.ndarray) -> float:
    """End of the colour scale: the quantile, or the largest weight if nearly all are zero."""
    return float(np.quantile(matrix, CLIP)) or float(matrix.max()) or 1.0


def _axes_height(units: int) -> float:
    low, high = _AXES_HEIGHTS
    return min(max(low, units * _UNIT_HEIGHT), high)


def _draw_matrix(axes: Axes, matrix: np.ndarray, limit: float) -> AxesImage:
    # Vector formats store an image as pixels, which a mesh would not be.
    image = axes.imshow(matrix, cmap=_COLOURS, vmin=0, vmax=limit, aspect="auto")
    axes.spines[:].set_visible(True)
    return image


def _draw_ordered(
    axes: Axes,
    matrix: np.ndarray,
    sides: Sequence[pd.DataFrame],
    limit: float,
    colours: Sequence[str],
    width: float,
) -> None:
    u, v = sides
    axes.set(ylabel="U: ordered", xlabel="V: ordered")
    if (u["cluster"] == DEAD).all():
        axes.set(xticks=[], yticks=[], facecolor=NO_VALUE)
        axes.text(0.5, 0.5, "k is infeasible", transform=axes.transAxes, ha="center", va="center")
        return
    _draw_matrix(axes, matrix[u["unit"].to_numpy()][:, v["unit"].to_numpy()], limit)
    thickness = 0.5 if max(len(_borders(u)), len(_borders(v))) < _MANY else 0.3
    for border in _borders(u):
        axes.axhline(border - 0.5, color=_BORDER, linewidth=thickness)
    for border in _borders(v):
        axes.axvline(border - 0.5, color=_BORDER, linewidth=thickness)
    _draw_strips(axes, u, v, colours, width)


def _borders(units: pd.DataFrame) -> np.ndarray:
    """Positions at which another cluster begins."""
    return np.flatnonzero(np.diff(units["cluster"])) + 1


def _draw_strips(
    axes: Axes, u: pd.DataFrame, v: pd.DataFrame, colours: Sequence[str], width: float
) -> None:
    """Draw strips with the colours and labels of clusters: V above, U on the right."""
    height = _axes_height(len(u))
    above = axes.inset_axes((0, 1 + _STRIP / 2 / height, 1, _STRIP / height))
    above.set(xlim=(0, len(v)), ylim=(0, 1))
    beside = axes.inset_axes((1 + _STRIP / 2 / width, 0, _STRIP / width, 1))
    beside.set(xlim=(0, 1), ylim=(len(u), 0))
    for start, end, cluster in _runs(v):
        above.add_patch(_cluster_patch((start, 0), end - start, 1, cluster, colours))
        if (end - start) * width / len(v) > _LABEL_ROOM:
            name = above.text((start + end) / 2, 1.3, _cluster_name(cluster), ha="center")
            name.set(va="bottom", fontsize=_LABEL_SIZE)
    for start, end, cluster in _runs(u):
        beside.add_patch(_cluster_patch((0, start), 1, end - start, cluster, colours))
        if (end - start) * height / len(u) > _LABEL_ROOM:
            name = beside.text(1.3, (start + end) / 2, _cluster_name(cluster), ha="left")
            name.set(va="center_baseline", fontsize=_LABEL_SIZE)
    for strip in (above, beside):
        strip.set_axis_off()


def _runs(units: pd.DataFrame) -> Iterator[tuple[int, int, int]]:
    """First position, end and label of each cluster, in order."""
    edges = [0, *_borders(units), len(units)]
    for start, end in itertools.pairwise(edges):
        yield int(start), int(end), int(units["cluster"].iloc[start])


def _cluster_patch(
    corner: tuple[int, int], width: int, height: int, cluster: int, colours: Sequence[str]
) -> Rectangle:
    if cluster == DEAD:
        return Rectangle(corner, width, height, **HATCHED)
    return Rectangle(corner, width, height, facecolor=colours[cluster], linewidth=0)


def _cluster_name(cluster: int) -> str:
    return "dead" if cluster == DEAD else str(cluster)


def _draw_legend(figure: Figure, table: pd.DataFrame) -> None:
    handles: list[Any] = [Line2D([], [], color=_BORDER, linewidth=0.8, label="border of clusters")]
    if (table["cluster"] == DEAD).any():
        handles.append(Patch(label="dead units", **HATCHED))
    title = f"colours end at the {100 * CLIP:g} % quantile of the layer's abs(W)"
    figure.legend(handles=handles, loc="outside lower center", ncols=2, title=title)
