"""Ablation: hand-built networks, plain PyTorch, and groups that are nested."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from clusterability.measures.ablation import (
    ABLATIONS,
    AblatedLayer,
    Ablation,
    accurate,
    compare_effects,
    group_orders,
)
from clusterability.measures.activations import hidden_activities


def at(ablation: Ablation) -> int:
    return ABLATIONS.index(ablation)


def halves() -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Two halves that never touch, each deciding five classes; images, four a class."""
    weights = [np.eye(10, dtype=np.float32) for _ in range(3)]
    classes = np.tile(np.arange(10), 4)
    return weights, np.eye(10, dtype=np.float32)[classes], classes


def whole_numbers(
    seed: int, hidden: tuple[int, ...] = (9, 7, 8)
) -> tuple[list[np.ndarray], np.ndarray]:
    """A network and images of small whole numbers: no rounding anywhere."""
    source = np.random.default_rng(seed)
    sizes = (6, *hidden, 4)
    weights = [
        source.integers(-2, 3, (out, in_)).astype(np.float32)
        for in_, out in itertools.pairwise(sizes)
    ]
    return weights, source.integers(-3, 4, (80, 6)).astype(np.float32)


def plain_hits(
    weights: list[np.ndarray],
    images: np.ndarray,
    classes: np.ndarray,
    layer: int,
    group: np.ndarray,
    ablation: Ablation,
) -> list[int]:
    """Hits by class by a forward pass of PyTorch with the group's units overwritten."""
    activity = torch.from_numpy(images).double()
    for place, weight in enumerate(weights):
        activity = activity @ torch.from_numpy(weight).double().T
        if place < len(weights) - 1:
            activity = torch.relu(activity)
        if place == layer:
            rest = activity.mean(dim=0) if ablation == "mean" else torch.zeros(len(weight))
            activity = torch.where(torch.from_numpy(group), rest.double(), activity)
    right = activity.argmax(dim=1).numpy() == classes
    return np.bincount(classes[right], minlength=len(weights[-1])).tolist()


# --- hand-built --------------------------------------------------------------------------------


def test_halves_that_never_touch() -> None:
    """Each half decides half of the classes: importance 1/2, coherence (1 - 0) / (1/2) = 2."""
    weights, images, classes = halves()
    for layer, activities in enumerate(hidden_activities(weights, images)):
        ablated = AblatedLayer(weights[layer + 1 :], activities, classes)
        groups = np.repeat([[True, False], [False, True]], 5, axis=1)
        hits = ablated.hits_without(groups)[at("zero")]
        # Without the first half, its classes get only zeros: of equal logits, class 0 is said.
        assert hits.tolist() == [[4, *[0] * 4, *[4] * 5], [4] * 5 + [0] * 5]
        # Class 0 needs nothing to be said, so the halves are judged by images of the others.
        some = classes != 0
        ablated = AblatedLayer(weights[layer + 1 :], activities[some], classes[some])
        orders = group_orders(np.arange(10), ("any", 0, "fc1"), 99)
        found = compare_effects(
            ablated.intact_hits(),
            ablated.hits_without(groups)[at("zero")],
            ablated.hits_without_first(orders, [5, 5])[at("zero")],
            ablated.counts,
        )
        assert found.importance.tolist() == pytest.approx([4 / 9, 5 / 9])
        assert found.falls[0].tolist()[1:] == [1] * 4 + [0] * 5
        assert found.coherence.tolist() == pytest.approx([9 / 4, 9 / 5])


def test_balanced_halves_have_importance_one_half_and_coherence_two() -> None:
    weights, images, classes = halves()
    # A unit that nobody ablates speaks for class 10 when all others are silent.
    weights = [np.eye(11, dtype=np.float32) for _ in range(3)]
    images = np.hstack([images, np.full((len(images), 1), 0.5, np.float32)])
    groups = np.zeros((2, 11), bool)
    groups[0, :5] = groups[1, 5:10] = True
    ablated = AblatedLayer(weights[1:], images, classes)
    orders = group_orders(np.arange(10), ("any", 0, "fc1"), 99)
    found = compare_effects(
        ablated.intact_hits(),
        ablated.hits_without(groups)[at("zero")],
        ablated.hits_without_first(orders, [5, 5])[at("zero")],
        ablated.counts,
    )
    assert found.importance.tolist() == [0.5, 0.5]
    assert found.coherence.tolist() == [2, 2]
    # Any five of the ten units cost five classes: clusters are as important as random groups.
    assert found.share.tolist() == [0.5, 0.5]
    assert found.importance_compared.p.tolist() == [1, 1]
    assert np.isnan(found.falls[:, 10]).all()  # a class without images


