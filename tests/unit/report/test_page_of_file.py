"""The page of one file: its numbers are the rows of `score`, and it says nothing of a study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from clusterability.analysis.verdict import CLUSTERS, VERDICT_COLUMNS
from clusterability.errors import UserError
from clusterability.measures.catalogue import MEASURES
from clusterability.networks.importing.unit_names import UnitNames
from clusterability.networks.known_groups import groups_in_files
from clusterability.networks.partitions import Partitions
from clusterability.networks.weights import Weights, as_networks
from clusterability.report.page.binning import Binning, Detail, cells_of
from clusterability.report.page.one_file import Result, check_methods, file_data, page_of_file
from clusterability.report.page.packing import unpacked
from clusterability.results.one_network import Scored, evaluate
from clusterability.study.arguments import Asked, asked_of

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
    layers: Mapping[str, np.ndarray], asked: Asked, groups: Any = None, **more: Any
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
        for (method, k), item in result.scored.found[name].items():
            own = labels[METHODS.index(method), data["k"].index(k)]
            np.testing.assert_array_equal(own, [*item.rows[0], *item.columns[0]])
        assert (labels[2, :2] == -1).all()
    groups = arrays["enc.weight/labels"].reshape(3, 3, -1)[2, 2]
    names = np.array(["north", "south", "east", "west"])
    assert names[groups[:10]].tolist() == GROUPS
    assert (groups[10:] == -1).all()  # nothing is known of the columns


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
    asked = result.asked.model_copy(update={"draws": "adaptive"})
    other = replace(result, asked=asked, scored=result.scored._replace(rows=rows))
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
        item = binned.scored.found["big"]["matched", k]
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
