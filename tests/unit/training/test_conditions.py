"""What conditions change beside the optimiser: labels, pixels, planted clusters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clusterability.networks.synthetic import cluster_sizes
from clusterability.training.history import network_table
from clusterability.training.images import left_out_pixels, network_inputs, training_labels
from clusterability.training.planting import (
    inside_planted,
    planted_labels,
    planted_partitions,
    planted_shares,
)
from clusterability.training.recipe import Recipe
from clusterability.training.train import train


def recipe(**changes) -> Recipe:
    small = {"architecture": "784-16-12-10", "epochs": 2, "batch_size": 32, "optimizer": "adam"}
    return Recipe(**(small | changes))


# --- labels ------------------------------------------------------------------------------------


def test_permuted_labels_are_a_seeds_own_permutation(images):
    labels = images.train_labels
    first, second = (training_labels(labels, True, seed) for seed in (0, 1))
    assert sorted(first) == sorted(labels)
    assert not np.array_equal(first, second)
    # About a tenth of the images keep their label by chance.
    assert (first == labels).mean() < 0.25
    assert training_labels(labels, False, 0) is labels


def test_networks_with_permuted_labels_are_judged_on_their_own(images):
    by_heart = recipe(architecture="784-64-10", epochs=60, labels="permuted")
    rows = network_table(train("random_labels", by_heart, [0, 1], images))
    assert (rows.train_accuracy > 0.9).all()  # learnt by heart
    assert (rows.test_accuracy < 0.3).all()  # and of no use


# --- pixels ------------------------------------------------------------------------------------


def test_left_out_pixels_by_hand():
    images = np.zeros((4, 3), np.uint8)
    images[:, 1] = [0, 0, 0, 1]
    images[:, 2] = [0, 255, 0, 255]
    # Standard deviations: 0; sqrt(3) / 4 of 1/255 = 0.0017; 1/2.
    assert left_out_pixels(images, 0).tolist() == [False, False, False]
    assert left_out_pixels(images, 1e-6).tolist() == [True, False, False]
    assert left_out_pixels(images, 0.00169).tolist() == [True, False, False]
    assert left_out_pixels(images, 0.0017).tolist() == [True, True, False]
    assert left_out_pixels(images, 0.51).tolist() == [True, True, True]


@pytest.mark.slow
@pytest.mark.network
def test_pixels_of_mnist_that_do_not_vary(mnist):
    from clusterability.training.images import load_mnist

    train_images = load_mnist(mnist).train_images
    deviation = (train_images / 255.0).std(axis=0)
    assert left_out_pixels(train_images, 1e-6).sum() == 67
    assert np.array_equal(left_out_pixels(train_images, 0.05), deviation < 0.05)


def test_a_network_without_pixels_is_one_of_the_others_alone(images):
    """Whatever the pixels hold that are left out, training and evaluation are the same."""
    dull = np.arange(784) % 7 == 0
    left_out, other = images.train_images.copy(), images.train_images.copy()
    left_out[:, dull], other[:, dull] = 3, 250
    chosen = recipe(pixel_deviation=1e-6)
    found = [
        train("any", chosen, [3], replace(images, train_images=train_images))
        for train_images in (left_out, other)
    ]
    for layer, stack in found[0].networks.weights.items():
        assert np.array_equal(stack, found[1].networks.weights[layer])
    assert found[0].rows[0].test_loss == found[1].rows[0].test_loss
    assert (found[0].networks.weights["fc1"][0][:, dull] == 0).all()
    assert (found[0].networks.weights["fc1"][0][:, ~dull] != 0).all()
    assert network_table(found[0]).fc1_dead_v.tolist() == [dull.sum()]


def test_unnormalised_inputs_run_from_paper_to_ink():
    images = np.array([[0, 51, 255]], np.uint8)
    assert network_inputs(images, normalised=False).tolist() == [[0, np.float32(0.2), 1]]
    assert network_inputs(images, normalised=True)[0, 0] < 0


def test_each_data_set_is_normalised_by_its_own_mean_and_deviation(images):
    """Networks before training tell: they see the inputs and nothing else of the data set."""
    losses = {}
    for normalised in (True, False):
        chosen = Recipe(architecture="784-8-10", epochs=0, normalise=normalised)
        for name in ("mnist", "fashion_mnist", "kmnist"):
            (row,) = train("any", chosen, [3], replace(images, name=name)).rows
            losses[normalised, name] = row.test_loss
    assert len({losses[False, name] for _, name in losses}) == 1
    assert len(set(losses.values())) == 4
    inputs = network_inputs(np.array([[0, 255]], np.uint8), True, "fashion_mnist")
    assert inputs == pytest.approx(np.array([[-0.2860, 1 - 0.2860]]) / 0.3530, rel=1e-5)


# --- planted clusters --------------------------------------------------------------------------


@pytest.mark.parametrize(("units", "clusters"), [(128, 4), (10, 4), (7, 7), (13, 5)])
def test_planted_clusters_are_as_equal_as_can_be(units, clusters):
    sizes = np.bincount(planted_labels(units, clusters))
    assert sorted(sizes) == sorted(cluster_sizes(units, clusters, unequal=0))


def test_planted_clusters_grow_with_training(images):
    planted = recipe(planted_clusters=3, clusterability=20, epochs=60)
    result = train("clusterable", planted, [0, 1], images)
    share = network_table(result).planted_clusterability
    squares = result.networks.weights["fc2"].astype(float) ** 2
    by_hand = squares[:, inside_planted(planted)].sum(axis=1) / squares.sum(axis=(1, 2))
    assert share.tolist() == pytest.approx(by_hand.tolist(), rel=1e-12)
    assert (share > 0.95).all()
    plain = train("trained", planted.without_planting, [0, 1], images)
    assert network_table(plain).planted_clusterability.isna().all()


def test_a_share_that_was_not_planted_is_as_that_of_permuted_labels(images):
    """A quarter of the weights lies inside; of constant weights so does a quarter of the sum."""
    chosen = recipe(clusterability=1, planted_layer="fc1", planted_clusters=4, epochs=0)
    networks = train("clusterable", chosen, [0], images).networks
    shares, drawn = planted_shares(networks, 99)
    weights = abs(networks.weights["fc1"][0].astype(float))
    assert shares[0] == pytest.approx(weights[inside_planted(chosen)].sum() / weights.sum())
    assert abs(shares[0] - drawn.mean()) < 4 * drawn.std()
    networks.weights["fc1"][0][inside_planted(chosen)] *= 3
    more, drawn = planted_shares(networks, 99)
    assert more[0] == pytest.approx(3 * shares[0] / (1 + 2 * shares[0]))
    assert more[0] > drawn.max()
    networks.weights["fc1"][:] = 2
    flat, drawn = planted_shares(networks, 9)
    assert flat == pytest.approx([0.25])
    assert drawn == pytest.approx(0.25)


def test_what_was_planted_comes_with_the_networks(images):
    chosen = recipe(clusterability=1, planted_layer="fc1", planted_clusters=4, epochs=0)
    networks = train("clusterable", chosen, [0, 1], images).networks
    networks.weights["fc1"][1, 2] = 0  # a dead unit
    ((key, planted),) = planted_partitions(networks).items()
    assert key == ("fc1", 4)
    assert planted.feasible.all()
    assert planted.rows[0].tolist() == np.repeat(range(4), 4).tolist()
    assert planted.columns[0].tolist() == np.repeat(range(4), 196).tolist()
    assert planted.rows[1].tolist() == [0, 0, -1, 0, *planted.rows[0, 4:]]
