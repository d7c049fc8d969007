"""clusterability.report.figures.calibration: rows by hand, what is drawn, files of fixed bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from clusterability.analysis.calibration import calibration_cells
from clusterability.errors import UserError
from clusterability.jobs.figure_job import FigureJob
from clusterability.report.figures import calibration, style
from clusterability.statistics import interval

Inputs = dict[str, list[str] | str]


def scores_of(p: Sequence[float], **changes: Any) -> pd.DataFrame:
    """Scores of one cell, a network a p, compared with 9 draws."""
    columns: dict[str, Any] = {
        "condition": "untrained",
        "seed": np.arange(len(p)),
        "layer": "fc1",
        "method": "matched",
        "k": 2,
        "measure": "mi",
        "null": "shuffle",
        "null_sd": 1.0,
        "null_n": 9,
        "z": np.linspace(-1, 1, len(p)),
        "p": p,
        "p_two_sided": 0.5,
    }
    return pd.DataFrame(columns | changes)


def write_inputs(folder: Path, *scores: pd.DataFrame) -> Inputs:
    table = pd.concat(scores, ignore_index=True)
    table.to_parquet(folder / "scores.parquet", index=False)
    calibration_cells(table).to_csv(folder / "calibration.csv", index=False)
    return {
        "calibration": [str(folder / "calibration.csv")],
        "scores": str(folder / "scores.parquet"),
    }


def shares_of_40(rejected: int, **changes: Any) -> pd.DataFrame:
    """A cell of 40 networks and 19 draws, so many p of them 0.05."""
    p = np.repeat([1 / 20, 1.0], [rejected, 40 - rejected])
    return scores_of(p, **({"null_n": 19} | changes))


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    """Two nulls, two layers: calibrated, liberal, conservative and undefined cells."""
    return write_inputs(
        tmp_path,
        shares_of_40(2, layer="fc10"),
        shares_of_40(3, layer="fc2"),
        shares_of_40(30, layer="fc2", k=3),
        shares_of_40(40, layer="fc2", measure="ncut"),
        shares_of_40(40, layer="fc10", null="labels"),
        shares_of_40(1, layer="fc2", null="labels").iloc[:10],
    )


def table_of(inputs: Inputs) -> pd.DataFrame:
    return calibration.make(inputs, "untrained", FigureJob())[1]


def marks(axes: Axes, marker: str) -> list[float]:
    lines = [line for line in axes.lines if line.get_marker() == marker]
    return sorted(float(x) for line in lines for x in np.asarray(line.get_xdata()))


# --- rows ---------------------------------------------------------------------------------------


def test_rows_hold_the_cells_of_the_condition_that_have_a_p(tmp_path: Path) -> None:
    inputs = write_inputs(
        tmp_path,
        shares_of_40(2),
        scores_of([np.nan] * 3, k=5),
        shares_of_40(2, condition="baseline"),
    )
    table = table_of(inputs)
    cells = table[table["panel"] == "cells"]
    assert cells[["condition", "k", "n", "verdict"]].values.tolist() == [
        ["untrained", 2, 40, "calibrated"]
    ]
    assert cells["share"].tolist() == [0.05]
    assert set(table["condition"]) == {"untrained"}


def test_levels_are_shares_within_networks_by_hand(tmp_path: Path) -> None:
    first, second = scores_of([0.1, 0.4, 1.0]), scores_of([0.2, 0.4, np.nan], measure="ncut")
    table = table_of(write_inputs(tmp_path, first, second))
    levels = table[table["panel"] == "levels"].set_index(["measure", "level"])
    assert sorted(levels.loc["all"].index) == pytest.approx(np.arange(1, 11) / 10)
    for level, shares in {0.1: [0.5, 0, 0], 0.3: [1, 0, 0], 0.4: [1, 1, 0], 1.0: [1, 1, 1]}.items():
        row = levels.loc[("all", level)]
        assert row["n"] == 3
        assert row[["share", "low", "high"]].tolist() == pytest.approx(interval(np.array(shares)))
    assert levels.loc[("mi", 0.4), "share"] == pytest.approx(2 / 3)
    assert levels.loc[("ncut", 0.2), "share"] == pytest.approx(1 / 2)
    assert levels.loc[["mi", "ncut"], ["low", "high"]].isna().all(axis=None)


def test_shared_draws_have_no_interval(tmp_path: Path) -> None:
    table = table_of(write_inputs(tmp_path, shares_of_40(2, null="untrained")))
    levels = table[table["panel"] == "levels"]
    assert levels["share"].notna().all()
    assert levels[["low", "high"]].isna().all(axis=None)


def test_many_draws_are_thinned_on_the_grid(tmp_path: Path) -> None:
    p = np.arange(1, 1001, 25) / 1000
    table = table_of(write_inputs(tmp_path, scores_of(p, null_n=999)))
    levels = table[(table["panel"] == "levels") & (table["measure"] == "mi")]
    assert len(levels) <= 40
    assert [levels["level"].min(), levels["level"].max()] == [0.001, 1]
    np.testing.assert_allclose(levels["share"], np.ceil(levels["level"] * 40) / 40)


def test_a_condition_that_was_not_compared_is_a_user_error(tmp_path: Path) -> None:
    inputs = write_inputs(tmp_path, shares_of_40(2))
    with pytest.raises(UserError, match="found no rows of condition 'baseline'"):
        calibration.make(inputs, "baseline", FigureJob())


def test_where_a_search_finds_no_clusters_the_figure_says_so(tmp_path: Path) -> None:
    """Every value equals all of its draws, and p is 1: there is nothing to judge."""
    alike = scores_of([1.0] * 30, condition="none", null_sd=0.0, z=np.nan, p_two_sided=1.0)
    figure, rows = calibration.make(
        write_inputs(tmp_path, shares_of_40(2), alike), "none", FigureJob()
    )
    assert rows.empty
    assert list(rows) == calibration.COLUMNS
    assert [text.get_text() for text in figure.findobj(Text) if text.get_text()] == [
        "none: each value equals all of its draws"
    ]


# --- drawing ------------------------------------------------------------------------------------


def test_each_verdict_has_its_mark_at_its_share(inputs: Inputs) -> None:
    figure, _ = calibration.make(inputs, "untrained", FigureJob())
    shuffle, labels = figure.axes[:2]
    assert marks(shuffle, "o") == pytest.approx([2 / 40, 3 / 40])
    assert marks(shuffle, ">") == pytest.approx([30 / 40, 1])
    assert marks(labels, ">") == [1]
    assert marks(labels, "x") == pytest.approx([1 / 10])
    assert [axes.get_title().split(",")[0] for axes in (shuffle, labels)] == ["shuffle", "labels"]
    texts = [text.get_text() for text in figure.legends[0].texts]
    counts = {"calibrated: 2 cells", "conservative: 0 cells", "liberal: 3 cells"}
    assert counts | {"undefined: 1 cell"} <= set(texts)


def test_lines_are_layers_in_order_and_cells_lie_on_theirs(inputs: Inputs) -> None:
    figure, _ = calibration.make(inputs, "untrained", FigureJob())
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["fc2", "fc10"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["matched", "matched"]
    places = {
        round(float(x), 3): round(float(y))
        for line in axes.lines
        if line.get_marker() in ("o", ">")
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    }
    assert places == {0.05: 1, 0.075: 0, 0.75: 0, 1.0: 0}
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_a_band_covers_the_interval_of_its_cells(inputs: Inputs) -> None:
    figure, table = calibration.make(inputs, "untrained", FigureJob())
    fc2 = table[(table["null"] == "shuffle") & (table["layer"] == "fc2")].iloc[0]
    boxes = [band.get_paths()[0].get_extents() for band in figure.axes[0].collections]
    assert (boxes[0].x0, boxes[0].x1) == pytest.approx((fc2["low"], fc2["high"]))
    assert -0.5 < boxes[0].y0 < boxes[0].y1 < 0.5


def test_shares_of_zero_are_gaps_on_the_logarithmic_axis(tmp_path: Path) -> None:
    figure, _ = calibration.make(
        write_inputs(tmp_path, scores_of([0.3, 0.6, 1.0])), "untrained", {}
    )
    axes = figure.axes[1]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    (pooled,) = [line for line in axes.lines if line.get_linewidth() == 1.0]
    shares = np.asarray(pooled.get_ydata(), float)
    assert np.isnan(shares[:2]).all()
    np.testing.assert_allclose(shares[2:], np.repeat([1 / 3, 2 / 3, 1], [3, 4, 1]))


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that lie on each other."""
    figure.draw_without_rendering()
    texts = dict.fromkeys(figure.findobj(Text))  # some are found twice
    shown = [text for text in texts if text.get_visible() and text.get_text()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in shown]
    return [
        (first, second)
        for place, (first, box) in enumerate(boxes)
        for second, other in boxes[place + 1 :]
        if box.x0 < other.x1 and other.x0 < box.x1 and box.y0 < other.y1 and other.y0 < box.y1
    ]


@pytest.mark.slow
def test_five_nulls_and_long_names_fit_the_page(tmp_path: Path) -> None:
    frames = [
        shares_of_40(2, null=null, layer=layer, method=method)
        for null in ("shuffle", "shuffle_nonzero", "strength", "labels", "untrained")
        for layer in ("fc1", "fc2", "network")
        for method in ("notebook", "matched", "matched-unit-norm")
    ]
    figure, rows = calibration.make(write_inputs(tmp_path, *frames), "untrained", FigureJob())
    assert figure.get_figwidth() == style.PAGE_WIDTH
    assert figure.get_figheight() <= style.PAGE_HEIGHT
    assert overlapping(figure) == []
    files = {ending: str(tmp_path / f"figure.{ending}") for ending in ("pdf", "svg", "png", "csv")}
    contents = []
    for _ in range(2):
        figure, rows = calibration.make(write_inputs(tmp_path, *frames), "untrained", FigureJob())
        style.save_figure(figure, rows, SimpleNamespace(**files))
        contents.append([Path(file).read_bytes() for file in files.values()])
    assert contents[0] == contents[1]
    written = pd.read_csv(files["csv"])
    assert list(written) == calibration.COLUMNS
    assert len(written) == len(rows)