def test_dead_units_cost_nothing_and_all_units_everything() -> None:
    weights, images = whole_numbers(0)
    activities = hidden_activities(weights, images)[0]
    activities[:, 2:4] = 0
    classes = np.arange(80) % 4
    ablated = AblatedLayer(weights[1:], activities, classes)
    groups = np.zeros((2, 9), bool)
    groups[0, 2:4] = True
    groups[1] = True
    hits = ablated.hits_without(groups)[at("zero")]
    assert hits[0].tolist() == ablated.intact_hits().tolist()
    assert hits[1].tolist() == [20, 0, 0, 0]
    everything = ablated.hits_without_first(np.array([np.arange(9)[::-1]]), [9])[at("zero")]
    assert everything[0, 0].tolist() == [20, 0, 0, 0]


def test_constant_units_are_their_own_mean() -> None:
    weights, images = whole_numbers(1)
    activities = hidden_activities(weights, images)[1]
    activities[:, [1, 4]] = [3, 5]
    ablated = AblatedLayer(weights[2:], activities, np.arange(80) % 4)
    group = np.isin(np.arange(7), [1, 4])[None]
    assert ablated.hits_without(group)[at("mean"), 0].tolist() == ablated.intact_hits().tolist()


def test_means_of_constant_units_are_not_rounded() -> None:
    """In float32, a tenth does not come out of the sum of many tenths."""
    activities = np.full((5000, 3), 0.1, np.float32)
    following = [np.eye(3, dtype=np.float32)]
    ablated = AblatedLayer(following, activities, np.zeros(5000, np.int64))
    assert (ablated.means == np.float32(0.1)).all()


@pytest.mark.parametrize("ablation", ABLATIONS)
@pytest.mark.parametrize("hidden", [0, 1])
def test_no_rounding_error_is_left_of_a_layer_without_its_units(
    hidden: int, ablation: Ablation
) -> None:
    """Without all units, every image is the same: one class is said, class 0 of zeros."""
    source = np.random.default_rng(11)
    shapes = [(30, 40), (10, 30)] if hidden else [(10, 40)]
    following = [source.standard_normal(shape).astype(np.float32) for shape in shapes]
    activities = np.maximum(source.standard_normal((300, 40)), 0).astype(np.float32)
    activities[:, :7] = 0  # dead units, of no group
    classes = np.arange(300) % 10
    ablated = AblatedLayer(following, activities, classes)
    orders = group_orders(np.arange(7, 40), ("any", 0, "fc1"), 5)
    nested = ablated.hits_without_first(orders, [4, 15, 25, 32, 33])[at(ablation), -1]
    for hits in [*ablated.hits_without(np.arange(40)[None] >= 7)[at(ablation)], *nested]:
        assert sorted(hits) == [0] * 9 + [30]
        assert ablation == "mean" or hits[0] == 30


# --- against PyTorch ---------------------------------------------------------------------------


@pytest.mark.parametrize("ablation", ABLATIONS)
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_hits_are_those_of_a_forward_pass(layer: int, ablation: Ablation) -> None:
    weights, images = whole_numbers(2)
    images = images[:64]  # means of 64 whole numbers are exact
    classes = np.random.default_rng(3).integers(0, 4, 64)
    activities = hidden_activities(weights, images)[layer]
    ablated = AblatedLayer(weights[layer + 1 :], activities, classes)
    units = activities.shape[1]
    groups = np.random.default_rng(4).random((30, units)) < np.linspace(0, 1, 30)[:, None]
    expected = [plain_hits(weights, images, classes, layer, g, ablation) for g in groups]
    assert ablated.hits_without(groups)[at(ablation)].tolist() == expected
    nobody = np.zeros(units, bool)
    assert ablated.intact_hits().tolist() == expected[0]
    assert expected[0] == plain_hits(weights, images, classes, layer, nobody, ablation)


