"""One cluster on the page: its units, bits and ablations, and the same cluster in other seeds."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from browser import open_file, running_browser, watched_page
from clusterability.networks.partitions import Partitions
from clusterability.networks.stacked import Networks, load_networks, save_networks
from clusterability.report.page.across_seeds import same_in_all_seeds
from clusterability.report.page.page import BUDGET, make_data, make_page
from clusterability.results.npz_files import load_items
from page_study import DEAD_PIXELS, JOB, SHAPES, number_in, picture, wait, write_study
from project import LIBRARY

RECIPE = {"architecture": "784-12-6", "labels": "true"}
PLACE = {"condition": "trained", "seed": 0, "layer": "fc1", "method": "matched", "k": 2}


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Any]:
    """Networks of images, of which `untrained` has permuted labels."""
    found = write_study(tmp_path_factory.mktemp("study"))
    for file in map(Path, found["weights"]):
        networks = load_networks(file)
        labels = "permuted" if networks.condition == "untrained" else "true"
        save_networks(file, replace(networks, recipe=RECIPE | {"labels": labels}))
    return found


@pytest.mark.parametrize(
    ("recipe", "same"),
    [
        (RECIPE, ["pixels", "classes"]),
        (RECIPE | {"labels": "permuted"}, ["pixels"]),
        (RECIPE | {"labels": "teacher"}, ["pixels"]),
        ({"rows": 12, "columns": 784, "clusters": 4}, []),
        ({}, []),
    ],
)
def test_what_means_the_same_in_all_seeds_depends_on_the_recipe(tmp_path, recipe, same):
    file = tmp_path / "networks" / "some" / "0-1.safetensors"
    save_networks(file, Networks("some", (0, 1), recipe, {"fc1": np.ones((2, 3, 4), np.float32)}))
    assert same_in_all_seeds(file) == same


NAMES = {"rows": [f"person <{letter}>" for letter in "abcdef"], "columns": None}


@pytest.fixture
def named_files(files, tmp_path) -> dict[str, Any]:
    """As `files`, with names for the outputs of fc2 of `trained`, as an imported table has."""
    weights = []
    for file in map(Path, files["weights"]):
        networks = load_networks(file)
        names = {"names": {"fc2": NAMES}} if networks.condition == "trained" else {}
        path = tmp_path / "networks" / networks.condition / file.name
        save_networks(path, replace(networks, recipe=networks.recipe | names))
        weights.append(str(path))
    return {**files, "weights": weights}


def test_names_of_units_are_on_the_page_of_a_study(named_files, monkeypatch):
    untrained, trained = make_data(named_files, JOB, BUDGET, beside=0)["conditions"]
    assert [set(layer) & {"u_names", "v_names"} for layer in untrained["layers"]] == [set()] * 2
    assert [layer.get("u_names") for layer in trained["layers"]] == [None, NAMES["rows"]]
    assert "v_names" not in trained["layers"][1]
    monkeypatch.setattr("clusterability.report.page.page.NAMES", 59)  # one letter too few
    _, trained = make_data(named_files, JOB, BUDGET, beside=0)["conditions"]
    assert "u_names" not in trained["layers"][1]


# --- which cluster is the same, by node ----------------------------------------------------------

SCRIPT = """
import {{bestByProfile, bestByUnits}} from {module};
let text = "";
for await (const part of process.stdin) text += part;
const {{units, profiles}} = JSON.parse(text);
console.log(JSON.stringify({{
  units: units.map(([sides, label]) => bestByUnits(sides, label)),
  profiles: profiles.map(([one, others]) => bestByProfile(one, others)),
}}));
"""


def by_node(**asked: Any) -> dict[str, Any]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("found no node: the module is tested in a browser alone")
    module = (LIBRARY / "report" / "page" / "web" / "matching.mjs").as_uri()
    script = SCRIPT.format(module=json.dumps(module))
    text = json.dumps({"units": [], "profiles": []} | asked)
    command = [node, "--input-type=module", "-e", script]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def best_by_sets(sides: list, label: int) -> tuple[int, float, float]:
    """The best match, its Jaccard index, and that of sets of these sizes at random."""
    pairs = [(a, b) for left, right in sides for a, b in zip(left, right, strict=True)]
    live = [pair for pair in pairs if min(pair) >= 0]
    own = {unit for unit, (a, _) in enumerate(live) if a == label}
    found = []
    for other in sorted({b for _, b in live}):
        theirs = {unit for unit, (_, b) in enumerate(live) if b == other}
        shared = len(own) * len(theirs) / len(live)
        chance = shared / (len(own) + len(theirs) - shared)
        found.append((len(own & theirs) / len(own | theirs), -other, chance))
    value, other, chance = max(found)
    return -other, value, chance


def test_the_best_match_by_units_is_that_of_sets():
    source = np.random.default_rng(0)
    asked = [
        ([[source.integers(-1, k, units).tolist() for _ in range(2)] for units in sizes], 1)
        for k in (2, 3, 8)
        for sizes in ([60], [200, 10])
    ]
    for found, (sides, label) in zip(by_node(units=asked)["units"], asked, strict=True):
        expected = best_by_sets(sides, label)
        assert (found["label"], found["value"], found["chance"]) == pytest.approx(expected)


def test_a_cluster_without_units_in_both_networks_has_no_match():
    assert by_node(units=[([[[0, 1], [-1, 0]]], 0), ([[[0, 0], [0, 1]]], 3)])["units"] == [None] * 2


def test_the_best_match_by_profile_is_that_of_numpy():
    source = np.random.default_rng(1)
    one, others = source.random(10), source.random((4, 10))
    flat, gaps = np.ones(10).tolist(), [None] * 8 + [0.5, 0.1]
    pairs = [[number, other.tolist()] for number, other in enumerate(others)]
    asked = [[one.tolist(), [[7, flat], *pairs, [8, gaps]]], [flat, pairs]]
    found, none = by_node(profiles=asked)["profiles"]
    expected = [np.corrcoef(one, other)[0, 1] for other in others]
    assert found["label"] == int(np.argmax(expected))
    assert found["value"] == pytest.approx(max(expected))
    assert none is None


# --- in a browser --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    with running_browser() as found:
        yield found


@pytest.fixture(scope="module")
def page_file(files) -> Path:
    """Where a study has it, so that its Python finds the tables."""
    file = Path(files["scores"]).parents[1] / "explore.html"
    file.write_bytes(make_page(files, JOB))
    return file


def address(**place: Any) -> str:
    return "#" + "&".join(f"{name}={value}" for name, value in (PLACE | place).items())


@pytest.fixture
def page(browser, page_file):
    with watched_page(browser) as found:
        open_file(found, page_file, address())
        wait(found)
        yield found


def labels_of(files, place: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    block = "2" if place["seed"] == 2 else "0-1"
    k_block = "5" if place["k"] == 5 else "2-3"
    ending = f"clusters/{place['condition']}/{block}/{place['layer']}/{k_block}.npz"
    (file,) = [file for file in files["partitions"] if file.endswith(ending)]
    item = load_items(Path(file), Partitions)[place["method"], place["k"]]
    return item.rows[place["seed"] % 2], item.columns[place["seed"] % 2]


def rows_of(files, table: str, **place: Any) -> pd.DataFrame:
    rows = pd.read_parquet(files[table])
    for name, value in place.items():
        rows = rows[rows[name] == value]
    return rows


def check_units_and_bits(page, files, **place: Any) -> None:
    """What the panel says of the units and bits of a cluster."""
    cluster = place.pop("cluster")
    (row,) = rows_of(files, "clusters", **place, cluster=cluster).to_dict("records")
    for name, column in (("strength", "cluster_bits"), ("distinctness", "bits_if_merged")):
        found = number_in(page.locator(f"#cluster-{name}").inner_text())
        assert found == pytest.approx(row[column], rel=6e-3)
    assert page.locator("#cluster-nearest").inner_text().strip() == f"{row['merge_with']:.0f}"
    counts = [int(text.split()[0]) for text in page.locator("#cluster-units dt").all_inner_texts()]
    assert counts == [int((side == cluster).sum()) for side in labels_of(files, place)]


@pytest.mark.browser
def test_a_click_on_a_cluster_shows_its_units_and_bits(page, files):
    assert page.locator("#cluster-body").is_hidden()
    page.locator("#sizes tr[data-cluster='1'] button").click()
    wait(page)
    assert page.evaluate("document.activeElement.id") == "cluster-title"
    title = page.locator("#cluster-title").inner_text()
    assert title == "One cluster: 1 of fc1, matched, k = 2"
    assert "cluster=1" in page.url
    check_units_and_bits(page, files, **PLACE, cluster=1)
    _, v = labels_of(files, PLACE)
    pixels = picture(page, "cluster-image")[2::5, 2::5].reshape(-1, 3)
    np.testing.assert_array_equal((pixels != 255).any(axis=1), v == 1)
    assert f"{(v == 1).sum()} pixels" in page.locator("#cluster-image").get_attribute("aria-label")
    # Another k and layer; a cluster that is not there is none.
    page.select_option("#layer", "fc2")
    page.locator("#k").fill("2")
    page.select_option("#cluster", "4")
    wait(page)
    check_units_and_bits(page, files, **PLACE | {"layer": "fc2", "k": 5}, cluster=4)
    page.locator("#k").fill("1")
    wait(page)
    assert page.locator("#cluster-body").is_hidden()


@pytest.mark.browser
def test_a_bar_of_the_matrix_a_unit_and_the_nearest_cluster_lead_to_clusters(page, files):
    page.locator("#order").check()
    wait(page)
    u, v = labels_of(files, PLACE)
    height = page.locator("#matrix").bounding_box()["height"]
    page.locator("#matrix").click(position={"x": 5, "y": 18 + 3.5 * (height - 18) / 12})
    wait(page)
    assert page.locator("#cluster").input_value() == str(u[3])
    assert page.locator("#unit").input_value() == ""
    page.locator("#matrix").click(position={"x": 18 + DEAD_PIXELS + 0.5, "y": 5})
    wait(page)
    assert page.locator("#cluster").input_value() == str(v[DEAD_PIXELS])
    nearest = page.locator("#cluster-nearest").inner_text().strip()
    if page.locator("#cluster-nearest button").count() and int(nearest) < 2:
        page.locator("#cluster-nearest button").click()
        wait(page)
        assert page.locator("#cluster").input_value() == nearest
    page.locator("#unit").fill("5")
    wait(page)
    page.get_by_role("button", name=re.compile("^cluster . of fc2 at k = 3$")).click()
    wait(page)
    chosen = {name: page.locator(f"#{name}").input_value() for name in ("layer", "side", "unit")}
    assert chosen == {"layer": "fc2", "side": "v", "unit": "5"}
    other = PLACE | {"layer": "fc2", "k": 3}
    assert page.locator("#cluster").input_value() == str(labels_of(files, other)[1][5])
    check_units_and_bits(page, files, **other, cluster=int(labels_of(files, other)[1][5]))


@pytest.mark.browser
def test_the_keyboard_alone_opens_a_cluster_and_goes_to_another_seed(page):
    page.locator("#sizes tr[data-cluster='0'] button").focus()
    page.keyboard.press("Enter")
    wait(page)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#cluster-seeds tbody') !== null"):
            break
    name = page.evaluate("document.activeElement.getAttribute('aria-label')")
    cluster, seed = re.fullmatch(r"cluster (\d) of seed (\d)", name).groups()
    page.keyboard.press("Enter")
    wait(page)
    assert page.locator("#seed").input_value() == seed
    assert page.locator("#cluster").input_value() == cluster
    assert page.evaluate("document.activeElement.id") == "cluster-title"


@pytest.mark.browser
def test_accuracy_without_a_cluster_and_with_it_alone_is_that_of_the_tables(page, files):
    page.select_option("#cluster", "1")
    for ablation in ("zero", "mean"):
        page.select_option("#ablation", ablation)
        wait(page)
        rows = rows_of(files, "ablations", **PLACE, cluster=1).set_index("class").sort_index()
        own, others = (rows[rows.ablation == name] for name in (ablation, f"others_{ablation}"))
        for line, less in (
            ("intact", 0 * own.fall),
            ("without", own.fall),
            ("without-random", own.null_mean),
            ("alone", others.fall),
            ("alone-random", others.null_mean),
        ):
            shown = page.locator(f"#cluster-function tr[data-line={line}]")
            expected = 100 * np.maximum(0, own.accuracy - less)
            found = [number_in(text) for text in shown.locator(".fall").all_inner_texts()]
            np.testing.assert_allclose(found, expected, atol=0.08)
            weighted = np.average(expected, weights=own.images)
            assert number_in(shown.locator(".all").inner_text()) == pytest.approx(
                weighted, abs=0.08
            )
        (row,) = rows_of(files, "clusters", **PLACE, cluster=1).to_dict("records")
        end = "" if ablation == "zero" else "_by_mean"
        z = page.locator("#cluster-function tr[data-line=alone] td").nth(1).inner_text()
        assert number_in(z) == pytest.approx(row[f"sufficiency{end}_z"], abs=0.01)
    page.locator("#k").fill("1")
    wait(page)
    note = page.locator("#cluster-function-note")
    assert "Not probed at k = 3" in note.inner_text()
    note.get_by_role("button", name="k = 2").click()
    wait(page)
    assert page.locator("#cluster-function").is_visible()
    page.select_option("#layer", "fc2")
    wait(page)
    assert "are not hidden" in note.inner_text()


@pytest.mark.browser
def test_the_same_cluster_in_other_seeds_is_that_of_most_shared_units(page, files):
    for layer, side in (("fc1", 1), ("fc2", 0)):
        page.select_option("#layer", layer)
        page.select_option("#cluster", "0")
        wait(page)
        place = PLACE | {"layer": layer}
        own = labels_of(files, place)[side].tolist()
        for seed in (1, 2):
            other = labels_of(files, place | {"seed": seed})
            label, value, chance = best_by_sets([[own, other[side].tolist()]], 0)
            row = page.locator(f"#cluster-seeds tr[data-seed='{seed}']")
            cells = row.locator("td").all_inner_texts()
            assert cells[0].strip() == str(label)
            assert [number_in(text) for text in cells[1:3]] == pytest.approx(
                [value, chance], rel=0.06
            )
            assert cells[3:5] == [str((labels == label).sum()) for labels in other]
            bits = rows_of(files, "clusters", **place | {"seed": seed}, cluster=label)
            assert number_in(cells[5]) == pytest.approx(bits.cluster_bits.iloc[0], rel=6e-3)
    assert page.locator("#cluster-seeds tbody tr").count() == 2
    # Permuted labels are others in each seed, and fc2 has no pixels.
    page.select_option("#condition", "untrained")
    wait(page)
    assert page.locator("#cluster-seeds").is_hidden()
    assert "no cluster of another seed" in page.locator("#cluster-seeds-note").inner_text()


@pytest.mark.browser
def test_units_of_a_study_have_their_names(browser, files, named_files, tmp_path):
    file = tmp_path / "explore.html"
    file.write_bytes(make_page(named_files, JOB, beside=0))
    place = PLACE | {"layer": "fc2"}
    labels = labels_of(files, place)[0]
    own = np.array(NAMES["rows"])[labels == labels[2]]
    with watched_page(browser) as page:
        open_file(page, file, address(layer="fc2", cluster=labels[2], side="u", unit=2))
        wait(page)
        for words in ("members", "cluster-units"):
            assert ", ".join(own) in page.locator(f"#{words}").inner_text()
        title = page.locator("#unit-title").inner_text()
        assert title == "One unit: person <c>, output of fc2"
        page.locator("#matrix-box").focus()
        page.keyboard.press("ArrowRight")
        said = page.locator("#cell").inner_text()
        row = int(re.search(r"Output unit (\d)", said)[1])
        assert f"Output unit {row} ({NAMES['rows'][row]})" in said


def taken(page, place: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the CSV file that a place of the page saves, and those that its Python loads."""
    with page.expect_download() as download:
        page.locator(f"#{place} button").click()
    names: dict[str, Any] = {}
    exec(page.locator(f"#{place} code").text_content(), names)
    return pd.read_csv(download.value.path()), names["rows"]


