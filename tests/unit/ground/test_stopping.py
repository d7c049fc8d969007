"""p of draws that end by a rule: by plain loops, and by how often it is small."""

from __future__ import annotations

import numpy as np
import pytest

from clusterability.comparison import compare
from clusterability.jobs.adaptive_job import ENOUGH, LEAST
from clusterability.stopping import compare_stopped, looks, stopped_p

STUDIES, MOST = 2000, 999


def by_hand(value: float, draws: list[float], most: int) -> float:
    """p of one value, higher is better, from a loop over its draws."""
    good = 0
    for number, draw in enumerate(draws, 1):
        good += draw >= value
        if good == ENOUGH:
            return ENOUGH / number
    return (good + 1) / (len(draws) + 1) if len(draws) == most else ENOUGH / (len(draws) + 1)


def simulated(shift: float, cells: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Values [studies, cells] and draws [studies, cells, most], half of which cells share."""
    source = np.random.default_rng(7)
    shared = source.standard_normal((STUDIES, 1, 1 + most))
    own = source.standard_normal((STUDIES, cells, 1 + most)) if cells > 1 else 0.0
    both = (shared + own) / np.sqrt(2 if cells > 1 else 1)
    return both[..., 0] + shift, both[..., 1:]


def made(values: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Draws of each study once all its cells are decided, [studies]: found by counting."""
    good = (draws >= values[..., None]).cumsum(axis=-1)
    ends = np.array(list(looks(draws.shape[-1])))
    decided = (good[..., ends - 1] >= ENOUGH).all(axis=1)
    return np.where(decided.any(axis=1), ends[decided.argmax(axis=1)], ends[-1])


def test_p_is_that_of_a_loop_over_draws():
    source = np.random.default_rng(0)
    for value in (-1.0, 0.0, 0.7, 1.5, 2.5, 9.0):
        draws = source.standard_normal((3, 60))
        for most in (60, 99):
            found = stopped_p(np.full(3, value), draws, 1, most)
            assert found.tolist() == [by_hand(value, row.tolist(), most) for row in draws]
            mirrored = stopped_p(np.full(3, -value), -draws, -1, most)
            assert mirrored.tolist() == found.tolist()


def test_undefined_draws_count_for_nothing():
    draws = np.random.default_rng(1).standard_normal(80)
    with_gaps = np.insert(draws, [0, 5, 5, 70], np.nan)
    for value in (0.0, 1.0, 4.0):
        expected = by_hand(value, draws.tolist(), 80)
        assert stopped_p(np.array([value]), with_gaps[None], 1, 84)[0] == expected
    assert np.isnan(stopped_p(np.array([1.0]), np.full((1, 9), np.nan), 1, 9)[0])
    assert np.isnan(stopped_p(np.array([np.nan]), draws[None], 1, 80)[0])
    assert np.isnan(stopped_p(np.array([1.0]), np.empty((1, 0)), 1, 80)[0])


def test_draws_that_come_after_the_last_that_is_needed_change_no_p():
    values, draws = np.array([1.0]), np.random.default_rng(2).standard_normal((1, 400))
    p = [stopped_p(values, draws[:, :end], 1, 999)[0] for end in range(1, 401)]
    decided = int((draws[0] >= 1.0).cumsum().searchsorted(ENOUGH))
    assert set(p[decided:]) == {ENOUGH / (decided + 1)}
    assert all(before >= p[-1] for before in p)  # what is not decided may come to no more


def test_z_and_the_like_are_those_of_all_draws():
    draws = np.random.default_rng(3).standard_normal((2, 99))
    values = np.array([0.3, 2.2])
    found, plain = (compare_stopped(values, draws, 1, 99), compare(values, draws, 1))
    for name in ("mean", "deviation", "count", "z"):
        np.testing.assert_array_equal(getattr(found, name), getattr(plain, name))
    assert found.p[1] == plain.p[1]  # fewer than ENOUGH were as good
    undirected = compare_stopped(values, draws, 0, 99)
    assert np.isnan(undirected.p).all()
    np.testing.assert_array_equal(undirected.p_two_sided, found.p_two_sided)


def test_looks_end_at_the_most():
    assert list(looks(LEAST)) == [LEAST]
    assert list(looks(99)) == [19, 39, 59, 79, 99]
    assert list(looks(100))[-2:] == [99, 100]


@pytest.mark.parametrize("cells", [1, 4])
def test_level_is_held_though_draws_go_on_for_other_cells(cells):
    most = 399
    values, draws = simulated(0.0, cells, most)
    ends = made(values, draws)
    kept = np.where(np.arange(most) < ends[:, None, None], draws, np.nan)
    p = compare_stopped(values, kept, 1, most)
    for level in (0.01, 0.05, 0.2):
        # Two standard errors and a half of a share of so many studies.
        reach = 2.5 * np.sqrt(level * (1 - level) / STUDIES)
        assert abs((p.p[:, 0] <= level).mean() - level) <= reach
        assert (p.p_two_sided[:, 0] <= level).mean() <= level + reach
    assert ends.mean() < (80 if cells == 1 else 160)


@pytest.mark.parametrize("shift", [1.645, 3.0])
def test_power_is_nearly_that_of_as_many_draws(shift):
    values, draws = simulated(shift, 1, MOST)
    ends = made(values, draws)
    p = stopped_p(values[:, 0], draws[:, 0], 1, MOST)
    for level in (0.01, 0.05):
        fixed = {
            n: (compare(values[:, 0], draws[:, 0, :n], 1).p <= level).mean() for n in (99, 999)
        }
        assert (p <= level).mean() >= fixed[999] - 0.015
        if level == 0.01:
            assert (p <= level).mean() >= fixed[99] + 0.02
    assert ends.mean() < MOST
