"""Scores of known groups: those of the same partition that is found, and permutations by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

import clusterability as cl
from clusterability.measures.catalogue import MEASURES
from clusterability.results.columns import SCORES
from clusterability.results.single.group_rows import OF_ONE_SIDE, WITHOUT_PAIRS

SOURCE = np.random.default_rng(0)
PLANTED = np.kron(np.eye(3), np.ones((6, 8))) + 0.3 * SOURCE.random((18, 24))
U, V = np.repeat(["a", "b", "c"], 6), np.repeat(["a", "b", "c"], 8)


def group_scores(matrix, groups, **asked) -> pd.DataFrame:
    rows = cl.score(matrix, 3, groups=groups, **({"nulls": {"labels": 19}} | asked))
    assert list(rows) == SCORES
    return rows[rows["method"].str.startswith("groups")]


@pytest.mark.parametrize("scaling", ["none", "ranked"])
def test_a_partition_that_is_known_scores_as_if_it_had_been_found(scaling):
    found = cl.cluster(PLANTED, 3, scaling=scaling)
    rows = cl.score(PLANTED, 3, scalings=[scaling], groups=found, nulls={"shuffle": 3, "labels": 9})
    known = rows["method"].str.startswith("groups")
    assert rows.loc[known, "null"].unique().tolist() == ["labels"]  # no draw is clustered again
    both = [
        part[(part["measure"] != "held_out") & (part["null"] == "labels")]
        .drop(columns=["method"])
        .reset_index(drop=True)
        for part in (rows[known], rows[~known])
    ]
    pd.testing.assert_frame_equal(*both, rtol=1e-12, atol=1e-9)
    held_out = rows[known & (rows["measure"] == "held_out")]
    assert held_out["status"].tolist() == ["undefined"]


def test_groups_change_no_other_row():
    asked = {"nulls": {"shuffle": 3, "labels": 3}}
    without = cl.score(PLANTED, "2-3", **asked)
    rows = cl.score(PLANTED, "2-3", groups=(U, V), **asked)
    pd.testing.assert_frame_equal(rows[: len(without)], without, check_exact=True)
    assert set(rows[len(without) :]["method"]) == {"groups"}


def test_values_by_hand_and_the_null_by_permutations():
    rows = group_scores(PLANTED, (U, V)).set_index("measure")
    within = sum(PLANTED[g == U][:, g == V].sum() for g in "abc") / PLANTED.sum()
    assert rows.loc["within_weight", "value"] == pytest.approx(within)
    assert rows.loc["within_weight", "p"] == 1 / 20
    random = [
        sum(PLANTED[u == g][:, g == V].sum() for g in "abc") / PLANTED.sum()
        for u in (SOURCE.permutation(U) for _ in range(2000))
    ]
    far = 5 * np.std(random) / math.sqrt(19)
    assert rows.loc["within_weight", "null_mean"] == pytest.approx(np.mean(random), abs=far)
    noise = group_scores(SOURCE.random((18, 24)), (U, V), nulls={"labels": 199})
    assert noise.set_index("measure").loc["mi", "p"] > 0.01


def test_groups_of_other_names_on_either_side_have_no_pairs():
    other = np.char.replace(V, "a", "x")
    partly = group_scores(PLANTED, (U, other)).set_index("measure")
    assert partly.loc["barber_q", "status"] == "ok"
    none = group_scores(PLANTED, (U, np.char.add("v", V)))
    assert set(none.query("status == 'ok'")["measure"]) == set(WITHOUT_PAIRS)
    undefined = none.query("status == 'undefined'")
    assert undefined[["value", "z", "p", "null_mean"]].isna().all(axis=None)
    assert (undefined["null_n"] == 0).all()
    assert (none["k"] == 6).all()
    same = group_scores(PLANTED, (U, V)).set_index("measure")
    assert none.set_index("measure").loc["mi", "value"] == pytest.approx(same.loc["mi", "value"])
    # Each side names its own three groups: as if they were paired.
    assert none.set_index("measure").loc["bits", "value"] == pytest.approx(
        same.loc["bits", "value"]
    )


def labels_bits(sizes: list[int]) -> float:
    """Orders of the labels, and sizes, each as likely as any other, by counting."""
    n, k = sum(sizes), len(sizes)
    orders = math.factorial(n) // math.prod(map(math.factorial, sizes))
    return math.log2(orders) + math.log2(math.comb(n + k - 1, k - 1))


def test_of_one_side_bits_alone_are_defined():
    rows = group_scores(PLANTED, (U, None), nulls={"labels": 9})
    assert set(rows.query("status == 'ok'")["measure"]) == set(OF_ONE_SIDE)
    assert set(rows["measure"]) == {name for name, m in MEASURES.items() if not m.of_search}
    # Groups of rows that are all alike save nothing but cost their names.
    alike = np.tile(SOURCE.random(24), (18, 1))
    bits = group_scores(alike, (U, None)).set_index("measure").loc["bits"]
    assert bits["value"] < -labels_bits([6, 6, 6])
    assert bits["value"] == bits["null_mean"]


def test_groups_of_some_layers_and_of_many():
    weights = {"a": PLANTED, "b": PLANTED[:6]}
    rows = group_scores(weights, {"b": (np.arange(6), None)}, nulls={})
    assert rows["layer"].unique().tolist() == ["b"]
    assert rows["k"].unique().tolist() == [6]
    assert rows["null"].isna().all()


def test_agreement_is_that_of_scikit_learn():
    groups = (SOURCE.permutation(U), SOURCE.permutation(V))
    rows = cl.agreement(PLANTED, groups, "2-4", methods=["matched", "joint"], draws=19)
    assert set(rows["comparison"]) == {"groups"}
    for (method, k, side), part in rows.groupby(["method", "k", "side"]):
        found = cl.cluster(PLANTED, k, method)
        labels, known = (found.rows, groups[0]) if side == "U" else (found.columns, groups[1])
        values = part.set_index("measure")["value"]
        assert values["ami"] == pytest.approx(adjusted_mutual_info_score(known, labels))
        assert values["ari"] == pytest.approx(adjusted_rand_score(known, labels))
    assert len(rows) == 2 * 3 * 2 * 3
    same = cl.agreement(PLANTED, (None, V), 3)
    assert same["side"].unique().tolist() == ["V"]
    assert same["value"].tolist() == [1.0] * 3
    assert (same["p"] == 0.01).all()
