"""Compiled k-means against a plain version of itself, scikit-learn's, and its own promises."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.cluster import KMeans

import plain_clustering as plain
from clusterability.clustering.kmeans import candidates_per_step, kmeans


def uniforms(starts: int, k: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((starts, k, candidates_per_step(k)))


def points(count: int, dimensions: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dimensions))


def best_labels(found) -> np.ndarray:
    return found.labels[found.best]


SIZES = pytest.mark.parametrize(
    ("count", "dimensions", "k"),
    [(60, 2, 3), (128, 8, 8), (20, 5, 5), (97, 9, 5), (33, 1, 2), (300, 12, 12)],
)


@SIZES
def test_labels_and_inertia_are_those_of_the_plain_version(count, dimensions, k):
    for seed in range(5):
        own, numbers = points(count, dimensions, seed), uniforms(4, k, seed)
        labels, inertia = plain.kmeans(own, k, numbers)
        found = kmeans(own, k, numbers)
        assert np.array_equal(found.labels, labels)
        assert found.inertia == pytest.approx(inertia, rel=1e-12)
        assert found.best == np.argmin(np.round(inertia, 9))


@pytest.mark.parametrize(
    "degenerate",
    [
        pytest.param(np.zeros((9, 2)), id="all equal"),
        pytest.param(np.repeat(np.arange(3.0), 5)[:, None] * [1.0, 2.0], id="three places"),
        pytest.param(np.r_[np.zeros((20, 3)), [[1e6, 0, 0]]], id="one far away"),
        pytest.param(points(12, 2) * 1e-9, id="tiny"),
    ],
)
def test_degenerate_points_are_clustered_as_by_the_plain_version(degenerate):
    for k in (1, 2, 5):
        numbers = uniforms(6, k)
        _, inertia = plain.kmeans(degenerate, k, numbers)
        found = kmeans(degenerate, k, numbers)
        spread = np.square(degenerate - degenerate.mean(axis=0)).sum()
        assert found.inertia == pytest.approx(inertia, rel=1e-9, abs=1e-12 * spread)
        assert ((found.labels >= 0) & (found.labels < k)).all()


def test_where_candidates_tie_each_start_still_ends_in_a_minimum():
    """On a line of equal distances rounding decides between candidates, and so which minimum."""
    line = np.arange(12.0)[:, None]
    for labels, inertia in zip(*_found(line, 5), strict=True):
        centres = np.stack([line[labels == number].mean(axis=0) for number in range(5)])
        again, value = plain.lloyd(line, centres)
        assert np.array_equal(again, labels)
        assert inertia == pytest.approx(value)


def _found(own: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    found = kmeans(own, k, uniforms(20, k))
    return found.labels, found.inertia


@pytest.mark.slow
@SIZES
def test_inertia_is_not_worse_than_scikit_learns(count, dimensions, k):
    ours, theirs = [], []
    for seed in range(30):
        own = points(count, dimensions, seed)
        ours.append(kmeans(own, k, uniforms(3, k, seed)).inertia.min())
        theirs.append(KMeans(k, n_init=3, random_state=seed).fit(own).inertia_)
    assert np.mean(ours) <= np.mean(theirs) * 1.01


def test_result_is_a_fixed_point_of_scikit_learns_lloyd():
    k = 4
    for seed in range(5):
        own = points(80, 3, seed)
        found = kmeans(own, k, uniforms(2, k, seed))
        labels = best_labels(found)
        centres = np.stack([own[labels == a].mean(axis=0) for a in range(k)])
        again = KMeans(k, init=centres, n_init=1, max_iter=1).fit(own)
        assert (again.labels_ == labels).all()
        assert found.inertia.min() == pytest.approx(again.inertia_, rel=1e-9)


def test_separated_groups_are_found():
    truth = np.arange(4).repeat(25)
    for seed in range(6):
        noise = 0.1 * points(100, 4, seed)
        labels = best_labels(kmeans(10 * np.eye(4)[truth] + noise, 4, uniforms(1, 4, seed)))
        assert len(set(zip(truth, labels, strict=True))) == 4


def test_a_start_does_not_depend_on_the_number_of_starts():
    own, numbers = points(50, 3), uniforms(4, 5)
    many, one = kmeans(own, 5, numbers), kmeans(own, 5, numbers[:1])
    assert (many.labels[0] == one.labels[0]).all()
    assert many.inertia[0] == one.inertia[0]


def test_the_best_start_is_the_first_of_those_with_the_least_inertia():
    own = np.repeat(10 * np.eye(3), 20, axis=0) + 0.01 * points(60, 3)
    numbers = np.concatenate([uniforms(3, 3, seed) for seed in range(4)])
    found = kmeans(own, 3, numbers)
    assert np.ptp(found.inertia) < 1e-9  # every start finds the three groups
    assert found.best == 0


def test_no_cluster_is_empty_where_there_are_enough_different_points():
    source = np.random.default_rng(3)
    for seed in range(200):
        own = source.integers(0, 4, (12, 2)).astype(float)
        if len(np.unique(own, axis=0)) >= 5:
            assert len(np.unique(best_labels(kmeans(own, 5, uniforms(1, 5, seed))))) == 5


def test_one_cluster_and_one_cluster_a_point():
    own = points(7, 2)
    assert (kmeans(own, 1, uniforms(1, 1)).labels == 0).all()
    assert len(np.unique(kmeans(own, 7, uniforms(1, 7)).labels)) == 7


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="k must be in 1 … 4"):
        kmeans(points(4, 2), 5, uniforms(1, 5))
    with pytest.raises(ValueError, match="does not fit k = 3"):
        kmeans(points(4, 2), 3, uniforms(1, 2))


@pytest.fixture(autouse=True)
def _quiet_scikit_learn():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