@pytest.mark.parametrize("layer", [0, 2])
def test_nested_groups_are_groups(layer: int) -> None:
    weights, images = whole_numbers(5)
    images = images[:64]
    classes = np.random.default_rng(6).integers(0, 4, 64)
    activities = hidden_activities(weights, images)[layer]
    ablated = AblatedLayer(weights[layer + 1 :], activities, classes)
    units = activities.shape[1]
    live = np.setdiff1d(np.arange(units), [1])  # one unit is in no group
    orders = group_orders(live, ("any", 0, "fc1"), 12)
    sizes = [5, 1, 7 if units > 7 else 6, 3, 3]
    found = ablated.hits_without_first(orders, sizes)
    for place, size in enumerate(sizes):
        groups = np.array([np.isin(np.arange(units), order[:size]) for order in orders])
        assert np.array_equal(found[:, place], ablated.hits_without(groups))


def test_rounding_changes_hardly_any_image() -> None:
    source = np.random.default_rng(7)
    following = [source.standard_normal(s).astype(np.float32) for s in ((30, 40), (10, 30))]
    activities = np.maximum(source.standard_normal((500, 40)), 0).astype(np.float32)
    classes = source.integers(0, 10, 500)
    ablated = AblatedLayer(following, activities, classes)
    orders = group_orders(np.arange(40), ("any", 0, "fc1"), 10)
    found = ablated.hits_without_first(orders, [10, 20, 30])
    for place, size in enumerate([10, 20, 30]):
        groups = np.array([np.isin(np.arange(40), order[:size]) for order in orders])
        assert abs(found[:, place] - ablated.hits_without(groups)).sum() <= 4


# --- draws and what must not matter ------------------------------------------------------------


def test_first_draws_do_not_depend_on_how_many_there_are() -> None:
    units = np.array([0, 2, 3, 7])
    many = group_orders(units, ("trained", 1, "fc2"), 30)
    assert np.array_equal(group_orders(units, ("trained", 1, "fc2"), 4), many[:4])
    assert (np.sort(many, axis=1) == units).all()
    assert len({row.tobytes() for row in many}) > 10


def test_each_layer_of_each_network_has_its_own_draws() -> None:
    names = [("trained", 1, "fc2"), ("dropout", 1, "fc2"), ("trained", 2, "fc2")]
    drawn = [group_orders(np.arange(30), name, 1) for name in [*names, ("trained", 1, "fc1")]]
    assert len({orders.tobytes() for orders in drawn}) == 4


@pytest.mark.parametrize("ablation", ABLATIONS)
def test_rescaled_units_cost_the_same(ablation: Ablation) -> None:
    weights, images = whole_numbers(8)
    scaled = [weight.copy() for weight in weights]
    scaled[0][4] *= 4
    scaled[1][:, 4] /= 4
    classes = np.arange(80) % 4
    groups = np.random.default_rng(9).random((20, 9)) < 0.4
    hits = [
        AblatedLayer(network[1:], hidden_activities(network, images)[0], classes).hits_without(
            groups
        )[at(ablation)]
        for network in (weights, scaled)
    ]
    assert np.array_equal(hits[0], hits[1])


def test_random_clusters_are_as_important_as_random_groups() -> None:
    """z about 0 on average, where the network's own answers are the classes."""
    source = np.random.default_rng(10)
    z = []
    for number in range(60):
        following = [source.standard_normal((5, 24)).astype(np.float32)]
        activities = np.maximum(source.standard_normal((200, 24)), 0).astype(np.float32)
        classes = (activities @ following[0].T).argmax(axis=1)
        ablated = AblatedLayer(following, activities, classes)
        group = np.isin(np.arange(24), source.permutation(24)[:6])[None]
        orders = group_orders(np.arange(24), ("any", number, "fc1"), 39)
        found = compare_effects(
            ablated.intact_hits(),
            ablated.hits_without(group)[at("zero")],
            ablated.hits_without_first(orders, [6])[at("zero")],
            ablated.counts,
        )
        z.append(found.importance_compared.z[0])
    assert abs(np.mean(z)) < 3 * np.std(z) / np.sqrt(len(z))
    assert 0.7 < np.std(z) < 1.4


# --- what is defined ---------------------------------------------------------------------------


