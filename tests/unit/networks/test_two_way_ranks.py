"""Scaling `ranked`: what it leaves out, and what it leaves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from clusterability.networks.two_way_ranks import _PASSES, two_way_ranks

SOURCE = np.random.default_rng(2)


def plain(matrix: np.ndarray) -> np.ndarray:
    """The definition, with scipy's ranks."""

    def scores(values, axis):
        ranks = rankdata(values, axis=axis)
        return norm.ppf((ranks - 0.5) / values.shape[axis])

    def in_turns(values, axes):
        for _ in range(_PASSES):
            for axis in axes:
                values = scores(values, axis)
        return values

    mean = in_turns(abs(matrix), (1, 0)) + in_turns(abs(matrix), (0, 1))
    ranks = rankdata(mean.round(12)).reshape(matrix.shape)
    return np.sign(matrix) * -np.log(1 - (ranks - 0.5) / matrix.size)


@pytest.mark.parametrize("shape", [(9, 14), (14, 9), (30, 2)])
def test_it_is_the_definition(shape):
    matrix = SOURCE.standard_normal(shape)
    assert two_way_ranks(matrix) == pytest.approx(plain(matrix), abs=1e-9)
    assert two_way_ranks(matrix.T) == pytest.approx(plain(matrix).T, abs=1e-9)


def test_strengths_and_shapes_of_units_all_but_go():
    """Of two matrices with the same entries, one with other strengths and shapes of its units."""
    entries = np.abs(SOURCE.standard_normal((60, 80)))
    strengths = np.exp(SOURCE.standard_normal((60, 1)) + SOURCE.standard_normal((1, 80)))
    shapes = np.exp(0.3 * SOURCE.standard_normal((60, 1)))
    first, second = two_way_ranks(entries), two_way_ranks(strengths * entries**shapes)
    sums = [np.std(np.log(each.sum(axis=1))) for each in (strengths * entries, second)]
    assert sums[1] < 0.05 < 0.8 < sums[0]
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.9


def test_equal_sizes_are_told_apart_by_the_name_and_all_units_are_alike_then():
    ones = (SOURCE.random((40, 50)) < SOURCE.uniform(0.05, 0.9, (40, 1))).astype(float)
    ones[:, 0] = ones[0] = 1
    first, again, other = (two_way_ranks(ones, (name,)) for name in ("a", "a", "b"))
    assert first.tobytes() == again.tobytes()
    assert not np.array_equal(first, other)
    degrees = ones.sum(axis=1)
    assert abs(np.corrcoef(degrees[1:], first.sum(axis=1)[1:])[0, 1]) < 0.3


def test_dead_units_stay_dead_and_signs_stay():
    matrix = np.zeros((8, 9))
    matrix[1:, :-2] = SOURCE.standard_normal((7, 7))
    found = two_way_ranks(matrix)
    assert not found[0].any()
    assert not found[:, -2:].any()
    assert np.array_equal(found[1:, :-2], two_way_ranks(matrix[1:, :-2]))
    assert np.array_equal(np.sign(found), np.sign(matrix))
    assert np.isnan(two_way_ranks(np.array([[1.0, np.inf], [1, 1]]))).all()
    assert not two_way_ranks(np.zeros((2, 3))).any()
