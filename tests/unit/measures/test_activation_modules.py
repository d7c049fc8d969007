"""Modules of activities: networkx, NumPy and scikit-learn, known answers and what misleads."""

from __future__ import annotations

import networkx
import numpy as np
import pytest
from sklearn.cluster import SpectralClustering
from sklearn.metrics import adjusted_mutual_info_score

from clusterability.measures.activation_modules import (
    ActivationModules,
    activity_clusters,
    co_activity,
    modularity,
)
from clusterability.measures.activations import normalised
from clusterability.measures.function import permuted_labels

NAME = ("trained", 0, "fc1")


def activities(labels: np.ndarray, noise: float = 0.5, images: int = 300, seed: int = 0):
    """Units of a cluster follow a signal of their own; each adds noise."""
    source = np.random.default_rng(seed)
    signals = source.random((images, labels.max() + 1))
    shown = signals[:, labels] + noise * source.random((images, len(labels)))
    return normalised(shown.astype(np.float32))


def measured(shown, labels, k) -> dict[str, float]:
    found = ActivationModules(shown, NAME).measures(labels[None], k)
    return {name: float(values[0]) for name, values in found.items()}


def test_links_are_sizes_of_numpys_correlations():
    shown = activities(np.arange(6) % 2)
    expected = np.abs(np.corrcoef(shown.T.astype(float))) - np.eye(6)
    assert co_activity(shown) == pytest.approx(expected, abs=1e-6)


def test_modularity_is_that_of_networkx():
    source = np.random.default_rng(1)
    labels = source.integers(0, 3, 20)
    links = co_activity(activities(labels, noise=2.0))
    graph = networkx.from_numpy_array(links)
    parts = [set(np.flatnonzero(labels == each)) for each in range(3)]
    expected = networkx.community.modularity(graph, parts, weight="weight")
    assert modularity(links, labels[None], 3) == pytest.approx([expected])


def test_halves_that_never_vary_together_have_a_q_of_one_half():
    """Two pairs of copies, pairs uncorrelated: Q = 2 (1/2 - 1/4), and clusters are the pairs."""
    first, second = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    shown = np.stack([first, first, second, second], axis=1).astype(np.float32)
    found = measured(normalised(shown), np.array([0, 0, 1, 1]), 2)
    assert found == pytest.approx({"activation_q": 0.5, "activation_ami": 1.0})
    crossed = measured(normalised(shown), np.array([0, 1, 0, 1]), 2)
    # All links go between the clusters: Q = 0 - 2 / 4.
    assert crossed["activation_q"] == pytest.approx(-0.5)
    assert crossed["activation_ami"] < 0


def test_clusters_of_activities_are_those_of_scikit_learn():
    labels = np.random.default_rng(2).integers(0, 4, 60)
    links = co_activity(activities(labels))
    ours = activity_clusters(links, 4, NAME)
    theirs = SpectralClustering(4, affinity="precomputed", random_state=0)
    assert adjusted_mutual_info_score(ours, theirs.fit_predict(links + np.eye(60))) == 1
    assert measured(activities(labels), labels, 4)["activation_ami"] == pytest.approx(1)


def test_agreement_of_permuted_labels_is_that_of_scikit_learn():
    """Two constant units are left out, so that sizes of clusters differ among labellings."""
    labels = np.arange(30) % 3
    shown = activities(labels, noise=4.0)
    shown[:, :2] = shown[:, :1].mean()
    permuted = permuted_labels(labels, NAME, 20)
    sizes = {tuple(np.bincount(each[2:], minlength=3)) for each in permuted}
    assert len(sizes) > 1
    theirs = activity_clusters(co_activity(shown[:, 2:]), 3, NAME)
    found = ActivationModules(shown, NAME).measures(permuted, 3)["activation_ami"]
    expected = [adjusted_mutual_info_score(each[2:], theirs) for each in permuted]
    assert found == pytest.approx(expected, abs=1e-12)


def test_constant_units_dead_units_and_scale_count_for_nothing():
    labels = np.arange(20) % 2
    shown = activities(labels)
    expected = measured(shown, labels, 2)
    more = np.concatenate([shown, np.ones((300, 1)), np.zeros((300, 2))], axis=1)
    scaled = normalised((more * np.linspace(0.1, 9, 23)).astype(np.float32))
    found = measured(scaled, np.concatenate([labels, [0, 1, -1]]), 2)
    assert found == pytest.approx(expected, rel=1e-4)


def test_without_images_that_differ_nothing_is_defined():
    found = measured(np.ones((5, 6), np.float32), np.arange(6) % 2, 2)
    assert np.isnan(list(found.values())).all()


def test_chance_is_near_zero_and_clusters_are_far_above():
    labels = np.random.default_rng(3).integers(0, 4, 80)
    shown = activities(labels, noise=1.0)
    draws = ActivationModules(shown, NAME).measures(permuted_labels(labels, NAME, 99), 4)
    own = measured(shown, labels, 4)
    for name, values in draws.items():
        assert abs(values.mean()) < 0.03
        assert own[name] > values.max() + 10 * values.std()
