"""The verdict on one network: planted blocks, noise, and low rank in a random basis."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clusterability as cl
from clusterability.analysis.one_verdict import Extent, layer_verdicts
from clusterability.analysis.verdict import CLUSTERS, NONE, UNCHECKED
from clusterability.networks.weights import as_networks, as_weights
from clusterability.numerics import Workers
from clusterability.results.single.work import Work


def verdict_on(matrix, **asked):
    networks = as_networks(as_weights(matrix), "mine")
    return layer_verdicts(networks, **asked).to_dict("records")


@pytest.fixture
def noise():
    return np.random.default_rng(0).normal(size=(64, 96))


def blocks(matrix, ratio=3.0):
    planted = matrix.copy()
    for number in range(4):
        rows, columns = slice(16 * number, 16 * number + 16), slice(24 * number, 24 * number + 24)
        planted[rows, columns] *= ratio
    return planted


def test_planted_blocks_are_clusters_of_these_units(noise):
    (row,) = verdict_on(blocks(noise))
    assert row["verdict"] == CLUSTERS.name
    assert (row["k_u"], row["k_v"]) == (4, 4)
    assert (row["strongest_u"], row["units_u"], row["units_v"]) == (16, 64, 96)
    assert row["same_bits_ami"] == pytest.approx(1)


def test_noise_has_none_and_nothing_is_drawn_of_it(noise):
    told = []
    (row,) = verdict_on(noise, work=Work(told.append))
    assert row["verdict"] == NONE.name
    assert told == ["fc1: verdict"]


def test_layers_searched_at_a_time_have_the_verdicts_of_layers_one_by_one():
    source = np.random.default_rng(0)
    matrices = {f"h.{n}": source.normal(size=(240, 240)) for n in range(3)}
    matrices["h.1"][:120, :120] *= 2
    networks = as_networks(as_weights(matrices), "mine")
    few = {"strength": 3, "rotated_u": 3}
    one_by_one = layer_verdicts(networks, nulls=few)
    at_a_time = layer_verdicts(networks, nulls=few, workers=Workers(3))
    assert Workers(3).at_once(240 * 240) == 3
    assert at_a_time["verdict"].tolist()[::2] == [NONE.name, NONE.name]
    assert np.isfinite(at_a_time["beyond_strength"][1])
    pd.testing.assert_frame_equal(at_a_time, one_by_one)


def test_what_would_be_seen_is_said(noise):
    (row,) = verdict_on(noise, contrast=lambda rows, columns, clusters, scaling: rows + clusters)
    assert row["contrast"] == 64 + 4


def test_a_layer_that_holds_no_two_clusters_has_no_verdict():
    assert verdict_on(np.ones((1, 5))) == []


def test_a_pruned_layer_is_not_compared_with_mixtures(noise):
    pruned = blocks(noise) * (np.random.default_rng(1).random(noise.shape) < 0.7)
    (row,) = verdict_on(pruned)
    assert row["verdict"] == UNCHECKED.name
    assert np.isfinite(row["beyond_strength"])
    assert np.isnan(row["beyond_rotated_u"])


def test_dead_units_leave_the_verdict_on_the_others():
    matrix = np.random.default_rng(2).normal(size=(12, 200))
    matrix[:6, :100] *= 8
    matrix[6:, 100:] *= 8
    matrix[3] = 0
    (row,) = verdict_on(matrix, nulls={"strength": 19})
    assert row["bits"] > 100
    assert (row["units_u"], row["units_v"]) == (11, 200)


def test_the_most_clusters_that_were_asked_for_are_told():
    matrix = np.kron(np.eye(14), np.full((20, 20), 9.0)) + 1
    matrix *= np.random.default_rng(3).normal(size=matrix.shape)
    (row,) = verdict_on(matrix, nulls={})
    assert (row["k_u"], row["k_v"], row["at_edge"]) == (12, 12, True)


def test_larger_layers_are_not_searched_or_not_compared(noise):
    assert verdict_on(blocks(noise), extent=Extent(searched=1000)) == []
    (row,) = verdict_on(blocks(noise), extent=Extent(drawn=1000))
    assert row["verdict"] == UNCHECKED.name
    assert np.isnan(row["beyond_strength"])


def test_a_study_of_the_network_gives_the_same(tmp_path, noise):
    """From its own tables: the partitions, draws and choices of its jobs."""
    networks = as_networks(as_weights(blocks(noise)), "mine")
    found = layer_verdicts(networks)
    asked = ["described"], ["none", "ranked"]
    scores = cl.score(
        blocks(noise),
        12,
        methods=asked[0],
        scalings=asked[1],
        nulls={"strength": 19},
        name="mine",
    )
    bits = scores[(scores.measure == "bits") & (scores.method == "described-ranked")].iloc[0]
    assert found["bits"].item() == bits["value"]
    # The mean of draws that save nothing is 0, and so is the most of them.
    assert bits["null_mean"] == 0
    assert found["beyond_strength"].item() == bits["value"]
