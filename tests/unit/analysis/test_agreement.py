"""Agreement of labellings against scikit-learn, by properties, and of hand-built networks."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    normalized_mutual_info_score,
)

from clusterability.analysis.agreement import (
    AGREEMENT_COLUMNS,
    agreement_rows,
    mean_agreement,
    summarise_agreement,
)
from clusterability.comparison import compare
from clusterability.measures.label_agreement import adjusted_mutual_information
from clusterability.networks.partitions import Partitions, Starts
from clusterability.networks.tasks import TASKS
from clusterability.results.block_paths import BlockPartitions

NAME = ("trained", 3, "fc2")
KEY = ("matched", 2)
SCIKIT_LEARN = [adjusted_mutual_info_score, adjusted_rand_score, normalized_mutual_info_score]


def compare_labels(first, second, name, draws: int):
    return mean_agreement(np.stack([first, second]), name, draws)


def agreement(first, second) -> np.ndarray:
    return compare_labels(np.array(first), np.array(second), NAME, 0).values


def expected(first, second) -> list[float]:
    return [score(first, second) for score in SCIKIT_LEARN]


# --- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize("units", [10, 128, 784])
@pytest.mark.parametrize("clusters", [(2, 2), (5, 3), (12, 12)])
def test_values_are_those_of_scikit_learn(units, clusters):
    source = np.random.default_rng(units)
    first = source.integers(0, clusters[0], units)
    second = np.where(source.random(units) < 0.5, first, source.integers(0, clusters[1], units))
    assert agreement(first, second) == pytest.approx(expected(first, second), abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([0, 0, 0, 0], [0, 0, 0, 0]),
        ([0, 0, 0, 0], [0, 1, 2, 3]),
        ([0, 0, 0, 0], [0, 0, 1, 1]),
        ([0, 1, 2, 3], [3, 1, 0, 2]),
        ([0, 1, 2, 3], [0, 0, 1, 1]),
        ([0, 1, 2, 2], [1, 0, 2, 2]),
        ([0, 0, 1, 1], [0, 1, 0, 1]),
        ([7], [3]),
    ],
)
def test_degenerate_labellings_are_those_of_scikit_learn(first, second):
    assert agreement(first, second) == pytest.approx(expected(first, second), abs=1e-9)


def test_many_singletons_agree():
    """Room and excess are both rounding errors here, so that their ratio would be noise."""
    units = np.arange(784)
    assert agreement(units, units[::-1]) == pytest.approx([1, 1, 1], abs=1e-12)
    assert agreement(units, units % 7)[:2] == pytest.approx([0, 0], abs=1e-9)


labellings = st.integers(2, 25).flatmap(
    lambda units: st.lists(
        st.lists(st.integers(-1, 4), min_size=units, max_size=units), min_size=2, max_size=2
    )
)


@settings(max_examples=60, deadline=None)
@given(labellings, st.permutations(range(5)))
def test_symmetry_and_renaming(pair, names):
    first, second = np.array(pair)
    found = agreement(first, second)
    renamed = np.where(second < 0, -1, np.array(names)[second])
    for other in (agreement(second, first), agreement(first, renamed)):
        np.testing.assert_allclose(found, other, atol=1e-9, equal_nan=True)
    live = (first >= 0) & (second >= 0)
    own = agreement(first, first)
    assert np.isnan(found).all() if not live.any() else (found <= 1 + 1e-9).all()
    assert np.isnan(own).all() if (first < 0).all() else own == pytest.approx([1, 1, 1])


@settings(max_examples=30, deadline=None)
@given(labellings)
def test_units_that_are_dead_in_either_are_left_out(pair):
    first, second = np.array(pair)
    live = (first >= 0) & (second >= 0)
    both = compare_labels(first, second, NAME, 3)
    only = compare_labels(first[live], second[live], NAME, 3)
    np.testing.assert_array_equal(both.values, only.values)
    np.testing.assert_array_equal(both.draws, only.draws)
    if live.any():
        assert both.values == pytest.approx(expected(first[live], second[live]), abs=1e-9)


def test_adjusted_mutual_information_by_itself():
    first, second = np.array([0, 0, 1, 1, 2, -1]), np.array([0, 1, 1, 1, 2, 0])
    score = adjusted_mutual_info_score(first[:5], second[:5])
    assert adjusted_mutual_information(first, second) == pytest.approx(score, abs=1e-9)
    assert np.isnan(adjusted_mutual_information(first, np.full(6, -1)))


# --- the null -----------------------------------------------------------------------------------


def test_draws_are_those_of_all_permutations():
    """Against every permutation of six labels: the same values, in the same shares."""
    first, second = [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 1]
    orders = sorted(set(itertools.permutations(second)))  # each stands for as many permutations
    exact = [expected(first, order) for order in orders]
    draws = compare_labels(np.array(first), np.array(second), NAME, 2000).draws
    for drawn, every in zip(draws, np.transpose(exact), strict=True):
        values, shares = np.unique(every.round(9), return_counts=True)
        found = np.array([np.isclose(drawn, value, atol=1e-8).sum() for value in values])
        assert found.sum() == 2000
        assert stats.chisquare(found, 2000 * shares / shares.sum()).pvalue > 0.001


def test_p_is_uniform_for_independent_labels():
    source = np.random.default_rng(0)
    found = [
        compare_labels(*source.integers(0, 4, (2, 40)), ("untrained", seed), 19)
        for seed in range(300)
    ]
    p = compare(np.array([f.values for f in found]), np.array([f.draws for f in found]), 1).p
    for measure in p.T:
        for level in (0.05, 0.25, 0.5):
            low, high = stats.binom(300, level).interval(0.999)
            assert low <= (measure <= level + 1e-9).sum() <= high


def test_several_labellings_agree_as_their_pairs_do_on_average():
    labels = np.random.default_rng(1).integers(0, 3, (4, 50))
    pairs = [expected(first, second) for first, second in itertools.combinations(labels, 2)]
    found = mean_agreement(labels, NAME, 400)
    assert found.values == pytest.approx(np.mean(pairs, axis=0), abs=1e-9)
    # Six pairs that are independent two by two spread less than one pair, by the root of six.
    one = compare_labels(labels[0], labels[1], NAME, 400).draws
    assert found.draws[:2].mean(axis=1) == pytest.approx([0, 0], abs=0.01)
    assert one.std(axis=1) / found.draws.std(axis=1) == pytest.approx([6**0.5] * 3, rel=0.2)


def test_draws_go_by_the_name_and_not_by_how_many_there_are():
    labels = np.random.default_rng(2).integers(0, 3, (3, 20))
    few, many = mean_agreement(labels, NAME, 4).draws, mean_agreement(labels, NAME, 9).draws
    np.testing.assert_array_equal(few, many[:, :4])
    assert not np.array_equal(few, mean_agreement(labels, ("trained", 4, "fc2"), 4).draws)


# --- rows of a block ----------------------------------------------------------------------------


def partitions(rows, columns) -> Partitions:
    """Partitions of networks [networks, m] and [networks, n]."""
    rows, columns = np.array(rows, np.int16), np.array(columns, np.int16)
    return Partitions(rows, columns, (rows >= 0).any(axis=1))


def block(seeds=(0, 1, 2), condition="trained", source=0, **others) -> BlockPartitions:
    """Layers of 12 x 20, 12 x 12 and 6 x 12; a network's labels go by its seed and `source`."""
    shapes = {"fc1": (12, 20), "fc2": (12, 12), "fc3": (6, 12)}
    sides = {layer: ([], []) for layer in shapes}
    for seed in seeds:
        random = np.random.default_rng([source, seed + 1])
        for layer, shape in shapes.items():
            for labels, units in zip(sides[layer], shape, strict=True):
                labels.append(random.integers(0, 2, units))
    by_layer = {layer: {KEY: partitions(*labels)} for layer, labels in sides.items()}
    return BlockPartitions(condition, tuple(seeds), by_layer, **others)


