"""The result tables: the contract's columns, one row for each combination, summaries by hand."""

from __future__ import annotations

import itertools
from dataclasses import astuple

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clusterability.analysis.agreement import AGREEMENT_COLUMNS, summarise_agreement
from clusterability.clustering.block_sums import stack_by_key
from clusterability.clustering.held_out import held_out_clusters
from clusterability.clustering.spectral import cluster
from clusterability.errors import UserError
from clusterability.measures.asked import asked_of_method
from clusterability.measures.catalogue import STANDARDISED
from clusterability.measures.structure import FUNCTIONS
from clusterability.networks.partitions import Partitions
from clusterability.networks.scaled_layer import layers_of_methods
from clusterability.networks.stacked import Networks, network_digest, save_networks
from clusterability.networks.stored_names import stored_names
from clusterability.nulls import shuffle as shuffle
from clusterability.nulls.labels import block_label_tables
from clusterability.results.aggregation import write_partitions
from clusterability.results.npz_files import load_items, save_items
from clusterability.results.reading import read_all
from clusterability.results.structure_rows import (
    cluster_rows,
    observed_tables,
    partition_rows,
    score_rows,
)
from clusterability.results.summary import latex_summary, partition_frames, summarise, with_q
from clusterability.training.history import NetworkRow, TrainingResult, network_table
from null_draws import null_tables

METHODS = ["notebook", "matched", "joint"]
K_VALUES = [2, 4, 7]
ASKED = asked_of_method("matched")
DRAWS = 5
ACCURACIES = pd.DataFrame({"condition": ["trained"] * 2, "seed": [3, 8], "test_accuracy": [0.9, 1]})


@pytest.fixture(scope="module")
def block():
    """Two networks with a layer of 9 x 6 (k = 7 is infeasible), its partitions and nulls."""
    source = np.random.default_rng(0)
    weights = {"fc1": source.standard_normal((2, 9, 6)).astype(np.float32)}
    networks = Networks("trained", (3, 8), {}, weights)
    names = [("trained", seed, "fc1", "network") for seed in networks.seeds]
    partitions = cluster(weights["fc1"], names, K_VALUES, METHODS, 2)
    held_out = held_out_clusters(weights["fc1"], names, K_VALUES, METHODS, 2)
    shuffles = [
        null_tables(
            "shuffle", {"fc1": matrix}, "fc1", ("trained", seed), DRAWS, K_VALUES, METHODS, 2
        )
        for seed, matrix in zip(networks.seeds, weights["fc1"], strict=True)
    ]
    layers = layers_of_methods(networks, "fc1", partitions)
    labels = block_label_tables(layers, DRAWS, partitions, held_out)
    nulls = {"shuffle": stack_by_key(shuffles), "labels": labels}
    return networks, partitions, observed_tables(layers, partitions, held_out), nulls


@pytest.fixture(scope="module")
def scores(block):
    networks, partitions, observed, nulls = block
    return with_q(score_rows(networks, "fc1", partitions, observed, nulls))


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
        "excess",
        "z_error",
    ]


def test_one_row_for_each_combination(scores):
    keys = ["condition", "seed", "layer", "method", "k", "measure", "null"]
    assert not scores.duplicated(keys).any()
    assert len(scores) == 2 * len(METHODS) * len(K_VALUES) * len(ASKED) * 2


def test_infeasible_k_has_a_status_and_no_value(scores):
    infeasible = scores[scores.k == 7]
    assert (infeasible.status == "infeasible").all()
    assert set(infeasible.measure) == set(ASKED)
    compared = ["null_mean", "null_sd", "z", "p", "p_two_sided", "q"]
    assert infeasible[["value", *compared]].isna().all().all()
    assert (infeasible.null_n == 0).all()
    assert (infeasible.k_effective == 0).all()
    feasible = scores[scores.k != 7]
    assert (feasible.status == "ok").all()
    assert feasible.value.notna().all()


def test_p_is_in_the_better_direction_and_never_zero(scores):
    defined = scores.dropna(subset=["p"])
    assert defined.p.between(1 / (DRAWS + 1) - 1e-12, 1).all()
    without = scores[scores.p.isna() & (scores.k != 7)]
    assert set(without[without.null == "labels"].measure) == {"mi_total"}
    assert set(without[without.null == "shuffle"].measure) == {"mi_total", "held_out"}


