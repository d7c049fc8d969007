"""report.figures: rows against numbers worked out by hand, and files of fixed bytes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PatchCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.text import Text

from clusterability.analysis.snapshots import COLUMNS
from clusterability.errors import UserError
from clusterability.jobs.figure_job import FigureJob
from clusterability.networks.partitions import Partitions
from clusterability.networks.stacked import Networks, save_networks
from clusterability.report.figures import (
    learning_curves,
    measures,
    pixels,
    snapshots,
    style,
    weights,
    z_scores,
)
from clusterability.report.figures.inputs import layer_order, paths
from clusterability.report.figures.pixels import ranked_by_size
from clusterability.report.figures.score_inputs import read_scores
from clusterability.results.npz_files import save_items

NAMED = ["untrained", "baseline", "trained", "random_labels", "dropout", "l1", "clusterable"]
JOB = FigureJob(method="matched", k=2)


# --- inputs as the workflow makes them ----------------------------------------------------------


def score(**changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "condition": "baseline",
        "seed": 0,
        "layer": "fc1",
        "method": "matched",
        "k": 2,
        "k_effective": 2,
        "measure": "mi",
        "value": 1.0,
        "null": "shuffle",
        "null_mean": 0.0,
        "null_sd": 1.0,
        "null_n": 9,
        "z": 1.0,
        "p": 0.1,
        "p_two_sided": 0.2,
        "q": 0.5,
        "status": "ok",
    }
    return row | changes


INFEASIBLE: dict[str, Any] = {
    "value": np.nan,
    "null_mean": np.nan,
    "null_sd": np.nan,
    "z": np.nan,
    "q": np.nan,
    "status": "infeasible",
}


def write_scores(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path = folder / "scores.parquet"
    table = pd.DataFrame(rows)
    table["null"] = table["null"].astype("str").where(table["null"].notna())
    table.to_parquet(path, index=False)
    return path


def grid_of_scores(conditions: Sequence[str], seeds: int = 2) -> list[dict[str, Any]]:
    """Two layers, of which the second holds two clusters only."""
    rows = []
    cells = itertools.product(conditions, range(seeds), ["fc1", "fc2"], [2, 3], ["mi", "ncut"])
    for condition, seed, layer, k, measure in cells:
        row = score(condition=condition, seed=seed, layer=layer, k=k, measure=measure)
        row |= {"value": k + 0.1 * seed, "z": -3.0 if measure == "ncut" else 20.0, "q": 0.01}
        rows.append(row | (INFEASIBLE if layer == "fc2" and k == 3 else {}))
    return rows


def write_history(folder: Path, condition: str, losses: Mapping[int, Sequence[float]]) -> Path:
    path = folder / "networks" / condition / "0-1.history.csv"
    path.parent.mkdir(parents=True)
    columns = ["seed", "step", "epoch", "loss", "test_accuracy"]
    rows = [
        (seed, step, 1, loss, loss / 10)
        for seed, values in losses.items()
        for step, loss in enumerate(values, start=1)
    ]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path


def write_partition(
    folder: Path,
    condition: str,
    layer: str,
    labels: Mapping[int, tuple[Sequence[int], Sequence[int]]],
) -> Path:
    """Partitions of two networks; the second one's labels are all 0 and must not be drawn."""
    path = folder / "clusters" / condition / "0-1" / layer / f"{min(labels)}-{max(labels)}.npz"
    items = {}
    for k, (u, v) in labels.items():
        rows, columns = (np.array([side, np.zeros(len(side))], np.int16) for side in (u, v))
        items["matched", k] = Partitions(rows, columns, np.array([max(u) >= 0, True]))
    save_items(path, items)
    return path


@pytest.fixture
def pixel_files(tmp_path: Path) -> list[str]:
    first = np.repeat([1, 0], [500, 284]).tolist()
    second = np.repeat([0, 2, 1, -1], [84, 200, 490, 10]).tolist()
    return [
        str(write_partition(tmp_path, condition, "fc1", {2: ([0, 1], first), 3: ([0, 1], second)}))
        for condition in ("untrained", "baseline")
    ]