def two_layers() -> BlockPartitions:
    """U of fc1 is V of fc2, with the names of clusters exchanged and a dead unit on each side."""
    first = partitions([[0, 0, 1, 1, -1, 0]], [[0, 1, 0]])
    second = partitions([[0, 1]], [[1, 1, 0, 0, 0, -1]])
    return BlockPartitions("trained", (5,), {"fc1": {KEY: first}, "fc2": {KEY: second}})


def chosen(rows: pd.DataFrame, comparison: str, measure: str = "ami") -> pd.DataFrame:
    return rows[(rows["comparison"] == comparison) & (rows["measure"] == measure)]


def test_output_units_of_a_layer_are_the_input_units_of_the_next():
    rows = agreement_rows(two_layers(), 9)
    assert list(rows) == AGREEMENT_COLUMNS
    assert rows["comparison"].tolist() == ["layers"] * 3
    assert rows["measure"].tolist() == ["ami", "ari", "nmi"]
    assert rows["value"].tolist() == pytest.approx([1, 1, 1])
    row = rows.iloc[0]
    assert (row["layer"], row["other_layer"], row["side"]) == ("fc1", "fc2", "UV")
    assert (row["condition"], row["seed"]) == (row["other_condition"], row["other_seed"])
    assert (row["method"], row["k"], row["null_n"], row["status"]) == ("matched", 2, 9, "ok")