def test_a_score_by_hand(block, scores):
    networks, partitions, _, nulls = block
    row = scores.query(
        "seed == 8 and method == 'joint' and k == 4 and measure == 'ncut' and null == 'shuffle'"
    ).iloc[0]
    ncut = FUNCTIONS["ncut"]
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


def test_labels_and_mi_total_have_no_q(scores):
    # The labels of held-out information are not clustered again: it has no shuffles.
    without = scores.null == "labels"
    without |= ~scores.measure.isin(STANDARDISED) | (scores.measure == "held_out")
    assert scores[without].q.isna().all()
    assert scores[~without & (scores.k != 7)].q.notna().all()


@pytest.fixture(scope="module")
def study_scores():
    """Made-up scores of a study: two conditions x two layers x two k, three seeds."""
    source = np.random.default_rng(0)
    levels = {
        "condition": ["trained", "baseline"],
        "seed": [3, 5, 8],
        "layer": ["fc2", "fc1"],
        "method": ["matched", "joint"],
        "k": [2, 4],
        "measure": ["mi_total", "mi", "ncut"],
        "null": ["shuffle", "strength", "labels"],
    }
    rows = pd.DataFrame(itertools.product(*levels.values()), columns=list(levels))
    rows["k_effective"] = rows.k
    rows["value"], rows["null_mean"] = source.random((2, len(rows)))
    rows["null_sd"], rows["null_n"] = 0.1, 99
    rows["z"] = source.normal(2, 1, len(rows)).round(3)
    rows["p"], rows["p_two_sided"] = source.choice([0.01, 0.05, 0.3], (2, len(rows)))
    rows["status"] = "ok"
    rows.loc[rows.measure == "mi_total", ["z", "p"]] = np.nan
    # A cell with one network only has no p, and counts for nothing.
    alone = (rows.condition == "trained") & (rows.layer == "fc1") & (rows.k == 4) & (rows.seed != 5)
    rows.loc[alone, ["z", "p"]] = np.nan
    return rows


def test_q_is_over_all_conditions_layers_and_k_of_a_null_method_and_measure(study_scores):
    found = with_q(study_scores)
    kept = found.drop(columns=["q", "excess", "z_error"])
    pd.testing.assert_frame_equal(kept, study_scores[list(kept)])  # every row, in its place
    without = (found.null == "labels") | (found.measure == "mi_total")
    assert found[without].q.isna().all()
    families = found[~without].groupby(["null", "method", "measure"])
    assert families.ngroups == 2 * 2 * 2
    for _, family in families:
        cells = [cell for _, cell in family.groupby(["condition", "layer", "k"])]
        several = [cell for cell in cells if cell.z.count() > 1]
        assert (len(cells), len(several)) == (8, 7)
        p = [
            stats.ttest_1samp(cell.z, 0, alternative="greater", nan_policy="omit").pvalue
            for cell in several
        ]
        for cell, q in zip(several, stats.false_discovery_control(p), strict=True):
            assert cell.q.tolist() == pytest.approx([q] * 3, rel=1e-9)
        assert family.q.notna().sum() == 7 * 3


def test_without_nulls_there_is_one_row_a_measure(block):
    networks, partitions, observed, _ = block
    rows = with_q(score_rows(networks, "fc1", partitions, observed, {}))
    assert rows.null.isna().all()
    assert len(rows) == 2 * len(METHODS) * len(K_VALUES) * len(ASKED)
    assert rows[rows.k == 2].value.notna().all()
    assert rows[["null_mean", "z", "p", "q"]].isna().all().all()
    summary = summarise(rows, ACCURACIES)
    assert summary.value.notna().sum() == len(METHODS) * 2 * len(ASKED)