@pytest.fixture
def weight_files(tmp_path: Path) -> dict[str, str | list[str]]:
    """Two layers: in the first, input 1 is dead; in the second, k is infeasible."""
    first = np.array([[1, 0, 2], [-5, 0, 1], [3, 0, -4], [1, 0, 1]], np.float32)
    second = np.ones((1, 4), np.float32)
    stacks = {"fc1": np.stack([first, first]), "fc2": np.stack([second, second])}
    networks = tmp_path / "networks" / "baseline" / "0-1.safetensors"
    save_networks(networks, Networks("baseline", (0, 1), {}, stacks))
    partitions = [
        write_partition(tmp_path, "baseline", "fc1", {2: ([1, 0, 0, 1], [1, -1, 0])}),
        write_partition(tmp_path, "baseline", "fc2", {2: ([-1], [-1] * 4)}),
    ]
    return {"weights": str(networks), "partitions": [str(file) for file in partitions]}


Maker = Callable[[], tuple[Figure, pd.DataFrame]]


@pytest.fixture
def makers(
    tmp_path: Path, pixel_files: list[str], weight_files: dict[str, str | list[str]]
) -> dict[str, Maker]:
    """Every figure, small."""
    scores = {"scores": str(write_scores(tmp_path, grid_of_scores(["untrained", "baseline"])))}
    history = write_history(tmp_path, "trained", {0: [2.0, 1.0], 1: [2.2, 0.1]})
    histories = {"histories": str(history)}
    return {
        "learning_curves": lambda: learning_curves.make(histories, "all", JOB),
        "measures": lambda: measures.make(scores, "mi", JOB),
        "z_scores": lambda: z_scores.make(scores, "matched", JOB),
        "weights": lambda: weights.make(weight_files, "baseline", JOB),
        "pixels": lambda: pixels.make({"partitions": pixel_files}, "all", replace(JOB, k=[2, 3])),
    }


def save(folder: Path, figure: Figure, rows: pd.DataFrame) -> dict[str, bytes]:
    files = {ending: str(folder / f"figure.{ending}") for ending in ("pdf", "svg", "png", "csv")}
    style.save_figure(figure, rows, SimpleNamespace(**files))
    return {ending: Path(file).read_bytes() for ending, file in files.items()}


# --- rows ---------------------------------------------------------------------------------------


def test_learning_curves_hold_every_network_and_the_mean(tmp_path: Path) -> None:
    files = [
        write_history(tmp_path, "untrained", {}),
        write_history(tmp_path, "baseline", {0: [2.0, 1.0], 1: [4.0, 2.0]}),
    ]
    table = learning_curves.rows(files)
    lines = table.groupby(["line", "seed"], dropna=False)["loss"].agg(list)
    assert lines["seed", 0] == [2.0, 1.0]
    assert lines["seed", 1] == [4.0, 2.0]
    means = table[table["line"] == "mean"]
    assert means["loss"].tolist() == [3.0, 1.5]
    assert means["test_accuracy"].tolist() == pytest.approx([0.3, 0.15])
    assert means["seed"].isna().all()
    assert set(table["condition"]) == {"baseline"}
    assert table["condition"].cat.categories.tolist() == ["untrained", "baseline"]


def test_learning_curves_without_any_training(tmp_path: Path) -> None:
    table = learning_curves.rows([write_history(tmp_path, "untrained", {})])
    assert table.empty
    axes = learning_curves.draw(table).axes
    assert [text.get_text() for text in axes[0].texts] == ["no training steps"]


def test_measures_mean_interval_and_null(tmp_path: Path) -> None:
    null_means = [0.0, 0.0, 3.0]
    rows = [score(seed=s, value=s + 1.0, null_mean=null_means[s]) for s in range(3)]
    rows += [score(seed=s, null="labels", null_mean=99.0) for s in range(3)]
    table = measures.rows(write_scores(tmp_path, rows), "mi")
    assert len(table) == 1
    row = table.iloc[0]
    assert row["null"] == "shuffle"
    assert (row["n"], row["mean"]) == (3, 2.0)
    assert [row["low"], row["high"]] == pytest.approx([-0.4841377, 4.4841377])
    assert [row["null_low"], row["null_mean"], row["null_high"]] == pytest.approx(
        [-0.96, 1.0, 2.96]
    )


