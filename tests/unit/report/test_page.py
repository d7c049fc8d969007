"""The page of all networks: what is packed is what the tables say, and so is what is seen."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgb
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_mutual_info_score

from browser import open_file, running_browser, watched_page
from clusterability.blocks import Block
from clusterability.errors import UserError
from clusterability.measures.catalogue import MEASURES, VERDICT_BITS
from clusterability.networks.partitions import Partitions
from clusterability.networks.scaled_layer import scaled_layers
from clusterability.networks.scaling_names import scaled_method
from clusterability.networks.stacked import load_networks
from clusterability.nulls.clustered_again import redrawn_tables
from clusterability.nulls.redrawing import RandomModel
from clusterability.report.figures import z_colour_scale
from clusterability.report.figures.style import NO_VALUE, cluster_colours
from clusterability.report.page import words
from clusterability.report.page.binning import Binning, Detail
from clusterability.report.page.cell_colours import cell_colours
from clusterability.report.page.grid import Grid
from clusterability.report.page.network_arrays import colour_limit, network_arrays
from clusterability.report.page.packing import (
    Array,
    layout_of,
    packed,
    quantised,
    rounded,
    unpacked,
    weights_of_levels,
)
from clusterability.report.page.page import (
    BESIDE,
    BUDGET,
    _mean_arrays,
    _start_of_grid,
    filled,
    make_data,
    make_page,
)
from clusterability.report.page.page_data import (
    ALL_MEASURES,
    MEAN_NUMBERS,
    MEAN_Z_NUMBERS,
    Sources,
    read_networks,
)
from clusterability.report.page.template import page_template
from clusterability.results.columns import CELL
from clusterability.results.npz_files import load_items
from page_study import (
    DEAD_PIXELS,
    DRAWS,
    JOB,
    METHODS,
    SHAPES,
    number_in,
    picture,
    wait,
    write_study,
    write_tables,
)
from study_blocks import StudyBlocks


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Any]:
    return write_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def data(files) -> dict[str, Any]:
    return make_data(files, JOB, BUDGET)


@pytest.fixture(scope="module")
def scores(files) -> pd.DataFrame:
    return pd.read_parquet(files["scores"])


# --- packing ------------------------------------------------------------------------------------


def test_weights_are_off_by_half_a_step_and_stop_at_the_limit():
    source = np.random.default_rng(0)
    weights = np.append(source.standard_normal(999), [np.nan, np.inf, 0])
    levels = quantised(weights, 2.0)
    found = weights_of_levels(levels, 2.0)
    assert set(np.unique(levels)) == {*range(16)}
    assert found[-1] == 0
    assert np.isnan(found[-3:-1]).all()
    inside = np.abs(weights[:-3]) <= 2
    assert np.abs(found[:-3] - weights[:-3])[inside].max() <= 2.0 / 7 / 2 + 1e-12
    assert set(np.abs(found[:-3][~inside])) == {2.0}


@pytest.mark.parametrize("bits", [8, 15, 22])
def test_rounded_numbers_are_off_by_half_of_the_last_bit(bits):
    source = np.random.default_rng(0)
    values = source.standard_normal(10_000) * 10.0 ** source.integers(-20, 20, 10_000)
    found = rounded(values, bits)
    assert np.abs(found / values - 1).max() <= 2.0 ** -(bits + 1) * 1.0001 + 2e-7
    assert (found.view(np.uint32) % (1 << (23 - bits)) == 0).all()
    special = rounded(np.array([0.0, np.nan, -np.nan, -1.5]), bits)
    np.testing.assert_array_equal(special, [0, np.nan, np.nan, -1.5])
    assert len(set(special[1:3].view(np.uint32).tolist())) == 1


def test_what_is_packed_comes_out_again():
    source = np.random.default_rng(0)
    arrays = [
        Array("odd", "nibbles", source.integers(0, 16, (3, 5))),
        Array("small", "int8", np.array([-1, 0, 127])),
        Array("large", "int16", np.array([[-1, 300], [32767, 0]])),
        Array("code", "uint8", np.array([255, 0])),
        Array("count", "uint16", np.array([65535, 1])),
        Array("real", "float32", np.array([1.5, -0.0, np.nan, 1e30], np.float32)),
        Array("none", "float32", np.zeros((0, 4))),
    ]
    text = packed(arrays)
    assert text == packed(arrays)
    found = unpacked(text, layout_of(arrays))
    for name, _, numbers in arrays:
        np.testing.assert_array_equal(found[name], np.ravel(numbers))


# --- what is on the page ------------------------------------------------------------------------


def arrays_of(data: dict[str, Any], condition: str, seed: int) -> dict[str, np.ndarray]:
    place = next(each for each in data["conditions"] if each["name"] == condition)
    network = next(each for each in place["networks"] if each["seed"] == seed)
    return unpacked(network["data"], place["layout"])


def test_scores_are_those_of_the_table(data, scores):
    statuses = list(data["statuses"])
    shape = (len(METHODS), len(JOB.k))
    checked = 0
    for (condition, seed, layer), rows in scores.groupby(["condition", "seed", "layer"]):
        arrays = arrays_of(data, condition, seed)
        at = rows.method.map(METHODS.index), rows.k.map(JOB.k.index)
        measure = rows.measure.map(ALL_MEASURES.index)
        found = arrays[f"{layer}/value"].reshape(-1, *shape)[measure, *at]
        np.testing.assert_allclose(found, rows.value, rtol=2**-15)
        codes = arrays[f"{layer}/status"].reshape(-1, *shape)[measure, *at]
        assert [statuses[code] for code in codes] == rows.status.tolist()
        pair = [data["pairs"].index(each) for each in zip(rows.measure, rows.null, strict=True)]
        for name in ("null_mean", "null_sd", "z", "p", "p_two_sided"):
            found = arrays[f"{layer}/{name}"].reshape(-1, *shape)[pair, *at]
            off = 2**-8 if name == "null_sd" else 2**-10
            np.testing.assert_allclose(found, rows[name], rtol=off)
        checked += len(rows)
    assert checked == len(scores)


def test_labels_and_weights_are_those_of_the_files(files, data):
    for file in files["weights"]:
        networks = load_networks(Path(file))
        for number, seed in enumerate(networks.seeds):
            arrays = arrays_of(data, networks.condition, seed)
            for layer, stack in networks.weights.items():
                weights, limit = stack[number], colour_limit(stack[number])
                limits = arrays[f"{layer}/limits"]
                np.testing.assert_allclose(limits, [limit, np.abs(weights).max()], rtol=1e-6)
                levels = arrays[f"{layer}/weights"].reshape(weights.shape)
                found = weights_of_levels(levels, limit)
                off = np.abs(found - np.clip(weights, -limit, limit))
                assert off.max() <= limit / 14 * 1.0001
    for file in map(Path, files["partitions"]):
        condition, block, layer = file.parts[-4:-1]
        for (method, k), item in load_items(file, Partitions).items():
            for number, seed in enumerate(Block.parse(block)):
                labels = arrays_of(data, condition, seed)[f"{layer}/labels"]
                labels = labels.reshape(len(METHODS), len(JOB.k), -1)
                found = labels[METHODS.index(method), JOB.k.index(k)]
                expected = np.concatenate([item.rows[number], item.columns[number]])
                np.testing.assert_array_equal(found, expected)


def test_ablations_are_those_of_the_tables(files, data):
    clusters = pd.read_parquet(files["clusters"]).query("layer == 'fc1' and k == 2")
    for row in clusters.itertuples():
        arrays = arrays_of(data, row.condition, row.seed)
        for name in ("importance", "coherence_z", "importance_by_mean_p"):
            found = arrays[f"fc1/{name}"].reshape(len(METHODS), 1, 2)
            found = found[METHODS.index(row.method), 0, row.cluster]
            assert found == pytest.approx(getattr(row, name), rel=2**-10)
    falls = pd.read_parquet(files["ablations"])
    assert set(falls.layer) == {"fc1"}
    for (condition, seed), rows in falls.groupby(["condition", "seed"]):
        arrays = arrays_of(data, condition, seed)
        for start, ablations in (
            ("", ["zero", "mean"]),
            ("alone_", ["others_zero", "others_mean"]),
        ):
            own = rows[rows.ablation.isin(ablations)]
            at = own.ablation.map(ablations.index), own.method.map(METHODS.index)
            for name in ("fall", "null_mean"):
                found = arrays[f"fc1/class_{start}{name}"].reshape(2, len(METHODS), 1, 2, 10)
                found = found[*at, 0, own.cluster, own["class"]] / data["shares"]["steps"]
                np.testing.assert_allclose(found, own[name], atol=0.000251)
        once = rows.drop_duplicates("class").sort_values("class")
        assert arrays["fc1/class_images"].tolist() == once.images.tolist() == [200] * 10
        np.testing.assert_allclose(arrays["fc1/class_accuracy"], once.accuracy, rtol=2**-15)
    assert not any(name.startswith("fc2/class_") for name in arrays)


def test_bits_of_clusters_are_those_of_the_table_at_every_k(files, data):
    clusters = pd.read_parquet(files["clusters"])
    shape = (len(METHODS), len(JOB.k), max(JOB.k))
    for (condition, seed, layer), rows in clusters.groupby(["condition", "seed", "layer"]):
        arrays = arrays_of(data, condition, seed)
        at = rows.method.map(METHODS.index), rows.k.map(JOB.k.index), rows.cluster
        for name in ("cluster_bits", "bits_if_merged"):
            found = arrays[f"{layer}/{name}"].reshape(shape)
            np.testing.assert_allclose(found[at], rows[name], rtol=2**-10)
            assert np.isfinite(found).sum() == len(rows)
        nearest = arrays[f"{layer}/merge_with"].reshape(shape)
        np.testing.assert_array_equal(nearest[at], rows.merge_with)
        assert (nearest == -1).sum() == nearest.size - len(rows)


def test_means_are_those_of_the_summary(files, data):
    summary = pd.read_csv(files["summary"])
    shape = (-1, len(METHODS), len(JOB.k))
    checked = 0
    for place in data["conditions"]:
        means = unpacked(place["means"], place["means_layout"])
        for layer in SHAPES:
            rows = summary[(summary.condition == place["name"]) & (summary.layer == layer)]
            at = rows.method.map(METHODS.index), rows.k.map(JOB.k.index)
            measure = rows.measure.map(ALL_MEASURES.index)
            pair = [data["pairs"].index(each) for each in zip(rows.measure, rows.null, strict=True)]
            for name, first, bits in (("value", measure, 15), ("z", pair, 11)):
                mean, half = (
                    means[f"{layer}/{name}{end}"].reshape(shape)[first, *at]
                    for end in ("", "_half")
                )
                np.testing.assert_allclose(mean, rows[name], rtol=2.0**-bits)
                reach = {"rtol": 2**-9, "atol": 2**-11 * np.nanmax(np.abs(rows[name]))}
                np.testing.assert_allclose(mean - half, rows[f"{name}_low"], **reach)
                np.testing.assert_allclose(mean + half, rows[f"{name}_high"], **reach)
            assert (means[f"{layer}/n"].reshape(shape)[measure, *at] == rows.n).all()
            found = means[f"{layer}/q"].reshape(shape)[pair, *at]
            np.testing.assert_allclose(found, rows.q, rtol=2**-8)
            assert np.isfinite(found).any()
            checked += len(rows)
    assert checked == len(summary)


def test_the_shuffle_beside_a_network_is_the_first_that_the_study_draws(files, data):
    """Sums of weights by its clusters are those that the null `shuffle` is scored by."""
    model = RandomModel.named("shuffle")
    for place in data["conditions"]:
        kept = place["beside"]["shuffle"]
        arrays = unpacked(kept["data"], kept["layout"])
        file = next(file for file in files["weights"] if f"/{place['name']}/0-1" in file)
        networks = load_networks(Path(file))
        for layer, scaling in product(SHAPES, ("none", "balanced")):
            (scaled,) = scaled_layers(networks, layer, [scaling])
            plain = "matched" if scaling == "none" else "joint"
            asked = (scaled.drawn_from(0), layer, (place["name"], 0), [0], JOB.k, [plain])
            (tables,) = redrawn_tables(model, *asked, JOB.restarts)
            method = METHODS.index(scaled_method(plain, scaling))
            labels = arrays[f"{layer}/labels"].reshape(len(METHODS), len(JOB.k), -1)[method]
            for k, both in zip(JOB.k, labels, strict=True):
                u, v = np.split(both, [SHAPES[layer][0]])
                sizes = [np.bincount(side[side >= 0], minlength=k) for side in (u, v)]
                found = tables[plain, k]
                np.testing.assert_array_equal(np.ravel(found.row_sizes)[:k], sizes[0])
                np.testing.assert_array_equal(np.ravel(found.column_sizes)[:k], sizes[1])
                if scaling == "none":
                    weights = networks.weights[layer][0]
                    drawn = np.abs(model.redraw(weights, (place["name"], 0, layer))(0))
                    own = np.array(
                        [[drawn[u == a][:, v == b].sum() for b in range(k)] for a in range(k)]
                    )
                    expected = found.weights.reshape(k, k)
                    np.testing.assert_allclose(own / own.sum(), expected, rtol=1e-4, atol=1e-7)
            limit = colour_limit(networks.weights[layer][0])
            levels = quantised(networks.weights[layer][0], limit)
            shuffled = arrays[f"{layer}/weights"].reshape(levels.shape)
            assert sorted(shuffled.ravel()) == sorted(levels.ravel())
            assert (shuffled != levels).mean() > 0.3
            dead = levels[:, :DEAD_PIXELS] if layer == "fc1" else shuffled[:, :0]
            np.testing.assert_array_equal(shuffled[:, : dead.shape[1]], dead)


def single_draws(data: dict[str, Any], condition: str) -> dict[tuple, tuple]:
    """Values in ascending order and the first one, by layer, measure, null, method and k."""
    place = next(each for each in data["conditions"] if each["name"] == condition)
    arrays = unpacked(place["beside"]["draws"]["data"], place["beside"]["draws"]["layout"])
    found = {}
    for layer in SHAPES:
        get = {name: arrays[f"{layer}/draws_{name}"] for name in ("n", "ends", "first", "steps")}
        ends, start = get["ends"].reshape(2, -1), 0
        entries = product(map(tuple, data["pairs"]), METHODS, JOB.k)
        for number, (pair, method, k) in enumerate(entries):
            steps = get["steps"][start : start + get["n"][number]]
            start += len(steps)
            low, width = ends[0, number], np.ptp(ends[:, number])
            codes = np.append(np.cumsum(steps), get["first"][number])
            if len(steps):
                found[layer, *pair, method, k] = np.split(
                    low + codes / data["draw_steps"] * width, [len(steps)]
                )
        assert start == len(get["steps"])
    return found


def test_single_draws_are_those_of_the_files_in_127_steps(files, data):
    found, checked = single_draws(data, "trained"), 0
    for file in map(Path, files["draws"]):
        _, block, layer, _ = file.parts[-4:]
        if block != "0-1":
            continue
        for name, values in np.load(file).items():
            null, method, k, measure = name.split("/")
            own = values[0][np.isfinite(values[0])]
            if not len(own):
                assert (layer, measure, null, method, int(k)) not in found
                continue
            shown, first = found[layer, measure, null, method, int(k)]
            assert len(shown) == len(own)
            off = np.ptp(own) / 127 / 2 + 1e-5
            np.testing.assert_allclose(shown, np.sort(own), atol=off)
            assert first[0] == pytest.approx(values[0, 0], abs=off)
            checked += 1
    assert checked == len(found) > 100
    place = next(each for each in data["conditions"] if each["name"] == "untrained")
    assert (place["draws_kept"], "draws" in place["beside"]) == (False, False)


def test_what_stands_beside_a_network_takes_a_share_of_its_own(files, monkeypatch):
    every = make_data(files, JOB, BUDGET)["conditions"]
    assert all(place["beside"]["shuffle"]["data"] for place in every)
    none = make_data(files, JOB, BUDGET, beside=0)["conditions"]
    assert [place["networks"] for place in none] == [place["networks"] for place in every]
    assert [place["beside"] for place in none] == [{}, {}]
    assert [place["draws_kept"] for place in none] == [False, True]
    monkeypatch.setattr("clusterability.report.page.first_shuffle.LARGEST_SHUFFLED", 10)
    kept = make_data(files, JOB, BUDGET)["conditions"]
    assert not any("shuffle" in place["beside"] for place in kept)
    with_draws = make_data({**files, "draws": []}, JOB, BUDGET)["conditions"]
    assert not any(place["draws_kept"] for place in with_draws)


def test_the_same_results_give_the_same_bytes(files):
    first, second = (make_page(files, JOB) for _ in range(2))
    assert first == second
    assert str(Path(files["scores"]).parents[1]).encode() not in first


def test_a_small_budget_takes_a_seed_of_each_condition_at_a_time_and_says_what_is_left_out(files):
    every = make_data(files, JOB, BUDGET)["conditions"]
    sizes = [[len(network["data"]) for network in place["networks"]] for place in every]
    means = sum(len(place["means"]) for place in every)
    two_each = means + sum(sum(each[:2]) for each in sizes)
    some = make_data(files, JOB, two_each + 10)["conditions"]
    assert [[n["seed"] for n in place["networks"]] for place in some] == [[0, 1], [0, 1]]
    assert [(place["seeds"], place["left_out"]) for place in some] == [(3, "2"), (3, "2")]
    one = make_data(files, JOB, means + sizes[0][0])["conditions"]
    assert [len(place["networks"]) for place in one] == [1, 0]
    assert one[1]["left_out"] == "0-2"
    size = len(make_page(files, JOB, two_each, beside=0)) - len(page_template().encode())
    assert size < two_each + 40_000  # words and layouts


def test_a_page_without_nulls_and_without_probing(files, tmp_path):
    """A study that compares with nothing: values alone."""
    blocks = StudyBlocks(
        tmp_path, ["trained"], ["0-1"], ["2-3", "5"], list(SHAPES), METHODS, nulls=(), probed=()
    )
    own = {
        name: [file for file in files[name] if "/trained/0-1" in file]
        for name in ("weights", "partitions")
    }
    job = replace(JOB, nulls={}, probed_k=[])
    found = make_data(own | write_tables(blocks), job, BUDGET)
    arrays = arrays_of(found, "trained", 1)
    assert np.isfinite(arrays["fc2/value"]).any()
    assert not np.isfinite(arrays["fc2/z"]).any()
    assert found["start"]["null"] == ""


def test_no_text_ends_the_data():
    page = filled(page_template(), {"name": "</script><b>&<!--"})
    inside = page.split('id="data">')[1].split("</script>")[0]
    assert json.loads(inside) == {"name": "</script><b>&<!--"}


def test_a_damaged_file_of_weights_is_named(files, tmp_path):
    file = tmp_path / "networks" / "trained" / "0-1.safetensors"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"0-1.safetensors: found .*, expected weights"):
        make_data(files | {"weights": [str(file)]}, JOB, BUDGET)


def test_networks_are_read_as_they_are_asked_for(files):
    sources = Sources.of(files, {})
    grid = Grid(METHODS, JOB.k, ["labels", "shuffle"], [2])
    first = next(read_networks(sources, "trained", grid))
    assert first.seed == 0
    binning = Binning(Detail(10**6), range(6))
    assert [array.name for array in network_arrays(first, set(), binning)][:2] == [
        "fc1/limits",
        "fc1/weights",
    ]


def test_the_overview_starts_with_the_bits_that_the_verdict_is_about(files, tmp_path):
    table = pd.read_csv(files["verdict"])
    for method, methods, expected in (
        (METHODS[1], METHODS, (METHODS[1], 3)),
        ("described", METHODS, ("matched", 3)),  # it is not on the page
    ):
        file = tmp_path / f"{method}.csv"
        table.assign(method=method).to_csv(file, index=False)
        job = replace(JOB, methods=methods)
        start = make_data(files | {"verdict": str(file)}, job, BUDGET)["start"]
        assert (start["grid"], start["grid_method"], start["grid_k"]) == ("bits", *expected)
    described = replace(JOB, methods=["described-ranked"])
    start = _start_of_grid(table.assign(method="described-ranked"), described)
    assert start["grid_k"] == max(JOB.k)  # the most clusters that it may take


def test_colours_of_cells_are_those_of_the_figures():
    found = cell_colours()
    assert found["z"]["levels"] == list(z_colour_scale.LEVELS)
    for z in (-17, -16, -3, -1, 0, 1, 15.9, 16, 400):
        colour = found["z"]["colours"][int(np.searchsorted(found["z"]["levels"], z, "right"))]
        assert colour == to_hex(z_colour_scale.z_scale().to_rgba(z))
    assert VERDICT_BITS in found["bits"]["levels"]
    assert len(found["bits"]["colours"]) == len(found["bits"]["levels"]) + 1
    assert to_rgb(found["bits"]["colours"][4]) > (0.95, 0.95, 0.95)  # what does not pay is white


def test_a_default_study_fits_into_15_megabytes(files):
    """Means of a study of that size: all numbers there, none like another."""
    layers, methods = ["fc1", "fc2", "fc3"], 10
    grid = Grid([str(number) for number in range(methods)], range(2, 13), list("abcd"), [2, 4, 8])
    source = np.random.default_rng(0)
    means = {
        name: source.standard_normal((rows, methods, 11))
        for names, rows in ((MEAN_NUMBERS, len(ALL_MEASURES)), (MEAN_Z_NUMBERS, len(grid.pairs)))
        for name in names
    }
    means["n"] = np.full_like(means["n"], 10)
    one = len(packed(list(_mean_arrays("fc1", means))))
    conditions = 7
    assert one * len(layers) * conditions < BUDGET / 3  # the rest is for networks
    code = len(page_template().encode())
    assert BUDGET + code + 1_000_000 < 15_000_000
    assert BUDGET + BESIDE + code + 1_000_000 < 15_000_000


# --- in a browser -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    with running_browser() as found:
        yield found


@pytest.fixture(scope="module")
def page_file(files, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("page") / "explore.html"
    file.write_bytes(make_page(files, JOB))
    return file


@pytest.fixture
def page(browser, page_file):
    with watched_page(browser) as found:
        open_file(found, page_file)
        wait(found)
        yield found


def close(text: str, value: float, digits: int) -> bool:
    """Whether a text is this value with so many digits, or two decimals of a z."""
    return number_in(text) == pytest.approx(value, rel=0.6 * 10.0 ** (1 - digits), nan_ok=True)


def check_scores(page, scores: pd.DataFrame, **place: Any) -> None:
    """All rows of the table on the page are those of the table of scores."""
    null = place.pop("null")
    rows = scores
    for name, value in place.items():
        rows = rows[rows[name] == value]
    rows = rows[rows["null"].isin([null, "groups"])].set_index("measure")
    found = page.locator("#score-table tr[data-measure]")
    assert found.count() == len(rows)
    for measure, row in rows.iterrows():
        line = page.locator(f"#score-table tr[data-measure={measure}]")
        if row.status != "ok":
            assert words.STATUSES_SAY[row.status].startswith(line.locator("td").inner_text())
            continue
        assert close(line.locator(".value").inner_text(), row.value, 4)
        assert line.locator(".null").inner_text() == row.null
        mean, sd = line.locator(".compared").inner_text().split(" ± ")
        assert close(mean, row.null_mean, 4)
        assert close(sd, row.null_sd, 2)
        z = number_in(line.locator(".z").inner_text())
        assert z == pytest.approx(row.z, abs=0.0051 + 1e-3 * abs(row.z), nan_ok=True)
        two_sided = measure in ("mi_total", "dominance")
        p = line.locator(".p").inner_text()
        assert p.endswith("†") == two_sided
        assert close(p, row.p_two_sided if two_sided else row.p, 2)


def colours(labels: np.ndarray) -> np.ndarray:
    table = [*cluster_colours(12), NO_VALUE]
    return np.rint([255 * np.array(to_rgb(table[label])) for label in labels]).astype(np.uint8)


def labels_of(files, condition: str, block: str, layer: str, k_block: str) -> dict:
    ending = f"{condition}/{block}/{layer}/{k_block}.npz"
    (file,) = [file for file in files["partitions"] if file.endswith(f"clusters/{ending}")]
    return load_items(Path(file), Partitions)


@pytest.mark.browser
def test_every_choice_by_clicking_shows_its_rows(page, scores):
    check = {"condition": "trained", "seed": 0, "layer": "fc1", "method": "matched", "k": 3}
    start = page.locator("#condition").input_value()
    for control, value in (
        ("condition", "trained"),
        ("seed", 2),
        ("layer", "fc2"),
        ("method", "joint-balanced"),
        ("null", "labels"),
    ):
        page.select_option(f"#{control}", str(value))
        wait(page)
        check[control] = value
        check_scores(page, scores, **{"null": "shuffle"} | check)
    page.locator("#k").fill("0")
    wait(page)
    check_scores(page, scores, **check | {"k": 2})
    assert "Clusters were found at another scale" in page.locator("#matrix-note").inner_text()
    page.select_option("#measure", "ncut")
    wait(page)
    assert "n-cut over k of trained, seed 2, fc2" in page.locator("#chart svg").get_attribute(
        "aria-label"
    )
    assert start in ("trained", "untrained")


@pytest.mark.browser
def test_the_keyboard_alone_reaches_and_changes_everything(page, scores):
    reached: list[str] = []
    while "ablation" not in reached:
        assert len(reached) < 100
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.id")
        reached.append(name)
        if name and page.evaluate("document.activeElement.matches('select, input')"):
            style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert style == "solid"
        if name == "k":
            page.keyboard.press("ArrowRight")
            wait(page)
            assert page.locator("#k-shown").inner_text() == "k = 5"
            assert page.evaluate("document.activeElement.id") == "k"
        elif name in ("condition", "seed", "layer"):
            page.keyboard.press("End")  # the last option
            wait(page)
        elif name == "order":
            page.keyboard.press("Space")
    wait(page)
    grid = ["grid", "grid_by", "grid_method", "grid_k", "find"]
    assert reached[:6] == ["skip", *grid]
    controls = ["condition", "seed", "layer", "method", "k", "null", "order", "measure"]
    assert [name for name in reached if name in [*controls, "ablation"]][:9] == [
        *controls,
        "ablation",
    ]
    chosen = {name: page.locator(f"#{name}").input_value() for name in controls[:3]}
    assert chosen["seed"] == "2"
    assert page.locator("#order").is_checked()
    place = {"method": "matched", "k": 5, "null": "shuffle"}
    check_scores(page, scores, **chosen | place | {"seed": int(chosen["seed"])})


@pytest.mark.browser
def test_the_matrix_has_the_colours_of_its_weights_in_both_orders(page, files):
    page.goto(page.url.split("#")[0] + "#condition=trained&seed=1&layer=fc2&k=3")
    wait(page)
    page.wait_for_function("document.getElementById('layer').value === 'fc2'")
    by_cluster = picture(page, "matrix")
    page.locator("#order").check()
    wait(page)
    original = picture(page, "matrix")
    assert original.shape != by_cluster.shape  # no borders
    weights = load_networks(Path(files["weights"][2])).weights["fc2"][1]
    levels = quantised(weights, colour_limit(weights))
    m, n = weights.shape
    inside = original[18:, 18:]
    height, width = inside.shape[0] // m, inside.shape[1] // n
    cells = inside[height // 2 :: height, width // 2 :: width].reshape(-1, 3)
    seen: dict[int, set] = {}
    for level, colour in zip(levels.ravel(), cells, strict=True):
        seen.setdefault(int(level), set()).add(tuple(colour.tolist()))
    assert len(seen) > 5
    assert all(len(found) == 1 for found in seen.values())
    assert len(set.union(*seen.values())) == len(seen)
    # The bars in the original order are the labels, unit by unit.
    item = labels_of(files, "trained", "0-1", "fc2", "2-3")["matched", 3]
    assert (original[18 + height // 2 :: height, 8] == colours(item.rows[1])).all()
    assert (original[8, 18 + width // 2 :: width] == colours(item.columns[1])).all()
    assert "6 output units (rows) by 12 input units" in page.locator("#matrix").get_attribute(
        "aria-label"
    )


@pytest.mark.browser
def test_the_map_of_pixels_has_the_colours_of_their_labels(page, files):
    for k, block in ((2, "2-3"), (5, "5")):
        page.evaluate(f"location.hash = '#condition=untrained&seed=2&layer=fc1&k={k}'")
        page.wait_for_function(f"document.getElementById('k-shown').textContent === 'k = {k}'")
        wait(page)
        found = picture(page, "pixels")[4::8, 4::8].reshape(-1, 3)
        labels = labels_of(files, "untrained", "2", "fc1", block)["matched", k].columns[0]
        np.testing.assert_array_equal(found, colours(labels))
        sizes = page.locator("#sizes tbody tr")
        assert sizes.count() == k + 1
        dead = page.locator("#sizes tr[data-cluster='-1']").inner_text()
        assert "dead" in dead
        assert str(DEAD_PIXELS) in dead
    assert f"{DEAD_PIXELS} units are dead" in page.locator("#notes").inner_text()


@pytest.mark.browser
def test_ablations_are_those_of_the_tables_or_it_is_said_why_there_are_none(page, files):
    note = page.locator("#effects-note")
    page.select_option("#layer", "fc1")
    wait(page)
    assert "Not probed at k = 3. Probed are k = 2." in note.inner_text()
    page.get_by_role("button", name="k = 2").click()
    wait(page)
    place = {name: page.locator(f"#{name}").input_value() for name in ("condition", "seed")}
    query = f"condition == '{place['condition']}' and seed == {place['seed']} and k == 2"
    query += " and method == 'matched'"
    clusters = pd.read_parquet(files["clusters"]).query(query + " and layer == 'fc1'")
    falls = pd.read_parquet(files["ablations"]).query(query)
    for ablation, end in (("zero", ""), ("mean", "_by_mean")):
        page.select_option("#ablation", ablation)
        wait(page)
        for row in clusters.to_dict("records"):
            line = page.locator(f"#effect-table tr[data-cluster='{row['cluster']}']")
            importance = number_in(line.locator(".importance").inner_text())
            assert importance == pytest.approx(100 * row[f"importance{end}"], abs=0.15)
            z = number_in(line.locator(".coherence-z").inner_text())
            assert z == pytest.approx(row[f"coherence{end}_z"], abs=0.01)
            chosen = falls[(falls.ablation == ablation) & (falls.cluster == row["cluster"])]
            for cell, expected in zip(
                line.locator(".fall").all(), chosen.sort_values("class").itertuples(), strict=True
            ):
                fall, random = re.findall(r"[\u2212\d.]+", cell.inner_text())
                assert number_in(fall) == pytest.approx(100 * expected.fall, abs=0.3)
                assert number_in(random) == pytest.approx(100 * expected.null_mean, abs=0.3)
    page.select_option("#layer", "fc2")
    wait(page)
    assert "the output units of fc2 are not hidden" in note.inner_text()


@pytest.mark.browser
def test_what_is_infeasible_is_said_in_words(page):
    page.evaluate("location.hash = '#condition=untrained&seed=1&layer=fc2&k=5&measure=mi'")
    page.wait_for_function("() => document.getElementById('status').textContent.includes('k = 5')")
    wait(page)
    assert "infeasible: k is larger" in page.locator("#status").inner_text()
    assert page.locator("#score-table tr[data-measure=mi] td").inner_text() == "infeasible"
    assert "layer network" in page.locator("#about").inner_text()


@pytest.mark.browser
def test_the_address_brings_back_the_view(browser, page_file):
    wanted = {
        "condition": "untrained",
        "seed": "2",
        "layer": "fc2",
        "method": "joint-balanced",
        "null": "labels",
        "measure": "ncut",
        "ablation": "mean",
        "grid": "mi",
        "grid_by": "labels",
        "grid_method": "all",
        "grid_k": "5",
        "find": "fc2",
    }
    with watched_page(browser) as page:
        address = "&".join(f"{name}={value}" for name, value in wanted.items())
        open_file(page, page_file, f"#{address}&k=5&order=original")
        wait(page)
        found = {name: page.locator(f"#{name}").input_value() for name in wanted}
        assert found == wanted
        assert page.locator("#order").is_checked()
        assert page.locator("#k-shown").inner_text() == "k = 5"
        assert "k=5" in page.url
        page.select_option("#seed", "1")
        wait(page)
        again = page.url
    with watched_page(browser) as page:
        page.goto(again)
        wait(page)
        assert page.locator("#seed").input_value() == "1"
        assert page.locator("#layer").input_value() == "fc2"


@pytest.mark.browser
@pytest.mark.parametrize(
    "address",
    [
        "#condition=none&seed=-7&layer=fc9&k=zwei",
        "#%E0%A4%A&=&&k",
        "#seed=<img src=x>",
        "#__proto__=1",
    ],
)
def test_an_address_of_no_view_shows_the_first(browser, page_file, address):
    with watched_page(browser) as page:
        open_file(page, page_file, address)
        wait(page)
        assert page.locator("#k-shown").inner_text() == "k = 3"
        assert page.locator("#layer").input_value() == "fc1"
        # What units do is asked at k = 2 alone.
        assert page.locator("#score-table tr[data-measure]").count() == len(MEASURES)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_page_does_not_scroll_sideways(browser, page_file, scheme):
    with watched_page(browser, 375, 800, color_scheme=scheme, reduced_motion="reduce") as page:
        for layer, k in (("fc1", 2), ("fc2", 5)):
            open_file(page, page_file, f"#layer={layer}&k={k}")
            page.reload()
            wait(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.browser
@pytest.mark.parametrize("width", [375, 1280])
def test_the_page_opens_with_the_verdict(browser, page_file, width):
    with watched_page(browser, width, 800) as page:
        open_file(page, page_file)
        wait(page)
        sentence = page.locator("#verdict-sentence")
        assert sentence.inner_text() == (
            "Clusters of units that pay, beyond strengths and mixtures of units: fc1 of trained;"
            " none that pay: fc2 of untrained."
        )
        top = [page.locator(name).bounding_box()["y"] for name in ("#verdict-table", "#controls")]
        assert sentence.bounding_box()["y"] < top[0] < top[1]
        cells = page.locator("#verdict-table tbody tr").first.locator("th, td").all_inner_texts()
        assert cells[:6] == ["trained", "fc1", "clusters", "300 [200, 400]", "250", "90"]
        assert cells[6:] == [
            "3 \N{MULTIPLICATION SIGN} 2",
            "0.95",
            "4 output and 99 input units, 70 bits",
            "",
        ]
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_a_layer_of_the_verdict_leads_to_it(page):
    said = page.locator("#layer-verdict")
    page.get_by_role("link", name="fc2").click()
    wait(page)
    assert page.locator("#layer").input_value() == "fc2"
    assert page.locator("#method").input_value() == "matched"  # the page has no `described`
    assert "Verdict on fc2 of untrained: none that pay (4 bits); 4 clusters" in said.inner_text()
    page.get_by_role("link", name="fc1").click()
    wait(page)
    assert page.locator("#condition").input_value() == "trained"
    assert page.locator("#method").input_value() == METHODS[1]
    assert "fc1 of trained: clusters; 300 bits [200, 400], 250 beyond" in said.inner_text()
    page.select_option("#layer", "fc2")
    wait(page)
    assert said.inner_text() == ""


@pytest.mark.browser
def test_in_print_a_line_says_what_is_chosen(page):
    page.emulate_media(media="print")
    assert not page.locator("#controls").is_visible()
    said = page.locator("#status").inner_text()
    assert "fc1, matched, k = 3" in said
    assert "Compared with shuffle" in said
    assert page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")


@pytest.mark.browser
def test_a_page_without_all_networks_says_which_are_missing(browser, files, tmp_path):
    every = make_data(files, JOB, BUDGET)["conditions"]
    means = sum(len(place["means"]) for place in every)
    first = len(every[0]["networks"][0]["data"])
    for budget, said in (
        (means + first + 10, "untrained: 1 of 3 networks, without seeds 1-2. Left out as a whole"),
        (means, "no network fits"),
    ):
        file = tmp_path / f"{budget}.html"
        file.write_bytes(make_page(files, JOB, budget))
        with watched_page(browser) as page:
            open_file(page, file)
            wait(page)
            assert said in page.locator("body").inner_text()


@pytest.mark.browser
def test_a_matrix_that_is_too_large_is_shown_in_cells(browser, files, tmp_path, monkeypatch):
    monkeypatch.setattr("clusterability.report.page.page.LARGEST_MATRIX", 100)
    file = tmp_path / "explore.html"
    file.write_bytes(make_page(files, JOB))
    with watched_page(browser) as page:
        open_file(page, file)
        wait(page)
        said = "mean size of up to 1 \N{MULTIPLICATION SIGN} 2 weights"
        assert said in page.locator("#matrix-note").inner_text()
        assert "mean size 0" in page.locator("#ramp").inner_text()
        assert page.locator("#matrix").is_visible()
        assert page.locator("#pixels").is_visible()
        page.select_option("#layer", "fc2")
        wait(page)
        assert "mean size" not in page.locator("#matrix-note").inner_text()


@pytest.mark.browser
def test_a_cell_of_the_matrix_is_told_in_words(page, files):
    page.evaluate("location.hash = '#condition=trained&seed=1&layer=fc2&k=3'")
    page.wait_for_function("document.getElementById('layer').value === 'fc2'")
    wait(page)
    weights = load_networks(Path(files["weights"][2])).weights["fc2"][1]
    item = labels_of(files, "trained", "0-1", "fc2", "2-3")["matched", 3]
    seen = set()
    page.locator("#matrix-box").focus()
    for key in ["ArrowRight"] * 12 + ["ArrowDown"] * 6:
        page.keyboard.press(key)
        words = r"Output unit (\d+); input unit (\d+): weight about (\S+)( or beyond)?; clusters: "
        found = re.fullmatch(words + r"(\d) and (\d)\.", page.locator("#cell").inner_text())
        row, column, label, other = (int(found[group]) for group in (1, 2, 5, 6))
        assert (label, other) == (item.rows[1][row], item.columns[1][column])
        off = number_in(found[3]) - weights[row, column]
        assert found[4] or abs(off) < colour_limit(weights) / 14 + 0.051
        seen.add((row, column))
    assert {column for _, column in seen} == set(range(12))
    assert {row for row, _ in seen} == set(range(6))


# --- two panes, in a browser --------------------------------------------------------------------


def cluster_labels(files, place: dict[str, Any], side: str) -> np.ndarray:
    block, k = ("2" if place["seed"] == 2 else "0-1"), place["k"]
    item = labels_of(files, place["condition"], block, place["layer"], "5" if k == 5 else "2-3")[
        place["method"], k
    ]
    return (item.rows if side == "U" else item.columns)[place["seed"] % 2]


def agreements(page) -> dict[str, float]:
    """AMI by side, as the page says it."""
    said = page.locator("#agreement").inner_text()
    return {
        side: number_in(text) for side, text in re.findall(r"\(([UV])\) (\u2212?\d+\.\d+)", said)
    }


@pytest.mark.browser
def test_two_networks_stand_side_by_side_in_colours_that_match(page, files):
    left = {"condition": "trained", "seed": 0, "layer": "fc1", "method": "matched", "k": 2}
    right = {"condition": "untrained", "seed": 1, "layer": "fc1", "method": METHODS[1], "k": 3}
    for name, value in left.items():
        if name != "k":
            page.select_option(f"#{name}", str(value))
    page.locator("#k").fill("0")
    assert not page.locator("#pane2").is_visible()
    page.select_option("#beside", "other")
    wait(page)
    assert page.locator("#condition2").input_value() == "untrained"  # another condition first
    assert page.locator("#seed2").input_value() == "0"
    for name, value in right.items():
        page.select_option(f"#{name}2", str(value))
        wait(page)
    found = agreements(page)
    both = [{side: cluster_labels(files, each, side) for side in "UV"} for each in (left, right)]
    for side in "UV":
        u, v = both[0][side], both[1][side]
        alive = (u >= 0) & (v >= 0)
        expected = adjusted_mutual_info_score(u[alive], v[alive])
        assert found[side] == pytest.approx(expected, abs=0.0006)
    # Colours: those of the best assignment of right clusters to left ones.
    shared = np.zeros((2, 3), int)
    for side in "UV":
        u, v = both[0][side], both[1][side]
        alive = (u >= 0) & (v >= 0)
        np.add.at(shared, (u[alive], v[alive]), 1)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    colour_of = dict(zip(columns.tolist(), rows.tolist(), strict=True))
    colour_of |= {({0, 1, 2} - set(colour_of)).pop(): 2, -1: -1}
    pixels = picture(page, "pixels2")[4::8, 4::8].reshape(-1, 3)
    np.testing.assert_array_equal(pixels, colours(np.array([colour_of[x] for x in both[1]["V"]])))
    pixels = picture(page, "pixels")[4::8, 4::8].reshape(-1, 3)
    np.testing.assert_array_equal(pixels, colours(both[0]["V"]))
    tops = [page.locator(f"#matrix{end}").bounding_box()["y"] for end in ("", "2")]
    assert tops[0] == tops[1]
    assert "hidden units of different seeds" in page.locator("#agreement").inner_text()
    # An address has both.
    address = page.url
    page.select_option("#beside", "")
    wait(page)
    assert not page.locator("#pane2").is_visible()
    assert "condition2" not in page.url
    page.goto(address)
    page.wait_for_selector("#pane2:not([hidden])")
    wait(page)
    assert agreements(page) == found
    page.select_option("#layer2", "fc2")
    wait(page)
    said = page.locator("#agreement").inner_text()
    assert said.count("does not apply") == 2
    assert "Colours go by number" in said


@pytest.mark.browser
def test_units_of_both_panes_come_in_one_order(page, files):
    left = {"condition": "trained", "seed": 0, "layer": "fc2", "method": "matched", "k": 3}
    address = "&".join(f"{name}={value}" for name, value in left.items())
    columns = cluster_labels(files, left, "V")
    other = cluster_labels(files, left | {"condition": "untrained"}, "V")
    shown = {}
    for arrange in ("own", "left", "right"):
        asked = f"#{address}&beside=other&condition2=untrained&arrange={arrange}"
        page.goto(page.url.split("#")[0] + asked)
        page.reload()
        wait(page)
        for end in ("", "2"):
            bar = picture(page, f"matrix{end}")[2, 18:]  # above the clusters' numbers
            width = len(bar) // len(columns)
            shown[arrange, end] = [tuple(bar[width * i + width // 2]) for i in range(len(columns))]
    for arrange, end, others, by, beside in (
        ("left", "", "2", columns, other),
        ("right", "2", "", other, columns),
    ):
        leading, foreign = shown[arrange, end], shown[arrange, others]
        assert leading == shown["own", end]  # of its own pane, an order changes nothing
        # Of each cluster of the pane that orders both, the units' clusters in the other pane.
        expected = [np.bincount(beside[by == label] + 1) for label in np.unique(by)]
        ends = [0, *(i for i in range(1, len(by)) if leading[i] != leading[i - 1]), len(by)]
        found = [Counter(foreign[start:stop]) for start, stop in pairwise(ends)]
        assert sorted(sorted(counts.values()) for counts in found) == sorted(
            sorted(counts[counts > 0].tolist()) for counts in expected
        )
    assert shown["left", "2"] != shown["own", "2"]


@pytest.mark.browser
def test_a_shuffle_stands_beside_its_network_or_it_is_said_which_one_has_one(page, data):
    page.evaluate("location.hash = '#condition=trained&seed=1&layer=fc1&k=3&beside=shuffle'")
    page.wait_for_function("document.getElementById('beside').value === 'shuffle'")
    wait(page)
    assert "keeps a shuffle of one network alone" in page.locator("#pane-note2").inner_text()
    assert not page.locator("#pane-body2").is_visible()
    page.locator("#pane-note2").get_by_role("button", name="seed 0").click()
    wait(page)
    said = page.locator("#pane2").inner_text()
    assert "Right: a shuffle of trained, seed 0, fc1, matched, k = 3" in said
    assert "Draw 0 of the null shuffle" in said
    kept = next(each for each in data["conditions"] if each["name"] == "trained")["beside"][
        "shuffle"
    ]
    labels = unpacked(kept["data"], kept["layout"])["fc1/labels"].reshape(2, 3, -1)[0, 1]
    found = agreements(page)
    own = arrays_of(data, "trained", 0)["fc1/labels"].reshape(2, 3, -1)[0, 1]
    for side, part in (("U", slice(0, 12)), ("V", slice(12 + DEAD_PIXELS, None))):
        expected = adjusted_mutual_info_score(own[part], labels[part])
        assert found[side] == pytest.approx(expected, abs=0.0006)


@pytest.mark.browser
def test_draws_stand_beside_the_value_or_it_is_said_why_there_are_none(page, files, data, scores):
    place = {"condition": "trained", "seed": 0, "layer": "fc1", "method": "matched", "k": 3}
    address = "&".join(f"{name}={value}" for name, value in place.items())
    page.evaluate(f"location.hash = '#{address}&measure=mi&null=shuffle&beside=shuffle'")
    page.wait_for_selector("#pane2:not([hidden])")
    wait(page)
    own, first = single_draws(data, "trained")["fc1", "mi", "shuffle", "matched", 3]
    rug = page.locator("#rug")
    assert rug.locator("line.draw").count() == len(own) == DRAWS
    at = rug.locator("line.draw").evaluate_all("all => all.map(each => each.x1.baseVal.value)")
    expected = np.interp(own, own[[0, -1]], [at[0], at[-1]])
    np.testing.assert_allclose(at, expected, atol=0.01)
    rows = scores.query(" and ".join(f"{name} == {value!r}" for name, value in place.items()))
    value = rows[(rows.measure == "mi")].value.iloc[0]
    circle = float(rug.locator("circle.observed").get_attribute("cx"))
    scale = (at[-1] - at[0]) / (own[-1] - own[0])
    assert circle == pytest.approx(at[0] + (value - own[0]) * scale, abs=0.1)
    square = rug.locator("rect.shuffle").evaluate("each => each.x.baseVal.value + 4")
    assert square == pytest.approx(at[0] + (first[0] - own[0]) * scale, abs=0.1)
    assert f"{np.sum(own >= value)} of them" in rug.inner_text()
    shuffled = page.locator("#score-table tr[data-measure=mi] .right-value").inner_text()
    assert close(shuffled, first[0], 4)
    for changes, said in (
        ({"null": "labels"}, "Of labels, the study keeps no single draws"),
        ({"null": "shuffle", "measure": "mi_total"}, "neither direction is better"),
        ({"measure": "class_mi"}, "Of random groups"),
        ({"measure": "mi", "seed": "1"}, "single draws of one network alone: seed 0"),
        ({"condition": "untrained", "seed": "0"}, "Of untrained, the study keeps no single draws"),
    ):
        for name, choice in changes.items():
            page.select_option(f"#{name}", choice)
            wait(page)
        assert said in rug.inner_text()
        assert rug.locator("line.draw").count() == 0


@pytest.mark.browser
def test_the_curve_over_k_has_both_panes_and_their_nulls(page, scores):
    address = "#condition=trained&seed=0&layer=fc1&method=matched&k=3&measure=ncut&null=shuffle"
    page.evaluate(f"location.hash = '{address}&beside=other&condition2=untrained&k2=5'")
    page.wait_for_selector("#pane2:not([hidden])")
    wait(page)
    assert page.locator("#chart circle").count() == len(JOB.k)
    assert page.locator("#chart rect").count() == len(JOB.k)
    rows = scores.query("condition == 'untrained' and seed == 0 and layer == 'fc1'")
    rows = rows.query("method == 'matched' and measure == 'ncut' and null == 'shuffle'")
    row = rows.set_index("k").loc[5]
    said = page.locator("#chart-note").inner_text().split("Right pane, k = 5: ")[1]
    value, mean = re.fullmatch(r"(.*), null shuffle (.*)\.", said).groups()
    assert close(value, row.value, 4)
    assert close(mean, row.null_mean, 4)
    assert "its null shuffle" in page.locator("#chart-key").inner_text()
    line = page.locator("#score-table tr[data-measure=ncut]")
    assert close(line.locator(".right-value").inner_text(), row.value, 4)
    z = number_in(line.locator(".right-z").inner_text())
    assert z == pytest.approx(row.z, abs=0.0051 + 1e-3 * abs(row.z))


@pytest.mark.browser
@pytest.mark.parametrize("beside", ["other", "shuffle"])
def test_two_panes_fit_a_narrow_page_and_print(browser, page_file, beside):
    with watched_page(browser, 375, 800) as page:
        open_file(page, page_file, f"#layer=fc1&k=2&seed=0&beside={beside}")
        wait(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        panes = [page.locator(f"#matrix-box{end}").bounding_box()["y"] for end in ("", "2")]
        assert panes[0] < panes[1]
        page.emulate_media(media="print")
        assert page.locator("#pane-title2").is_visible()
        assert page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")


# --- the overview and tables, in a browser -------------------------------------------------------


@pytest.fixture(scope="module")
def summary(files) -> pd.DataFrame:
    return pd.read_csv(files["summary"])


def check_overview(page, summary: pd.DataFrame, by: str = "mean", **cell: Any) -> int:
    """All cells of the overview are those of the table; how many have a value."""
    rows = summary.query(" and ".join(f"{name} == {value!r}" for name, value in cell.items()))
    shown, with_value = ("value", rows) if by == "mean" else ("z", rows[rows["null"] == by])
    rows = with_value.drop_duplicates(["condition", "layer", "method"])
    off = {"rel": 6e-3, "abs": 0.06 if by == "mean" else 6e-3}
    found = 0
    for row in rows.to_dict("records"):
        place = "".join(f"[data-{name}='{row[name]}']" for name in ("condition", "layer", "method"))
        button = page.locator(f"td{place} button")
        text, words = button.locator("span").all_text_contents()
        assert button.get_attribute("title").endswith(f"k = {row['k']}: {words}")
        if np.isnan(row[shown]):
            assert (text, words) == ("\u2013", "no value")
            continue
        assert number_in(text) == pytest.approx(row[shown], **off)
        low, high, n = re.search(r"interval (.*) to (.*), (\d+) network", words).groups()
        assert int(n) == row["n"]
        for bound, end in ((low, "low"), (high, "high")):
            assert number_in(bound) == pytest.approx(row[f"{shown}_{end}"], **off)
        if by != "mean":
            style = button.evaluate("each => getComputedStyle(each).backgroundColor")
            colour = [int(part) for part in re.findall(r"\d+", style)]
            expected = np.rint(255 * np.array(z_colour_scale.z_scale().to_rgba(row["z"])[:3]))
            assert colour == expected.tolist()
        found += 1
    return found


@pytest.mark.browser
def test_the_overview_has_the_means_of_the_table_and_a_click_opens_a_layer(page, summary):
    place = {"method": METHODS[1], "k": 3}
    assert check_overview(page, summary, measure="bits", **place) > 2
    page.select_option("#grid", "ncut")
    page.select_option("#grid_by", "labels")
    page.select_option("#grid_k", "5")
    wait(page)
    place |= {"measure": "ncut", "k": 5}
    assert check_overview(page, summary, by="labels", **place) == 3  # one cell is infeasible
    assert "z against labels" in page.locator("#grid-note").inner_text()
    line = page.locator("td[data-condition=trained][data-layer=fc2] svg path").last
    assert line.get_attribute("d").count("L") == len(JOB.k) - 1
    page.locator("td[data-condition=untrained][data-layer=fc1] button").click()
    wait(page)
    status = page.locator("#status")
    assert f"untrained, seed 0, fc1, {METHODS[1]}, k = 5" in status.inner_text()
    assert page.locator("#measure").input_value() == "ncut"
    assert page.locator("#null").input_value() == "labels"
    assert page.evaluate("document.activeElement.id") == "status"
    chosen = page.locator("#grid-table [aria-current]")
    assert chosen.count() == 1
    assert chosen.get_attribute("title").startswith("untrained, fc1")
    page.select_option("#grid_method", "all")
    page.select_option("#grid", "class_mi")
    wait(page)
    assert page.locator("#grid_k option").all_text_contents() == ["2"]  # where it was asked
    assert check_overview(page, summary, measure="class_mi", k=2) > 2
    cells = page.locator("#grid-table td[data-layer]")
    assert cells.count() == 8  # two conditions, layers and methods
    texts = page.locator("#grid-table [data-layer=fc2] button span:first-child")
    assert set(texts.all_text_contents()) == {"\u2013"}


@pytest.mark.browser
def test_the_overview_by_the_keyboard_alone(page):
    page.locator("#find").focus()
    page.keyboard.press("Tab")  # names of columns sort
    for _ in range(len(SHAPES) + 1):
        page.keyboard.press("Tab")
    at = "document.activeElement.title.split(',').slice(0, 2).join()"
    assert page.evaluate(at) == "untrained, fc1"
    for key, expected in (
        ("ArrowUp", "untrained, fc1"),
        ("ArrowRight", "untrained, fc2"),
        ("ArrowRight", "untrained, fc2"),
        ("ArrowDown", "trained, fc2"),
        ("Home", "trained, fc1"),
        ("End", "trained, fc2"),
    ):
        page.keyboard.press(key)
        assert page.evaluate(at) == expected
    assert page.evaluate("document.querySelectorAll('button.cell[tabindex=\"0\"]').length") == 1
    page.keyboard.press("Enter")
    wait(page)
    assert page.locator("#status").inner_text().startswith("trained, seed 0, fc2")


@pytest.mark.browser
def test_names_filter_the_overview(page):
    cells = page.locator("#grid-table td[data-layer]")
    page.locator("#find").press_sequentially("fc2 UNTR")
    wait(page)
    assert cells.count() == 1
    assert page.evaluate("document.activeElement.id") == "find"
    assert page.locator("#grid-count").inner_text() == "1 cell shown"
    assert "find=fc2+UNTR" in page.url
    page.locator("#find").fill("nothing")
    wait(page)
    assert "No name" in page.locator("#grid-note").inner_text()
    page.locator("#find").fill("")
    wait(page)
    assert cells.count() == 4


@pytest.mark.browser
def test_every_table_is_sorted_by_its_columns(page, summary):
    for table in page.locator("table").all():
        heads = table.locator("thead tr:last-child th")
        assert heads.count() == heads.locator("button.sort").count() > 1
    z = [number_in(text) for text in page.locator("#score-table .z").all_text_contents()]
    heading = page.locator("#score-table").get_by_role("button", name="z", exact=True)
    for order, key in (
        ("descending", lambda value: (np.isnan(value), -value)),
        ("ascending", lambda value: (np.isnan(value), value)),
        (None, None),
    ):
        heading.press("Enter")
        found = [number_in(text) for text in page.locator("#score-table .z").all_text_contents()]
        expected = sorted(z, key=key) if key else z
        np.testing.assert_array_equal(found, expected)
        assert heading.locator("..").get_attribute("aria-sort") == order
        assert page.evaluate("document.activeElement.textContent") == "z"
    # An order stays when other rows are shown.
    heading.click()
    page.select_option("#seed", "1")
    wait(page)
    found = [number_in(text) for text in page.locator("#score-table .z").all_text_contents()]
    assert found == sorted(found, key=lambda value: (np.isnan(value), -value))
    page.locator("#grid-table").get_by_role("button", name="fc1").click()
    rows = summary.query(f"layer == 'fc1' and measure == 'bits' and method == {METHODS[1]!r}")
    rows = rows[rows.k == 3].drop_duplicates("condition").sort_values("value", ascending=False)
    names = page.locator("#grid-table tbody th").all_text_contents()
    assert names == rows.condition.tolist()
    page.locator("#verdict-table").get_by_role("button", name="bits", exact=True).click()
    assert page.locator("#verdict-table tbody td:first-child").all_text_contents()[0] == "trained"


def taken(page, place: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the CSV file that a place of the page saves, and those that its Python loads."""
    with page.expect_download() as download:
        page.locator(f"#{place} button").click()
    assert download.value.suggested_filename.endswith(".csv")
    names: dict[str, Any] = {}
    exec(page.locator(f"#{place} code").text_content(), names)
    return pd.read_csv(download.value.path()), names["rows"]