def test_summary_by_hand(study_scores):
    scores = with_q(study_scores)
    summary = summarise(scores, ACCURACIES)
    cell = ["condition", "layer", "method", "k", "measure", "null"]
    assert list(summary) == [
        *cell,
        "n",
        "value",
        "value_low",
        "value_high",
        "excess",
        "excess_low",
        "excess_high",
        "z",
        "z_low",
        "z_high",
        "q",
        "significant",
        "test_accuracy",
        "z_error",
    ]
    assert not summary.duplicated(cell).any()
    assert len(summary) == 2 * 2 * 2 * 2 * 3 * 3
    groups = scores.groupby(cell)
    for _, row in summary.iterrows():
        group = groups.get_group(tuple(row[cell]))
        assert row["n"] == 3
        columns = {"value": group.value, "excess": group.value - group.null_mean, "z": group.z}
        for name, column in columns.items():
            seeds = column.dropna()
            assert row[name] == pytest.approx(seeds.mean(), nan_ok=True)
            bounds = (np.nan, np.nan)
            if len(seeds) > 1:
                bounds = stats.t.interval(0.95, len(seeds) - 1, seeds.mean(), stats.sem(seeds))
            found = row[f"{name}_low"], row[f"{name}_high"]
            assert found == pytest.approx(bounds, nan_ok=True)
        assert row["q"] == pytest.approx(group.q.iloc[0], nan_ok=True)
        p = group.p.dropna().tolist()
        share = sum(value <= 0.05 for value in p) / len(p) if p else np.nan
        assert row["significant"] == pytest.approx(share, nan_ok=True)
        accuracy = {"trained": 0.95}.get(row["condition"], np.nan)
        assert row["test_accuracy"] == pytest.approx(accuracy, nan_ok=True)


def test_latex_has_a_line_for_each_cell_of_the_null(scores):
    summary = summarise(scores, ACCURACIES)
    text = latex_summary(summary)
    assert text.startswith("% null: shuffle; held_out: labels\n\\begin{longtable}")
    assert text.count(r" \\") >= (summary.null == "shuffle").sum()
    assert "nan" not in text
    assert text.count("labels") == 1  # the fair null of held-out information


def test_clusters_sum_to_the_measures_and_hold_all_live_units(block, scores):
    networks, partitions, observed, _ = block
    layers = layers_of_methods(networks, "fc1", partitions)
    clusters = cluster_rows(networks, "fc1", partitions, observed, layers)
    assert (clusters.k != 7).all()
    sums = clusters.groupby(["seed", "method", "k"])[["barber_term", "ncut_term", "mi_term"]].sum()
    for measure, column in (("barber_q", "barber_term"), ("ncut", "ncut_term"), ("mi", "mi_term")):
        rows = scores.query(f"measure == '{measure}' and null == 'shuffle' and k != 7")
        expected = rows.set_index(["seed", "method", "k"]).value.sort_index()
        assert sums[column].sort_index().tolist() == pytest.approx(expected.tolist(), abs=1e-10)
    sizes = clusters.groupby(["seed", "method", "k"])[["u_size", "v_size"]].sum()
    assert (sizes.u_size == 9).all()
    assert (sizes.v_size == 6).all()


def hand_made(rows: list[list[int]], columns: list[list[int]], feasible: list[bool]) -> Partitions:
    labels = [np.array(side, dtype=np.int16) for side in (rows, columns)]
    return Partitions(*labels, np.array(feasible))


def test_rows_of_clusters_by_hand():
    """T = [[3, 0], [1, 4]] / 8, p = (3, 5) / 8, q = (4, 4) / 8; the first network has no k = 2."""
    weights = np.array([np.diag([1, 0, 0])[:2], [[3, 0, 0], [-1, 4, 0]]], dtype=np.float32)
    networks = Networks("trained", (3, 8), {}, {"fc2": weights})
    found = hand_made([[-1, -1], [0, 1]], [[-1, -1, -1], [0, 1, -1]], [False, True])
    partitions = {("joint", 2): found}
    layers = layers_of_methods(networks, "fc2", partitions)
    observed = observed_tables(layers, partitions, {})
    rows = cluster_rows(networks, "fc2", partitions, observed, layers).reset_index(drop=True)
    # Four classes of one weight each: a block takes log2 4 bits, by the frequencies of the layer as
    # well; labels of two units log2 6. All four in one block take log2(4 * 6 * 8 * 10).
    bits = -2, np.log2(1920 / 4**4 / 6**2)
    mi_terms = 3 / 8 * np.log(2), 1 / 8 * np.log(2 / 5) + 4 / 8 * np.log(8 / 5)
    expected = pd.DataFrame(
        [
            ("trained", 8, "fc2", "joint", 2, 0, 1, 1, 3 / 16, 1 / 7, mi_terms[0], *bits, 1, 3 / 4),
            ("trained", 8, "fc2", "joint", 2, 1, 1, 1, 3 / 16, 1 / 9, mi_terms[1], *bits, 0, 5 / 4),
        ],
        columns=[
            "condition",
            "seed",
            "layer",
            "method",
            "k",
            "cluster",
            "u_size",
            "v_size",
            "barber_term",
            "ncut_term",
            "mi_term",
            "cluster_bits",
            "bits_if_merged",
            "merge_with",
            "mean_strength",
        ],
    )
    pd.testing.assert_frame_equal(rows, expected, check_dtype=False, rtol=1e-9)


