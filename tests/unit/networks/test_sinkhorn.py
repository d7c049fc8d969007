"""Scaling of matrices to given sums, and the factors that do it."""

from __future__ import annotations

import numpy as np
import pytest

from clusterability.networks.sinkhorn import scale_to, scaling_factors


def test_factors_scale_the_live_part_and_are_zero_for_dead_units():
    matrix = np.random.default_rng(0).exponential(size=(5, 7))
    matrix[2], matrix[:, 4] = 0, 0
    row_sums, column_sums = (matrix > 0).sum(axis=1) * 1.0, (matrix > 0).sum(axis=0) * 1.0
    rows, columns = scaling_factors(matrix, row_sums, column_sums)
    assert rows[2] == 0
    assert columns[4] == 0
    scaled = rows[:, None] * matrix * columns
    assert scaled.sum(axis=1) == pytest.approx(row_sums)
    assert scaled.sum(axis=0) == pytest.approx(column_sums)
    assert np.array_equal(scaled, scale_to(matrix, row_sums, column_sums))


def test_there_are_no_factors_where_the_zeros_forbid_these_sums():
    factors = scaling_factors(np.triu(np.ones((2, 2))), np.ones(2), np.ones(2))
    assert all(np.isnan(side).all() for side in factors)


def test_what_takes_longer_than_it_may_has_no_factors():
    matrix = np.kron(np.eye(2), np.ones((3, 3))) + 1e-3
    row_sums, column_sums = np.arange(1.0, 7), np.full(6, 3.5)
    assert np.isfinite(scaling_factors(matrix, row_sums, column_sums)[0]).all()
    assert np.isnan(scaling_factors(matrix, row_sums, column_sums, iterations=2)[0]).all()


def test_the_result_lies_in_memory_row_by_row_whatever_the_matrix_does():
    matrix = np.asfortranarray(np.random.default_rng(1).exponential(size=(3, 4)))
    scaled = scale_to(matrix, matrix.sum(axis=1), matrix.sum(axis=0))
    assert scaled.flags.c_contiguous
