"""Measures of activities: a plain loop, hand-built networks, and what must not matter."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import mutual_info_score

from clusterability.measures.activations import hidden_activities, normalised
from clusterability.measures.function import (
    BINS,
    _quantile_states,
    activity_measures,
    permuted_labels,
)
from clusterability.measures.function_catalogue import ACTIVITY_MEASURES

# Those of units that are active together are tested with their module.
MEASURES = [name for name in ACTIVITY_MEASURES if not name.startswith("activation_")]


# --- the same by plain loops -------------------------------------------------------------------


def occupied(*states) -> int:
    return len(set(zip(*states, strict=True)))


def plain_entropy(states, corrected: bool) -> float:
    _, counts = np.unique(states, return_counts=True)
    bias = (len(counts) - 1) / (2 * len(states)) if corrected else 0
    return float(stats.entropy(counts)) + bias


def plain_information(first, second, corrected: bool) -> float:
    cells = occupied(first, second) - occupied(first) - occupied(second) + 1
    return mutual_info_score(first, second) - (cells / (2 * len(first)) if corrected else 0)


def plain_states(values) -> list[int]:
    """0 for zero, else the bin by the rule of the docs: how many bin ends lie below."""
    positive = np.sort(values[values > 0])
    ends = []
    for number in range(1, BINS):
        enough = [v for v in positive if (positive <= v).sum() >= number * len(positive) / BINS]
        ends.append(enough[0] if enough else np.inf)
    return [0 if v == 0 else 1 + sum(v > end for end in ends) for v in values]


def plain_measures(activities, classes, labels, k) -> dict[str, float]:
    active = activities.any(axis=0)
    clusters = [(labels == a) & active for a in range(k)]
    means, powers = [], []
    for members in clusters:
        count = max(members.sum(), 1)
        means.append((activities[:, members].sum(axis=1) / count).astype(np.float32))
        powers.append((activities[:, members] ** 2).sum(axis=1) / count)
    strongest = []
    for image in range(len(classes)):
        of_image = [float(power[image]) for power in powers]
        strongest.append(of_image.index(max(of_image)) if any(of_image) else k)
    states = [plain_states(mean) for mean in means]
    there = [a for a in range(k) if (labels == a).any()]
    information = [mutual_info_score(classes, states[a]) for a in there]

    between, given = [], []
    for a, b in combinations(there, 2):
        smaller = min(plain_entropy(states[c], corrected=False) for c in (a, b))
        found = plain_information(states[a], states[b], corrected=False)
        between.append(found / smaller if smaller > 0 else 0)
        shared, alone = 0.0, {a: 0.0, b: 0.0}
        for one in np.unique(classes):
            here = np.flatnonzero(classes == one)
            first, second = ([states[c][i] for i in here] for c in (a, b))
            share = len(here) / len(classes)
            shared += share * plain_information(first, second, corrected=True)
            for c, own in ((a, first), (b, second)):
                alone[c] += share * plain_entropy(own, corrected=True)
        smaller = min(alone.values())
        given.append(shared / smaller if smaller > 0 else 0)
    return {
        "class_mi": plain_information(classes, strongest, corrected=True),
        "dominance": np.exp(plain_entropy(strongest, corrected=False)),
        "cluster_class_mi": np.mean(information) if information else np.nan,
        "between_mi": np.mean(between) if between else np.nan,
        "between_mi_given_class": np.mean(given) if given else np.nan,
    }


def noisy(images: int, units: int, seed: int) -> np.ndarray:
    """Activities that are often zero, in few different values, so that there are ties."""
    source = np.random.default_rng(seed)
    return np.maximum(source.integers(-4, 9, (images, units)), 0).astype(np.float32) / 4


def cases():
    source = np.random.default_rng(3)
    classes = source.integers(0, 4, 60)
    labels = source.integers(0, 3, 9)
    plain = noisy(60, 9, 4)
    dead, silent, constant, copies, dark = (plain.copy() for _ in range(5))
    silent[:, labels == 1] = 0
    constant[:, labels == 2] = 0.5
    copies[:, labels == 1] = copies[:, labels == 0].mean(axis=1, keepdims=True)
    dark[:] = 0
    alone = classes.copy()
    alone[:] = classes % 3
    alone[7] = 9  # a class with one image, and classes that never occur
    yield "plain", plain, classes, labels, 3
    yield "dead units", dead, classes, np.where(np.arange(9) < 4, -1, labels), 3
    yield "an empty cluster", plain, classes, np.where(labels == 1, 0, labels), 4
    yield "a silent cluster", silent, classes, labels, 3
    yield "a constant cluster", constant, classes, labels, 3
    yield "copies", copies, classes, labels, 3
    yield "no activity", dark, classes, labels, 3
    yield "a class of one image", plain, alone, labels, 3
    yield "one cluster", plain, classes, np.zeros(9, int), 1
    yield "a unit a cluster", plain, classes, np.arange(9), 9


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case[0])
def test_measures_are_those_of_plain_loops(case):
    _, activities, classes, labels, k = case
    found = activity_measures(activities, classes, labels[None].astype(np.int16), k)
    assert list(found) == MEASURES
    expected = plain_measures(activities, classes, labels, k)
    for measure in MEASURES:
        assert found[measure][0] == pytest.approx(expected[measure], abs=1e-6, nan_ok=True), measure


# --- known answers -----------------------------------------------------------------------------


def halves(copies: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Activities of ten units, one a class, in two halves that answer to five classes each."""
    classes = np.repeat(np.arange(10), copies)
    strength = np.random.default_rng(0).uniform(0.5, 1.5, len(classes)).astype(np.float32)
    activities = np.eye(10, dtype=np.float32)[classes] * strength[:, None]
    return activities, classes, np.repeat([0, 1], 5).astype(np.int16)