def test_ncut_is_shown_less_its_null(tmp_path: Path) -> None:
    rows = [
        score(seed=s, measure="ncut", value=5.0 + s, null_mean=4.0 - s, null_sd=0.5)
        for s in range(2)
    ]
    row = measures.rows(write_scores(tmp_path, rows), "ncut").iloc[0]
    assert row["quantity"] == "excess"
    assert row["mean"] == 2.0
    assert [row["null_low"], row["null_mean"], row["null_high"]] == pytest.approx([-0.98, 0, 0.98])


def test_measures_of_one_seed_have_no_interval(tmp_path: Path) -> None:
    table = measures.rows(write_scores(tmp_path, [score()]), "mi")
    assert table["mean"].tolist() == [1.0]
    assert table[["low", "high"]].isna().all(axis=None)
    legend = measures.draw(table).legends[0]
    assert legend.get_title().get_text() == "one network a point (n = 1)"


def test_an_infeasible_k_is_a_gap(tmp_path: Path) -> None:
    rows = [score(k=k, value=k) | (INFEASIBLE if k == 3 else {}) for k in (2, 3, 4)]
    table = measures.rows(write_scores(tmp_path, rows), "mi")
    assert table["status"].tolist() == ["ok", "infeasible", "ok"]
    assert table["n"].tolist() == [1, 0, 1]
    axes = measures.draw(table).axes[0]
    curve = next(line for line in axes.lines if line.get_marker() == "s")
    np.testing.assert_array_equal(curve.get_ydata().astype(float), [2, np.nan, 4])
    bands = [path for area in axes.collections for path in area.get_paths()]
    inside = [path.contains_point((3, 0)) for path in bands]
    assert len(inside) >= 2
    assert not any(inside)


@pytest.mark.parametrize(("nulls", "chosen"), [(["labels"], "labels"), ([None], None)])
def test_measures_without_the_favourite_null(
    tmp_path: Path, nulls: list[str | None], chosen: str | None
) -> None:
    empty = {"null_mean": np.nan, "null_sd": np.nan, "z": np.nan}
    rows = [score(null=null) | (empty if null is None else {}) for null in nulls]
    path = write_scores(tmp_path, rows)
    found = read_scores(path, ["mi"])["null"].iloc[0]
    assert found == chosen if chosen else pd.isna(found)
    labels = [text.get_text() for text in measures.draw(measures.rows(path, "mi")).legends[0].texts]
    assert any("null" in label for label in labels) is (chosen is not None)


def test_z_scores_mean_q_and_reasons(tmp_path: Path) -> None:
    rows = [score(seed=s, z=z, q=0.04) for s, z in enumerate([1.0, 2.0, 6.0])]
    rows += [score(seed=s, k=3, z=np.nan, q=np.nan) for s in range(3)]
    rows += [score(seed=s, k=4) | INFEASIBLE for s in range(3)]
    rows += [score(seed=s, measure="mi_total", z=np.nan, q=np.nan) for s in range(3)]
    rows += [score(method="notebook")]
    table = z_scores.rows(write_scores(tmp_path, rows), "matched")
    assert set(table["measure"]) == {"mi"}
    assert table["k"].tolist() == [2, 3, 4]
    assert table["n"].tolist() == [3, 0, 0]
    np.testing.assert_allclose(table["z"], [3.0, np.nan, np.nan])
    assert table["status"].tolist() == ["ok", "undefined", "infeasible"]
    assert table["q"].iloc[0] == 0.04


@pytest.mark.parametrize("figure", ["measures", "z_scores"])
def test_conditions_bear_their_test_accuracy(tmp_path: Path, figure: str) -> None:
    scores = write_scores(tmp_path, grid_of_scores(["baseline", "planted"]))
    networks = tmp_path / "networks.csv"
    accuracy = {"condition": ["baseline", "baseline", "planted"], "test_accuracy": [0.9, 0.8, None]}
    pd.DataFrame(accuracy).to_csv(networks, index=False)
    module, item = {"measures": (measures, "mi"), "z_scores": (z_scores, "matched")}[figure]
    drawn, table = module.make(
        {"scores": str(scores), "networks": str(networks)}, item, FigureJob()
    )
    texts = [text.get_text() for text in drawn.findobj(Text)]
    assert any(text.replace("\n", ", ") == "baseline, 85.0 %" for text in texts)
    assert "planted" in texts
    means = table.groupby("condition", observed=True)["test_accuracy"].first()
    assert means["baseline"] == pytest.approx(0.85)