def check_same(
    saved: pd.DataFrame, loaded: pd.DataFrame, keys: list[str], names: list[str]
) -> None:
    both = [rows.set_index(keys)[names].sort_index() for rows in (saved, loaded)]
    assert len(saved) == len(loaded) > 0
    pd.testing.assert_frame_equal(*both, check_dtype=False, rtol=6e-3, atol=6e-3)


@pytest.mark.browser
def test_rows_of_a_cluster_are_saved_and_python_loads_the_same(page):
    page.select_option("#cluster", "1")
    wait(page)
    saved, loaded = taken(page, "cluster-take")
    # The tables of this study have sizes that are not those of the labels.
    names = [name for name in saved if name not in (*PLACE, "cluster", "u_size", "v_size")]
    assert {"cluster_bits", "merge_with", "importance_z", "sufficiency_by_mean_p"} < set(names)
    check_same(saved, loaded, ["cluster"], names)
    saved, loaded = taken(page, "cluster-function-take")
    assert len(saved) == 40
    names = ["images", "accuracy", "fall", "null_mean"]
    check_same(saved, loaded, ["ablation", "class"], names)


@pytest.mark.browser
def test_rows_of_the_right_pane_are_saved_and_python_loads_the_same(browser, page_file):
    right = {"condition2": "untrained", "seed2": 1, "layer2": "fc2", "method2": "matched", "k2": 3}
    with watched_page(browser) as page:
        open_file(page, page_file, address(beside="other", measure="mi", **right))
        wait(page)
        keys = ["measure", "k", "null"]
        numbers = ["value", "null_mean", "z", "p"]
        for place, k in (("scores-take2", {3}), ("chart-take2", {2, 3, 5})):
            assert "of the right pane" in page.locator(f"#{place} button").inner_text()
            saved, loaded = taken(page, place)
            check_same(saved, loaded, keys, numbers)
            assert set(saved.k) == k
            assert (saved.condition + saved.layer).unique().tolist() == ["untrainedfc2"]
            assert saved.seed.unique().tolist() == [1]
        saved, _ = taken(page, "scores-take")
        assert saved.condition.unique().tolist() == ["trained"]
        page.select_option("#beside", "shuffle")
        wait(page)
        with page.expect_download() as download:
            page.locator("#scores-take2 button").click()
        saved = pd.read_csv(download.value.path()).set_index("measure")
        assert (set(saved.draw), set(saved["null"])) == ({0}, {"shuffle"})
        shown = page.locator("#score-table tr[data-measure=mi] .right-value").inner_text()
        assert saved.loc["mi", "value"] == pytest.approx(number_in(shown), rel=1e-3)
        assert page.locator("#scores-take2 details").is_hidden()
        page.select_option("#beside", "")
        wait(page)
        assert page.locator("#scores-take2").is_hidden()


@pytest.mark.browser
def test_one_cluster_fits_a_narrow_page_and_print(browser, page_file):
    with watched_page(browser, 375, 800) as page:
        for layer in SHAPES:
            open_file(page, page_file, address(layer=layer, cluster=1))
            page.reload()
            wait(page)
            assert page.locator("#cluster-body").is_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= 375
        page.emulate_media(media="print")
        assert page.locator("#cluster-strength").is_visible()
        assert not page.locator("#cluster").is_visible()
        assert page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")