def test_rows_are_compared_with_their_draws():
    labels = block().partitions
    row = chosen(agreement_rows(block(), 19), "layers").iloc[4]
    assert (row["layer"], row["seed"]) == ("fc2", 1)
    name = ("trained", 1, "trained", 1, "fc2", "fc3", "UV", "matched", 2, "layers")
    pair = labels["fc2"][KEY].rows[1], labels["fc3"][KEY].columns[1]
    found = compare_labels(*pair, name, 19)
    by_hand = compare(found.values, found.draws, 1)
    assert row["value"] == pytest.approx(adjusted_mutual_info_score(*pair), abs=1e-9)
    assert row[["null_mean", "null_sd", "z", "p", "p_two_sided"]].tolist() == [
        by_hand.mean[0],
        by_hand.deviation[0],
        by_hand.z[0],
        by_hand.p[0],
        by_hand.p_two_sided[0],
    ]


def test_hidden_units_are_never_compared_across_seeds():
    rows = agreement_rows(block((4, 5, 7, 8, 9, 12)), 3)
    across = rows[rows["seed"] != rows["other_seed"]]
    assert set(across["comparison"]) == {"seeds"}
    ends = across[["layer", "other_layer", "side"]].drop_duplicates().to_numpy().tolist()
    assert ends == [["fc1", "fc1", "V"], ["fc3", "fc3", "U"]]
    pairs = chosen(rows, "seeds")[["layer", "seed", "other_seed"]].to_numpy().tolist()
    assert pairs == [["fc1", 4, 5], ["fc1", 8, 9], ["fc3", 4, 5], ["fc3", 8, 9]]


def test_pixels_and_classes_across_seeds():
    labels = block((4, 5)).partitions
    values = chosen(agreement_rows(block((4, 5)), 3), "seeds")["value"].tolist()
    pixels, classes = labels["fc1"][KEY].columns, labels["fc3"][KEY].rows
    assert values == pytest.approx(
        [adjusted_mutual_info_score(*pixels), adjusted_mutual_info_score(*classes)], abs=1e-9
    )


def test_one_network_has_no_other_seed():
    rows = agreement_rows(block((-1,), "imported"), 3)
    assert set(rows["comparison"]) == {"layers"}
    assert rows["seed"].unique().tolist() == [-1]


def test_nothing_to_compare_gives_no_rows():
    layer = {"fc1": block((0,)).partitions["fc1"]}
    rows = agreement_rows(BlockPartitions("trained", (0,), layer), 3)
    assert rows.empty
    assert list(rows) == AGREEMENT_COLUMNS


def test_the_whole_network_has_no_neighbouring_layer_and_no_pixels():
    by_layer = block().partitions
    whole = {("whole", 2): by_layer["fc2"][KEY]}
    rows = agreement_rows(BlockPartitions("trained", (0, 1, 2), by_layer | {"network": whole}), 3)
    assert "network" not in set(rows["layer"]) | set(rows["other_layer"])


