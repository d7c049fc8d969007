"""The nulls `rotated_u` and `rotated_v`: units are mixed at random, and nothing else is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.linalg import norm
from scipy import stats
from threadpoolctl import threadpool_limits

from clusterability.clustering.spectral import cluster
from clusterability.clustering.summing import tables_of
from clusterability.comparison import Comparison, compare
from clusterability.measures.structure import FUNCTIONS
from clusterability.networks.partitions import labels_of
from clusterability.networks.sinkhorn import balance
from clusterability.networks.synthetic import synthesise
from clusterability.networks.synthetic_recipe import SyntheticRecipe
from clusterability.nulls import rotated_u, rotated_v
from clusterability.nulls.mixing_units import (
    _mixture,
    _normal_scores,
    mix_rows,
    random_frame,
    too_many_zeros,
)
from clusterability.nulls.unit_strengths import unit_strengths
from clusterability.numerics import in_threads
from null_draws import draws_of, null_tables

NAME = ("trained", 3, "fc2")
BOTH = pytest.mark.parametrize("null", [rotated_u, rotated_v])
NAMES = pytest.mark.parametrize("name", ["rotated_u", "rotated_v"])
SHAPES = pytest.mark.parametrize("shape", [(20, 32), (32, 20)])


def noise(shape=(20, 32), seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def synthetic(seed: int = 0, **recipe) -> np.ndarray:
    networks, _ = synthesise("synthetic", SyntheticRecipe(**recipe), [seed])
    return networks.weights["fc1"][0].astype(float)


def low_rank(seed: int = 0, rows: int = 32, columns: int = 48) -> np.ndarray:
    return synthetic(seed, rows=rows, columns=columns, rank=6, rank_share=0.95)


def against(
    null: str, matrix: np.ndarray, measure: str, method: str = "joint", draws: int = 19
) -> Comparison:
    """A measure of a matrix's partition into four clusters a side, beside the null's draws."""
    labels = labels_of(cluster(matrix[None], [(*NAME, "network")], [4], [method], 3), 0)
    asked = ({"fc2": matrix}, "fc2", NAME[:2], draws, [4], [method], 3)
    drawn = FUNCTIONS[measure](null_tables(null, *asked)[method, 4])
    observed = FUNCTIONS[measure](tables_of(matrix, labels)[method, 4])
    return compare(np.array(observed), drawn, 1)


# --- random orthogonal matrices ------------------------------------------------------------------


def test_random_frames_are_those_of_scipy():
    """The trace tells signs: those of a library's Q as it is have another distribution."""
    source = np.random.default_rng(0)
    ours = [np.trace(random_frame(5, 5, source)) for _ in range(1500)]
    theirs = [np.trace(each) for each in stats.ortho_group.rvs(5, 1500, random_state=source)]
    assert stats.ks_2samp(ours, theirs).pvalue > 0.01
    unsigned = [np.trace(np.linalg.qr(source.standard_normal((5, 5)))[0]) for _ in range(1500)]
    assert stats.ks_2samp(unsigned, theirs).pvalue < 1e-6


@pytest.mark.parametrize(("m", "count"), [(6, 6), (9, 4), (7, 1)])
def test_columns_of_a_frame_are_orthonormal_and_of_any_direction(m, count):
    source = np.random.default_rng(m)
    frames = np.stack([random_frame(m, count, source) for _ in range(2000)])
    assert np.allclose(frames.transpose(0, 2, 1) @ frames, np.eye(count))
    # The square of a coordinate of a random direction.
    squares = stats.beta(0.5, (m - 1) / 2)
    for row, column in ((0, 0), (m - 1, count - 1)):
        assert stats.kstest(frames[:, row, column] ** 2, squares.cdf).pvalue > 0.001
        assert abs(np.sign(frames[:, row, column]).mean()) < 0.1


# --- what draws keep ------------------------------------------------------------------------------


