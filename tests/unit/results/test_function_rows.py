"""Rows of what units do: one for each combination, recomputed by hand, whatever the block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from clusterability.clustering.spectral import cluster
from clusterability.measures.function_catalogue import (
    ABLATION_MEASURES,
    ACTIVITY_MEASURES,
    FUNCTION_MEASURES,
)
from clusterability.networks.graph import network_matrices, network_units
from clusterability.networks.partitions import Partitions
from clusterability.networks.stacked import Networks
from clusterability.results.columns import SCORE_COLUMNS
from clusterability.results.function_columns import ABLATION_COLUMNS, CLUSTERS, LESION_COLUMNS
from clusterability.results.function_rows import probe, shown_images, takes_mnist
from clusterability.training.images import training_labels
from clusterability.training.recipe import Recipe
from clusterability.training.train import train

METHODS = ["matched", "joint"]
K_VALUES = [2, 5, 25]
GROUPS = 9
KEYS = ["condition", "seed", "layer", "method", "k", "measure", "null"]


@pytest.fixture(scope="module")
def networks(images) -> Networks:
    recipe = Recipe(architecture="784-24-16-10", epochs=6, batch_size=16, optimizer="adam")
    return train("trained", recipe, [3, 8], images).networks


def partitions_of(networks: Networks, layer: str) -> dict:
    names = [(networks.condition, seed, layer, "network") for seed in networks.seeds]
    return cluster(networks.weights[layer], names, K_VALUES, METHODS, 2)


@pytest.fixture(scope="module")
def shown(networks, images):
    return shown_images(images, networks.seeds, 80, Recipe())


@pytest.fixture(scope="module")
def probed(networks, shown):
    return probe(networks, "fc1", partitions_of(networks, "fc1"), shown, GROUPS)


def test_columns_and_one_row_for_each_combination(probed):
    assert list(probed.scores) == SCORE_COLUMNS
    assert list(probed.clusters) == CLUSTERS
    assert list(probed.ablations) == ABLATION_COLUMNS
    assert list(probed.lesions) == LESION_COLUMNS
    assert not probed.scores.duplicated(KEYS).any()
    assert len(probed.scores) == 2 * len(METHODS) * len(K_VALUES) * len(FUNCTION_MEASURES)
    clusters = probed.clusters.groupby(["seed", "method", "k"]).size()
    assert len(probed.ablations) == clusters.sum() * 4 * 10
    assert len(probed.lesions) == clusters.sum()
    assert (probed.clusters.groupby(["seed", "method", "k"]).u_size.sum() == 24).all()


def test_infeasible_k_has_a_status_and_no_value(probed):
    infeasible = probed.scores.query("k == 25")
    assert (infeasible.status == "infeasible").all()
    assert infeasible[["value", "null_mean", "z", "p"]].isna().all().all()
    assert (infeasible.k_effective == 0).all()
    assert set(probed.clusters.k) == {2, 5}
    rest = probed.scores.query("k != 25")
    assert set(rest.status) <= {"ok", "undefined"}
    assert (rest[rest.measure.isin(ACTIVITY_MEASURES)].status == "ok").all()


def test_a_layer_without_any_feasible_k(networks, shown):
    partitions = {key: p for key, p in partitions_of(networks, "fc1").items() if key[1] == 25}
    found = probe(networks, "fc1", partitions, shown, GROUPS)
    assert (found.scores.status == "infeasible").all()
    assert len(found.scores) == 2 * len(METHODS) * len(FUNCTION_MEASURES)
    assert (len(found.clusters), len(found.ablations)) == (0, 0)
    assert list(found.ablations) == ABLATION_COLUMNS


def test_a_partitions_ablation_is_the_mean_over_its_large_clusters(probed):
    scores = probed.scores.query("k == 5").set_index(["seed", "method", "measure"])
    large = probed.clusters[probed.clusters.u_size >= 0.05 * 24].query("k == 5")
    for (seed, method), clusters in large.groupby(["seed", "method"]):
        for measure in ABLATION_MEASURES:
            row = scores.loc[(seed, method, measure)]
            assert row.value == pytest.approx(clusters[measure].mean(), nan_ok=True)
            assert row.z == pytest.approx(clusters[f"{measure}_z"].mean(), nan_ok=True)
            assert np.isnan(row.p)


def test_falls_by_class_make_up_importance(probed):
    falls = probed.ablations.query("ablation == 'zero'")
    lost = (falls.fall * falls.images).groupby([falls.seed, falls.method, falls.k, falls.cluster])
    found = probed.clusters.set_index(["seed", "method", "k", "cluster"]).importance
    assert (lost.sum() / 80).to_dict() == pytest.approx(found.to_dict())
    effect = probed.clusters.importance_effect.dropna()
    assert len(effect) > 5


def test_activities_by_class_by_hand(probed, networks, shown):
    hidden = np.maximum(shown.images @ networks.weights["fc1"][0].T, 0)
    hidden = hidden[:, hidden.any(axis=0)]
    hidden = hidden / np.sqrt((hidden**2).mean(axis=0))
    active = (shown.images @ networks.weights["fc1"][0].T > 0).any(axis=0)
    labels = partitions_of(networks, "fc1")["joint", 2].rows[0][active]
    expected = hidden[shown.classes[0] == 4][:, labels == 1].mean()
    row = probed.ablations.query("seed == 3 and method == 'joint' and k == 2 and cluster == 1")
    found = row[row["class"] == 4].activity
    assert found.tolist() == pytest.approx([expected] * 4, rel=1e-5)


def test_a_cluster_alone_is_a_network_without_the_others(probed, networks, shown):
    """By a forward pass with all other units of the layer set to zero, or to their mean."""
    images, classes = shown.images, shown.classes[0]
    weights = [stack[0] for stack in networks.weights.values()]
    hidden = np.maximum(images @ weights[0].T, 0)
    labels = partitions_of(networks, "fc1")["matched", 5].rows[0]
    means = hidden.mean(axis=0, dtype=np.float64).astype(np.float32)
    for cluster_, others in ((0, np.zeros_like(means)), (2, np.zeros_like(means)), (2, means)):
        kept = np.where(labels == cluster_, hidden, others)
        said = (np.maximum(kept @ weights[1].T, 0) @ weights[2].T).argmax(axis=1)
        place = f"seed == 3 and method == 'matched' and k == 5 and cluster == {cluster_}"
        row = probed.clusters.query(place).iloc[0]
        name = "sufficiency_by_mean" if others is means else "sufficiency"
        assert row[name] == pytest.approx((said == classes).mean(), abs=1 / 80)
        rows = probed.ablations.query(f"{place} and ablation == '{_others(others is means)}'")
        lost = (rows.fall * rows.images).sum() / 80
        accuracy = (rows.accuracy * rows.images).sum() / 80
        assert accuracy - lost == pytest.approx(row[name])


def _others(by_mean: bool) -> str:
    return "others_mean" if by_mean else "others_zero"


def test_rows_do_not_depend_on_the_block(probed, networks, shown):
    alone = Networks(
        networks.condition,
        networks.seeds[1:],
        networks.recipe,
        {layer: stack[1:] for layer, stack in networks.weights.items()},
    )
    again = probe(alone, "fc1", partitions_of(alone, "fc1"), shown, GROUPS)
    for name in ("scores", "clusters", "ablations", "lesions"):
        every = getattr(probed, name)
        own = every[every.seed == 8].reset_index(drop=True)
        pd.testing.assert_frame_equal(getattr(again, name), own, check_exact=True)


def test_the_whole_network_is_probed_layer_by_layer(networks, shown):
    matrices = network_matrices(list(networks.weights.values()))
    names = [("trained", seed, "network", "network") for seed in networks.seeds]
    whole = cluster(matrices, names, [3], ["whole"], 2)
    found = probe(networks, "network", whole, shown, GROUPS)
    assert found.scores.layer.unique().tolist() == ["fc1", "fc2"]
    even, odd = network_units([784, 24, 16, 10])
    item = whole["whole", 3]
    for layer, units in (("fc1", range(784, 808)), ("fc2", range(808, 824))):
        labels = np.empty((2, 834), np.int16)
        labels[:, even], labels[:, odd] = item.rows, item.columns
        own = Partitions(labels[:, list(units)], item.columns, item.feasible)
        alone = probe(networks, layer, {("whole", 3): own}, shown, GROUPS)
        for name in ("scores", "clusters"):
            rows = getattr(found, name)
            rows = rows[rows.layer == layer].reset_index(drop=True)
            pd.testing.assert_frame_equal(rows, getattr(alone, name))


def test_inaccurate_networks_are_shown_images_but_lose_nothing(images):
    untrained = train("untrained", Recipe(architecture="784-24-10", epochs=0), [1], images)
    networks = untrained.networks
    networks.weights["fc2"][:] = -abs(networks.weights["fc2"])
    networks.weights["fc2"][:, 0] *= 0.001  # always says class 0
    shown = shown_images(images, [1], 100, Recipe())
    found = probe(networks, "fc1", partitions_of(networks, "fc1"), shown, GROUPS)
    scores = found.scores.query("k == 2")
    ablated = scores.measure.isin(ABLATION_MEASURES)
    assert (scores[ablated].status == "inaccurate").all()
    assert (scores[~ablated].status == "ok").all()
    assert found.ablations.fall.isna().all()
    assert found.ablations.activity.notna().all()


def test_networks_of_other_inputs_are_not_probed():
    source = np.random.default_rng(0)
    weights = {"fc1": source.standard_normal((1, 6, 9)), "fc2": source.standard_normal((1, 4, 6))}
    networks = Networks("theirs", (-1,), {}, weights)
    assert not takes_mnist(networks)
    found = probe(networks, "fc1", partitions_of(networks, "fc1"), None, GROUPS)
    assert (found.scores.status == "other_inputs").all()
    assert len(found.scores) == len(METHODS) * len(K_VALUES) * len(FUNCTION_MEASURES)
    assert found.scores.value.isna().all()
    assert (len(found.clusters), len(found.ablations)) == (0, 0)
    assert list(found.clusters) == CLUSTERS


def test_networks_that_tell_two_classes_say_why_they_are_not_probed(images):
    recipe = Recipe(task="two_digits_joint", architecture="1568-24-20", epochs=0)
    networks = train("pairs", recipe, [1], images).networks
    assert not takes_mnist(networks)
    found = probe(networks, "fc1", partitions_of(networks, "fc1"), None, GROUPS)
    assert (found.scores.status == "several_heads").all()
    assert found.scores.value.isna().all()


def test_what_is_shown_is_normalised_as_in_training(images):
    asked = Recipe()
    seen = [
        shown_images(replace(images, name=name), [0], 20, asked).images
        for name in ("mnist", "kmnist")
    ]
    pixels = seen[0] * 0.3081 + 0.1307
    np.testing.assert_allclose(seen[1] * 0.3483 + 0.1918, pixels, atol=1e-6)


def test_what_is_shown(images):
    asked = Recipe()
    many = shown_images(images, [0, 1], 60, asked)
    few = shown_images(images, [0, 1], 20, asked)
    assert np.array_equal(many.images[:20], few.images)
    assert np.array_equal(many.classes[0], many.classes[1])
    own = shown_images(images, [0, 1], 300, Recipe(normalise=False, labels="permuted"))
    assert own.images.min() == 0
    assert own.images.max() == 1
    for number in (0, 1):
        labels = training_labels(images.train_labels, True, number)
        place = {
            image.tobytes(): label for image, label in zip(images.train_images, labels, strict=True)
        }
        bytes_ = np.rint(own.images * 255).astype(np.uint8)
        assert [place[image.tobytes()] for image in bytes_] == own.classes[number].tolist()


@pytest.mark.parametrize("kind", ["gaussian", "independent_pixels"])
def test_networks_of_controls_are_shown_test_images_of_their_kind(images, kind):
    """What they are shown is what their test accuracy is of, if all test images are shown."""
    recipe = Recipe(
        architecture="784-24-10", epochs=8, batch_size=16, optimizer="adam",
        images=kind, labels="teacher", centre_pixels=True,
    )  # fmt: skip
    result = train("control", recipe, [3, 8], images)
    shown = shown_images(images, [3, 8], len(images.test_images), recipe)
    for number, row in enumerate(result.rows):
        first, second = (stack[number] for stack in result.networks.weights.values())
        said = (np.maximum(shown.images @ first.T, 0) @ second.T).argmax(axis=1)
        assert (said == shown.classes[number]).mean() == pytest.approx(row.test_accuracy, abs=0.011)
    few = shown_images(images, [8], 30, recipe)
    assert np.array_equal(few.images, shown.images[:30])
    assert np.array_equal(few.classes[0], shown.classes[1, :30])
    assert not np.array_equal(shown.classes[0], shown.classes[1])