def same_rows(saved: pd.DataFrame, loaded: pd.DataFrame) -> bool:
    """Whether these are the same rows in any order, to the digits that the page has."""
    keys = [name for name in (*CELL, "seed") if name in saved]
    both = [rows[list(saved)].set_index(keys).sort_index() for rows in (saved, loaded)]
    pd.testing.assert_frame_equal(*both, check_dtype=False, rtol=6e-3, atol=6e-3)
    return len(saved) > 0


@pytest.mark.browser
def test_shown_rows_are_saved_and_python_loads_the_same(browser, files):
    """The page lies beside the tables, where a study has it."""
    file = Path(files["scores"]).parents[1] / "explore.html"
    file.write_bytes(make_page(files, JOB))
    with watched_page(browser) as page:
        open_file(page, file, "#condition=untrained&seed=2&layer=fc2&k=5&measure=ncut&find=FC1 tr")
        wait(page)
        page.locator("#grid-table").get_by_role("button", name="fc1").click()
        saved, loaded = taken(page, "grid-take")
        assert same_rows(saved, loaded)
        assert saved["k"].tolist() == JOB.k * 2
        shown = page.locator("#grid-table tbody th").all_text_contents()
        assert saved["condition"].drop_duplicates().tolist() == shown
        for measure, method in (("class_mi", "all"), ("mi", "all"), ("mi", "matched")):
            page.select_option("#grid", measure)
            page.select_option("#grid_method", method)
            page.locator("#find").fill("trained")
            wait(page)
            saved, loaded = taken(page, "grid-take")
            assert same_rows(saved, loaded)
            assert set(saved["method"]) == ({"matched"} if method == "matched" else set(METHODS))
        page.locator("#score-table").get_by_role("button", name="value").click()
        saved, loaded = taken(page, "scores-take")
        assert same_rows(saved, loaded)
        lines = page.locator("#score-table tr[data-measure]")
        shown = lines.evaluate_all("rows => rows.map(row => row.dataset.measure)")
        assert saved["measure"].tolist() == shown
        saved, loaded = taken(page, "chart-take")
        assert same_rows(saved, loaded)
        assert saved["k"].tolist() == JOB.k
        assert (saved["status"] == "infeasible").tolist() == [False, False, True]
