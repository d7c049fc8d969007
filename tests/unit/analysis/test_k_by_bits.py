"""k by saved bits: by hand, for a single network, at the edge of the grid, without draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from clusterability.analysis.choosing_k.best_k_rows import best_k_network_rows, best_k_rows
from clusterability.analysis.choosing_k.choose_k import Evidence, gather, join_judged, judge
from clusterability.analysis.choosing_k.k_by_bits import (
    BitsSeries,
    cell_columns,
    join_series,
    network_columns,
    same_bits_agreement,
)
from clusterability.clustering.saved_bits import MatrixBits
from clusterability.clustering.spectral import cluster_with_starts
from clusterability.networks.partitions import Starts
from clusterability.networks.scaled_layer import layers_of_methods
from clusterability.networks.stacked import Networks

NAN = np.nan


def series(values, draws=(), method="matched") -> BitsSeries:
    values = np.array(values, float)
    return BitsSeries(
        method=method,
        k_values=[2, 3, 5],
        values=values,
        sides=np.stack([np.full((*values.shape,), side) for side in (4, 5)], axis=-1),
        same_bits_ami=np.linspace(0.5, 1, len(values)),
        draws={"shuffle": np.array(draws, float)} if len(draws) else {},
    )


def test_each_network_has_the_k_of_most_bits_if_these_are_enough():
    found = series([[30, 50, 40], [5, 3, -2], [NAN, 21, 25], [NAN, NAN, NAN]])
    (columns,) = network_columns(found)
    assert columns["k"][:3].tolist() == [3, 1, 5]
    assert columns["k_candidate"][:3].tolist() == [3, 2, 5]
    assert columns["value"][:3].tolist() == [50, 5, 25]
    assert columns["at_edge"].tolist() == [False, False, True, False]
    assert np.isnan([columns["k"][3], columns["value"][3]]).all()
    assert columns["null"] is None
    assert np.isnan(columns["p_max"]).all()


def test_p_is_of_the_most_that_draws_save():
    found = series([[30, 50, 40], [5, 3, -2]], draws=[[0, 49, 51], [0, 1, 2]])
    (columns,) = network_columns(found)
    assert columns["null"] == "shuffle"
    assert columns["p_max"].tolist() == [2 / 4, 1 / 4]


def test_all_networks_choose_one_k_by_their_mean_and_report_it():
    (row,) = cell_columns(series([[30, 50, 40], [10, 0, 40], [NAN, NAN, NAN]]))
    assert (row["k"], row["k_candidate"], row["value"]) == (5, 5, 40)
    assert (row["n_select"], row["n_report"], row["at_edge"]) == (2, 2, True)
    # A k that a network cannot hold is none for all.
    (row,) = cell_columns(series([[30, 50, NAN], [10, 0, 40]]))
    assert (row["k_candidate"], row["value"], row["at_edge"]) == (3, 25, True)
    assert row["value_low"] < 25 < row["value_high"]
    (row,) = cell_columns(series([[3, 5, 4]]))
    assert (row["k"], row["k_candidate"], row["n_report"]) == (1, 3, 1)
    assert cell_columns(series([[NAN, NAN, NAN]])) == []


def test_blocks_join_in_their_order():
    first, second = series([[1, 2, 3]], [[1, 2]]), series([[4, 5, 6]], [[3, 4]])
    joined = join_series([first, second])
    assert joined.values.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert joined.draws["shuffle"].tolist() == [[1, 2], [3, 4]]


def planted(seed: int, units: int = 40, k: int = 3) -> np.ndarray:
    labels = np.arange(units) % k
    inside = np.where(labels[:, None] == labels, 4, 1)
    return np.random.default_rng(seed).standard_normal((units, units)) * inside


def evidence_of(matrices: np.ndarray, seeds, methods=("matched", "described")) -> Evidence:
    """Of networks of one layer, without draws."""
    networks = Networks("mine", tuple(seeds), {}, {"fc1": matrices})
    names = [("mine", seed, "fc1", "network") for seed in seeds]
    found = cluster_with_starts(matrices, names, [2, 3, 4, 5], methods, 3)
    (evidence,) = gather(layers_of_methods(networks, "fc1", found[0]), *found, {})
    return evidence


def test_a_block_of_networks_without_bits_joins_another():
    """As where one block's only network has no live units in a layer."""
    matrices = np.stack([planted(0), np.zeros((40, 40))])
    blocks = [judge(evidence_of(matrices[[seed]], [seed]), [0]) for seed in (0, 1)]
    joined, whole = join_judged(blocks), judge(evidence_of(matrices, [0, 1]))
    rows = best_k_network_rows(joined)
    pd.testing.assert_frame_equal(rows, best_k_network_rows(whole))
    assert rows["value"].notna().tolist() == [True, False] * 2
    pd.testing.assert_frame_equal(best_k_rows(joined), best_k_rows(whole))
    assert not len(best_k_network_rows(blocks[1]))


def test_a_single_network_without_draws_has_its_k():
    judged = judge(evidence_of(planted(0)[None], [-1]))
    one = best_k_network_rows(judged).set_index("method")
    assert one["k"].tolist() == one["k_candidate"].tolist() == [3, 3]
    assert one["measure"].tolist() == ["bits", "bits"]
    assert one["null"].isna().all()
    assert one.loc["described", ["k_u", "k_v"]].tolist() == [3, 3]
    assert one.loc["described", "same_bits_ami"] == pytest.approx(1)
    assert pd.isna(one.loc["matched", "same_bits_ami"])
    cells = best_k_rows(judged).set_index("method")
    assert cells["k"].tolist() == [3, 3]
    assert cells["n_report"].tolist() == [1, 1]


def test_starts_that_save_as_much_are_compared_with_each_other():
    matrix = planted(1, units=100)
    labels = np.arange(100) % 3
    moved = np.where(np.arange(100) == 0, 1, labels)
    wrong = np.zeros(100, int)
    rows = np.stack([labels, moved, wrong])[None]
    starts = {("described", 3): Starts(rows, np.stack([labels, labels, wrong])[None])}
    found = same_bits_agreement(matrix, starts, 0, {"described": 3}, adjusted_mutual_info_score)
    bits = MatrixBits(matrix)
    first, second = (
        bits.saved({("described", 3): (each, labels)})["described", 3].blocks
        for each in (labels, moved)
    )
    assert second > 0.95 * first  # one unit of a hundred
    expected = (adjusted_mutual_info_score(labels, moved) + 1) / 2
    assert found["described"] == pytest.approx(expected)
    nothing = {("described", 3): Starts(rows[:, 2:], rows[:, 2:])}
    found = same_bits_agreement(matrix, nothing, 0, {"described": 3}, adjusted_mutual_info_score)
    assert np.isnan(found["described"])
