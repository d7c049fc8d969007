"""The page of one file: its numbers are the rows of `score`, and it says nothing of a study."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from browser import open_file, running_browser, watched_page
from clusterability.analysis.verdict import CLUSTERS, VERDICT_COLUMNS
from clusterability.api import Page
from clusterability.clustering.cluster_bits import cluster_bits
from clusterability.clustering.saved_bits import MatrixBits
from clusterability.errors import UserError
from clusterability.measures.catalogue import MEASURES
from clusterability.networks.importing.unit_names import UnitNames
from clusterability.networks.known_groups import groups_in_files
from clusterability.networks.partitions import Partitions, labels_of
from clusterability.networks.weights import Weights, as_networks
from clusterability.report.page.binning import Binning, Detail, cells_of
from clusterability.report.page.one_file import Result, check_methods, file_data, page_of_file
from clusterability.report.page.packing import unpacked
from clusterability.results.one_network import Scored, evaluate
from clusterability.study.arguments import ScoringArguments, asked_of

SHAPES = {"enc.weight": (10, 12), "dec.weight": (6, 10)}
ROWS = tuple(f"unit <{letter}>" for letter in "abcdefghij")
GROUPS = ["north"] * 3 + ["south"] * 3 + ["east"] * 2 + ["west"] * 2
"""Of the rows of the first layer: four, which is none of the numbers of clusters."""
K, METHODS, NULLS = [2, 3], ["matched", "joint"], {"shuffle": 5, "labels": 5}


def planted(source: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Two blocks and noise."""
    blocks = np.kron(np.eye(2), np.ones((shape[0] // 2, shape[1] // 2)))
    return (source.normal(size=shape) * (0.4 + blocks)).astype(np.float32)


def matrices() -> dict[str, np.ndarray]:
    source = np.random.default_rng(3)
    return {name: planted(source, shape) for name, shape in SHAPES.items()}


def scored(
    layers: Mapping[str, np.ndarray], asked: ScoringArguments, groups: Any = None, **more: Any
) -> Result:
    weights = Weights("mine", layers, {name: name for name in layers}, chain=False, **more)
    networks = as_networks(weights, asked.name)
    known = groups_in_files(groups, weights, networks)
    found = evaluate(networks, asked, groups=known)
    return Result(weights, networks, asked, found, known, verdicts())


def verdicts() -> pd.DataFrame:
    found = {"n": 1, "bits": 55.0, "k_u": 2.0, "k_v": 2.0, "beyond_strength": 40.0}
    row = {"condition": "mine", "layer": "enc.weight", "method": "described-ranked"}
    row |= {"verdict": CLUSTERS.name, "beyond_rotated_u": 30.0, "at_edge": False}
    return pd.DataFrame([row | found], columns=VERDICT_COLUMNS)


@pytest.fixture(scope="module")
def result() -> Result:
    asked = asked_of("mine", ["2-3"], METHODS, ["none"], NULLS, 1)
    units = {"enc.weight": UnitNames(ROWS, None)}
    return scored(matrices(), asked, {"enc.weight": (GROUPS, None)}, units=units)


@pytest.fixture(scope="module")
def data(result) -> dict[str, Any]:
    return file_data(result, "tables/mine.scores.csv")


def arrays_of(data: dict[str, Any]) -> dict[str, np.ndarray]:
    (condition,) = data["conditions"]
    (network,) = condition["networks"]
    return unpacked(network["data"], condition["layout"])


# --- values --------------------------------------------------------------------------------------


def test_scores_are_the_rows_of_score(result, data):
    arrays, rows = arrays_of(data), result.scored.rows
    (condition,) = data["conditions"]
    means = unpacked(condition["means"], condition["means_layout"])
    assert list(data["methods"]) == [*METHODS, "groups"]
    assert data["k"] == [2, 3, 4]
    shape = (-1, len(data["methods"]), len(data["k"]))
    measures = [measure["name"] for measure in data["measures"]]
    assert measures == list(MEASURES)[: len(measures)]
    assert measures[-1] == rows["measure"].map(list(MEASURES).index).pipe(
        lambda numbers: list(MEASURES)[numbers.max()]
    )
    for row in rows.to_dict("records"):
        at = list(data["methods"]).index(row["method"]), data["k"].index(row["k"])
        pair = [tuple(each) for each in data["pairs"]].index((row["measure"], row["null"]))
        for found, number in ((arrays, measures.index(row["measure"])), (means, None)):
            own = measures.index(row["measure"]) if number is None else number
            value = found[f"{row['layer']}/value"].reshape(shape)[own, *at]
            np.testing.assert_allclose(value, row["value"], rtol=2.0**-14)
            z = found[f"{row['layer']}/z"].reshape(shape)[pair, *at]
            np.testing.assert_allclose(z, row["z"], rtol=2.0**-10)
        p = arrays[f"{row['layer']}/p"].reshape(shape)[pair, *at]
        np.testing.assert_allclose(p, row["p"], rtol=2.0**-9)
    assert (rows["method"] == "groups").any()
    known = np.isfinite(arrays["enc.weight/value"].reshape(shape)).any(axis=0)
    assert known.tolist() == [[True, True, False]] * 2 + [[False, False, True]]


def test_labels_are_those_of_the_clusters_and_of_the_groups(result, data):
    arrays = arrays_of(data)
    for name, (m, n) in SHAPES.items():
        labels = arrays[f"{name}/labels"].reshape(3, 3, m + n)
        for (method, k), item in result.scored.partitions[name].items():
            own = labels[METHODS.index(method), data["k"].index(k)]
            np.testing.assert_array_equal(own, [*item.rows[0], *item.columns[0]])
        assert (labels[2, :2] == -1).all()
    groups = arrays["enc.weight/labels"].reshape(3, 3, -1)[2, 2]
    names = np.array(["north", "south", "east", "west"])
    assert names[groups[:10]].tolist() == GROUPS
    assert (groups[10:] == -1).all()  # nothing is known of the columns


def test_weights_of_small_matrices_are_exact(result, data, monkeypatch):
    arrays = arrays_of(data)
    for name, shape in SHAPES.items():
        exact = arrays[f"{name}/exact"].reshape(shape)
        np.testing.assert_array_equal(exact, result.weights[name])
    # Each of two layers has half of the room.
    monkeypatch.setattr("clusterability.report.page.one_file.EXACT", 2 * 60)
    found = {name for name in arrays_of(file_data(result)) if name.endswith("/exact")}
    assert found == {"dec.weight/exact"}


def test_bits_of_clusters_are_those_of_the_library(result, data):
    arrays = arrays_of(data)
    found = arrays["enc.weight/cluster_bits"].reshape(3, 3, 4)
    assert np.isfinite(found).sum() == len(METHODS) * sum(K)
    expected = cluster_bits(
        MatrixBits(result.weights["enc.weight"].astype(float)),
        labels_of(result.scored.partitions["enc.weight"], 0),
    )
    for number, method in enumerate(METHODS):
        for place, k in enumerate(K):
            own = expected[method, k]
            np.testing.assert_allclose(found[number, place, :k], own.bits, rtol=2**-10)
            nearest = arrays["enc.weight/merge_with"].reshape(3, 3, 4)[number, place, :k]
            np.testing.assert_array_equal(nearest, own.merge_with)


def test_names_of_units_and_groups_are_on_the_page(data):
    first, second = data["conditions"][0]["layers"]
    assert first["u_names"] == list(ROWS)
    assert first["groups"] == ["north", "south", "east", "west"]
    assert not {"v_names", "groups", "u_names"} & set(second) - {"name"}
    assert "v_names" not in first
    assert data["found_k"] == K
    assert data["file"] == {"rows": "tables/mine.scores.csv"}
    assert data["draws"]["shuffle"] == 5


def test_a_verdict_is_said_or_why_there_is_none(result, data):
    said = data["verdict"]["sentence"]
    assert "enc.weight of mine" in said
    assert "No verdict on dec.weight" in said
    none = file_data(replace(result, verdicts=None))["verdict"]
    assert (none["sentence"], none["rows"]) == ("No verdict was asked for.", [])
    empty = file_data(replace(result, verdicts=verdicts()[:0]))["verdict"]["sentence"]
    assert empty.startswith("No verdict on enc.weight and dec.weight")


def test_of_draws_that_end_by_a_rule_the_range_is_said(result):
    rows = result.scored.rows.copy()
    shuffled = rows["null"] == "shuffle"
    rows.loc[shuffled, "null_n"] = np.resize([19, 30], shuffled.sum())
    more = {"draws": "adaptive", "nulls": {"shuffle": 59, "labels": 5}}
    arguments = result.arguments.model_copy(update=more)
    other = replace(result, arguments=arguments, scored=result.scored._replace(rows=rows))
    assert file_data(other)["draws"]["shuffle"] == "19 to 30"


def test_a_page_needs_a_method_that_clusters_layers(result):
    with pytest.raises(UserError, match=r"^methods: found 'whole' alone, expected one that"):
        check_methods(["whole"])
    check_methods(["whole", "matched"])


# --- binned matrices -----------------------------------------------------------------------------


def test_cells_of_a_binned_matrix_are_means_of_sizes_by_a_plain_loop():
    source = np.random.default_rng(0)
    weights = source.normal(size=(23, 41)).astype(np.float32)
    labels = source.integers(-1, 4, (2, 3, 64))
    cells, bins = cells_of(weights, labels, Binning(Detail(100, 60), [4, 0, 1, 2, 3, 5]))
    rows, columns = bins[:23], bins[23:]
    assert cells.size <= 60
    for side in (rows, columns):
        sizes = [count for _, count in sorted(Counter(side.tolist()).items())]
        assert len(set(sizes[:-1])) == 1
        assert sizes[-1] <= sizes[0]
    for a, b in product(range(rows.max() + 1), range(columns.max() + 1)):
        own = [
            abs(float(weights[i, j]))
            for i in range(23)
            for j in range(41)
            if rows[i] == a and columns[j] == b
        ]
        assert cells[a, b] == pytest.approx(sum(own) / len(own), rel=1e-6)
    # Bins do not mix clusters of the first partition, but where one ends.
    first = labels.reshape(6, 64)[4]
    order = np.argsort(rows, kind="stable")
    in_order = [sorted(first[:23][rows == bin_]) for bin_ in range(rows.max() + 1)]
    assert [label for labels in in_order for label in labels] == sorted(first[:23][order])


def test_a_matrix_that_is_not_large_is_shown_weight_by_weight():
    weights = np.eye(3, dtype=np.float32)
    cells, bins = cells_of(weights, np.zeros((1, 1, 6), int), Binning(Detail(9, 4), [0]))
    assert cells is weights
    assert bins is None


def invented(layers: Mapping[str, np.ndarray], k: list[int], nulls: dict[str, int]) -> Result:
    """Random clusters and scores, so that nothing has to be clustered."""
    source = np.random.default_rng(1)
    asked = asked_of("mine", [f"{k[0]}-{k[-1]}"], ["matched"], ["none"], nulls, 1)
    weights = Weights("mine", layers, {name: name for name in layers}, chain=False)
    networks = as_networks(weights, "mine")
    found = {
        name: {
            ("matched", each): Partitions(
                *(source.integers(0, each, (1, size)).astype(np.int16) for size in matrix.shape),
                np.array([True]),
            )
            for each in k
        }
        for name, matrix in layers.items()
    }
    places = list(product(layers, ["matched"], k, MEASURES, nulls))
    rows = pd.DataFrame(places, columns=["layer", "method", "k", "measure", "null"])
    numbers = ["value", "null_mean", "null_sd", "z", "p", "p_two_sided"]
    rows[numbers] = source.normal(size=(len(rows), len(numbers)))
    rows = rows.assign(condition="mine", seed=-1, status="ok", null_n=99)
    scored = Scored(rows, pd.DataFrame(), found)
    return Result(weights, networks, asked, scored, {}, None)


def test_36_large_matrices_fit_into_5_megabytes():
    source = np.random.default_rng(2)
    matrix = source.normal(size=(384, 1536)).astype(np.float32)
    layers = {f"h.{number}": np.roll(matrix, 7 * number) for number in range(36)}
    result = invented(layers, list(range(2, 13)), {"shuffle": 99, "labels": 99})
    page = page_of_file(result)
    assert 2_000_000 < len(page) <= 5_000_000


@pytest.fixture(scope="module")
def binned() -> Result:
    """One matrix that is binned; clusters are as good as random."""
    matrix = np.random.default_rng(4).normal(size=(300, 700)).astype(np.float32)
    return invented({"big": matrix}, [2, 3], {"labels": 9})


def test_of_a_binned_matrix_labels_stay_exact_and_colours_end_at_its_cells(binned):
    data = file_data(binned)
    arrays = arrays_of(data)
    labels = arrays["big/labels"].reshape(1, 2, 1000)
    for number, k in enumerate(K):
        item = binned.scored.partitions["big"]["matched", k]
        np.testing.assert_array_equal(labels[0, number], [*item.rows[0], *item.columns[0]])
    rows, columns = np.split(arrays["big/bins"], [300])
    matrix = np.abs(binned.weights["big"].astype(float))
    expected = np.array(
        [
            [matrix[np.ix_(rows == a, columns == b)].mean() for b in range(columns.max() + 1)]
            for a in range(10)
        ]
    )
    limit, largest = arrays["big/limits"]
    levels = arrays["big/weights"].reshape(rows.max() + 1, columns.max() + 1)[:10]
    off = np.abs(levels / 14 * limit - np.clip(expected, 0, limit))
    assert off.max() <= limit / 28 * 1.0001
    assert limit <= largest < matrix.max()


# --- in a browser --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    with running_browser() as found:
        yield found


@pytest.fixture(scope="module")
def files(result, binned, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    rows = folder / "tables" / "mine.scores.csv"
    rows.parent.mkdir()
    result.scored.rows.to_csv(rows, index=False)
    pages = {"mine": page_of_file(result, rows, folder / "mine.html"), "big": page_of_file(binned)}
    for name, content in pages.items():
        (folder / f"{name}.html").write_bytes(content)
    return {name: folder / f"{name}.html" for name in pages}


def wait(page: Any) -> None:
    page.wait_for_selector("#main[aria-busy=false]")


@pytest.fixture
def page(browser, files) -> Iterator[Any]:
    with watched_page(browser) as found:
        open_file(found, files["mine"], "#k=2")
        wait(found)
        yield found


@pytest.mark.browser
def test_the_page_says_nothing_of_a_study_and_shows_nothing_empty(page):
    said = page.locator("body").inner_text()
    found = re.findall(r"(?i)\b(seeds?|imported|stud(?:y|ies)|ablations?|accuracy)\b", said)
    assert found == []
    for empty in ("#effects-section", "#rug", "#grid-take", "#condition", "#seed", "#pixels-box"):
        assert not page.locator(empty).is_visible()
    assert page.title() == "How good is a cluster? mine"
    options = page.locator("#measure option").evaluate_all("all => all.map(each => each.value)")
    assert not {"importance", "class_mi"} & set(options)
    page.select_option("#layer", "dec.weight")
    wait(page)
    methods = page.locator("#method option").all_text_contents()
    assert methods == METHODS  # nothing is known of its units
    assert not page.locator("#members").is_visible()


@pytest.mark.browser
def test_groups_stand_beside_clusters_with_their_agreement(page, result):
    page.select_option("#beside", "other")
    wait(page)
    assert page.locator("#method2").input_value() == "groups"
    assert page.locator("#pane-title2").inner_text() == "Right: mine, enc.weight, groups, k = 4"
    said = re.search(r"output units \(U\) (\S+);", page.locator("#agreement").inner_text())[1]
    found = result.scored.partitions["enc.weight"]["matched", 2].rows[0]
    expected = adjusted_mutual_info_score(GROUPS, found)
    assert float(said.replace("\N{MINUS SIGN}", "-")) == pytest.approx(expected, abs=0.0006)
    named = page.locator("#sizes2 tbody tr").all_inner_texts()
    assert [line.split("\t") for line in named] == [
        ["0 (north)", "3", "0"],
        ["1 (south)", "3", "0"],
        ["2 (east)", "2", "0"],
        ["3 (west)", "2", "0"],
        ["in no group", "0", "12"],
    ]
    # As the left one, they have one k, one null, and no shuffle.
    page.select_option("#method", "groups")
    wait(page)
    assert page.locator("#k-shown").inner_text() == "k = 4"
    assert "compared with labels" in page.locator("#scores-note").inner_text()
    rows = result.scored.rows.query("method == 'groups' and measure == 'bits'")
    value = page.locator("#score-table tr[data-measure=bits] .value").inner_text()
    value = float(value.replace("\N{MINUS SIGN}", "-"))
    assert value == pytest.approx(rows["value"].iloc[0], rel=1e-3)
    page.select_option("#beside", "shuffle")
    wait(page)
    assert "Known groups were not found" in page.locator("#pane-note2").inner_text()
    page.select_option("#method", "matched")
    wait(page)
    assert page.locator("#k-shown").inner_text() == "k = 2"
    page.select_option("#grid_method", "all")
    wait(page)
    title = page.locator("td[data-method=groups] button").get_attribute("title")
    assert title.startswith("mine, enc.weight, groups, k = 4: ")


@pytest.mark.browser
def test_members_of_clusters_have_their_names(page, result):
    labels = result.scored.partitions["enc.weight"]["matched", 2].rows[0]
    said = page.locator("#members").inner_text().split("\n")
    expected = [
        line
        for label in (0, 1)
        for line in (
            str(label),
            f"output units: {', '.join(np.array(ROWS)[labels == label])}",
        )
    ]
    assert [line.strip() for line in said if line.strip()] == expected


@pytest.mark.browser
def test_one_cluster_has_its_names_and_bits(page, result):
    page.locator("#sizes tr[data-cluster='1'] button").click()
    wait(page)
    found = result.scored.partitions["enc.weight"]
    own = np.array(ROWS)[found["matched", 2].rows[0] == 1]
    assert ", ".join(own) in page.locator("#cluster-units").inner_text()
    matrix = MatrixBits(result.weights["enc.weight"].astype(float))
    bits = cluster_bits(matrix, labels_of(found, 0))["matched", 2]
    for name, expected in (("strength", bits.bits[1]), ("distinctness", bits.if_merged[1])):
        shown = page.locator(f"#cluster-{name}").inner_text().replace("\N{MINUS SIGN}", "-")
        assert float(shown) == pytest.approx(expected, rel=6e-3)
    for part in ("function-box", "seeds-box", "take details"):
        assert not page.locator(f"#cluster-{part}").is_visible()
    page.select_option("#method", "groups")
    page.select_option("#cluster", "2 (east)")
    wait(page)
    assert page.locator("#cluster-title").inner_text().startswith("One cluster: 2 (east) of enc")
    assert "No bits are known" in page.locator("#cluster-bits").inner_text()


def words_of(result: Result, row: int, column: int, k: int = 2) -> str:
    """What the page says of a cell of the first layer, but for its weight."""
    item = result.scored.partitions["enc.weight"]["matched", k]
    clusters = f"{item.rows[0][row]} and {item.columns[0][column]}"
    units = f"Output unit {row} ({ROWS[row]}); input unit {column}"
    return f"{units}: weight ; clusters: {clusters}."


def check_cell(page: Any, result: Result, said: str) -> tuple[int, int]:
    """Row and column that a text tells of, whose weight and clusters it must have right."""
    row, column = (int(number) for number in re.findall(r"put unit (\d+)", said))
    weight = re.search(r"weight ([^;]*);", said)[1]
    assert said.replace(weight, "", 1) == words_of(result, row, column)
    number = float(weight.replace("\N{MINUS SIGN}", "-"))
    assert number == pytest.approx(float(result.weights["enc.weight"][row, column]), rel=6e-7)
    return row, column


@pytest.mark.browser
def test_a_cell_tells_row_column_weight_and_clusters(page, result):
    line, matrix = page.locator("#cell"), page.locator("#matrix")
    matrix.hover(position={"x": 18 + 5, "y": 18 + 5})
    first = line.inner_text()
    start = check_cell(page, result, first)
    assert line.get_attribute("aria-live") == "off"
    matrix.hover(position={"x": 5, "y": 5})  # where the bars meet
    assert line.inner_text() == first
    page.mouse.move(1, 1)
    assert "Point at a cell" in line.inner_text()
    page.locator("#matrix-box").focus()
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "End", "ArrowRight", "ArrowUp", "Home"):
        page.keyboard.press(key)
        seen.append(check_cell(page, result, line.inner_text()))
    assert line.get_attribute("aria-live") == "polite"
    # Arrow keys go on from where the pointer was.
    assert seen[6] == start != seen[0]
    rows, columns = zip(*seen, strict=True)
    assert rows[0] == rows[1] != rows[2] == rows[3] == rows[4] != rows[5]
    assert len({*columns[:2], columns[3]}) == 3
    assert columns[3] == columns[4] == columns[5]
    assert page.locator("#cursor").is_visible()
    page.select_option("#method", "joint")
    wait(page)
    assert "Point at a cell" in line.inner_text()


@pytest.mark.browser
def test_shown_rows_are_saved_and_python_loads_the_same(page, result):
    with page.expect_download() as download:
        page.locator("#scores-take button").click()
    saved = pd.read_csv(download.value.path())
    names: dict[str, Any] = {}
    exec(page.locator("#scores-take code").text_content(), names)
    keys = ["layer", "method", "k", "measure", "null"]
    both = [
        rows.set_index(keys)[["value", "z", "p"]].sort_index() for rows in (saved, names["rows"])
    ]
    both = [rows[rows["value"].notna()] for rows in both]
    assert len(both[0]) > 10
    pd.testing.assert_frame_equal(*both, rtol=6e-3, check_dtype=False)


@pytest.mark.browser
def test_a_binned_matrix_says_what_its_cells_are(browser, files, binned):
    with watched_page(browser) as page:
        open_file(page, files["big"], "#k=3")
        wait(page)
        note = page.locator("#matrix-note").inner_text()
        arrays = arrays_of(file_data(binned))
        item = binned.scored.partitions["big"]["matched", 3]
        for side, bins, labels in (
            ("output", arrays["big/bins"][:300], item.rows[0]),
            ("input", arrays["big/bins"][300:], item.columns[0]),
        ):
            commonest = [Counter(sorted(labels[bins == b])).most_common(1)[0] for b in set(bins)]
            share = sum(count for _, count in commonest) / len(labels)
            assert f"{100 * share:.1f} % of {side}" in note
        size = [np.bincount(side).max() for side in np.split(arrays["big/bins"], [300])]
        assert f"mean size of up to {size[0]} \N{MULTIPLICATION SIGN} {size[1]} weights" in note
        assert not page.locator("#order").is_visible()
        page.locator("#matrix-box").focus()
        page.keyboard.press("ArrowRight")
        said = page.locator("#cell").inner_text()
        assert re.match(
            r"Output units? [\d, ]+; input units? [\d, ]+: mean size about [\d.]+", said
        )
        rows = page.locator("#sizes tbody tr").all_inner_texts()
        found = [[int(part) for part in line.split("\t")] for line in rows]
        counts = [np.bincount(side[0], minlength=3) for side in (item.rows, item.columns)]
        assert found == [
            [label, *map(int, pair)] for label, pair in enumerate(zip(*counts, strict=True))
        ]
        assert not page.locator("#scores-take details").is_visible()
        # Its shuffle is binned by its own clusters.
        page.select_option("#beside", "shuffle")
        wait(page)
        assert "mean size of up to" in page.locator("#matrix-note2").inner_text()
        page.locator("#matrix-box2").focus()
        page.keyboard.press("End")
        assert ": mean size about " in page.locator("#cell2").inner_text()


@pytest.mark.browser
def test_a_narrow_page_does_not_scroll_sideways(browser, files):
    with watched_page(browser, 375, 800) as page:
        for name, place in (("mine", "#beside=other"), ("big", "")):
            open_file(page, files[name], place)
            wait(page)
            page.locator("#matrix-box").focus()
            page.keyboard.press("ArrowRight")
            assert page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.browser
def test_a_notebook_shows_the_page_in_a_frame(browser, files, tmp_path):
    shown = Page(files["mine"].read_text())._repr_html_()
    (tmp_path / "notebook.html").write_text(f"<!DOCTYPE html><p>cell</p>{shown}")
    with watched_page(browser) as page:
        open_file(page, tmp_path / "notebook.html")
        inside = page.frame_locator("iframe")
        inside.locator("#main[aria-busy=false]").wait_for()
        inside.locator("#layer").select_option("dec.weight")
        inside.locator("#verdict-table a").click()
        inside.locator("#status", has_text="mine, enc.weight").wait_for()
        assert "notebook.html" in page.url
        assert inside.locator("#layer").input_value() == "enc.weight"
