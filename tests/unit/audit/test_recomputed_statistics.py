"""The audit's own statistics, choices and shuffles against SciPy and hand calculations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from audit.agreement import mean_agreement
from audit.cells import Cell, Number, exact
from audit.comparing import (
    benjamini_hochberg,
    compare,
    p_of_seeds,
    permutation_p,
    t_interval,
    two_sided_p,
)
from audit.kinds import shares, spread
from audit.largest_z import (
    Evidence,
    as_blocks,
    edge_and_plateau,
    errors,
    largest,
    pooled_z,
    side_by_side,
    z_of,
)
from audit.shuffles import LEVEL, cluster, compared, mean_reach, p_reach, ratio_reach
from audit.starts import ami, singular_values, widest_gap
from clusterability.stopping import compare_stopped

# --- comparing ---------------------------------------------------------------------------------


def test_z_and_p_of_a_cut_are_directed():
    draws = np.array([2.0, 3.0, 4.0, np.nan])
    found = compare(1.0, draws, "ncut")
    assert (found["null_n"], found["null_mean"], found["null_sd"]) == (3, 3, 1)
    assert (found["z"], found["p"], found["p_two_sided"]) == (2, 0.25, 0.5)
    assert compare(1.0, draws, "barber_q")["z"] == -2
    assert compare(1.0, draws, "barber_q")["p"] == 1


def test_what_has_no_direction_or_spread_has_no_z():
    draws = np.array([1.0, 2.0, 3.0])
    total = compare(4.0, draws, "mi_total")
    assert math.isnan(total["z"])
    assert math.isnan(total["p"])
    assert total["p_two_sided"] == 0.5
    assert math.isnan(compare(4.0, draws, "bits")["z"])
    assert compare(4.0, draws, "bits")["p"] == 0.25
    assert math.isnan(compare(4.0, np.ones(5), "mi")["z"])
    assert math.isnan(compare(4.0, np.empty(0), "mi")["p"])


def test_p_of_draws_that_end_by_a_rule_is_that_of_the_library():
    source = np.random.default_rng(0)
    draws = source.normal(size=59)
    draws[[3, 30]] = np.nan
    for value, most in itertools.product((-2.0, 0.0, 0.9, 1.8, 9.0), (59, 99)):
        for measure, direction in (("mi", 1), ("ncut", -1), ("mi_total", 0)):
            found = compare(value, draws, measure, most)
            theirs = compare_stopped(np.array([value]), draws[None], direction, most)
            for name, column in theirs.columns().items():
                assert found[name] == pytest.approx(column[0], rel=1e-12, nan_ok=True), name
    assert compare(0.0, np.arange(19.0), "mi", 99)["p"] == 1
    assert compare(9.5, np.arange(19.0), "mi", 19)["p"] == 0.5
    assert compare(9.5, np.arange(19.0), "mi", 99)["p"] == 0.5


def test_draws_of_different_numbers_are_those_made_at_all_k():
    draws = [[np.arange(5.0), np.arange(3.0)], [np.array([1.0, np.nan]), np.arange(4.0)]]
    found = side_by_side(draws, 6)
    assert found.shape == (2, 2, 6)
    assert np.isfinite(found).sum(axis=-1).tolist() == [[3, 3], [1, 1]]
    assert side_by_side([draws[0][:1]], 0).shape == (1, 1, 5)


def test_ties_count_as_extreme():
    assert permutation_p(1.0, np.array([1.0 - 1e-14, 0.5, 0.0]), 1) == 0.5


def test_intervals_and_tests_are_those_of_scipy():
    z = np.array([1.5, 0.2, 2.2, np.nan, 0.9])
    known = z[np.isfinite(z)]
    interval = stats.ttest_1samp(known, 0).confidence_interval(0.95)
    assert t_interval(z) == pytest.approx((known.mean(), *interval))
    one_sided = stats.ttest_1samp(known, 0, alternative="greater")
    assert p_of_seeds(z) == pytest.approx(one_sided.pvalue)
    sides = (known.mean(), known.std(ddof=1), 4, 0, 1, 9)
    welch = stats.ttest_ind_from_stats(*sides, equal_var=False, alternative="greater")
    assert p_of_seeds(z, 9) == pytest.approx(welch.pvalue)
    assert two_sided_p(z) == pytest.approx(stats.ttest_1samp(known, 0).pvalue)
    assert math.isnan(p_of_seeds(np.array([2.0, 2.0])))
    assert math.isnan(p_of_seeds(np.array([2.0])))


def test_q_is_that_of_scipy():
    p = np.random.default_rng(0).random(40) ** 3
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p))


# --- choosing ----------------------------------------------------------------------------------


def test_k_of_the_largest_z_by_hand():
    values = np.array([[2.0, 9.0]])
    draws = np.array([[[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]])
    found = Evidence([2, 3], [0], values, draws, "mi")
    assert z_of(found).tolist() == [[1, 8]]
    pooled = pooled_z(found)[0]
    # 0, 1, 2 beside 2: mean 1.25; beside 9: mean 3.
    assert pooled[0, 0] == pytest.approx(0.75 / np.std([2, 0, 1, 2], ddof=1))
    place, p = largest(pooled)
    assert (place, p) == (1, 0.25)
    assert errors(np.array([8.0]), np.zeros((1, 3))) == pytest.approx([math.sqrt(1 / 3 + 64 / 4)])
    found_edge = edge_and_plateau(np.array([1.0, 8.0]), np.array([0.1, 0.1]), 1, [2, 3])
    assert found_edge == {"at_edge": True, "plateau": "3"}


def test_a_lower_cut_is_the_better_one():
    draws = np.array([[[2.0, 3.0], [2.0, 3.0]]])
    found = Evidence([2, 3], [0], np.array([[1.0, 4.0]]), draws, "ncut")
    assert largest(pooled_z(found)[0])[0] == 0


@pytest.mark.parametrize(
    ("k_values", "text"), [([2], "2"), ([2, 3, 4], "2-4"), ([2, 4, 5, 9], "2,4-5,9"), ([], "")]
)
def test_plateaus_are_told_as_blocks(k_values, text):
    assert as_blocks(k_values) == text


def test_separate_blocks_have_a_gap_behind_as_many_values():
    matrix = np.kron(np.eye(3), np.ones((4, 5)))
    values = singular_values(matrix)
    np.testing.assert_allclose(values[:4], [1, 1, 1, 0], atol=1e-12)
    assert widest_gap(values, (2, 3, 4)) == 3


def test_agreement_leaves_dead_units_out():
    first, second = np.array([0, 0, 1, 1, -1, 0]), np.array([1, 1, 0, 0, 0, -1])
    assert ami(first, second) == pytest.approx(1)
    for measure in ("ami", "ari", "nmi"):
        assert mean_agreement(np.stack([first, second]), measure) == pytest.approx(1)
    crossed = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    # Of 6 pairs each has 2; none is shared, and 2/3 are expected: (0 - 2/3) / (2 - 2/3).
    assert mean_agreement(crossed, "ari") == pytest.approx(-0.5)
    assert mean_agreement(crossed, "nmi") == pytest.approx(0)
    assert math.isnan(mean_agreement(np.full((2, 3), -1), "ami"))


# --- shuffles ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["matched", "joint"])
def test_planted_clusters_are_found_and_paired(method):
    source = np.random.default_rng(0)
    planted = np.repeat([0, 1, 2], 10)
    matrix = source.random((30, 30)) * np.where(planted[:, None] == planted, 1, 0.05)
    rows, columns = cluster(matrix, method, 3, 3, seed=1)
    assert ami(rows, planted) == pytest.approx(1)
    assert (rows == columns).all()


def test_other_draws_agree_within_chance_and_shifted_ones_do_not():
    source = np.random.default_rng(0)
    study, draws = source.standard_normal(99), source.standard_normal(99)

    def agree(study: np.ndarray, value: float, p: float | None = None) -> list[bool]:
        said = compare(value, study, "mi") | {"value": value}
        said |= {} if p is None else {"p": p}
        return [number.agrees for number in compared(said, draws, 1)]

    assert agree(study, 0.3) == [True, True, True]
    assert agree(study + 1.2, 0.3)[0] is False
    assert agree(3 * study, 0.3)[1] is False
    assert agree(study, 3.5, p=0.6)[2] is False


def test_bounds_of_chance_are_those_of_other_formulas():
    # Welch's t with equal deviations and numbers is Student's.
    expected = stats.t.isf(LEVEL / 2, 2 * 98) * math.sqrt(2 / 99)
    assert mean_reach(1.0, 99, 1.0, 99) == pytest.approx(expected)
    # Fisher's exact test at the bound is about at the level, and beyond it below.
    study = [(1 + extreme) / 100 for extreme in range(100)]
    agree = [abs(p - 0.21) <= p_reach(p, 99, 0.21, 99) for p in study]
    exact = [stats.fisher_exact([[20, 79], [extreme, 99 - extreme]])[1] for extreme in range(100)]
    assert agree == [p >= LEVEL for p in exact]


def test_means_of_three_draws_of_two_kinds_are_within_their_bound():
    """Of 2,000 pairs, at a level of 1 in 60,000; by Welch's t alone 1 in 23 is beyond.

    Three draws may all be of one kind, as near each other as `bits_within` of shuffles that pair
    clusters in the same way, and their standard deviation says little about the other kind.
    """
    source = np.random.default_rng(0)
    kinds = np.where(source.random((2000, 102)) < 0.2, -100.0, 0.0)
    draws = kinds + 10 * source.standard_normal((2000, 102))
    for ours, study in zip(draws[:, :99], draws[:, 99:], strict=True):
        reach = mean_reach(ours.std(ddof=1), 99, study.std(ddof=1), 3)
        assert abs(ours.mean() - study.mean()) <= reach


@pytest.mark.parametrize(("ours", "study", "student"), [(41.0, 7.0, True), (7.0, 41.0, False)])
def test_means_at_their_bound_differ_at_the_level_by_the_test_that_allows_more(
    ours, study, student
):
    reach = mean_reach(ours, 99, study, 3)
    samples = (reach, ours, 99, 0.0, study, 3)
    found = stats.ttest_ind_from_stats(*samples, equal_var=student).pvalue
    assert found == pytest.approx(LEVEL)
    assert stats.ttest_ind_from_stats(*samples, equal_var=not student).pvalue < LEVEL


@pytest.mark.parametrize("draw", ["standard_normal", "standard_exponential"])
def test_ratios_of_deviations_are_within_their_bound(draw):
    """Of 2,000 pairs of 99 draws, at a level of 1 in 60,000."""
    source = np.random.default_rng(0)
    pairs = getattr(source, draw)((2000, 2, 99))
    ratios = np.exp(np.abs(np.diff(np.log(pairs.std(axis=2, ddof=1)), axis=1)))[:, 0]
    assert all(ratio <= ratio_reach(own[0], 99) for own, ratio in zip(pairs, ratios, strict=True))
    assert 1.5 < ratio_reach(source.standard_normal(99), 99) < 2


# --- which cells, and how they are told ----------------------------------------------------------


def test_strata_take_turns_and_rows_of_one_partition_come_together():
    rows = pd.DataFrame(
        {"method": ["a"] * 90 + ["b"] * 10, "k": [*range(10)] * 10, "place": range(100)}
    )
    source = np.random.default_rng(0)
    found = spread(rows, 10, ["method"], [], source)
    assert found["method"].value_counts().to_dict() == {"a": 5, "b": 5}
    assert found["place"].is_unique
    together = spread(rows, 8, ["k"], ["k"], source)
    assert together["k"].value_counts().tolist() == [4, 4]
    assert sum(shares(200, {"a": 3, "b": 500, "c": 0}).values()) == 200
    assert sum(shares(200, {"a": 3, "b": 5}).values()) == 8


def test_numbers_differ_by_more_than_rounding_or_by_being_there():
    assert exact("value", 1.0, 1.0 + 1e-12).agrees
    assert not exact("value", 1.0, 1.0 + 1e-6).agrees
    assert exact("z", None, math.nan).agrees
    assert not exact("z", None, 1.0).agrees
    assert not exact("plateau", "2-3", "2").agrees
    assert exact("plateau", "2-3", "2").share_of_bound == math.inf
    assert exact("plateau", None, "").agrees
    assert Number("range", math.inf, math.inf, 0).agrees
    cell = Cell("q", {"condition": "trained", "null": "", "k": 3}, (exact("q", 0.5, 0.1),))
    assert str(cell) == "condition trained, k 3"
    assert not cell.agrees