def test_halves_that_never_touch():
    activities, classes, labels = halves()
    found = activity_measures(normalised(activities), classes, labels[None], 2)
    # Which half is active is known from the class: ln 2, less (10 - 10 - 2 + 1) / (2 x 400).
    assert found["class_mi"][0] == pytest.approx(np.log(2) + 1 / 800)
    assert found["dominance"][0] == pytest.approx(2)
    assert found["between_mi_given_class"][0] == 0
    assert found["between_mi"][0] > 0.3  # one half is silent where the other is not


def test_clusters_that_are_copies_of_each_other_share_everything():
    activities = np.repeat(noisy(200, 1, 0), 6, axis=1)
    classes = np.random.default_rng(1).integers(0, 5, 200)
    labels = np.repeat([0, 1, 2], 2)[None].astype(np.int16)
    found = activity_measures(activities, classes, labels, 3)
    assert found["between_mi"][0] == pytest.approx(1)
    assert found["between_mi_given_class"][0] == pytest.approx(1, abs=0.15)


def test_constant_activities_say_nothing():
    activities = np.ones((50, 4), np.float32)
    classes = np.arange(50) % 5
    found = activity_measures(activities, classes, np.array([[0, 0, 1, 1]], np.int16), 2)
    assert found["class_mi"][0] == found["cluster_class_mi"][0] == found["between_mi"][0] == 0
    assert found["dominance"][0] == 1


def test_sizes_of_clusters_do_not_decide_which_is_the_strongest():
    """Divided by the root of the size: else the larger of two equal clusters wins everywhere."""
    activities = np.ones((30, 10), np.float32)
    activities[:15, 0] = 2
    classes = (np.arange(30) < 15).astype(int)
    labels = np.array([[0, *[1] * 9]], np.int16)
    found = activity_measures(activities, classes, labels, 2)
    # The small cluster on the first half; on the others both are equal, and the first one counts.
    assert found["dominance"][0] == 1