def test_rows_of_networks_by_hand():
    fc1 = np.array([[[1, 0, 2], [0, 0, 0]], [[1, 0, 0], [1, 0, 0]]], dtype=np.float32)
    fc2 = np.array([[[1, 1]], [[0, 2]]], dtype=np.float32)
    networks = Networks("trained", (3, 8), {}, {"fc1": fc1, "fc2": fc2})
    measured = [
        NetworkRow(3, 0.9, 0.3, 0.8, 0.4, 1.5, "cpu"),
        NetworkRow(8, 0.7, 0.5, 0.6, 0.7, 1.5, "cpu"),
    ]
    digests = [network_digest(networks, number) for number in range(2)]
    said = [("trained", *astuple(row)[:-1]) for row in measured]  # without heads
    nothing = [np.nan] * 3
    expected = pd.DataFrame(
        [
            (*said[0], *nothing, None, 8, 4, 1, 1, 1, 0, 0, 1, digests[0]),
            (*said[1], *nothing, None, 8, 5, 0, 2, 1, 0, 1, 1, digests[1]),
        ],
        columns=[
            "condition",
            "seed",
            "train_accuracy",
            "train_loss",
            "test_accuracy",
            "test_loss",
            "seconds",
            "device",
            "planted_clusterability",
            "test_accuracy_head1",
            "test_accuracy_head2",
            "layers",
            "parameters",
            "zeros",
            "fc1_dead_u",
            "fc1_dead_v",
            "fc1_components",
            "fc2_dead_u",
            "fc2_dead_v",
            "fc2_components",
            "digest",
        ],
    )
    pd.testing.assert_frame_equal(network_table(TrainingResult(networks, [], measured)), expected)


def test_rows_of_partitions_by_hand(tmp_path):
    first, second = tmp_path / "trained/3-4/fc1/2.npz", tmp_path / "untrained/16/fc2/5-7.npz"
    save_items(first, {("joint", 2): hand_made([[0, 1], [1, -1]], [[1], [0]], [True, True])})
    other = {
        ("matched", 5): hand_made([[4]], [[2]], [True]),
        ("matched", 7): hand_made([[-1]], [[-1]], [False]),
    }
    save_items(second, other)
    expected = pd.DataFrame(
        [
            ("trained", 3, "fc1", "joint", 2, "U", 0, 0),
            ("trained", 3, "fc1", "joint", 2, "U", 1, 1),
            ("trained", 4, "fc1", "joint", 2, "U", 0, 1),
            ("trained", 4, "fc1", "joint", 2, "U", 1, -1),
            ("trained", 3, "fc1", "joint", 2, "V", 0, 1),
            ("trained", 4, "fc1", "joint", 2, "V", 0, 0),
            ("untrained", 16, "fc2", "matched", 5, "U", 0, 4),
            ("untrained", 16, "fc2", "matched", 5, "V", 0, 2),
            ("untrained", 16, "fc2", "matched", 7, "U", 0, -1),
            ("untrained", 16, "fc2", "matched", 7, "V", 0, -1),
        ],
        columns=["condition", "seed", "layer", "method", "k", "side", "unit", "label"],
    ).assign(name=pd.Series([None] * 10, dtype=object))
    files = []
    layers = {"fc1": np.zeros((1, 2, 1), "f4"), "fc2": np.zeros((1, 1, 2), "f4")}
    for condition in ("trained", "untrained"):
        file = tmp_path / "networks" / condition / "3.safetensors"
        save_networks(file, Networks(condition, (3,), {}, layers))
        files.append(str(file))
    rows = pd.concat(partition_frames([str(first), str(second)], files), ignore_index=True)
    pd.testing.assert_frame_equal(rows, expected, check_dtype=False)
    direct = partition_rows("untrained", (16,), "fc2", [1, 2], other)
    tail = expected.iloc[6:].reset_index(drop=True)
    pd.testing.assert_frame_equal(direct, tail, check_dtype=False)