def test_z_scores_draw_marks_and_infeasible_cells(tmp_path: Path) -> None:
    table = z_scores.rows(write_scores(tmp_path, grid_of_scores(["baseline"])), "matched")
    figure = z_scores.draw(table)
    mi, ncut = figure.axes[:2]
    mesh = next(item for item in mi.collections if isinstance(item, QuadMesh))
    assert np.ma.getmaskarray(mesh.get_array()).tolist() == [[False, False], [False, True]]
    hatched = [item for item in mi.collections if isinstance(item, PatchCollection)]
    assert [item.get_hatch() is not None for item in hatched] == [True]
    assert {line.get_marker(): len(line.get_xdata()) for line in mi.lines if len(line.get_xdata())}[
        "."
    ] == 3
    dashes = [len(line.get_xdata()) for line in ncut.lines if line.get_marker() == "_"]
    assert sum(dashes) == 3
    # The same cells with the other sign: what sees most comes first.
    turned = z_scores.draw(table.assign(z=-table["z"]))
    titles = [[axes.get_title() for axes in each.axes[:2]] for each in (figure, turned)]
    assert titles[0] == titles[1][::-1]


def test_weights_order_units_by_cluster_then_strength(
    weight_files: dict[str, str | list[str]],
) -> None:
    matrices = weights.read_matrices(Path(str(weight_files["weights"])))
    table = weights.rows(matrices, paths(weight_files, "partitions"), ["matched"], 2)
    first = table[table["layer"] == "fc1"]
    u, v = (first[first["side"] == side] for side in ("U", "V"))
    assert u["strength"].tolist() == [3, 6, 7, 2]
    assert u["cluster"].tolist() == [1, 0, 0, 1]
    assert u["position"].tolist() == [2, 1, 0, 3]
    assert v["strength"].tolist() == [10, 0, 8]
    assert v["position"].tolist() == [1, 2, 0]
    figure = weights.draw(table, matrices)
    ordered = figure.axes[1].images[0].get_array()
    np.testing.assert_array_equal(ordered, [[4, 3, 0], [1, 5, 0], [2, 1, 0], [1, 1, 0]])
    assert [text.get_text() for text in figure.axes[3].texts] == ["k is infeasible"]


def test_pixels_count_clusters_by_size(pixel_files: list[str]) -> None:
    table = pixels.rows([Path(file) for file in pixel_files], "matched", [2, 3])
    assert list(table.columns) == ["condition", "k", "pixel", "x", "y", "cluster", "label"]
    assert len(table) == 2 * 2 * 784
    third = table[(table["condition"] == "baseline") & (table["k"] == 3)]
    assert third["cluster"].value_counts().to_dict() == {1: 490, 2: 200, 3: 84, 0: 10}
    assert third.iloc[29][["pixel", "x", "y", "cluster", "label"]].tolist() == [29, 1, 1, 3, 0]
    image = pixels.draw(table).axes[1].images[0].get_array()
    assert image.shape == (28, 28)
    assert image[1, 1] == 3


def test_pixels_of_two_images_lie_side_by_side(tmp_path: Path) -> None:
    halves = [int(pixel % 56 >= 28) for pixel in range(1568)]
    file = write_partition(tmp_path, "pairs", "fc1", {2: ([0, 1], halves)})
    table = pixels.rows([file], "matched", [2])
    image = pixels.draw(table).axes[0].images[0].get_array()
    assert np.array_equal(image, np.repeat([[1, 2]], 28, axis=1).repeat(28, axis=0))


# --- snapshots ----------------------------------------------------------------------------------


def test_snapshots_stand_at_their_steps(tmp_path: Path) -> None:
    rows = []
    for step in (30, 0, 7):
        place = {"condition": "trained", "step": step, "n": 2}
        cells = [("test_accuracy", None, None), ("bits", "fc1", None), ("z", "fc1", "mi")]
        for shift, (quantity, layer, measure) in enumerate(cells):
            names = {"quantity": quantity, "layer": layer, "measure": measure}
            rows.append(place | names | {"value": step + shift, "low": step, "high": step + 9})
    rows.append(rows[0] | {"condition": "other"})
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    table.to_csv(tmp_path / "snapshots.csv", index=False)
    figure, shown = snapshots.make({"snapshots": str(tmp_path / "snapshots.csv")}, "trained", JOB)
    assert len(shown) == 9
    accuracy, bits, z = figure.axes[1], figure.axes[0], figure.axes[2]
    for shift, axes in enumerate((accuracy, bits, z)):
        line = axes.containers[0].lines[0]
        assert line.get_xdata().tolist() == [0, 7, 30]
        assert line.get_ydata().tolist() == [shift, 7 + shift, 30 + shift]


