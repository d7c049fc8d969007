"""report.figures.agreement: what each panel shows, against numbers put in by hand."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.container import ErrorbarContainer

from clusterability.errors import UserError
from clusterability.report.figures import agreement, style

NAMED = ["untrained", "baseline", "trained", "random_labels", "dropout", "l1", "clusterable"]
PANELS = [
    ("restarts", "fc2", "fc2", "U"),
    ("layers", "fc1", "fc2", "UV"),
    ("seeds", "fc2", "fc2", "U"),
    ("seeds", "fc1", "fc1", "V"),
    ("restarts", "fc2", "fc2", "V"),
    *[("data_order", layer, layer, side) for layer in ("fc10", "fc2") for side in "UV"],
]


def cell(**changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "condition": "trained",
        "other_condition": "trained",
        "layer": "fc1",
        "other_layer": "fc2",
        "side": "UV",
        "method": "matched",
        "k": 2,
        "comparison": "layers",
        "measure": "ami",
        "n": 4,
        "null_mean": 0.01,
        "value": 0.5,
        "value_low": 0.4,
        "value_high": 0.6,
    }
    return row | changes


def write(folder: Path, cells: Sequence[dict[str, Any]]) -> Path:
    path = folder / "agreement.csv"
    pd.DataFrame(cells).to_csv(path, index=False)
    return path


def grid(conditions: Sequence[str]) -> list[dict[str, Any]]:
    fields = ("comparison", "layer", "other_layer", "side")
    return [
        cell(condition=condition, other_condition=condition, k=k)
        | dict(zip(fields, panel, strict=True))
        for panel, condition, k in itertools.product(PANELS, conditions, range(2, 13))
    ]


def titles(figure: Any) -> list[str]:
    return [axes.get_title() for axes in figure.axes if axes.axison]


def curves(axes: Any) -> list[ErrorbarContainer]:
    return [found for found in axes.containers if isinstance(found, ErrorbarContainer)]


def test_rows_are_those_of_one_method_and_measure(tmp_path: Path) -> None:
    cells = [cell(), cell(measure="ari"), cell(method="joint"), cell(k=3, value=0.7)]
    table = agreement.rows(write(tmp_path, cells), "matched")
    assert table[["k", "mean", "low", "high", "null_mean"]].to_numpy().tolist() == [
        [2, 0.5, 0.4, 0.6, 0.01],
        [3, 0.7, 0.4, 0.6, 0.01],
    ]
    assert table["measure"].unique().tolist() == ["ami"]


def test_a_method_without_rows_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no rows with method 'whole'"):
        agreement.rows(write(tmp_path, [cell()]), "whole")


def test_panels_come_by_comparison_then_from_the_input_on(tmp_path: Path) -> None:
    figure, _ = agreement.make({"agreement": str(write(tmp_path, grid(["l1"])))}, "matched", {})
    assert titles(figure) == [
        "next layer\nfc1 U, fc2 V",
        "other seed\nfc1 V",
        "other seed\nfc2 U",
        "data order\nfc2 V",
        "data order\nfc2 U",
        "data order\nfc10 V",
        "data order\nfc10 U",
        "restarts\nfc2 V",
        "restarts\nfc2 U",
    ]
    rows = [axes.get_subplotspec().rowspan.start for axes in figure.axes if axes.axison]
    assert rows == [0, 0, 0, 1, 1, 1, 1, 1, 1]


def test_a_deep_network_takes_several_rows(tmp_path: Path) -> None:
    cells = [cell(layer=f"fc{number}", other_layer=f"fc{number + 1}") for number in range(1, 15)]
    figure = agreement.draw(agreement.rows(write(tmp_path, cells), "matched"))
    assert titles(figure)[12:] == ["next layer\nfc13 U, fc14 V", "next layer\nfc14 U, fc15 V"]
    assert figure.axes[0].get_gridspec().get_geometry() == (3, 6)
    # Below the shorter last row, k stands under the row before.
    assert [axes.get_xlabel() for axes in figure.axes[6:14]] == [
        "",
        "",
        "k",
        "k",
        "k",
        "k",
        "k",
        "k",
    ]


def test_a_panel_shows_means_intervals_and_the_null(tmp_path: Path) -> None:
    cells = [cell(k=2), cell(k=3, value=np.nan, value_low=np.nan, value_high=np.nan), cell(k=4)]
    axes = agreement.draw(agreement.rows(write(tmp_path, cells), "matched")).axes[0]
    (curve,) = curves(axes)
    np.testing.assert_array_equal(curve.lines[0].get_ydata().astype(float), [0.5, np.nan, 0.5])
    first, *_ = curve.lines[2][0].get_segments()
    assert first[:, 1].tolist() == pytest.approx([0.4, 0.6])
    null = next(line for line in axes.lines if line is not curve.lines[0])
    assert null.get_ydata().tolist() == [0.01, 0.01, 0.01]


def test_each_partner_has_its_own_line(tmp_path: Path) -> None:
    data_order = {"comparison": "data_order", "other_layer": "fc1", "side": "U"}
    cells = [
        cell(k=k, other_condition=partner, **data_order)
        for partner, k in itertools.product(("first_order", "second_order"), (2, 3))
    ]
    axes = agreement.draw(agreement.rows(write(tmp_path, cells), "matched")).axes[0]
    assert [curve.lines[0].get_xdata().tolist() for curve in curves(axes)] == [[2, 3], [2, 3]]


def test_long_intervals_are_cut_and_the_legend_says_so(tmp_path: Path) -> None:
    long = cell(k=3, value_low=-4, value_high=5)
    figure = agreement.draw(agreement.rows(write(tmp_path, [cell(), long]), "matched"))
    low, high = figure.axes[0].get_ylim()
    assert -0.2 < low < 0.01
    assert 0.5 < high < 1
    assert figure.legends[0].get_title().get_text().endswith("95 % t interval, cut at the frame")
    short = agreement.draw(agreement.rows(write(tmp_path, [cell(value_high=0.55)]), "matched"))
    assert short.legends[0].get_title().get_text().endswith("95 % t interval")


@pytest.mark.parametrize("conditions", [NAMED[:3], NAMED])
def test_colours_are_those_of_the_conditions(tmp_path: Path, conditions: list[str]) -> None:
    figure, table = agreement.make(
        {"agreement": str(write(tmp_path, grid(conditions)))}, "matched", {}
    )
    assert table["condition"].cat.categories.tolist() == conditions
    assert figure.get_figwidth() == style.PAGE_WIDTH
    assert figure.get_figheight() <= style.PAGE_HEIGHT
    looks = style.condition_styles(conditions)
    for axes in (axes for axes in figure.axes if axes.axison):
        drawn = [curve.lines[0].get_color() for curve in curves(axes)]
        assert drawn == [looks[condition].colour for condition in conditions]
    labels = {text.get_text() for text in figure.legends[0].texts}
    assert labels == {*conditions, "labels permuted"}


def test_one_network_has_no_interval(tmp_path: Path) -> None:
    alone = cell(n=1, value_low=np.nan, value_high=np.nan)
    figure = agreement.draw(agreement.rows(write(tmp_path, [alone]), "matched"))
    assert figure.legends[0].get_title().get_text() == "one network or pair a point (n = 1)"
    assert figure.get_figwidth() == style.COLUMN_WIDTH


def test_a_method_without_any_value_can_be_drawn(tmp_path: Path) -> None:
    none = dict.fromkeys(["value", "value_low", "value_high", "null_mean"], np.nan)
    figure = agreement.draw(agreement.rows(write(tmp_path, [cell(n=0, **none)]), "matched"))
    assert figure.axes[0].get_ylim() == (0, 1)
    figure.draw_without_rendering()
