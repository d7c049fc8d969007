"""The audit's own measures and bits against hand calculations, published values and the library."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import rankdata

from audit.bits import code_length, labels_length, saved_bits, size_classes
from audit.measures import held_out, information, measures_of, tables_of
from audit.scales import balanced, matrix_of, named_stream, scaled, two_way_ranks
from clusterability.clustering.saved_bits import MatrixBits
from clusterability.clustering.summing import tables_of as library_tables
from clusterability.measures.structure import FUNCTIONS
from clusterability.networks.graph import network_matrices
from clusterability.networks.scaling import scale_weights

BLOCKS = np.kron(np.eye(2), np.ones((4, 4)))
HALVES = np.repeat([0, 1], 4)


def test_two_separate_blocks_by_hand():
    found = measures_of(tables_of(BLOCKS, HALVES, HALVES, 2))
    assert found == pytest.approx(
        {
            "mi_total": math.log(2),
            "mi": math.log(2),
            "mi_preserved": 1,
            "barber_q": 0.5,
            "newman_q": 0.5,
            "ncut": 0,
            "ncut_per_cluster": 0,
            "within_weight": 1,
            "clusterability": 1,
            "clusterability_adjusted": 1,
            "clusterability_q": 0.5,
        }
    )


def test_unequal_blocks_by_hand():
    matrix = np.array([[3.0, -1.0, 0.0], [1.0, 3.0, 0.0], [0.0, 0.0, 0.0]])
    labels = np.array([0, 1, -1])
    found = measures_of(tables_of(matrix, labels, labels, 2))
    # Shares 3/8, 1/8, of squares 9/20, 1/20; of each cluster 2 of 8 leave.
    assert found["within_weight"] == pytest.approx(0.75)
    assert found["barber_q"] == pytest.approx(0.25)
    assert found["ncut"] == pytest.approx(0.5)
    assert found["clusterability"] == pytest.approx(0.9)
    assert found["clusterability_adjusted"] == pytest.approx(0.8)
    assert found["mi"] == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5))


def test_information_of_the_example_of_dhillon_mallela_modha_2003():
    table = np.array(
        [
            [5, 5, 5, 0, 0, 0],
            [5, 5, 5, 0, 0, 0],
            [0, 0, 0, 5, 5, 5],
            [0, 0, 0, 5, 5, 5],
            [4, 4, 0, 4, 4, 4],
            [4, 4, 4, 0, 4, 4],
        ]
    )
    rows, columns = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 1])
    assert information(table) / math.log(2) == pytest.approx(0.69570, abs=5e-6)
    found = measures_of(tables_of(table, rows, columns, 3))
    assert found["mi"] / math.log(2) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("size", "blocks", "within"), [(4, 37.3849, 42.0702), (16, 941.6055, 950.2591)]
)
def test_bits_of_two_blocks_are_those_of_the_definition(size, blocks, within):
    labels = np.repeat([0, 1], size)
    codes = size_classes(np.kron(np.eye(2), np.ones((size, size))))
    assert saved_bits(codes, labels, labels, 2, False) == pytest.approx((blocks, within), abs=5e-5)


def test_bits_of_a_constant_matrix_are_the_cost_of_the_labels():
    codes = size_classes(np.ones((8, 8)))
    assert saved_bits(codes, HALVES, HALVES, 2, False)[0] == pytest.approx(-18.5984, abs=5e-5)
    assert labels_length([4, 4], 2) == pytest.approx(math.log(9 * 70))
    assert code_length(np.array([64])) == pytest.approx(0)
    one = np.zeros(8, int)
    assert saved_bits(codes, one, one, 5, True) == pytest.approx((0, 0))


@pytest.mark.parametrize("kind", ["dense", "zeros", "counts", "ties"])
@pytest.mark.parametrize("method", ["matched", "described"])
def test_all_are_those_of_the_library(kind, method):
    source = np.random.default_rng(3)
    matrix = source.standard_normal((20, 30))
    if kind == "zeros":
        matrix[source.random(matrix.shape) < 0.7] = 0
        matrix[4], matrix[:, 7] = 0, 0
    elif kind == "counts":
        matrix = source.integers(0, 5, matrix.shape).astype(float)
    elif kind == "ties":
        matrix = matrix.round(1)
    rows, columns = source.integers(4, size=20), source.integers(4, size=30)
    rows[(matrix == 0).all(axis=1)] = -1
    columns[(matrix == 0).all(axis=0)] = -1
    columns[columns == 3] = 2  # an empty cluster
    found = measures_of(tables_of(matrix, rows, columns, 4))
    theirs = library_tables(matrix, {(method, 4): (rows, columns)})[method, 4]
    for name, value in found.items():
        assert value == pytest.approx(float(FUNCTIONS[name](theirs)), abs=1e-12), name
    saved = MatrixBits(matrix).saved({(method, 4): (rows, columns)})[method, 4]
    own = saved_bits(size_classes(matrix), rows, columns, 4, method == "described")
    assert own == pytest.approx((saved.blocks, saved.within), abs=1e-8)


def test_held_out_information_by_hand():
    matrix = np.array([[9.0, 9.0, 9.0], [2.0, 0.0, 1.0], [0.0, 2.0, 0.0]])
    rows, columns = np.array([False, True, True]), np.array([0, 1, -1])
    assert held_out(matrix, rows, columns, 2) == pytest.approx(math.log(2))


@pytest.mark.parametrize("scaling", ["none", "unit-norm", "balanced", "ranked"])
def test_scales_are_those_of_the_library(scaling):
    source = np.random.default_rng(1)
    layers = {"fc1": source.standard_normal((6, 9)), "fc2": source.standard_normal((4, 6)).round(1)}
    layers["fc1"][2] = 0
    stacks = {name: matrix[None] for name, matrix in layers.items()}
    theirs = scale_weights(stacks, scaling, [("trained", 5)])
    for name, matrix in scaled(layers, scaling, ("trained", 5)).items():
        np.testing.assert_allclose(np.abs(matrix), np.abs(theirs[name][0]), rtol=1e-9, atol=1e-13)


def test_balanced_sums_are_equal_and_impossible_ones_are_nan():
    found = balanced(np.array([[1.0, 3.0, 0.0], [2.0, 5.0, 0.0]]))
    np.testing.assert_allclose(found.sum(axis=1), [0.5, 0.5])
    np.testing.assert_allclose(found.sum(axis=0), [0.5, 0.5, 0])
    assert np.isnan(balanced(np.array([[1.0, 1.0], [0.0, 1.0]]))).all()


def test_ranks_have_the_scores_of_exponential_sizes_and_keep_strengths_out():
    source = np.random.default_rng(2)
    found = two_way_ranks(source.standard_normal((5, 7)), source)
    ranks = rankdata(found)
    np.testing.assert_allclose(found.ravel(), -np.log(1 - (ranks - 0.5) / 35))
    product = np.outer([1.0, 7.0], [1.0, -2.0, 3.0])
    assert two_way_ranks(product, source).round(2).tolist() == [[0.69] * 3] * 2


def test_whole_networks_are_the_matrix_of_even_and_odd_layers():
    source = np.random.default_rng(0)
    layers = [source.random((4, 5)), source.random((3, 4)), source.random((2, 3))]
    found = matrix_of({f"fc{i}": matrix for i, matrix in enumerate(layers, 1)}, "network")
    np.testing.assert_array_equal(found, network_matrices(layers))


def test_streams_go_by_their_names():
    first, same, other = (named_stream("a", seed).random(3).tolist() for seed in (1, 1, -1))
    assert first == same != other
