"""Each null keeps what it claims to keep, and is named by nothing but its draw."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from clusterability.clustering.spectral import cluster
from clusterability.clustering.summing import tables_of
from clusterability.comparison import compare
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.structure import FUNCTIONS
from clusterability.networks.partitions import labels_of
from clusterability.nulls import shuffle
from clusterability.nulls.labels import label_tables
from null_draws import draws_of, null_tables

NAME = ("trained", 3, "fc2")


def shuffle_tables(matrix, name, *asked):
    condition, seed, layer = name
    return null_tables("shuffle", {layer: matrix}, layer, (condition, seed), *asked)


def matrix_with_dead_units() -> np.ndarray:
    matrix = np.random.default_rng(0).standard_normal((14, 18))
    matrix[[2, 5]] = 0
    matrix[:, 7] = 0
    return matrix


def same_tables(one, other) -> bool:
    return all(
        np.array_equal(getattr(one[key], field), getattr(other[key], field), equal_nan=True)
        for key in one
        for field in ("weights", "squares", "mi_total", "row_sizes", "column_sizes")
    )


def test_shuffle_keeps_the_weights_and_the_dead_units():
    matrix = matrix_with_dead_units()
    draws = draws_of(shuffle, matrix, NAME, range(5))
    for draw in draws:
        assert np.array_equal(np.sort(draw, axis=None), np.sort(matrix, axis=None))
        assert not draw[[2, 5]].any()
        assert not draw[:, 7].any()
    assert len({draw.tobytes() for draw in draws}) == 5


def test_a_draw_does_not_depend_on_how_many_there_are():
    matrix = matrix_with_dead_units()
    seven = draws_of(shuffle, matrix, NAME, range(7))
    assert np.array_equal(draws_of(shuffle, matrix, NAME, [0, 1]), seven[:2])
    assert np.array_equal(draws_of(shuffle, matrix, NAME, [5]), seven[5:6])
    few = shuffle_tables(matrix, NAME, 2, [3], ["matched"], 2)
    many = shuffle_tables(matrix, NAME, 6, [2, 3, 4], ["matched", "joint"], 2)
    assert np.array_equal(few["matched", 3].weights, many["matched", 3].weights[:2])


def test_draws_differ_by_condition_seed_and_layer():
    matrix = matrix_with_dead_units()
    names = [NAME, ("baseline", 3, "fc2"), ("trained", 4, "fc2"), ("trained", 3, "fc1")]
    assert len({draws_of(shuffle, matrix, name, range(1)).tobytes() for name in names}) == 4


def test_a_shuffled_matrix_is_clustered_as_a_network_is():
    matrix = matrix_with_dead_units()
    tables = shuffle_tables(matrix, NAME, 3, [2, 3], ["matched", "joint"], 2)
    draw = draws_of(shuffle, matrix, NAME, range(3))[2]
    found = cluster(draw[None], [(*NAME, "shuffle", 2)], [3], ["matched", "joint"], 2)
    again = tables_of(draw, labels_of(found, 0))
    for method in ("matched", "joint"):
        assert np.array_equal(tables[method, 3].weights[2], again[method, 3].weights)


def test_labels_keep_cluster_sizes_and_the_information_of_the_weights():
    matrix = matrix_with_dead_units()
    found = labels_of(cluster(matrix[None], [NAME], [3], ["matched"], 2), 0)
    own = tables_of(matrix, found)["matched", 3]
    draws = label_tables(matrix, NAME, 20, found, {})["matched", 3]
    assert (draws.row_sizes == own.row_sizes).all()
    assert (draws.column_sizes == own.column_sizes).all()
    assert draws.mi_total == pytest.approx(np.full(20, own.mi_total), abs=1e-12)
    assert len({table.tobytes() for table in draws.weights}) == 20


def test_labels_by_permuting_labels_give_the_same_distribution():
    matrix = np.random.default_rng(1).standard_normal((10, 12))
    labels = np.arange(10) % 3, np.arange(12) % 3
    draws = label_tables(matrix, NAME, 800, {("any", 3): labels}, {})["any", 3]
    source = np.random.default_rng(2)
    direct = [
        tables_of(
            matrix, {("any", 3): (source.permutation(labels[0]), source.permutation(labels[1]))}
        )["any", 3]
        for _ in range(800)
    ]
    function = FUNCTIONS["barber_q"]
    ours, theirs = function(draws), [float(function(tables)) for tables in direct]
    assert stats.ks_2samp(ours, theirs).pvalue > 0.01


@pytest.mark.slow
def test_shuffle_is_calibrated_on_exchangeable_weights():
    """p of random matrices against their own shuffles: uniform, as for untrained networks."""
    source = np.random.default_rng(0)
    p = []
    for seed in range(150):
        matrix, name = source.uniform(-1, 1, (24, 30)), ("untrained", seed, "fc1")
        own = labels_of(cluster(matrix[None], [(*name, "network")], [3], ["matched"], 3), 0)
        draws = shuffle_tables(matrix, name, 19, [3], ["matched"], 3)["matched", 3]
        for measure in ("mi", "barber_q"):
            function, direction = FUNCTIONS[measure], MEASURES[measure].direction
            value = function(tables_of(matrix, own)["matched", 3])
            p.append(compare(np.array([value]), function(draws)[None], direction).p[0])
    for level in (0.05, 0.25, 0.5):
        low, high = stats.binom(150, level).interval(0.999)
        for hits in ((np.array(p)[i::2] <= level + 1e-9).sum() for i in (0, 1)):
            assert low <= hits <= high


def test_in_a_network_units_with_weights_on_one_side_alone_are_live():
    """Hidden unit 1 has no inputs, hidden unit 2 no outputs, hidden unit 3 neither."""
    source = np.random.default_rng(0)
    weights = {"fc1": source.uniform(1, 2, (4, 6)), "fc2": source.uniform(1, 2, (3, 4))}
    weights["fc1"][[1, 3]] = 0
    weights["fc2"][:, [2, 3]] = 0
    weights["fc1"][:, 5] = 0  # an input without weights
    draw = shuffle.redraw_network(weights, ("trained", 3))
    first, second = (np.stack(layer) for layer in zip(*map(draw, range(60)), strict=True))
    for draws, matrix in ((first, weights["fc1"]), (second, weights["fc2"])):
        kept = [np.sort(draw, axis=None) for draw in draws]
        assert all(np.array_equal(draw, np.sort(matrix, axis=None)) for draw in kept)
    assert not first[:, 3].any()
    assert not first[:, :, 5].any()
    assert not second[:, :, 3].any()
    # Two of five live places of a row in three are taken, so that all are some time.
    assert (first[:, :3, :5] != 0).any(axis=0).all()
    assert (second[:, :, :3] != 0).any(axis=0).all()
    # A layer by itself has two more dead units.
    assert not draws_of(shuffle, weights["fc1"], NAME, range(9))[:, 1].any()


def test_a_network_without_such_units_is_shuffled_as_its_layers_are():
    source = np.random.default_rng(0)
    weights = {"fc1": source.standard_normal((4, 6)), "fc2": source.standard_normal((3, 4))}
    draw = shuffle.redraw_network(weights, ("trained", 3))
    for found, (layer, matrix) in zip(draw(7), weights.items(), strict=True):
        assert np.array_equal(found, shuffle.redraw(matrix, ("trained", 3, layer))(7))