def test_restarts_are_averaged_over_pairs_of_starts():
    random = np.random.default_rng(0)
    rows, columns = random.integers(0, 2, (3, 4, 12)), random.integers(0, 2, (3, 4, 20))
    one_start = Starts(rows[:, :1], columns[:, :1])
    starts = {"fc1": {KEY: Starts(rows, columns), ("joint", 2): one_start}}
    found = chosen(agreement_rows(block(starts=starts), 3), "restarts", "ari")
    assert found[["side", "seed"]].to_numpy().tolist() == [
        [side, seed] for side in "UV" for seed in range(3)
    ]
    assert set(found["method"]) == {"matched"}
    pairs = itertools.combinations(columns[2], 2)
    by_hand = np.mean([adjusted_rand_score(one, other) for one, other in pairs])
    assert found["value"].iloc[-1] == pytest.approx(by_hand, abs=1e-9)


def test_data_orders_are_paired_by_seed():
    partner = block((2, 0, 8), "reordered", source=1)
    rows = chosen(agreement_rows(block(), 3, [partner]), "data_order")
    assert set(rows["other_condition"]) == {"reordered"}
    assert (rows["seed"] == rows["other_seed"]).all()
    assert (rows["layer"] == rows["other_layer"]).all()
    assert rows[["layer", "side", "seed"]].to_numpy().tolist() == [
        [layer, side, seed] for layer in ("fc1", "fc2", "fc3") for side in "UV" for seed in (0, 2)
    ]
    own, other = block().partitions["fc2"][KEY].columns, partner.partitions["fc2"][KEY].columns
    row = rows[(rows["layer"] == "fc2") & (rows["side"] == "V") & (rows["seed"] == 2)]
    score = adjusted_mutual_info_score(own[2], other[0])
    assert row["value"].tolist() == pytest.approx([score], abs=1e-9)


def test_planted_clusters_side_by_side():
    found = block().partitions["fc2"][KEY]
    planted = {"fc2": partitions(1 - found.rows, np.tile([0, 1], (3, 6)))}
    rows = chosen(agreement_rows(block(planted=planted), 3), "planted")
    assert set(rows["layer"]) == {"fc2"}
    assert rows[rows["side"] == "U"]["value"].tolist() == pytest.approx([1, 1, 1])
    by_hand = [adjusted_mutual_info_score(labels, [0, 1] * 6) for labels in found.columns]
    assert rows[rows["side"] == "V"]["value"].tolist() == pytest.approx(by_hand, abs=1e-9)


def test_modules_of_a_task_are_its_images_and_its_heads():
    """Pixels are of the left or the right half of each row, outputs of the first or second ten."""
    source = np.random.default_rng(0)
    pixels, hidden = source.integers(0, 2, (2, 1568)), source.integers(0, 2, (2, 6))
    pixels[0] = np.tile([1] * 28 + [0] * 28, 28)
    outputs = np.array([[0] * 10 + [1] * 10, [0, 1] * 10])
    by_layer = {
        "fc1": {KEY: partitions(hidden, pixels)},
        "fc2": {KEY: partitions(outputs, hidden)},
    }
    found = BlockPartitions("trained", (0, 1), by_layer)
    assert chosen(agreement_rows(found, 3), "task").empty
    rows = chosen(agreement_rows(found, 3, task=TASKS["two_digits_joint"]), "task")
    assert rows[["layer", "side", "seed"]].to_numpy().tolist() == [
        ["fc1", "V", 0], ["fc1", "V", 1], ["fc2", "U", 0], ["fc2", "U", 1],
    ]  # fmt: skip
    half = [int(pixel % 56 >= 28) for pixel in range(1568)]
    scores = [1, adjusted_mutual_info_score(pixels[1], half), 1]
    scores.append(adjusted_mutual_info_score(outputs[1], outputs[0]))
    assert rows["value"].tolist() == pytest.approx(scores, abs=1e-9)


