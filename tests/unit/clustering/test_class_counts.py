"""Counts of size classes against NumPy's unbuffered addition."""

import numpy as np
import pytest

from clusterability.clustering.class_counts import class_counts
from clusterability.networks.size_classes import SizeClasses


@pytest.mark.parametrize(("m", "n", "k"), [(10, 7, 3), (700, 300, 2), (255, 256, 1), (256, 600, 5)])
def test_counts_are_those_of_one_weight_after_another(m, n, k):
    """More rows than a byte counts, and more columns than 16 bits count."""
    source = np.random.default_rng(m)
    codes = source.integers(0, 8, (m, n)).astype(np.int8)
    codes[:, n // 2] = -1
    rows, columns = source.integers(-1, k, (2, m)), source.integers(-1, k, (2, n))
    counted = class_counts(SizeClasses(codes, 8), rows, columns, k)
    for number in range(2):
        expected = np.zeros((k + 1, k + 1, 9), np.int64)
        np.add.at(expected, (rows[number][:, None], columns[number], codes), 1)
        np.testing.assert_array_equal(counted[number], expected[:k, :k, :8])


def test_all_weights_of_one_class_and_cluster_are_counted():
    """The most that the fields hold."""
    codes = SizeClasses(np.full((1000, 1000), 7, np.int8), 8)
    labels = np.zeros((1, 1000), np.int64)
    assert class_counts(codes, labels, labels, 1).ravel().tolist() == [0] * 7 + [1_000_000]
