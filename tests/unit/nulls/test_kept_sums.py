"""The nulls `shuffle_nonzero` and `strength` keep what they claim to keep."""

from __future__ import annotations

import numpy as np
import pytest

from clusterability.networks.sinkhorn import balance
from clusterability.nulls import shuffle_nonzero, strength
from null_draws import draws_of

NAME = ("trained", 3, "fc2")
NULLS = pytest.mark.parametrize("null", [shuffle_nonzero, strength])


def pruned_matrix() -> np.ndarray:
    """Weights of which a third are zero, with two dead rows and a dead column."""
    source = np.random.default_rng(0)
    matrix = source.standard_normal((14, 18)) * (source.random((14, 18)) < 2 / 3)
    matrix[[2, 5]] = 0
    matrix[:, 7] = 0
    return matrix.astype(np.float32)


@NULLS
def test_draws_keep_zeros_and_dead_units(null):
    matrix = pruned_matrix()
    draws = draws_of(null, matrix, NAME, range(5))
    for draw in draws:
        assert np.array_equal(draw == 0, matrix == 0)
    assert len({draw.tobytes() for draw in draws}) == 5


@NULLS
def test_a_draw_does_not_depend_on_the_others(null):
    matrix = pruned_matrix()
    many = draws_of(null, matrix, NAME, range(7))
    assert draws_of(null, matrix, NAME, range(2)).tobytes() == many[:2].tobytes()
    assert draws_of(null, matrix, NAME, [5, 1]).tobytes() == many[[5, 1]].tobytes()


@NULLS
def test_draws_differ_by_condition_seed_and_layer(null):
    names = [NAME, ("baseline", 3, "fc2"), ("trained", 4, "fc2"), ("trained", 3, "fc1")]
    draws = {draws_of(null, pruned_matrix(), name, [0]).tobytes() for name in names}
    assert len(draws) == 4


def test_shuffle_nonzero_keeps_the_weights():
    matrix = pruned_matrix()
    draws = draws_of(shuffle_nonzero, matrix, NAME, range(5))
    assert draws.dtype == matrix.dtype
    for draw in draws:
        assert np.array_equal(np.sort(draw, axis=None), np.sort(matrix, axis=None))


def test_every_weight_reaches_every_place_equally_often():
    matrix = np.array([[1.0, 2.0, 0.0], [0.0, 3.0, 4.0]])
    draws = draws_of(shuffle_nonzero, matrix, NAME, range(2000))
    for value in (1, 2, 3, 4):
        shares = (draws == value).mean(axis=0)[matrix != 0]
        # Five standard deviations of a share of 1/4 over 2,000 draws.
        assert shares == pytest.approx(np.full(4, 0.25), abs=5 * np.sqrt(0.25 * 0.75 / 2000))


def test_strength_keeps_the_strength_of_every_unit():
    matrix = pruned_matrix()
    weights = np.abs(matrix.astype(np.float64))
    for draw in draws_of(strength, matrix, NAME, range(5)):
        assert draw.dtype == np.float64
        assert (draw >= 0).all()
        assert draw.sum(axis=1) == pytest.approx(weights.sum(axis=1), rel=1e-9, abs=0)
        assert draw.sum(axis=0) == pytest.approx(weights.sum(axis=0), rel=1e-9, abs=0)
        assert not np.allclose(draw, weights, rtol=0.1)


def test_weights_that_are_strengths_alone_are_their_own_draws():
    """Then A_ij = r_i c_j, and nothing is left to permute. Permuting A itself would not give it."""
    matrix = np.outer(np.geomspace(0.1, 10, 6), np.geomspace(1, 50, 8))
    draws = draws_of(strength, -matrix, NAME, range(3))
    assert draws == pytest.approx(np.broadcast_to(matrix, draws.shape), rel=1e-9)


def test_draws_of_exchangeable_weights_are_nearly_permutations():
    """Strengths differ by chance alone, are found nearly equal, and weights stay what they are."""
    matrix = np.random.default_rng(3).uniform(size=(64, 96))
    for draw in draws_of(strength, matrix, NAME, range(3)):
        assert np.abs(np.sort(draw, axis=None) - np.sort(matrix, axis=None)).mean() < 0.005
        assert abs(np.corrcoef(draw.ravel(), matrix.ravel())[0, 1]) < 0.1


@pytest.mark.parametrize("shape", [(10, 128), (64, 96)])
@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_what_is_left_when_strengths_are_taken_away_spreads_as_it_did(shape, kind):
    source, ratios = np.random.default_rng(5), []
    for number in range(10):
        E = np.abs(source.uniform(size=shape) if kind == "uniform" else source.normal(size=shape))
        r, c = (np.exp(0.5 * source.normal(size=units)) for units in shape)
        A = E * np.outer(r, c)
        draws, spread = draws_of(strength, A, ("any", number, "fc1"), range(5)), balance(A).std()
        ratios.append(np.mean([balance(draw).std() for draw in draws]) / spread)
    assert np.mean(ratios) == pytest.approx(1, abs=0.05)


@NULLS
def test_neither_order_in_memory_nor_size_makes_a_difference(null):
    matrix = pruned_matrix().astype(np.float64)
    draw = draws_of(null, matrix, NAME, [0])
    assert draws_of(null, np.asfortranarray(matrix), NAME, [0]).tobytes() == draw.tobytes()
    for factor in (2.0**-900, 2.0**900):
        assert (draws_of(null, matrix * factor, NAME, [0]) / factor).tobytes() == draw.tobytes()


def test_exchanges_leave_little_to_be_scaled():
    source = np.random.default_rng(6)
    entries = source.uniform(size=(20, 30)) * (source.random((20, 30)) < 2 / 3)
    strengths = np.exp(source.normal(size=20)), np.exp(source.normal(size=30))
    weights = strengths[0][:, None] * entries * strengths[1]
    sums = weights.sum(axis=1), weights.sum(axis=0)
    used, before = entries != 0, np.sort(entries, axis=None)
    entries[used] = source.permutation(entries[used])

    def error() -> float:
        drawn = strengths[0][:, None] * entries * strengths[1]
        sides = zip((1, 0), sums, strict=True)
        return sum(
            (used.sum(axis) * (drawn.sum(axis) / total - 1) ** 2).sum() for axis, total in sides
        )

    first = error()
    counts = used.sum(axis=1) / sums[0] ** 2, used.sum(axis=0) / sums[1] ** 2
    strength._bring_near(entries, np.flatnonzero(used), strengths, sums, counts, source)
    assert error() < 2e-4 * first
    assert np.array_equal(np.sort(entries, axis=None), before)
    assert np.array_equal(entries != 0, used)


def test_what_cannot_be_balanced_has_draws_of_its_own_strengths():
    """Sums of 1 in each row and column would need zeros in the places of weights."""
    matrix = np.triu(np.random.default_rng(7).uniform(size=(12, 12)))
    assert np.isnan(balance(matrix)).all()
    draws = draws_of(strength, matrix, NAME, range(3))
    for draw in draws:
        assert draw.sum(axis=0) == pytest.approx(matrix.sum(axis=0))
        assert draw.sum(axis=1) == pytest.approx(matrix.sum(axis=1))
    assert np.abs(draws[0] - matrix).max() > 0.1
    assert np.abs(draws[0] - draws[1]).max() > 0.1


def test_zeros_are_their_own_draws_and_what_is_not_finite_has_none():
    assert not draws_of(strength, np.zeros((2, 3)), NAME, range(3)).any()
    assert np.isnan(draws_of(strength, np.array([[1.0, np.nan], [1.0, 1.0]]), NAME, [0])).all()
