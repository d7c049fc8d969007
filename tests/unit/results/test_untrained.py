"""What training changed: against fresh networks, and against the same networks before it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clusterability.jobs.training_job import FreshJob
from clusterability.networks.stacked import load_networks, save_networks
from clusterability.results.columns import SCORE_COLUMNS
from clusterability.results.untrained import less_initial, with_untrained
from clusterability.training.fresh import fresh_networks
from clusterability.training.perceptron import initial_weights

ARCHITECTURE = "784-16-10"
FRESH = FreshJob(ARCHITECTURE, "pytorch")


def score_rows(condition: str, values, measure: str = "mi", null=None, **changed) -> pd.DataFrame:
    """One row a seed, from 0 on."""
    values = np.array(values, float)
    columns = {
        "condition": condition,
        "seed": np.arange(len(values)),
        "layer": "fc1",
        "method": "joint",
        "k": 3,
        "k_effective": 3,
        "measure": measure,
        "value": values,
        "null": null,
        "null_mean": np.nan,
        "null_sd": np.nan,
        "null_n": 0,
        "z": np.nan,
        "p": np.nan,
        "p_two_sided": np.nan,
        "status": np.where(np.isfinite(values), "ok", "undefined"),
    }
    return pd.DataFrame(columns | changed)[SCORE_COLUMNS]


def against_untrained(scores: pd.DataFrame, fresh: pd.DataFrame) -> pd.DataFrame:
    found = with_untrained(scores, fresh, {"trained": "fresh"})
    return found[found.null == "untrained"].reset_index(drop=True)


# --- against fresh networks --------------------------------------------------------------------


def test_a_network_against_fresh_ones_by_hand():
    found = against_untrained(score_rows("trained", [5, 1]), score_rows("fresh", [1, 2, 3]))
    assert found.seed.tolist() == [0, 1]
    assert found.value.tolist() == [5, 1]
    assert found.null_mean.tolist() == [2, 2]
    assert found.null_sd.tolist() == [1, 1]
    assert found.null_n.tolist() == [3, 3]
    assert found.z.tolist() == [3, -1]
    assert found.p.tolist() == [1 / 4, 4 / 4]
    assert found.p_two_sided.tolist() == [2 / 4, 1]


def test_lower_is_better_for_some_measures_and_neither_for_others():
    scores = [score_rows("trained", [0], measure) for measure in ("ncut", "mi_total")]
    fresh = [score_rows("fresh", [1, 2, 3], measure) for measure in ("ncut", "mi_total")]
    found = against_untrained(pd.concat(scores), pd.concat(fresh)).set_index("measure")
    assert (found.z["ncut"], found.p["ncut"]) == (2, 1 / 4)
    assert found.null_mean["mi_total"] == 2
    assert np.isnan(found.z["mi_total"])
    assert np.isnan(found.p["mi_total"])


def test_saved_bits_have_no_z_as_against_other_nulls():
    found = against_untrained(
        score_rows("trained", [5, 1], "bits"), score_rows("fresh", [1, 2, 3], "bits")
    )
    assert found.z.isna().all()
    assert found.p.tolist() == [0.25, 1]


def test_only_values_that_are_defined_count():
    scores = score_rows("trained", [5, np.nan])
    found = against_untrained(scores, score_rows("fresh", [1, np.nan, 3]))
    assert found.null_n.tolist() == [2, 0]
    assert found.null_mean[0] == 2
    assert found.loc[1, ["null_mean", "null_sd", "z", "p"]].isna().all()
    assert found.status.tolist() == ["ok", "undefined"]


def test_cells_have_pools_of_their_own():
    """A layer, a k and a method of fresh networks are compared with the same ones only."""
    places = [{"layer": "fc2"}, {"k": 4}, {"method": "matched"}, {}]
    scores = pd.concat([score_rows("trained", [0], **place) for place in places])
    fresh = [score_rows("fresh", [n, n + 2], **place) for n, place in enumerate(places)]
    found = against_untrained(scores, pd.concat(fresh).sample(frac=1, random_state=0))
    by_place = found.set_index(["layer", "method", "k"]).null_mean
    assert by_place["fc2", "joint", 3] == 1
    assert by_place["fc1", "joint", 4] == 2
    assert by_place["fc1", "matched", 3] == 3
    assert by_place["fc1", "joint", 3] == 4


def test_conditions_are_compared_with_the_fresh_networks_of_their_architecture():
    scores = pd.concat([score_rows("narrow", [0]), score_rows("wide", [0])])
    fresh = pd.concat([score_rows("fresh-16", [1, 3]), score_rows("fresh-64", [7, 9])])
    found = with_untrained(scores, fresh, {"narrow": "fresh-16", "wide": "fresh-64"})
    assert dict(zip(found.condition, found.null_mean, strict=True)) == {"narrow": 2, "wide": 8}


def test_rows_of_other_nulls_stay_and_a_network_is_compared_once():
    nulls = [score_rows("trained", [5, 1], null=null) for null in ("shuffle", "labels")]
    scores = pd.concat(nulls, ignore_index=True)
    found = with_untrained(scores, score_rows("fresh", [1, 2, 3]), {"trained": "fresh"})
    assert found.null.tolist() == ["shuffle"] * 2 + ["labels"] * 2 + ["untrained"] * 2
    pd.testing.assert_frame_equal(found.iloc[:4], scores, check_dtype=False)
    assert list(found) == SCORE_COLUMNS


def test_conditions_without_fresh_networks_keep_their_rows():
    scores = pd.concat([score_rows("imported", [2]), score_rows("trained", [5])])
    found = with_untrained(scores, score_rows("fresh", [1, 2, 3]), {"trained": "fresh"})
    assert found.condition.tolist() == ["imported", "trained"]
    assert found.null.isna().tolist() == [True, False]


# --- paired by seed ----------------------------------------------------------------------------


def change(scores: pd.DataFrame) -> pd.Series:
    (row,) = less_initial(scores, {"trained": "untrained"}).to_dict("records")
    return pd.Series(row)


def test_a_change_by_hand():
    scores = pd.concat([score_rows("trained", [3, 5, 7]), score_rows("untrained", [2, 3, 4])])
    found = change(scores)
    assert (found.condition, found.initial, found.n) == ("trained", "untrained", 3)
    assert found.change == 2
    # Changes 1, 2, 3: t = 2 sqrt(3), and with 2 degrees of freedom p = 1 - t / sqrt(t^2 + 2).
    t = 2 * np.sqrt(3)
    assert found.p == pytest.approx(1 - t / np.sqrt(t**2 + 2), rel=1e-9)
    assert found.change_low == pytest.approx(2 - 4.302653 / np.sqrt(3), abs=1e-6)
    assert found.change_high == pytest.approx(2 + 4.302653 / np.sqrt(3), abs=1e-6)


def test_networks_are_paired_by_seed_and_not_by_place():
    before = score_rows("untrained", [2, 3, 4]).iloc[[2, 0, 1]]
    scores = pd.concat([before, score_rows("trained", [3, 4, 5])])
    found = change(scores)
    assert found.change == 1
    assert np.isnan(found.p)  # every change is 1: no spread, no test


def test_a_network_without_its_pair_or_without_a_value_does_not_count():
    scores = pd.concat(
        [score_rows("trained", [3, np.nan, 9, 4]), score_rows("untrained", [2, 3, 5])]
    )
    found = change(scores)
    assert found.n == 2
    assert found.change == (1 + 4) / 2


def test_a_network_counts_once_whatever_it_was_compared_with():
    frames = [
        score_rows(condition, values, null=null)
        for condition, values in (("trained", [3, 5, 7]), ("untrained", [2, 3, 4]))
        for null in ("shuffle", "labels")
    ]
    assert change(pd.concat(frames)).n == 3


def test_one_row_a_condition_and_cell():
    cells = [{"k": 2}, {"k": 3}, {"measure": "ncut"}]
    scores = pd.concat(
        score_rows(condition, [1, 2], **cell)
        for condition in ("trained", "dropout", "untrained")
        for cell in cells
    )
    found = less_initial(scores, {"trained": "untrained", "dropout": "untrained"})
    assert not found.duplicated(["condition", "layer", "method", "k", "measure"]).any()
    assert len(found) == 2 * len(cells)
    assert less_initial(scores, {}).columns.tolist() == found.columns.tolist()


# --- fresh networks ----------------------------------------------------------------------------


def test_fresh_networks_are_named_for_their_file(tmp_path):
    networks = fresh_networks("fresh", FRESH, [3, 4])
    save_networks(tmp_path / "fresh.safetensors", networks)
    read = load_networks(tmp_path / "fresh.safetensors")
    assert (read.condition, read.seeds) == ("fresh", (3, 4))
    assert {layer: stack.shape for layer, stack in read.weights.items()} == {
        "fc1": (2, 16, 784),
        "fc2": (2, 10, 16),
    }


def test_a_fresh_network_does_not_depend_on_how_many_there_are():
    many = fresh_networks("fresh", FRESH, list(range(5))).weights
    alone = fresh_networks("other name", FRESH, [3]).weights
    for layer, stack in alone.items():
        assert np.array_equal(stack[0], many[layer][3])
        assert len({network.tobytes() for network in many[layer]}) == 5


def test_fresh_networks_are_not_those_of_the_studys_seeds():
    fresh = fresh_networks("fresh", FRESH, list(range(10))).weights["fc1"]
    own = initial_weights((784, 16, 10), range(10))[0].numpy()
    correlations = np.corrcoef(fresh.reshape(10, -1), own.reshape(10, -1))[:10, 10:]
    assert np.abs(correlations).max() < 5 / np.sqrt(fresh[0].size)


def test_fresh_weights_are_uniform_as_torch_draws_them():
    weights = fresh_networks("fresh", FRESH, list(range(20))).weights
    for layer, inputs in (("fc1", 784), ("fc2", 16)):
        bound = 1 / np.sqrt(inputs)
        uniform = stats.uniform(-bound, 2 * bound)
        assert stats.kstest(weights[layer].ravel(), uniform.cdf).pvalue > 0.001