@BOTH
@SHAPES
def test_draws_keep_strengths_and_the_distribution_of_balanced_weights(null, shape):
    source = np.random.default_rng(0)
    matrix = noise(shape) * np.exp(0.5 * source.standard_normal(shape[1]))
    weights = np.abs(matrix)
    balanced = np.sort(balance(weights), axis=None)
    for drawn in draws_of(null, matrix, NAME, range(3)):
        for axis in (0, 1):
            assert np.allclose(drawn.sum(axis), weights.sum(axis), rtol=1e-9)
        # Dealing them out leaves sums that are a little off, and scaling moves weights by that.
        again = np.sort(balance(drawn), axis=None)
        assert np.abs(again - balanced).mean() < 0.05 * balanced.mean()
        assert abs(np.corrcoef(balance(drawn).ravel(), balance(weights).ravel())[0, 1]) < 0.5


@BOTH
def test_of_heavy_tails_draws_are_permutations_but_for_estimated_strengths(null):
    """Of weights that are Cauchy distributed, the largest of a unit is most of its sum."""
    matrix = np.random.default_rng(0).standard_cauchy((40, 60))
    strengths = np.outer(*(np.exp(side.logs) for side in unit_strengths(np.abs(matrix), (0.25,))))
    assert strengths.max() / strengths.min() < 2
    for drawn in draws_of(null, matrix, NAME, range(2)):
        assert np.sort(drawn / strengths, axis=None) == pytest.approx(
            np.sort(np.abs(matrix) / strengths, axis=None), rel=1e-9
        )
        assert not np.allclose(drawn.sum(axis=1), np.abs(matrix).sum(axis=1), rtol=0.1)


@BOTH
@SHAPES
def test_weights_that_are_strengths_alone_are_their_own_draws(null, shape):
    source = np.random.default_rng(0)
    rows, columns = (np.exp(source.standard_normal(side)) for side in shape)
    signs = np.where(source.random(shape) < 0.5, -1, 1)
    matrix = np.outer(rows, columns)
    for drawn in draws_of(null, signs * matrix, NAME, range(2)):
        assert np.allclose(drawn, matrix, rtol=1e-9)


@pytest.mark.parametrize("shape", [(40, 60), (60, 40), (50, 50)])
def test_singular_values_stay_and_directions_of_the_mixed_side_go(shape):
    """Of the mixtures, with their signs, before weights are dealt out by their ranks."""
    scores = _normal_scores(low_rank(rows=shape[0], columns=shape[1]))
    left, values, right = np.linalg.svd(scores)
    for seed in range(3):
        mixture = _mixture(scores, np.random.default_rng(seed))
        its_left, its_values, its_right = np.linalg.svd(mixture)
        assert its_values[:6] / norm(mixture) == pytest.approx(values[:6] / norm(scores), rel=0.2)
        # Cosines of the angles between the spaces of six directions each, squared and summed.
        assert np.sum((right[:6] @ its_right[:6].T) ** 2) > 0.9 * 6
        assert np.sum((left[:, :6].T @ its_left[:, :6]) ** 2) < 0.4 * 6


# --- which draw it is -----------------------------------------------------------------------------


def with_dead_units() -> np.ndarray:
    matrix = noise((14, 18)).astype(np.float32)
    matrix[[2, 5]] = 0
    matrix[:, 7] = 0
    matrix[0, 0] = 0
    return matrix


@BOTH
def test_a_draw_depends_on_its_name_and_number_alone(null):
    matrix = with_dead_units()
    many = draws_of(null, matrix, NAME, range(5))
    assert draws_of(null, matrix, NAME, [3, 1]).tobytes() == many[[3, 1]].tobytes()
    assert draws_of(null, np.asfortranarray(matrix), NAME, [3]).tobytes() == many[3:4].tobytes()
    assert len({each.tobytes() for each in many}) == 5
    others = [("baseline", *NAME[1:]), ("trained", 4, "fc2"), ("trained", 3, "fc1")]
    assert all(not np.array_equal(draws_of(null, matrix, n, [0])[0], many[0]) for n in others)
    assert all(not each[[2, 5]].any() and not each[:, 7].any() for each in many)


