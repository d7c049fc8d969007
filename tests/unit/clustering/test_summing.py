"""Tables by compiled loops against indicator matrices, on random and degenerate input."""

from __future__ import annotations

import numpy as np
import pytest

import plain_clustering as plain
from clusterability.clustering.summing import all_block_sums, held_out_information, tables_of


def random_labels(source: np.random.Generator, units: int, k: int) -> np.ndarray:
    """Labels with dead units and, often, empty clusters."""
    return source.integers(-1, k, units).astype(np.int16)


@pytest.mark.parametrize("shape", [(128, 784), (10, 128), (3, 1), (1, 600), (40, 256), (5, 257)])
def test_tables_are_those_of_indicator_matrices(shape):
    source = np.random.default_rng(0)
    matrix = source.standard_normal(shape).astype(np.float32)
    matrix[source.random(shape) < 0.3] = 0
    partitions = {
        (method, k): tuple(random_labels(source, units, k) for units in shape)
        for method in ("a", "b")
        for k in (1, 2, 5, 12)
    }
    absolute = np.abs(matrix.astype(float))
    for key, found in tables_of(matrix, partitions).items():
        rows, columns = partitions[key]
        for table, weights in ((found.weights, absolute), (found.squares, absolute**2)):
            sums = plain.block_sums(weights, rows, columns, key[1])
            if sums.sum() > 0:
                assert table == pytest.approx(sums / sums.sum(), rel=1e-12, abs=1e-300)
            else:
                assert np.isnan(table).all()
        for sizes, labels in ((found.row_sizes, rows), (found.column_sizes, columns)):
            assert sizes.tolist() == [(labels == number).sum() for number in range(key[1])]
        expected = plain.mutual_information(absolute / absolute.sum())
        assert found.mi_total == pytest.approx(expected, abs=1e-12)


def test_held_out_information_is_that_of_indicator_matrices():
    source = np.random.default_rng(1)
    matrix = source.standard_normal((20, 31))
    judged = source.random(20) < 0.5
    held_out = {("m", k): (judged, random_labels(source, 31, k)) for k in (1, 2, 7)}
    for key, found in held_out_information(matrix, held_out).items():
        labels = held_out[key][1]
        joint = np.abs(matrix[judged]) @ (labels[:, None] == np.arange(key[1]))
        assert found == pytest.approx(plain.mutual_information(joint / joint.sum()), abs=1e-12)


def test_without_weights_or_labels_tables_are_undefined():
    nobody = np.full(4, -1, np.int16)
    for matrix, labels in ((np.zeros((4, 4)), np.zeros(4, np.int16)), (np.ones((4, 4)), nobody)):
        found = tables_of(matrix, {("m", 2): (labels, labels)})["m", 2]
        assert np.isnan(found.weights).all()
        assert np.isnan(found.squares).all()
    held = held_out_information(np.ones((4, 4)), {("m", 2): (np.ones(4, bool), nobody)})
    assert np.isnan(held["m", 2])
    assert tables_of(np.ones((4, 4)), {}) == {}
    assert held_out_information(np.ones((4, 4)), {}) == {}


def test_a_label_beyond_k_is_refused():
    labels, wrong = np.zeros(3, int), np.array([0, 1, 2])
    with pytest.raises(ValueError, match="below k = 2, found 2"):
        all_block_sums(np.ones((3, 3)), {("any", 2): (labels, wrong)})
    with pytest.raises(ValueError, match="below k = 2, found 2"):
        tables_of(np.ones((3, 3)), {("m", 2): (wrong, labels), ("m", 5): (labels, labels)})
