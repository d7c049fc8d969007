"""Batched k-means against scikit-learn's, one point set at a time, and against its own promises."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.cluster import KMeans

from clusterability import kmeans as module
from clusterability.kmeans import candidates_per_step, kmeans


def uniforms(sets: int, starts: int, k: int, seed: int = 0) -> np.ndarray:
    shape = (sets, starts, k, candidates_per_step(k))
    return np.random.default_rng(seed).random(shape)


def points(sets: int, count: int, dimensions: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((sets, count, dimensions))


@pytest.mark.parametrize(("count", "dimensions", "k"), [(60, 2, 3), (128, 8, 8), (10, 5, 5)])
def test_inertia_is_not_worse_than_scikit_learns(count, dimensions, k):
    sets = points(30, count, dimensions)
    ours = kmeans(sets, k, uniforms(30, 3, k)).inertia.min(axis=1)
    theirs = [KMeans(k, n_init=3, random_state=i).fit(sets[i]).inertia_ for i in range(30)]
    assert ours.mean() <= np.mean(theirs) * 1.01


def test_result_is_a_fixed_point_of_scikit_learns_lloyd():
    sets, k = points(5, 80, 3), 4
    found = kmeans(sets, k, uniforms(5, 2, k))
    for number in range(5):
        labels = found.best_labels[number]
        centres = np.stack([sets[number][labels == a].mean(axis=0) for a in range(k)])
        again = KMeans(k, init=centres, n_init=1, max_iter=1).fit(sets[number])
        assert (again.labels_ == labels).all()
        assert found.inertia[number].min() == pytest.approx(again.inertia_, rel=1e-9)


def test_separated_groups_are_found():
    source = np.random.default_rng(0)
    truth = np.arange(4).repeat(25)
    centres = 10 * np.eye(4)[truth]
    found = kmeans(centres + 0.1 * source.standard_normal((6, 100, 4)), 4, uniforms(6, 1, 4))
    for labels in found.best_labels:
        assert len({(a, b) for a, b in zip(truth, labels, strict=True)}) == 4


@pytest.mark.parametrize(
    ("count", "dimensions", "k"), [(100, 6, 6), (128, 8, 8), (10, 5, 5), (97, 9, 5), (33, 1, 2)]
)
def test_bits_do_not_depend_on_the_other_sets_or_on_the_chunk(monkeypatch, count, dimensions, k):
    sets, numbers = points(40, count, dimensions), uniforms(40, 3, k)
    together = kmeans(sets, k, numbers)
    monkeypatch.setattr(module, "_CHUNK_VALUES", 7 * 3 * k * count)
    in_chunks = kmeans(sets, k, numbers)
    assert (together.best_labels == in_chunks.best_labels).all()
    assert (together.first_labels == in_chunks.first_labels).all()
    assert (together.inertia == in_chunks.inertia).all()
    for number in range(40):
        alone = kmeans(sets[[number]], k, numbers[[number]])
        assert (alone.best_labels[0] == together.best_labels[number]).all()
        assert (alone.inertia[0] == together.inertia[number]).all()


def test_first_start_does_not_depend_on_the_number_of_starts():
    sets, numbers = points(5, 50, 3), uniforms(5, 4, 5)
    many, one = kmeans(sets, 5, numbers), kmeans(sets, 5, numbers[:, :1])
    assert (many.first_labels == one.first_labels).all()
    assert (one.first_labels == one.best_labels).all()
    assert many.inertia[:, 0] == pytest.approx(one.inertia[:, 0])


def test_no_cluster_is_empty_where_there_are_enough_different_points():
    source = np.random.default_rng(3)
    sets = source.integers(0, 4, (200, 12, 2)).astype(float)
    for labels, set_ in zip(kmeans(sets, 5, uniforms(200, 1, 5)).best_labels, sets, strict=True):
        if len(np.unique(set_, axis=0)) >= 5:
            assert len(np.unique(labels)) == 5


def test_equal_points_leave_clusters_empty_and_do_not_crash():
    found = kmeans(np.ones((1, 6, 2)), 3, uniforms(1, 2, 3))
    assert len(np.unique(found.best_labels)) == 1
    assert found.inertia == pytest.approx(0)


def test_one_cluster_and_one_cluster_a_point():
    sets = points(3, 7, 2)
    assert (kmeans(sets, 1, uniforms(3, 1, 1)).best_labels == 0).all()
    each = kmeans(sets, 7, uniforms(3, 1, 7)).best_labels
    assert all(len(np.unique(labels)) == 7 for labels in each)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="k must be in 1 … 4"):
        kmeans(points(1, 4, 2), 5, uniforms(1, 1, 5))
    with pytest.raises(ValueError, match="does not fit k = 3"):
        kmeans(points(1, 4, 2), 3, uniforms(1, 1, 2))


@pytest.fixture(autouse=True)
def _quiet_scikit_learn():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