@BOTH
def test_threads_change_no_bit(null):
    matrix = noise((60, 90))
    draw = null.redraw(matrix, NAME)
    with threadpool_limits(2):
        alone = [draw(number) for number in range(4)]
    beside = list(in_threads(null.redraw(matrix, NAME), range(4), 2))
    assert all(map(np.array_equal, alone, beside))


@BOTH
def test_the_size_of_weights_makes_no_difference(null):
    matrix = noise()
    drawn = draws_of(null, matrix, NAME, range(2))
    for factor in (2.0**-120, 2.0**90):
        assert np.array_equal(draws_of(null, factor * matrix, NAME, range(2)), factor * drawn)


def test_input_units_are_mixed_as_output_units_of_the_transposed_matrix():
    matrix = noise()
    drawn = rotated_v.redraw(matrix, NAME)(0)
    assert np.array_equal(drawn, mix_rows(matrix.T, (*NAME, "rotated_v"))(0).T)
    assert not np.allclose(drawn, rotated_u.redraw(matrix.T, NAME)(0).T)


@BOTH
def test_where_many_weights_are_zero_or_none_can_be_balanced_there_are_no_draws(null):
    sparse = noise() * (np.random.default_rng(1).random((20, 32)) < 0.9)
    infinite = noise()
    infinite[0, 0] = np.inf
    alone = np.array([[1.0, 1.0], [0.0, 1.0]])
    for matrix in (sparse, infinite, alone):
        assert np.isnan(draws_of(null, matrix, NAME, [0])).all()
    few = noise()
    few[[0, 3, 9], [1, 30, 7]] = 0
    assert not too_many_zeros(few)
    assert (draws_of(null, few, NAME, [0]) == 0).sum() == 3


# --- what they tell -------------------------------------------------------------------------------


@NAMES
@pytest.mark.parametrize("method", ["joint", "matched"])
def test_planted_clusters_are_far_above_any_mixtures(name, method):
    planted = synthetic(rows=48, columns=64, clusters=4, contrast=0.6, entries="normal")
    for measure in ("mi", "barber_q"):
        compared = against(name, planted, measure, method)
        assert compared.p == pytest.approx(1 / 20)
        assert compared.z > 5


@NAMES
def test_low_rank_in_a_random_basis_is_not_above_mixtures_of_it(name):
    """By construction it has no clusters, and the null `shuffle` takes it to have."""
    matrices = [low_rank(seed, rows=40, columns=60) for seed in range(24)]
    p = [float(against(name, matrix, "mi").p) for matrix in matrices]
    # Of 24 that are uniform, more than five are with a chance of 0.001.
    assert sum(each <= 0.05 for each in p) <= 5
    assert 0.3 < np.mean(p) < 0.7
    assert np.mean([against("shuffle", matrix, "mi").z for matrix in matrices[:5]]) > 2.5


def test_rotated_takes_a_rank_of_two_for_clusters():
    """Units of a plane: normal scores, which such weights have not, are those of a higher rank."""
    z = {
        rank: [
            float(against("rotated_u", synthetic(seed, rows=48, columns=64, rank=rank), "mi").z)
            for seed in range(8)
        ]
        for rank in (2, 8)
    }
    assert np.mean(z[2]) > 1
    assert abs(np.mean(z[8])) < 1


@NAMES
def test_rotated_takes_neighbours_along_a_line_for_clusters(name):
    """Weights that fall off with distance: units lie in a row, and nowhere does one group end."""
    where = np.linspace(0, 1, 48)[:, None], np.linspace(0, 1, 64)
    near = np.exp(-(((where[0] - where[1]) / 0.2) ** 2))
    assert against(name, near * noise((48, 64)), "mi").z > 5