@pytest.mark.parametrize(("factor", "tolerance"), [(8.0, 0.0), (0.37, 1e-6)])
def test_rescaled_units_say_the_same(factor, tolerance):
    source = np.random.default_rng(5)
    weights = [source.standard_normal(shape).astype(np.float32) for shape in ((12, 20), (7, 12))]
    weights.append(source.standard_normal((4, 7)).astype(np.float32))
    images = source.standard_normal((300, 20)).astype(np.float32)
    scaled = [weights[0].copy(), weights[1].copy(), weights[2]]
    scaled[0][3] *= factor
    scaled[1][:, 3] /= factor
    classes = source.integers(0, 4, 300)
    labels = source.integers(0, 3, (1, 12)).astype(np.int16)
    found = [
        activity_measures(normalised(hidden_activities(network, images)[0]), classes, labels, 3)
        for network in (weights, scaled)
    ]
    for measure in MEASURES:
        difference = abs(found[0][measure] - found[1][measure])
        assert difference <= tolerance + (0.01 if tolerance else 0), measure
    assert abs(found[0]["class_mi"] - found[1]["class_mi"]) <= tolerance


def test_units_are_divided_by_their_root_mean_square():
    activities = np.array([[3, 0], [4, 0]], np.float32)
    found = normalised(activities)
    assert found[:, 0].tolist() == pytest.approx([3 / np.sqrt(12.5), 4 / np.sqrt(12.5)])
    assert found[:, 1].tolist() == [0, 0]


def test_activities_are_those_of_a_network_of_relus():
    weights = [np.array([[1, -1], [2, 0]], np.float32), np.array([[1, 1]], np.float32)]
    images = np.array([[1, 3], [3, 1]], np.float32)
    assert hidden_activities(weights, images)[0].tolist() == [[0, 2], [2, 6]]
    assert len(hidden_activities(weights, images)) == 1


# --- bins and draws ----------------------------------------------------------------------------


def test_bins_hold_as_many_values_and_never_split_equal_ones():
    values = np.concatenate([np.zeros(5), np.arange(1, 71)]).astype(np.float32)
    states = _quantile_states(np.random.default_rng(0).permutation(values))
    assert np.bincount(states).tolist() == [5, *[10] * BINS]
    tied = np.array([0, 1, 1, 1, 1, 1, 1, 2], np.float32)
    states = _quantile_states(tied)
    assert len(set(states[1:7])) == 1
    assert states[7] > states[1] > states[0] == 0
    assert _quantile_states(np.full(9, 3, np.float32)).tolist() == [1] * 9


def test_draws_permute_live_units_alike_for_all_partitions():
    labels = np.array([0, 1, -1, 1, 2, 0, 2, 2], np.int16)
    drawn = permuted_labels(labels, ("trained", 3, "fc1"), 20)
    assert (drawn[:, 2] == -1).all()
    assert all(np.array_equal(np.sort(row), np.sort(labels)) for row in drawn)
    assert len({row.tobytes() for row in drawn}) > 10
    assert np.array_equal(permuted_labels(labels, ("trained", 3, "fc1"), 5), drawn[:5])
    coarse = np.where(labels == 2, 1, labels)
    again = permuted_labels(coarse, ("trained", 3, "fc1"), 20)
    assert np.array_equal(again, np.where(drawn == 2, 1, drawn))


def test_p_is_uniform_where_labels_are_random():
    source = np.random.default_rng(7)
    activities, classes = noisy(120, 16, 8), source.integers(0, 4, 120)
    p = []
    for number in range(200):
        labels = source.permutation(np.arange(16) % 3).astype(np.int16)
        drawn = permuted_labels(labels, ("any", number, "fc1"), 19)
        values = activity_measures(activities, classes, np.stack([labels, *drawn]), 3)["class_mi"]
        p.append((1 + (values[1:] >= values[0]).sum()) / 20)
    assert stats.kstest(np.array(p) - source.random(200) / 20, "uniform").pvalue > 0.01