def test_reasons_for_no_value():
    infeasible = partitions([[-1] * 4], [[-1] * 3])
    never_both = partitions([[0, 1, -1, -1]], [[0, 1, 1]])
    second = partitions([[0, 1]], [[-1, -1, 0, 1]])
    by_layer = {
        "fc1": {("matched", 4): infeasible, ("matched", 2): never_both},
        "fc2": {("matched", 2): second, ("matched", 4): second},
    }
    rows = agreement_rows(BlockPartitions("trained", (0,), by_layer), 3)
    assert rows.groupby("k")["status"].agg(set).to_dict() == {2: {"undefined"}, 4: {"infeasible"}}
    assert rows[["value", "null_mean", "null_sd", "z", "p", "p_two_sided"]].isna().all(axis=None)
    assert (rows["null_n"] == 0).all()


def test_rows_do_not_depend_on_the_block():
    whole = agreement_rows(block((0, 1, 2, 3)), 5)
    parts = [agreement_rows(block(seeds), 5) for seeds in ((0, 1), (2, 3))]
    order = ["comparison", "layer", "seed", "measure"]
    pd.testing.assert_frame_equal(
        whole.sort_values(order, ignore_index=True),
        pd.concat(parts).sort_values(order, ignore_index=True),
    )


def test_no_two_rows_share_their_draws():
    """Every comparison of a block is of the same labels here: only streams differ."""
    labels = np.tile([0, 0, 1, 1, 2, 2], (2, 2))
    same = {KEY: partitions(labels, labels)}
    starts = {KEY: Starts(np.stack([labels, labels], axis=1), np.stack([labels, labels], axis=1))}
    layers = ["fc1", "fc2"]
    one = BlockPartitions(
        "trained",
        (0, 1),
        dict.fromkeys(layers, same),
        dict.fromkeys(layers, starts),
        dict.fromkeys(layers, same[KEY]),
    )
    partner = BlockPartitions("reordered", (0, 1), dict.fromkeys(layers, same))
    rows = agreement_rows(one, 19, [partner])
    counts = chosen(rows, "layers"), chosen(rows, "data_order"), chosen(rows, "seeds")
    assert [len(found) for found in counts] == [2, 8, 2]
    assert not chosen(rows, "layers")["null_mean"].duplicated().any()
    assert not rows[rows["measure"] == "ami"]["null_mean"].duplicated().any()


# --- summary ------------------------------------------------------------------------------------


def test_summary_by_hand():
    rows = pd.DataFrame(
        {
            "condition": "trained",
            "other_condition": "trained",
            "layer": "fc1",
            "other_layer": "fc2",
            "side": "UV",
            "method": "matched",
            "k": 2,
            "comparison": "layers",
            "measure": "ami",
            "value": [0.1, 0.2, 0.6, np.nan],
            "null_mean": [0.0, 0.0, 0.3, np.nan],
            "z": [1.0, 2.0, 3.0, np.nan],
            "p": [0.01, 0.05, 0.06, np.nan],
        }
    )
    summary = summarise_agreement(rows)
    assert len(summary) == 1
    row = summary.iloc[0]
    assert (row["n"], row["other_layer"], row["side"]) == (3, "fc2", "UV")
    assert row["value"] == pytest.approx(0.3)
    assert row["null_mean"] == pytest.approx(0.1)
    assert row["excess"] == pytest.approx(0.2)
    assert (row["z_low"], row["z_high"]) == pytest.approx((-0.4841377, 4.4841377))
    reach = stats.t.ppf(0.975, 2) * np.std([0.1, 0.2, 0.6], ddof=1) / 3**0.5
    assert (row["value_low"], row["value_high"]) == pytest.approx((0.3 - reach, 0.3 + reach))
    assert row["significant"] == pytest.approx(2 / 3)


def test_summary_has_one_row_a_cell():
    rows = agreement_rows(block((0, 1, 2, 3)), 5)
    summary = summarise_agreement(rows)
    assert not summary.duplicated(["layer", "side", "comparison", "measure"]).any()
    assert summary.groupby("comparison")["n"].agg(set).to_dict() == {"layers": {4}, "seeds": {2}}
