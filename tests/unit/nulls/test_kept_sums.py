"""The nulls `shuffle_nonzero` and `strength` keep what they claim to keep."""

from __future__ import annotations

import numpy as np
import pytest

from clusterability.networks.sinkhorn import balance, scale_to
from clusterability.nulls import shuffle_nonzero, strength
from clusterability.randomness import generator
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


def equal_sums(m: int, n: int) -> np.ndarray:
    """A matrix whose rows have equal sums and whose columns have, without any scaling.

    Its entries i + j modulo n run through the same numbers in each row and, as n divides m, in each
    column.
    """
    values = np.random.default_rng(1).uniform(0.1, 1, n)
    return values[(np.arange(m)[:, None] + np.arange(n)) % n] / (m * values.sum())


def is_product(matrix: np.ndarray) -> bool:
    """Whether a positive matrix is r_i c_j."""
    found = np.outer(matrix[:, 0], matrix[0]) / matrix[0, 0]
    return np.allclose(matrix, found, rtol=1e-9, atol=0)


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


def test_strength_balances_then_permutes_then_scales():
    """For A_ij = r_i c_j E_ij with E balanced, a draw is r'_i c'_j times a permutation of E."""
    source = np.random.default_rng(2)
    E = equal_sums(12, 6)
    A = E * np.exp(source.normal(size=12))[:, None] * np.exp(source.normal(size=6))
    assert balance(A) == pytest.approx(E, rel=1e-10)
    for number, draw in enumerate(draws_of(strength, A, NAME, range(4))):
        order = generator("draw", *NAME, "strength", number).permutation(E.size)
        assert is_product(draw / E.ravel()[order].reshape(E.shape))
        assert not is_product(draw / A.ravel()[order].reshape(A.shape))
        wrong = scale_to(A.ravel()[order].reshape(A.shape), A.sum(axis=1), A.sum(axis=0))
        assert not np.allclose(draw, wrong, rtol=0.1)


def test_a_matrix_that_cannot_be_balanced_has_no_draws():
    draws = draws_of(strength, np.array([[1.0, -1.0], [0.0, 1.0]]), NAME, range(3))
    assert draws.shape == (3, 2, 2)
    assert np.isnan(draws).all()
