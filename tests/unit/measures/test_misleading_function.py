"""Small examples of how each function measure misleads: those of docs/function.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clusterability.measures.ablation import (
    ABLATIONS,
    AblatedLayer,
    compare_effects,
    compare_kept,
    group_orders,
)
from clusterability.measures.activation_modules import ActivationModules
from clusterability.measures.activations import normalised
from clusterability.measures.function import activity_measures, permuted_labels
from clusterability.measures.function_catalogue import FUNCTION_MEASURES
from documents import ITEMS, all_tests, defined_tests, entries, named_tests
from project import DOCS

DOCUMENT = DOCS / "function.md"
IMAGES = 1200
CLASSES = np.arange(IMAGES) % 4


# --- the document ------------------------------------------------------------------------------


def test_every_function_measure_has_an_entry_with_all_items():
    found = entries(DOCUMENT)
    assert list(found) == list(FUNCTION_MEASURES)
    assert all(items == ITEMS for items in found.values())


def test_the_document_of_function_names_tests_that_exist_and_all_of_these():
    named, own = named_tests(DOCUMENT), defined_tests(Path(__file__))
    assert named <= all_tests()
    about_the_document = {
        "test_every_function_measure_has_an_entry_with_all_items",
        "test_the_document_of_function_names_tests_that_exist_and_all_of_these",
    }
    assert own - about_the_document <= named


# --- activities --------------------------------------------------------------------------------


def noise(units: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).exponential(size=(IMAGES, units)).astype(np.float32)


def tuned(units: int) -> np.ndarray:
    """Units that each answer to a class of their own, in turn, beside some noise."""
    own = CLASSES[:, None] == np.arange(units) % 4
    return noise(units) * np.where(own, 3, 1).astype(np.float32)


def measured(activities: np.ndarray, labels, k: int) -> dict[str, float]:
    labels = np.asarray(labels, np.int16)[None]
    found = activity_measures(normalised(activities), CLASSES, labels, k)
    return {name: float(values[0]) for name, values in found.items()}


def on_random_groups(activities: np.ndarray, k: int) -> dict[str, float]:
    """Means over random groups of equal sizes."""
    labels = (np.arange(activities.shape[1]) % k).astype(np.int16)
    drawn = permuted_labels(labels, ("example", 0, "fc1"), 30)
    found = activity_measures(normalised(activities), CLASSES, drawn, k)
    return {name: float(values.mean()) for name, values in found.items()}


def test_class_mi_grows_with_k_on_random_groups():
    few, many = (on_random_groups(tuned(32), k)["class_mi"] for k in (2, 16))
    assert many > 5 * few > 0


def test_dominance_is_near_k_for_random_groups():
    assert on_random_groups(noise(32), 8)["dominance"] > 7.8


def test_cluster_class_mi_is_high_for_clusters_that_say_the_same():
    unit = tuned(1)
    same = np.repeat(unit, 8, axis=1)
    found = measured(same, np.repeat([0, 1], 4), 2)
    assert found["cluster_class_mi"] > 0.06
    assert found["between_mi"] == pytest.approx(1)


def test_between_mi_is_low_for_clusters_of_noise():
    found = measured(noise(8), np.repeat([0, 1], 4), 2)
    assert found["between_mi"] < 0.03
    assert found["cluster_class_mi"] < 0.03


def test_between_mi_sees_the_class_as_a_common_cause():
    """Two modules that share nothing but the class: a strength of each by the class alone."""
    strengths = np.array([[1, 2, 3, 4], [4, 1, 3, 2]], np.float32)
    activities = noise(2) * 0.2 + strengths[:, CLASSES].T
    found = measured(activities, [0, 1], 2)
    assert found["between_mi"] > 0.3
    assert abs(found["between_mi_given_class"]) < 0.05


def test_between_mi_given_class_sees_causes_that_are_not_the_class():
    thickness = np.random.default_rng(1).uniform(0.5, 2, (IMAGES, 1)).astype(np.float32)
    found = measured(thickness * (1 + 0.2 * noise(2)), [0, 1], 2)
    assert found["between_mi_given_class"] > 0.3


def together(shown: np.ndarray, labels, k: int) -> dict[str, float]:
    found = ActivationModules(normalised(shown), ("example", 0)).measures(
        np.asarray(labels)[None], k
    )
    return {name: float(values[0]) for name, values in found.items()}


def test_activation_q_sees_the_class_as_a_common_cause():
    """Units 0 and 2 are computed apart from 1 and 3, and are active together with these."""
    answers = np.stack([each == CLASSES for each in (0, 0, 1, 1)], axis=1).astype(np.float32)
    shown = answers + 0.3 * noise(4)
    assert together(shown, [0, 1, 0, 1], 2)["activation_q"] < -0.1
    assert together(shown, [0, 0, 1, 1], 2)["activation_q"] > 0.05


def test_activation_ami_is_low_where_what_units_do_has_no_clusters():
    """Units of independent noise: clusters of them are accidents, and so is what agrees."""
    labels = np.random.default_rng(5).integers(0, 4, 60)
    assert abs(together(noise(60), labels, 4)["activation_ami"]) < 0.1


# --- ablations ---------------------------------------------------------------------------------


def ablated(following, activities, labels, ablation="zero", classes=CLASSES):
    """What ablating each cluster does, against 39 groups."""
    layer = AblatedLayer([following.astype(np.float32)], activities, classes)
    labels = np.asarray(labels)
    groups = labels == np.arange(labels.max() + 1)[:, None]
    sizes = groups.sum(axis=1)
    orders = group_orders(np.arange(len(labels)), ("example", 0, "fc1"), 39)
    place = ABLATIONS.index(ablation)
    hits, drawn = layer.hits_without(groups), layer.hits_without_first(orders, sizes.tolist())
    return compare_effects(layer.intact_hits(), hits[place], drawn[place], layer.counts)


def test_importance_misses_a_cluster_with_a_double():
    """Four units that decide everything, twice: either four can go, both together cannot."""
    units = np.eye(4, dtype=np.float32)[CLASSES]
    activities, following = np.hstack([units, units]), np.hstack([np.eye(4), np.eye(4)])
    for ablation in ("zero", "mean"):
        halves = ablated(following, activities, np.repeat([0, 1], 4), ablation)
        assert halves.importance.tolist() == [0, 0]
        together = ablated(following, activities, np.zeros(8, int), ablation)
        assert together.importance[0] == 0.75


def test_sufficiency_is_high_for_each_of_two_doubles():
    """Either half of the doubles is enough alone, and so neither is told from the other."""
    units = np.eye(4, dtype=np.float32)[CLASSES]
    activities, following = np.hstack([units, units]), np.hstack([np.eye(4), np.eye(4)])
    layer = AblatedLayer([following.astype(np.float32)], activities, CLASSES)
    halves = np.repeat([0, 1], 4) == np.arange(2)[:, None]
    hits = layer.hits_without(~halves)[0]
    orders = group_orders(np.arange(8), ("example", 0, "fc1"), 39)
    drawn = layer.hits_without_first(orders, [4, 4])[0]
    found = compare_kept(layer.intact_hits(), hits, drawn, layer.counts)
    assert found.accuracy.tolist() == [1, 1]
    assert (found.compared.z > 0.5).all()
    assert (found.falls == 0).all()


def test_importance_of_constant_units_is_that_of_a_bias():
    """A unit that is always on and holds back class 3: it says nothing of any image."""
    units = np.hstack([np.eye(4, dtype=np.float32)[CLASSES], np.ones((IMAGES, 1), np.float32)])
    following = np.eye(4, 5)
    following[3] = [1.5, 1.5, 1.5, 2, -1]  # without the unit, class 3 wins everywhere
    zero, mean = (ablated(following, units, [0, 0, 0, 0, 1], by) for by in ("zero", "mean"))
    assert zero.importance[1] == 0.75
    assert mean.importance[1] == 0


def test_coherence_of_small_falls_is_large():
    """Single images make the range: falls of noise are more coherent the fewer images there are."""
    source = np.random.default_rng(2)
    following = np.eye(4).repeat(10, axis=1)
    activities = tuned(40)[:, np.argsort(np.arange(40) % 4, kind="stable")]
    classes = (activities @ following.T.astype(np.float32)).argmax(axis=1)
    few = source.permutation(IMAGES)[:60]
    labels = np.where(np.isin(np.arange(40), [0, 10, 20, 30]), 0, 1)
    every = ablated(following, activities, labels, classes=classes)
    some = ablated(following, activities[few], labels, classes=classes[few])
    assert every.importance[0] < 0.15
    assert some.coherence[0] > 2 * every.coherence[0]