def test_partitions_have_the_names_of_units_where_a_file_had_some(tmp_path):
    names = {"fc1": {"rows": ["Ann", "Bea"], "columns": None}}
    files, weights = [], []
    for condition, recipe in (("plain", {}), ("named", {"names": names})):
        file = tmp_path / f"clusters/{condition}/imported/fc1/2.npz"
        save_items(file, {("matched", 2): hand_made([[0, 1]], [[1]], [True])})
        files.append(str(file))
        weights.append(tmp_path / f"networks/{condition}/imported.safetensors")
        layers = {"fc1": np.ones((1, 2, 1), "f4")}
        save_networks(weights[-1], Networks(condition, (-1,), recipe, layers))
    write_partitions(tmp_path / "partitions.parquet", files, [str(file) for file in weights])
    found = pd.read_parquet(tmp_path / "partitions.parquet")
    assert list(found)[-1] == "name"
    assert found["name"].isna().tolist() == [True, True, True, False, False, True]
    assert found.loc[3:4, "name"].tolist() == ["Ann", "Bea"]


def test_units_of_matrices_by_themselves_have_names_beside_those_of_tensors(tmp_path):
    layer = "h.0~2Fmlp"
    names = {layer: {"rows": None, "columns": ["Cid", "Dot", "Eve"]}}
    layers = {"a": np.ones((1, 4, 5), "f4"), layer: np.ones((1, 2, 3), "f4")}
    file = tmp_path / f"clusters/theirs/imported/{layer}/2.npz"
    save_items(file, {("matched", 2): hand_made([[0, 1]], [[1, 0, 1]], [True])})
    weights = tmp_path / "networks/theirs/imported.safetensors"
    save_networks(weights, Networks("theirs", (-1,), {"names": names}, layers, chain=False))
    rows = pd.concat(partition_frames([str(file)], [str(weights)]), ignore_index=True)
    assert set(rows["layer"]) == {"h.0/mlp"}
    assert rows.loc[rows["side"] == "V", "name"].tolist() == ["Cid", "Dot", "Eve"]
    assert rows.loc[rows["side"] == "U", "name"].isna().all()


@pytest.mark.parametrize(
    "names",
    [
        {"fc1": {"rows": ["Ann"], "columns": None}},
        {"fc1": {"rows": [1, 2], "columns": None}},
        {"fc1": {"rows": ["Ann", "Bea"]}},
        {"fc9": {"rows": None, "columns": None}},
        {"odd": {"rows": None, "columns": None}},
        {"fc1": ["Ann", "Bea"]},
        ["Ann"],
    ],
)
def test_names_that_do_not_fit_their_units_are_refused(tmp_path, names):
    file = tmp_path / "imported.safetensors"
    layers = {"fc1": np.ones((1, 2, 1), "f4")}
    save_networks(file, Networks("mine", (-1,), {"names": names}, layers))
    with pytest.raises(UserError, match="found names of units that do not fit, expected"):
        stored_names(file)


def test_partitions_survive_their_file(tmp_path, block):
    partitions = block[1]
    file = tmp_path / "block.npz"
    save_items(file, partitions)
    found = load_items(file, Partitions)
    assert list(found) == list(partitions)
    for key, partition in partitions.items():
        assert np.array_equal(found[key].rows, partition.rows)
        assert np.array_equal(found[key].columns, partition.columns)
        assert np.array_equal(found[key].feasible, partition.feasible)
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


def test_tables_without_rows_keep_their_columns():
    assert list(read_all([], ["k", "p"])) == ["k", "p"]
    text = summarise_agreement(pd.DataFrame(columns=AGREEMENT_COLUMNS)).to_csv(index=False)
    assert text.startswith("condition,other_condition,")