def test_effects_by_hand() -> None:
    counts, intact = np.array([10, 10]), np.array([9, 10])
    hits = np.array([[4, 10], [9, 10], [0, 1]])
    group_hits = np.array([[[8, 8], [6, 9]], [[9, 10], [9, 10]], [[0, 1], [1, 0]]])
    found = compare_effects(intact, hits, group_hits, counts)
    assert found.importance.tolist() == [0.25, 0, 0.9]
    assert found.importance_compared.mean.tolist() == pytest.approx([0.175, 0, 0.9])
    assert found.share.tolist() == pytest.approx([0.25 / 0.425, np.nan, 0.5], nan_ok=True)
    assert found.coherence.tolist() == pytest.approx([2, np.nan, 0], nan_ok=True)
    # Of the draws of the first cluster: (.2 - .1) / .15 and (.3 - .1) / .2.
    assert found.coherence_compared.mean[0] == pytest.approx((2 / 3 + 1) / 2)
    assert found.falls[0].tolist() == [0.5, 0]
    assert found.falls_compared.mean[0].tolist() == pytest.approx([0.2, 0.15])
    # Two draws: z = (value - mean) / (difference / sqrt 2); a larger fall is the better direction.
    z = (0.25 - 0.175) / (0.05 / np.sqrt(2))
    assert found.importance_compared.z[0] == pytest.approx(z)
    assert found.coherence_compared.z[0] == pytest.approx((2 - 5 / 6) / (1 / 3 / np.sqrt(2)))
    assert found.falls_compared.z[0].tolist() == pytest.approx([0.3 / 0.2 * 2**0.5, -1.5 * 2**0.5])
    assert found.importance_compared.p[0] == found.coherence_compared.p[0] == pytest.approx(1 / 3)
    assert found.falls_compared.p[0].tolist() == pytest.approx([1 / 3, 1])


def test_coherence_needs_a_mean_fall_of_one_hundredth() -> None:
    counts = np.array([100, 100])
    hits = np.array([[98, 100], [99, 100]])
    # Of the draws of both clusters, one costs enough: coherence (.03 - .01) / .02.
    group_hits = np.array([[[97, 99], [100, 99]]] * 2)
    found = compare_effects(counts, hits, group_hits, counts)
    assert found.coherence.tolist() == pytest.approx([2, np.nan], nan_ok=True)
    assert found.coherence_compared.count.tolist() == [1, 1]
    assert found.coherence_compared.mean.tolist() == pytest.approx([1, 1])


def test_share_is_undefined_where_falls_do_not_add_up_to_a_loss() -> None:
    counts, intact = np.array([10, 10]), np.array([5, 5])
    hits = np.array([[6, 5], [4, 5], [6, 5]])
    group_hits = np.array([[[6, 5], [7, 5]], [[6, 5], [6, 5]], [[3, 5], [3, 5]]])
    found = compare_effects(intact, hits, group_hits, counts)
    # Falls of images: -1 and -1.5, 1 and -1, -1 and 2: below 0 where only the groups cost.
    assert found.share.tolist() == pytest.approx([np.nan, np.nan, -1], nan_ok=True)


def test_a_network_needs_some_accuracy_to_lose() -> None:
    counts = np.array([50, 50])
    assert accurate(np.array([20, 0]), counts)
    assert not accurate(np.array([19, 0]), counts)


def test_a_network_with_biases_is_ablated_as_a_forward_pass_says() -> None:
    """Whole numbers, so that sums are exact and nothing is left to rounding."""
    source = np.random.default_rng(3)
    sizes = [6, 9, 7, 8, 4]
    weights = [
        source.integers(-3, 4, (out, in_)).astype(np.float32)
        for in_, out in itertools.pairwise(sizes)
    ]
    biases = [source.integers(-9, 10, out).astype(np.float32) for out in sizes[1:]]
    images = source.integers(0, 5, (90, 6)).astype(np.float32)
    classes = source.integers(0, 4, 90)
    for layer in range(3):
        hidden = hidden_activities(weights, images, biases)
        ablated = AblatedLayer(
            weights[layer + 1 :], hidden[layer], classes, biases=biases[layer + 1 :]
        )
        units = sizes[layer + 1]
        order = source.permutation(units)
        few, most = order[:2], order[: units - 1]
        expected = []
        for group in ([], few, most):
            activity = torch.from_numpy(images)
            for place, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
                linear = torch.nn.functional.linear(
                    activity, *map(torch.from_numpy, (weight, bias))
                )
                activity = linear if place == 3 else torch.relu(linear)
                if place == layer:
                    activity[:, group] = 0
            right = activity.argmax(dim=1).numpy() == classes
            expected.append(np.bincount(classes[right], minlength=4).tolist())
        assert ablated.intact_hits().tolist() == expected[0]
        hits = ablated.hits_without_first(order[None], [2, units - 1])[at("zero"), :, 0]
        assert hits.tolist() == expected[1:]
