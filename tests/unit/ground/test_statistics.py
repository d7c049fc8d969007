"""z, p, q and intervals against hand calculations and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from clusterability.comparison import compare
from clusterability.statistics import false_discovery_q, interval, replicate_p


def test_permutation_p_counts_the_value_itself_and_is_never_zero():
    draws = np.arange(99.0)[None]
    assert compare(np.array([1000.0]), draws, 1).p[0] == pytest.approx(0.01)
    assert compare(np.array([1000.0]), draws, -1).p[0] == pytest.approx(1.0)
    assert compare(np.array([94.0]), draws, 1).p[0] == pytest.approx(6 / 100)
    assert compare(np.array([94.0]), draws, 1).p_two_sided[0] == pytest.approx(12 / 100)


def test_ties_count_as_extreme_though_the_last_bits_differ():
    value = 0.1 + 0.2
    found = compare(np.array([value]), np.array([[0.3, 0.3, 0.0]]), 1)
    assert found.p[0] == pytest.approx(3 / 4)


def test_z_is_positive_where_a_lower_value_is_better():
    draws = np.array([[1.0, 2.0, 3.0]])
    assert compare(np.array([0.0]), draws, -1).z[0] == pytest.approx(2.0)
    assert compare(np.array([0.0]), draws, 1).z[0] == pytest.approx(-2.0)


def test_no_direction_gives_neither_z_nor_p():
    found = compare(np.array([5.0]), np.array([[1.0, 2.0, 3.0]]), 0)
    assert np.isnan(found.z[0])
    assert np.isnan(found.p[0])
    assert found.p_two_sided[0] == pytest.approx(0.5)


def test_no_spread_gives_no_z():
    found = compare(np.array([1.0]), np.full((1, 5), 0.5), 1)
    assert np.isnan(found.z[0])
    assert found.p[0] == pytest.approx(1 / 6)


def test_undefined_values_and_draws():
    found = compare(np.array([np.nan, 2.0]), np.array([[1.0, 3.0], [1.0, np.nan]]), 1)
    assert np.isnan(found.p[0])
    assert found.count.tolist() == [2, 1]
    assert found.p[1] == pytest.approx(1 / 2)
    assert np.isnan(found.z[1])  # one draw has no standard deviation


def test_p_is_uniform_when_value_and_draws_are_exchangeable():
    source = np.random.default_rng(0)
    numbers = source.standard_normal((4000, 20))
    p = compare(numbers[:, 0], numbers[:, 1:], 1).p
    for level in (0.05, 0.25, 0.5):
        expected = stats.binom(4000, level).interval(0.999)
        assert expected[0] <= (p <= level + 1e-9).sum() <= expected[1]


def test_interval_is_the_t_interval_of_scipy():
    numbers = np.random.default_rng(1).standard_normal(12)
    mean, low, high = interval(np.append(numbers, np.nan))
    expected = stats.t.interval(0.95, 11, loc=numbers.mean(), scale=stats.sem(numbers))
    assert (low, high) == pytest.approx(expected)
    assert mean == pytest.approx(numbers.mean())


def test_interval_of_few_values():
    assert np.isnan(interval(np.array([]))).all()
    mean, low, high = interval(np.array([2.0]))
    assert mean == 2.0
    assert np.isnan([low, high]).all()


def test_replicate_p_is_the_one_sided_t_test():
    z = np.array([0.5, 1.5, 1.0, 2.0])
    t = z.mean() / (z.std(ddof=1) / 2)
    assert replicate_p(z) == pytest.approx(stats.t.sf(t, 3))
    assert np.isnan(replicate_p(np.array([1.0, np.nan])))
    assert np.isnan(replicate_p(np.array([2.0, 2.0])))


def test_q_by_hand_and_undefined_p_count_for_nothing():
    # Benjamini & Hochberg: p x n / rank, made monotone from the largest.
    q = false_discovery_q(np.array([0.01, np.nan, 0.04, 0.03]))
    assert q == pytest.approx([0.03, np.nan, 0.04, 0.04], nan_ok=True)
    assert np.isnan(false_discovery_q(np.array([np.nan]))).all()


def test_seeds_that_share_their_draws_are_tested_against_them():
    """As Welch's test of the values against the draws themselves."""
    source = np.random.default_rng(0)
    values, draws = source.normal(0.4, 1, 12), source.normal(0, 1, 50)
    z = (values - draws.mean()) / draws.std(ddof=1)
    expected = stats.ttest_ind(values, draws, equal_var=False, alternative="greater").pvalue
    assert replicate_p(z, shared_draws=50) == pytest.approx(expected, rel=1e-12)
    assert replicate_p(z, shared_draws=50) > replicate_p(z)
