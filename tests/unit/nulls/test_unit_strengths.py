"""Strengths of units, as far as weights tell them."""

from __future__ import annotations

import numpy as np
import pytest

from clusterability.nulls.unit_strengths import UnitStrengths, _shrunken, unit_strengths


def entries_of(kind: str, source: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return {
        "uniform": source.uniform(size=shape),
        "normal": np.abs(source.standard_normal(shape)),
        "exponential": source.exponential(size=shape),
    }[kind]


@pytest.mark.parametrize("shape", [(10, 128), (64, 96)])
@pytest.mark.parametrize("kind", ["uniform", "normal", "exponential"])
def test_strengths_lie_within_their_errors(kind, shape):
    """A true strength is off by about what the error says."""
    source = np.random.default_rng(0)
    off: list[list[float]] = [[], []]
    for _ in range(20):
        truth = [0.5 * source.normal(size=units) for units in shape]
        weights = np.exp(truth[0][:, None] + truth[1]) * entries_of(kind, source, shape)
        for number, side in enumerate(unit_strengths(weights)):
            centred = truth[number] - truth[number].mean()
            off[number] += [*((side.logs - side.logs.mean() - centred) / side.errors)]
    # Of uniform entries, errors fall faster than by the root of their number: too large here.
    least, most = (0.3, 1.3) if kind == "uniform" else (0.8, 1.3)
    assert all(least < np.std(each) < most for each in off)


def test_errors_do_not_hang_on_the_order_of_units_or_on_dead_ones():
    source = np.random.default_rng(5)
    weights = source.exponential(size=(20, 30)) * np.exp(source.normal(size=(20, 1)))
    known = unit_strengths(weights)[0].errors
    spread = np.zeros((20, 60))
    spread[:, ::2] = weights
    assert unit_strengths(spread)[0].errors == pytest.approx(known, rel=1e-6)
    assert known.min() > 0.05


def test_the_power_of_least_error_is_taken():
    """Of uniform entries the largest tell most: the mean's error is the root of 1 / (3 n)."""
    source = np.random.default_rng(1)
    c = np.exp(0.5 * source.normal(size=200))
    errors = {
        kind: unit_strengths(entries_of(kind, source, (40, 200)) * c)[1].errors.mean()
        for kind in ("uniform", "normal", "exponential")
    }
    mean_of_uniform = np.sqrt(1 / 3 / 40)
    assert errors["uniform"] < mean_of_uniform / 2
    # Bounds of any estimate of a scale: 1 / (2 n) of normal entries, 1 / n of exponential ones.
    assert errors["normal"] == pytest.approx(np.sqrt(1 / 2 / 40), rel=0.12)
    assert errors["exponential"] == pytest.approx(np.sqrt(1 / 40), rel=0.12)


def test_equal_strengths_are_found_equal():
    rows, columns = unit_strengths(np.random.default_rng(4).uniform(size=(64, 96)))
    for side in (rows, columns):
        assert np.std(side.logs) < 0.01
        assert side.errors.max() < 0.02


def test_logarithms_are_drawn_to_their_mean_by_the_share_of_chance():
    """By hand: a variance of 0.01, of which chance explains 0.005."""
    logs, live = np.array([-0.1, 0.0, 0.1]), np.array([True, False, True, True])
    found = _shrunken(logs, np.full(3, 0.005), live)
    assert found.logs == pytest.approx(np.array([-0.05, 0, 0, 0.05]))
    assert found.errors == pytest.approx(np.array([0.05, 0, 0.05, 0.05]))
    only_chance = _shrunken(logs, np.full(3, 0.02), live)
    assert only_chance.logs == pytest.approx(np.zeros(4))
    assert only_chance.errors == pytest.approx(np.zeros(4))


def test_draws_have_the_mean_and_the_spread_that_are_known():
    known = UnitStrengths(np.array([0.0, 1.0]), np.array([0.1, 0.0]))
    source = np.random.default_rng(2)
    logs = np.log([known.drawn(source) for _ in range(2000)])
    assert logs.mean(axis=0) == pytest.approx([0, 1], abs=0.01)
    assert logs.std(axis=0) == pytest.approx([0.1, 0], abs=0.01)


@pytest.mark.parametrize("weights", [np.zeros((2, 3)), np.array([[1.0, np.inf]])])
def test_of_no_weights_nothing_is_known(weights):
    assert unit_strengths(weights) is None


def test_large_and_small_weights_have_the_same_strengths():
    weights = np.random.default_rng(3).exponential(size=(6, 8))
    for factor in (1e-300, 1e300):
        for side, scaled in zip(
            unit_strengths(weights), unit_strengths(weights * factor), strict=True
        ):
            assert scaled.logs - scaled.logs.mean() == pytest.approx(side.logs - side.logs.mean())