def test_layers_and_measures_without_a_value_are_not_drawn() -> None:
    cells = [
        ("bits", "fc1", None, 3.0),
        ("bits", "fc3", None, None),
        ("test_accuracy", *[None] * 2, 0.9),
    ]
    cells += [("z", "fc1", "mi", 2.0), ("z", "fc1", "held_out", None), ("z", "fc3", "mi", None)]
    rows = [
        {"condition": "trained", "step": step, "n": 2}
        | {"quantity": quantity, "layer": layer, "measure": measure, "value": value}
        for step in (0, 7)
        for quantity, layer, measure, value in cells
    ]
    figure = snapshots.draw(pd.DataFrame(rows).reindex(columns=COLUMNS))
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["fc1", "test accuracy"]
    entries = [text.get_text() for text in figure.legends[0].get_texts()]
    assert [entry for entry in entries if entry.startswith("z of")] == ["z of I(T) [nats]"]


def test_pixels_find_k_in_its_block_and_draw_infeasible_maps(tmp_path: Path) -> None:
    blocks = [
        write_partition(tmp_path, "small", "fc1", {2: ([0, 1], [0, 1] * 392)}),
        write_partition(tmp_path, "small", "fc1", {16: ([-1, -1], [-1] * 784)}),
    ]
    table = pixels.rows(blocks, "matched", [16, 2])
    assert table.groupby("k")["cluster"].max().to_dict() == {2: 2, 16: 0}
    texts = [text.get_text() for text in pixels.draw(table).axes[0].texts]
    assert texts == ["infeasible"]
    with pytest.raises(UserError, match="no partition by 'joint' at k = 2"):
        pixels.rows(blocks, "joint", [2])


def test_equal_clusters_are_ranked_by_their_first_unit() -> None:
    assert ranked_by_size(np.array([-1, 5, 0, 5, 0, 3])).tolist() == [0, 1, 2, 1, 2, 3]


# --- inputs -------------------------------------------------------------------------------------


def test_one_file_may_come_as_a_plain_string() -> None:
    assert paths({"scores": "a"}, "scores") == [Path("a")]
    assert paths({"scores": ["a", "b"]}, "scores") == [Path("a"), Path("b")]


def test_layers_come_in_natural_order() -> None:
    assert layer_order(["network", "fc10", "fc2"]) == ["fc2", "fc10", "network"]


def test_scores_without_the_measure_are_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no rows with measure 'mu'"):
        read_scores(write_scores(tmp_path, [score()]), ["mu"])


# --- style --------------------------------------------------------------------------------------


def luminous(colours: Sequence[str]) -> np.ndarray:
    """Linear RGB of "#rrggbb"."""
    parts = [[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in colours]
    values = np.array(parts)
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(linear: np.ndarray) -> np.ndarray:
    """CIELAB of linear RGB (white point D65)."""
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    x, y, z = np.cbrt((np.clip(linear, 0.001, 1) @ to_xyz.T / [0.95047, 1, 1.08883]).T)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)]).T


# Machado, Oliveira & Fernandes 2009, severity 1.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def condition_colours(names: Sequence[str]) -> list[str]:
    return [look.colour for look in style.condition_styles(names).values()]


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(
    ("colours", "apart"),
    [(condition_colours(NAMED), 25), (style.cluster_colours(12), 15)],
    ids=["conditions", "clusters"],
)
def test_colours_stay_apart(vision: str, colours: list[str], apart: float) -> None:
    seen = lab(luminous(colours) @ VISION[vision].T)
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > apart


@pytest.mark.parametrize(
    ("colours", "step"), [(condition_colours(NAMED), 8), (style.cluster_colours(12), 5)]
)
def test_colours_stay_apart_in_grey(colours: list[str], step: float) -> None:
    lightness = np.sort(lab(luminous(colours))[:, 0])
    assert np.diff(lightness).min() > step


