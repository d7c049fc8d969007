"""The result tables: the contract's columns, one row for each combination, summaries by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clusterability.clustering import cluster
from clusterability.contingency import stack_by_key
from clusterability.errors import UserError
from clusterability.measures import MEASURES
from clusterability.networks import Networks
from clusterability.nulls.labels import label_tables
from clusterability.nulls.shuffle import shuffle_tables
from clusterability.partitions import Partitions, labels_of
from clusterability.scoring import cluster_rows, partition_rows, score_rows
from clusterability.statistics import interval, replicate_p
from clusterability.storage import load_items, save_items
from clusterability.tables import latex_summary, read_partitions, summarise, with_q

METHODS = ["notebook", "matched", "joint"]
K_VALUES = [2, 4, 7]
DRAWS = 5


@pytest.fixture(scope="module")
def block():
    """Two networks with a layer of 6 x 9 (k = 7 is infeasible), its partitions and nulls."""
    source = np.random.default_rng(0)
    weights = {"fc1": source.standard_normal((2, 6, 9)).astype(np.float32)}
    networks = Networks("trained", (3, 8), {}, weights)
    names = [("trained", seed, "fc1", "network") for seed in networks.seeds]
    partitions = cluster(weights["fc1"], names, K_VALUES, METHODS, 2)
    shuffles, labels = [], []
    for number, (seed, matrix) in enumerate(zip((3, 8), weights["fc1"], strict=True)):
        name = ("trained", seed, "fc1")
        shuffles.append(shuffle_tables(matrix, name, DRAWS, K_VALUES, METHODS, 2))
        labels.append(label_tables(matrix, name, DRAWS, labels_of(partitions, number)))
    nulls = {"shuffle": stack_by_key(shuffles), "labels": stack_by_key(labels)}
    return networks, partitions, nulls


@pytest.fixture(scope="module")
def scores(block):
    networks, partitions, nulls = block
    return with_q(score_rows(networks, "fc1", partitions, nulls))


def test_columns_are_those_of_the_contract(scores):
    assert list(scores) == [
        "condition",
        "seed",
        "layer",
        "method",
        "k",
        "k_effective",
        "measure",
        "value",
        "null",
        "null_mean",
        "null_sd",
        "null_n",
        "z",
        "p",
        "p_two_sided",
        "q",
        "status",
    ]


def test_one_row_for_each_combination(scores):
    keys = ["condition", "seed", "layer", "method", "k", "measure", "null"]
    assert not scores.duplicated(keys).any()
    assert len(scores) == 2 * len(METHODS) * len(K_VALUES) * len(MEASURES) * 2


def test_infeasible_k_has_a_status_and_no_value(scores):
    infeasible = scores[scores.k == 7]
    assert (infeasible.status == "infeasible").all()
    assert infeasible[["value", "z", "p", "p_two_sided", "q"]].isna().all().all()
    assert (infeasible.k_effective == 0).all()
    feasible = scores[scores.k != 7]
    assert (feasible.status == "ok").all()
    assert feasible.value.notna().all()


def test_p_is_in_the_better_direction_and_never_zero(scores):
    defined = scores.dropna(subset=["p"])
    assert defined.p.between(1 / (DRAWS + 1) - 1e-12, 1).all()
    assert set(scores[scores.p.isna() & (scores.k != 7)].measure) == {"mi_total"}


def test_a_score_by_hand(block, scores):
    networks, partitions, nulls = block
    row = scores.query(
        "seed == 8 and method == 'joint' and k == 4 and measure == 'ncut' and null == 'shuffle'"
    ).iloc[0]
    ncut = MEASURES["ncut"].function
    draws = ncut(nulls["shuffle"]["joint", 4])[1]
    matrix = np.abs(networks.weights["fc1"][1].astype(float))
    rows, columns = (partitions["joint", 4].rows[1], partitions["joint", 4].columns[1])
    value = 0.0
    for a in range(4):
        inside = matrix[rows == a][:, columns == a].sum()
        volume = matrix[rows == a].sum() + matrix[:, columns == a].sum()
        value += 1 - 2 * inside / volume if volume else 0
    assert row["value"] == pytest.approx(value, abs=1e-10)
    assert row["null_mean"] == pytest.approx(draws.mean())
    assert row["null_sd"] == pytest.approx(draws.std(ddof=1))
    assert row["z"] == pytest.approx((draws.mean() - value) / draws.std(ddof=1))
    assert row["p"] == pytest.approx((1 + (draws <= value).sum()) / (DRAWS + 1))


def test_q_is_within_null_method_and_measure_and_the_same_for_all_seeds(scores):
    assert scores[scores.null == "labels"].q.isna().all()
    assert scores[scores.measure == "mi_total"].q.isna().all()
    family = scores.query("null == 'shuffle' and method == 'matched' and measure == 'mi'")
    cells = family.dropna(subset=["q"]).groupby("k")
    assert (cells.q.nunique() == 1).all()
    p = [replicate_p(group.z.to_numpy()) for _, group in cells]
    assert cells.q.first().tolist() == pytest.approx(stats.false_discovery_control(p).tolist())


def test_without_nulls_there_is_one_row_a_measure(block):
    networks, partitions, _ = block
    rows = with_q(score_rows(networks, "fc1", partitions, {}))
    assert rows.null.isna().all()
    assert len(rows) == 2 * len(METHODS) * len(K_VALUES) * len(MEASURES)
    assert rows[rows.k == 2].value.notna().all()
    assert rows[["null_mean", "z", "p", "q"]].isna().all().all()
    summary = summarise(rows)
    assert summary.value.notna().sum() == len(METHODS) * 2 * len(MEASURES)


def test_summary_by_hand(scores):
    summary = summarise(scores)
    assert not summary.duplicated(["condition", "layer", "method", "k", "measure", "null"]).any()
    cell = "method == 'matched' and k == 2 and measure == 'barber_q' and null == 'shuffle'"
    row, group = summary.query(cell).iloc[0], scores.query(cell)
    assert row["n"] == 2
    assert row[["value", "value_low", "value_high"]].tolist() == pytest.approx(
        list(interval(group.value.to_numpy()))
    )
    assert row["excess"] == pytest.approx((group.value - group.null_mean).mean())
    assert row["z"] == pytest.approx(group.z.mean())
    assert row["significant"] == pytest.approx((group.p <= 0.05).mean())


def test_latex_has_a_line_for_each_cell_of_the_null(scores):
    summary = summarise(scores)
    text = latex_summary(summary)
    assert text.startswith(r"\begin{longtable}")
    assert text.count(r" \\") >= (summary.null == "shuffle").sum()
    assert "nan" not in text
    assert "labels" not in text


def test_clusters_sum_to_the_measures_and_hold_all_live_units(block, scores):
    networks, partitions, _ = block
    clusters = cluster_rows(networks, "fc1", partitions)
    assert (clusters.k != 7).all()
    sums = clusters.groupby(["seed", "method", "k"])[["barber_term", "ncut_term", "mi_term"]].sum()
    for measure, column in (("barber_q", "barber_term"), ("ncut", "ncut_term"), ("mi", "mi_term")):
        rows = scores.query(f"measure == '{measure}' and null == 'shuffle' and k != 7")
        expected = rows.set_index(["seed", "method", "k"]).value.sort_index()
        assert sums[column].sort_index().tolist() == pytest.approx(expected.tolist(), abs=1e-10)
    sizes = clusters.groupby(["seed", "method", "k"])[["u_size", "v_size"]].sum()
    assert (sizes.u_size == 6).all()
    assert (sizes.v_size == 9).all()


def test_partitions_survive_their_file(tmp_path, block):
    _, partitions, _ = block
    file = tmp_path / "trained" / "3-4" / "fc1" / "2-7.npz"
    save_items(file, partitions)
    rows = read_partitions([str(file)])
    pd.testing.assert_frame_equal(rows, partition_rows("trained", (3, 4), "fc1", partitions))
    one = rows.query("seed == 4 and method == 'joint' and k == 4 and side == 'V'")
    assert one.unit.tolist() == list(range(9))
    assert one.label.tolist() == partitions["joint", 4].columns[1].tolist()
    first = file.read_bytes()
    save_items(file, partitions)
    assert file.read_bytes() == first


def test_a_damaged_file_is_one_clear_line(tmp_path, block):
    file = tmp_path / "block.npz"
    save_items(file, block[1])
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(UserError) as error:
        load_items(file, Partitions)
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)
