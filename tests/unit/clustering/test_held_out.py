"""Held-out information: by definition, on rows that had no say, and fair on noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from clusterability.clustering.held_out import held_out_clusters
from clusterability.clustering.spectral import cluster
from clusterability.clustering.summing import held_out_information
from clusterability.comparison import compare
from clusterability.networks.partitions import labels_of
from clusterability.networks.scaled_layer import layers_of_methods
from clusterability.networks.sinkhorn import balance
from clusterability.networks.stacked import Networks
from clusterability.nulls import shuffle as shuffle
from clusterability.nulls.labels import label_tables
from clusterability.results.structure_rows import observed_tables, score_rows
from null_draws import null_tables

METHODS = ["notebook", "matched", "joint"]
NAME = ("trained", 3, "fc1")


def names(count: int):
    return [("trained", seed, "fc1", "network") for seed in range(count)]


def noise(m: int, n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (m, n))


def planted(m: int = 24, n: int = 30, k: int = 3) -> np.ndarray:
    inside = np.arange(m)[:, None] % k == np.arange(n) % k
    return noise(m, n) * np.where(inside, 1, 0.3)


def held_out_of(matrix: np.ndarray, k_values, methods=METHODS):
    found = held_out_clusters(matrix[None], names(1), k_values, methods, 3)
    return labels_of(found, 0)


def information_by_definition(matrix: np.ndarray, judged: np.ndarray, labels: np.ndarray) -> float:
    """Sum of p(i, c) ln(p(i, c) / (p(i) p(c))), entry by entry."""
    joint: dict[tuple[int, int], float] = {}
    for i, j in np.ndindex(matrix.shape):
        if judged[i] and labels[j] >= 0:
            cell = int(i), int(labels[j])
            joint[cell] = joint.get(cell, 0) + abs(matrix[i, j])
    total = sum(joint.values())
    of_row: dict[int, float] = {}
    of_cluster: dict[int, float] = {}
    for (row, cluster_), weight in joint.items():
        of_row[row] = of_row.get(row, 0) + weight
        of_cluster[cluster_] = of_cluster.get(cluster_, 0) + weight
    return sum(
        weight / total * np.log(weight * total / (of_row[row] * of_cluster[cluster_]))
        for (row, cluster_), weight in joint.items()
        if weight
    )


# --- the split ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("m", "judged"), [(10, 5), (11, 5), (2, 1), (3, 1)])
def test_the_smaller_half_of_the_live_rows_is_judged(m, judged):
    matrix = np.zeros((m + 2, 8))
    matrix[1:-1] = noise(m, 8)
    for rows, _ in held_out_of(matrix, [1]).values():
        assert rows.sum() == judged
        assert not rows[[0, -1]].any()


def test_one_split_serves_all_methods_and_k_and_each_network_has_its_own():
    matrices = np.stack([noise(20, 12)] * 4)
    found = held_out_clusters(matrices, names(4), [2, 3], METHODS, 2)
    masks = {item.rows.tobytes() for item in found.values()}
    assert len(masks) == 1
    assert len({row.tobytes() for row in found["joint", 2].rows}) == 4


def test_clusters_are_those_of_the_other_rows_alone():
    matrix = noise(21, 16)
    for key, (judged, columns) in held_out_of(matrix, [2, 4]).items():
        rest = matrix[~judged][None]
        alone = cluster(rest, [(*names(1)[0], "held out")], [key[1]], [key[0]], 3)[key]
        assert np.array_equal(columns, alone.columns[0])


def test_the_judged_rows_have_no_say_in_the_clusters():
    matrix = planted()
    before = held_out_of(matrix, [2, 3, 5])
    judged = before["joint", 2][0]
    changed = matrix.copy()
    changed[judged] = 100 * noise(24, 30, seed=1)[judged]
    for key, (rows, columns) in held_out_of(changed, [2, 3, 5]).items():
        assert np.array_equal(rows, before[key][0])
        assert np.array_equal(columns, before[key][1])


def test_clusters_do_not_depend_on_the_block_or_the_other_k():
    matrices = np.stack([noise(20, 26, seed) for seed in range(4)])
    matrices[1, :6], matrices[2, 3] = 0, 0
    many = held_out_clusters(matrices, names(4), range(2, 9), METHODS, 3)
    alone = held_out_clusters(matrices[[2]], [names(4)[2]], [5], METHODS, 3)
    for key, item in alone.items():
        assert np.array_equal(item.rows[0], many[key].rows[2])
        assert np.array_equal(item.columns[0], many[key].columns[2])


# --- the value ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_information_by_definition(seed):
    source = np.random.default_rng(seed)
    matrix = noise(9, 7, seed) * (source.random((9, 7)) < 0.8)
    judged = source.random(9) < 0.6
    held_out = {("any", k): (judged, source.integers(-1, k, 7)) for k in (1, 2, 4)}
    for key, value in held_out_information(matrix, held_out).items():
        expected = information_by_definition(matrix, *held_out[key])
        assert value == pytest.approx(expected, abs=1e-12)
        assert 0 <= value <= np.log(key[1]) + 1e-12


def test_rows_that_each_know_their_cluster_have_ln_k():
    k, size = 4, 5
    rows, columns = np.arange(3 * k) % k, np.arange(size * k) % k
    matrix = (rows[:, None] == columns).astype(float)
    judged = np.arange(3 * k) < k  # one row a cluster
    (value,) = held_out_information(matrix, {("any", k): (judged, columns)}).values()
    assert value == pytest.approx(np.log(k), abs=1e-12)


def test_rows_outside_the_judged_half_do_not_count():
    matrix, judged, columns = noise(10, 8), np.arange(10) < 5, np.arange(8) % 3
    changed = np.where(judged[:, None], matrix, 7 * matrix**3)
    held_out = {("any", 3): (judged, columns)}
    assert held_out_information(matrix, held_out) == held_out_information(changed, held_out)


def test_columns_that_are_dead_in_the_half_are_left_out():
    matrix = noise(20, 12)
    judged = held_out_of(matrix, [2])["joint", 2][0]
    matrix[np.ix_(~judged, [1, 6])] = 0
    held_out = held_out_of(matrix, [2, 3])
    information = held_out_information(matrix, held_out)
    for key, (rows, columns) in held_out.items():
        assert np.array_equal(rows, judged)
        assert np.flatnonzero(columns == -1).tolist() == [1, 6]
        expected = information_by_definition(matrix, rows, columns)
        assert information[key] == pytest.approx(expected, abs=1e-12)


def test_a_k_that_only_the_whole_matrix_holds_is_undefined():
    weights = {"fc1": noise(6, 9)[None]}
    networks = Networks("trained", (0,), {}, weights)
    asked = weights["fc1"], names(1), [3, 4], ["joint"], 2
    held_out, partitions = held_out_clusters(*asked), cluster(*asked)
    assert (held_out["joint", 4].columns == -1).all()  # three rows cannot hold four clusters
    observed = observed_tables(layers_of_methods(networks, "fc1", partitions), partitions, held_out)
    rows = score_rows(networks, "fc1", partitions, observed, {}).query("measure == 'held_out'")
    assert rows.status.tolist() == ["ok", "undefined"]
    assert rows.value.isna().tolist() == [False, True]


@pytest.mark.parametrize("matrix", [np.zeros((4, 5)), np.full((4, 5), np.nan)], ids=["0", "NaN"])
def test_a_matrix_without_a_graph_has_no_value(matrix):
    held_out = held_out_of(matrix, [1, 2])
    assert np.isnan(list(held_out_information(matrix, held_out).values())).all()
    draws = label_tables(matrix, NAME, 3, held_out, held_out)
    assert all(np.isnan(tables.held_out).all() for tables in draws.values())


# --- against permuted labels -------------------------------------------------------------------


def compared(matrix: np.ndarray, seed: int, k: int, draws: int):
    """Held-out information of `matched` against the null `labels`."""
    name = ("untrained", seed, "fc1")
    found = held_out_clusters(matrix[None], [(*name, "network")], [k], ["matched"], 3)
    held_out = labels_of(found, 0)
    value = held_out_information(matrix, held_out)["matched", k]
    # Labels of the whole matrix are at stake in other measures only.
    trivial = {("matched", k): (np.zeros(len(matrix), int), np.zeros(matrix.shape[1], int))}
    drawn = label_tables(matrix, name, draws, trivial, held_out)["matched", k].held_out
    return compare(np.array([value]), drawn[None], direction=1)


def exchangeable(seed: int) -> np.ndarray:
    return noise(24, 30, seed)


def of_different_strengths_balanced(seed: int) -> np.ndarray:
    strengths = np.exp(np.random.default_rng(1000 + seed).normal(size=30))
    return balance(np.abs(noise(24, 30, seed) * strengths))


@pytest.mark.slow
@pytest.mark.parametrize("matrix_of", [exchangeable, of_different_strengths_balanced])
def test_p_is_uniform_on_noise(matrix_of):
    count = 150
    p = np.array([compared(matrix_of(seed), seed, k=3, draws=19).p[0] for seed in range(count)])
    for level in (0.05, 0.25, 0.5):
        low, high = stats.binom(count, level).interval(0.999)
        assert low <= (p <= level + 1e-9).sum() <= high


def test_planted_clusters_hold_in_the_other_half():
    found = compared(planted(), 0, k=3, draws=39)
    assert found.z[0] > 5
    assert found.p[0] == pytest.approx(1 / 40)


def test_draws_permute_the_labels_that_the_half_gave():
    matrix, judged, columns = noise(12, 9), np.arange(12) % 2 == 0, np.arange(9) % 3
    held_out = {("any", 3): (judged, columns)}
    draws = label_tables(matrix, NAME, 400, held_out, held_out)["any", 3].held_out
    source = np.random.default_rng(0)
    direct = [
        held_out_information(matrix, {("any", 3): (judged, source.permutation(columns))})["any", 3]
        for _ in range(400)
    ]
    error = np.hypot(np.std(draws), np.std(direct)) / 20
    assert np.mean(draws) == pytest.approx(np.mean(direct), abs=4 * error)
    assert np.std(draws) == pytest.approx(np.std(direct), rel=0.25)


def test_draws_leave_out_the_columns_that_the_value_leaves_out():
    """A column without a label has no part in the value, so its weights may not move the draws."""
    matrix, judged, columns = noise(12, 9), np.arange(12) % 2 == 0, np.arange(9) % 3
    columns[[2, 5]] = -1
    held_out = {("any", 3): (judged, columns)}
    changed = matrix.copy()
    changed[:, [2, 5]] *= 10
    found = [
        label_tables(weights, NAME, 5, held_out, held_out)["any", 3].held_out
        for weights in (matrix, changed)
    ]
    assert np.array_equal(*found)


def test_whole_networks_have_none():
    """Which rows a unit is linked to goes by its layer, and so would its cluster."""
    weights = {"fc1": noise(12, 10), "fc2": noise(8, 12, 1)}
    asked = (("a", 0), 2, [2], ["whole"], 2)
    found = null_tables("strength", weights, "network", *asked)
    assert np.isnan(found["whole", 2].held_out).all()
