"""Conditions that differ in the order of the images alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from clusterability.randomness import integer_seed
from clusterability.training.recipe import Recipe
from clusterability.training.train import _data_order, train

IMAGES = 300


def recipe(**changes) -> Recipe:
    return Recipe(
        **({"architecture": "784-16-12-10", "batch_size": 32, "learning_rate": 0.05} | changes)
    )


def weights(images, seed: int = 4, **changes) -> list[np.ndarray]:
    return [
        stack[0]
        for stack in train("any", recipe(**changes), [seed], images).networks.weights.values()
    ]


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(first, second) for first, second in zip(one, other, strict=True))


def test_every_order_starts_from_the_same_weights(images):
    before = weights(images, epochs=0)
    assert same(weights(images, epochs=0, data_order=1), before)
    assert same(weights(images, epochs=0, data_order=2), before)


def test_every_order_ends_in_weights_of_its_own(images):
    orders = [weights(images, epochs=1, data_order=order) for order in range(3)]
    assert not same(orders[0], orders[1])
    assert not same(orders[0], orders[2])
    assert not same(orders[1], orders[2])
    assert same(weights(images, epochs=1, data_order=2), orders[2])


def test_the_order_of_the_images_is_all_that_differs(images):
    """One step on all images at once has the same gradient in any order."""
    one_step = {"epochs": 1, "batch_size": IMAGES}
    first, second = (weights(images, data_order=order, **one_step) for order in (0, 7))
    for one, other in zip(first, second, strict=True):
        assert other == pytest.approx(one, abs=1e-6)
    before = weights(images, epochs=0)
    assert max(np.abs(one - other).max() for one, other in zip(first, before, strict=True)) > 1e-4


def test_without_the_key_the_order_is_the_first(images):
    assert recipe().data_order == 0
    assert same(weights(images, epochs=1), weights(images, epochs=1, data_order=0))
    source = torch.Generator().manual_seed(integer_seed("order", 4, 1))
    expected = torch.randperm(IMAGES, generator=source)
    assert torch.equal(_data_order(recipe(data_order=0), [9, 4], 1, IMAGES)[1], expected)


def test_every_network_epoch_and_order_has_a_permutation_of_its_own():
    found = [
        order
        for number in range(3)
        for epoch in range(3)
        for order in _data_order(recipe(data_order=number), [0, 1, 2], epoch, IMAGES)
    ]
    assert all(order.sort().values.equal(torch.arange(IMAGES)) for order in found)
    assert len({tuple(order.tolist()) for order in found}) == 27