def test_conditions_look_the_same_in_every_figure_and_differ() -> None:
    alone = style.condition_styles(["trained"])["trained"]
    assert style.condition_styles(NAMED)["trained"] == alone
    mixed = style.condition_styles(["mine", "trained", "yours", "untrained"])
    assert mixed["trained"] == alone
    assert len({look.colour for look in mixed.values()}) == 4
    many = style.condition_styles([f"dose{number}" for number in range(30)]).values()
    assert len({look.colour for look in many}) == 30
    assert len({(look.marker, look.dashes) for look in style.condition_styles(NAMED).values()}) == 7


def test_more_clusters_than_colours() -> None:
    colours = style.cluster_colours(16)
    assert len(set(colours)) == 16
    assert colours[:3] == style.cluster_colours(3)


# --- files --------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", ["learning_curves", "measures", "z_scores", "weights", "pixels"])
def test_same_rows_same_bytes(name: str, makers: dict[str, Maker], tmp_path: Path) -> None:
    figure, rows = makers[name]()
    assert figure.get_figwidth() in (style.COLUMN_WIDTH, style.PAGE_WIDTH)
    assert figure.get_figheight() <= style.PAGE_HEIGHT
    files = save(tmp_path, figure, rows)
    assert files["csv"] == rows.to_csv(index=False, lineterminator="\n").encode()
    with matplotlib.rc_context({"font.size": 30, "pdf.fonttype": 3, "axes.grid": True}):
        again = save(tmp_path, *makers[name]())
        assert matplotlib.rcParams["font.size"] == 30
    assert files == again
    assert b"/Type3" not in files["pdf"]
    assert b"/FontFile2" in files["pdf"]
    assert b"<text" in files["svg"]
    assert files["png"].startswith(b"\x89PNG")
    for ending, date in (("pdf", b"/CreationDate"), ("svg", b"<dc:date>"), ("png", b"tIME")):
        assert date not in files[ending]


def test_seven_conditions_of_one_seed(tmp_path: Path) -> None:
    path = write_scores(tmp_path, grid_of_scores(NAMED, seeds=1))
    for figure, rows in (
        measures.make({"scores": str(path)}, "mi", JOB),
        z_scores.make({"scores": str(path)}, "matched", JOB),
    ):
        assert rows["condition"].cat.categories.tolist() == NAMED
        assert figure.get_figheight() <= style.PAGE_HEIGHT


def test_weights_of_nearly_all_zeros_have_a_colour_scale(tmp_path: Path) -> None:
    sparse = np.zeros((2, 400), np.float32)
    sparse[0, 0] = 0.5
    file = write_partition(tmp_path, "l1", "fc1", {2: ([0, -1], [0] + [-1] * 399)})
    table = weights.rows({"fc1": sparse}, [file], ["matched"], 2)
    figure = weights.draw(table, {"fc1": sparse})
    assert figure.axes[1].images[0].get_clim() == (0, 0.5)
    figure.draw_without_rendering()


def test_an_interval_of_two_networks_hides_no_distance(tmp_path):
    """It may be many times as long as points lie apart: then it ends at the frame."""
    rows = [
        {"condition": "trained", "seed": seed, "layer": "fc1", "method": "matched", "k": k}
        | {"measure": "barber_q", "value": 0.02 * k + 0.05 * seed, "null": "shuffle"}
        | {"null_mean": 0.02, "null_sd": 0.002, "z": 1.0, "q": 0.5, "status": "ok"}
        for k in (2, 3)
        for seed in (0, 1)
    ]
    pd.DataFrame(rows).to_parquet(tmp_path / "scores.parquet")
    table = measures.rows(tmp_path / "scores.parquet", "barber_q")
    assert table["high"].max() - table["low"].min() > 0.1
    figure = measures.draw(table)
    bottom, top = figure.axes[0].get_ylim()
    # Means are 0.065 and 0.085, the null begins at 0.016.
    assert bottom < 0.016 < 0.085 < top
    assert top - bottom < 4.1 * (0.085 - 0.016) < table["high"].max() - table["low"].min()
    assert figure.legends[0].get_title().get_text().endswith("cut at the frame")
    steady = measures.draw(table.assign(low=table["mean"] - 1e-3, high=table["mean"] + 1e-3))
    assert "cut" not in steady.legends[0].get_title().get_text()
