"""The figure `best_k`: rows as the table says, numbers, colours and dots where they belong."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from clusterability.analysis.choosing_k.best_k_rows import BEST_K_COLUMNS
from clusterability.errors import UserError
from clusterability.jobs.figure_job import FigureJob
from clusterability.measures.catalogue import MEASURES
from clusterability.report.figures import best_k, style

NAMED = ["untrained", "baseline", "trained", "random_labels", "dropout", "l1", "clusterable"]
LAYERS = ["fc1", "fc2", "fc10"]
DIRECTED = [name for name, measure in MEASURES.items() if measure.direction]


def cell(**changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(BEST_K_COLUMNS)
    row |= {"condition": "baseline", "layer": "fc1", "method": "matched", "measure": "mi"}
    row |= {"null": "shuffle", "k": 3, "k_candidate": 3, "p_select": 0.01, "n_select": 5}
    row |= {"n_report": 5, "value": 1.0, "z": 5.0, "p": 0.01, "gap_k": 2}
    return row | changes


NO_CLUSTERS: dict[str, Any] = {"k": 1, "p_select": 0.4, "z": 0.1, "p": 0.4}
INFEASIBLE: dict[str, Any] = {
    "k": None,
    "k_candidate": None,
    "p_select": None,
    "n_report": 0,
    "z": None,
    "p": None,
}


def write(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path = folder / "best_k.csv"
    table = pd.DataFrame(rows).astype({"k": "Int64", "k_candidate": "Int64"})
    table.to_csv(path, index=False)
    return path


def grid(
    conditions: Sequence[str], layers: Sequence[str], measures: Sequence[str]
) -> list[dict[str, Any]]:
    """Every cell with a number of two digits, a dot, and a colour of its own."""
    cells = itertools.product(conditions, layers, measures)
    return [
        cell(condition=condition, layer=layer, measure=measure, k=10 + i % 7, z=i % 41 - 20.0)
        for i, (condition, layer, measure) in enumerate(cells)
    ]


def make(path: Path) -> tuple[Figure, pd.DataFrame]:
    return best_k.make({"best_k": str(path)}, "matched", FigureJob())


def numbers(axes: Axes) -> dict[tuple[float, float], Text]:
    """The numbers by their places: column and line."""
    return {text.get_position(): text for text in axes.texts if text.get_text().isdigit()}


def dots(axes: Axes) -> set[tuple[float, float]]:
    marks = [line for line in axes.lines if line.get_marker() == "."]
    return {(round(float(m.get_xdata()[0])), float(m.get_ydata()[0])) for m in marks}


def test_rows_are_those_of_the_method_and_of_one_null(tmp_path: Path):
    rows = [
        cell(layer="fc10", k=4),
        cell(layer="fc2", **NO_CLUSTERS),
        cell(layer="fc2", measure="ncut", **INFEASIBLE),
        cell(layer="fc10", null="strength", k=9),
        cell(layer="fc10", method="joint", k=8),
    ]
    table = best_k.rows(write(tmp_path, rows), "matched")
    assert list(table.columns) == best_k.COLUMNS
    assert table["k"].tolist() == [4, 1, pd.NA]
    assert set(table["null"]) == {"shuffle"}
    assert set(table["method"]) == {"matched"}
    assert table["layer"].cat.categories.tolist() == ["fc2", "fc10"]


def test_a_method_that_the_table_lacks_is_a_user_error(tmp_path: Path):
    with pytest.raises(UserError, match="no rows with method 'whole', expected some"):
        best_k.rows(write(tmp_path, [cell()]), "whole")


def test_numbers_colours_and_dots(tmp_path: Path):
    rows = [
        cell(measure="mi", k=12, z=20.0),
        cell(measure="ncut", **NO_CLUSTERS),
        cell(layer="fc2", measure="mi", **INFEASIBLE),
        cell(layer="fc2", measure="ncut", k=4, z=-5.0, p=0.9),
    ]
    axes = make(write(tmp_path, rows))[0].axes[0]
    shown = numbers(axes)
    gap = max(x for x, _ in shown)
    assert {place: text.get_text() for place, text in shown.items()} == {
        (0, 0): "12",
        (1, 0): "1",
        (1, 1): "4",
        (gap, 0): "2",
        (gap, 1): "2",
    }
    assert gap >= 2
    assert shown[0, 0].get_color() == "white"
    assert shown[1, 0].get_color() == style.INK
    pale = {text.get_text() for text in shown.values() if text.get_alpha() < 1}
    assert pale == {"1"}
    assert dots(axes) == {(0, 0)}
    mesh = next(item for item in axes.collections if isinstance(item, QuadMesh))
    np.testing.assert_array_equal(mesh.get_array().filled(np.nan), [[20, 0.1], [np.nan, -5]])


def test_the_legend_explains_what_occurs(tmp_path: Path):
    figure, _ = make(write(tmp_path, [cell(), cell(measure="ncut", **NO_CLUSTERS)]))
    entries = [text.get_text() for text in figure.legends[0].texts]
    assert len(entries) == 2
    assert entries[0].startswith("p ≤ 0.05")
    assert entries[1].startswith("no clusters")
    figure, _ = make(write(tmp_path, [cell(p=0.2)]))
    assert figure.legends == []


def test_one_network_has_k_but_no_z(tmp_path: Path):
    figure, _ = make(write(tmp_path, [cell(n_report=0, z=None, p=None)]))
    assert [text.get_text() for text in numbers(figure.axes[0]).values()] == ["3", "2"]
    assert "n = 0" in figure.axes[1].get_xlabel()
    assert [text.get_text() for text in figure.legends[0].texts] == ["no z"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("conditions", "layers", "measures"),
    [
        (NAMED, LAYERS, DIRECTED),
        (["random_labels"], ["fc1"], ["clusterability_adjusted"]),
        (NAMED[:2], LAYERS, DIRECTED[:4]),
        ([f"dose_{number}" for number in range(20)], LAYERS, DIRECTED[:5]),
    ],
    ids=["default", "smallest", "column", "largest"],
)
def test_nothing_overlaps_and_nothing_is_cut_off(
    conditions: list[str], layers: list[str], measures: list[str], tmp_path: Path
):
    figure, _ = make(write(tmp_path, grid(conditions, layers, measures)))
    assert figure.get_figwidth() in (style.COLUMN_WIDTH, style.PAGE_WIDTH)
    assert figure.get_figheight() <= style.PAGE_HEIGHT
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [text.get_window_extent() for text in (*axes.texts, *axes.get_yticklabels())]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    headings = [text.get_window_extent() for text in axes.get_xticklabels()]
    bar = figure.axes[1]
    everything = [*boxes, *headings, bar.get_tightbbox(), figure.legends[0].get_window_extent()]
    for box in everything:
        assert figure.bbox.x0 - 1 <= box.x0 <= box.x1 <= figure.bbox.x1 + 1
        assert figure.bbox.y0 - 1 <= box.y0 <= box.y1 <= figure.bbox.y1 + 1
    smallest = min(text.get_fontsize() for text in axes.texts)
    assert smallest >= 5


def test_same_rows_same_bytes(tmp_path: Path):
    path = write(tmp_path, [*grid(NAMED[:2], LAYERS, DIRECTED[:2]), cell(layer="fc1")])
    files = {ending: str(tmp_path / f"figure.{ending}") for ending in ("pdf", "svg", "png", "csv")}

    def saved() -> dict[str, bytes]:
        figure, rows = make(path)
        style.save_figure(figure, rows, SimpleNamespace(**files))
        return {ending: Path(file).read_bytes() for ending, file in files.items()}

    first = saved()
    with matplotlib.rc_context({"font.size": 30, "axes.grid": True}):
        assert saved() == first


def write_networks(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """The table `best_k_networks`, with the columns that the figure reads."""
    path = folder / "best_k_networks.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def by_itself(**changes: Any) -> dict[str, Any]:
    row = {"condition": "theirs", "seed": -1, "layer": "fc1", "method": "matched", "measure": "mi"}
    return row | {"null": "shuffle", "p_max": 0.01} | changes


ALONE: dict[str, Any] = {"condition": "theirs", "n_select": 1, "n_report": 0, "z": None, "p": None}


def made_alone(
    folder: Path, cells: Sequence[Mapping[str, Any]], each: Sequence[Mapping[str, Any]]
) -> tuple[Figure, pd.DataFrame]:
    inputs = {
        "best_k": str(write(folder, cells)),
        "best_k_networks": str(write_networks(folder, each)),
    }
    return best_k.make(inputs, "matched", FigureJob())


def white(axes: Axes) -> set[tuple[int, int]]:
    """Places of the cells with an edge."""
    return {
        (round(patch.get_x() + 0.5), round(patch.get_y() + 0.5))
        for patch in axes.patches
        if isinstance(patch, Rectangle)
    }


def test_a_single_network_shows_what_it_chooses_by_itself(tmp_path: Path):
    figure, table = made_alone(
        tmp_path,
        [
            cell(**ALONE, measure="mi", k=4),
            cell(**ALONE, measure="ncut", k=1, k_candidate=7),
            cell(**ALONE | {"n_report": 1}, measure="bits", k=3),
            cell(**ALONE, measure="held_out", k=None, k_candidate=None),
        ],
        [
            by_itself(measure="mi", p_max=0.01),
            by_itself(measure="ncut", p_max=0.3),
            by_itself(measure="bits", p_max=0.02),
            by_itself(measure="mi", null="strength", p_max=0.9),
        ],
    )
    assert table["networks"].tolist() == [1] * 4
    assert table["p_max"].tolist()[:3] == [0.01, 0.3, 0.02]
    axes = figure.axes[0]
    shown = {round(x): text.get_text() for (x, _), text in numbers(axes).items() if x < 3.1}
    assert shown == {0: "4", 1: "1", 2: "3"}
    assert dots(axes) == {(0, 0), (2, 0)}
    assert white(axes) == {(0, 0), (1, 0), (2, 0)}
    assert len(figure.axes) == 1  # no colour bar, as no cell has a colour
    assert [text.get_text() for text in figure.legends[0].texts] == [
        "one network: p of its largest z ≤ 0.05",
        "no clusters",
        "one network, by itself (null: shuffle)",
        "no z",
    ]


def test_conditions_of_several_networks_stay_as_they_are_beside_a_single_one(tmp_path: Path):
    several = [by_itself(condition="baseline", seed=seed, p_max=0.01) for seed in range(2)]
    figure, table = made_alone(
        tmp_path,
        [
            cell(n_select=1, n_report=1, z=6.0, p=0.2),
            cell(**ALONE, k=5),
            cell(layer="fc2", z=None, p=None),
        ],
        [*several, by_itself()],
    )
    assert table.groupby("condition")["networks"].first().to_dict() == {"baseline": 2, "theirs": 1}
    assert table["p_max"].notna().tolist() == [False, True, False]
    assert len(white(figure.axes[0])) == 1
    assert len(dots(figure.axes[0])) == 1
    assert len(figure.axes) == 2
    figure.draw_without_rendering()
    assert figure.legends[0].get_window_extent().x1 <= figure.bbox.x1 + 1


def test_bits_without_draws_have_a_k_and_no_p(tmp_path: Path):
    row = cell(**ALONE | {"n_report": 1, "null": None}, measure="bits", k=3)
    figure, _ = made_alone(tmp_path, [row], [by_itself(measure="bits", null=None, p_max=None)])
    assert white(figure.axes[0]) == {(0, 0)}
    assert dots(figure.axes[0]) == set()
