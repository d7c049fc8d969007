"""clusterability.training.examples: images and labels of controls, beside plain NumPy."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from builders import make_images
from clusterability.randomness import generator
from clusterability.training.examples import (
    Examples,
    gaussian_images,
    independent_pixels,
    pixel_moments,
    task_data,
    teacher_weights,
)
from clusterability.training.history import network_table
from clusterability.training.images import Mnist
from clusterability.training.recipe import Recipe
from clusterability.training.train import train

SMALL = "784-16-12-10"
KINDS = ["real", "gaussian", "independent_pixels"]


def normalised(images: np.ndarray) -> np.ndarray:
    return (images / 255 - 0.1307) / 0.3081


@pytest.fixture(scope="module")
def images() -> Mnist:
    """With a frame: pixels that are paper, that are ink, and that vary in one image alone."""
    made = make_images()
    train_images, test_images = made.train_images.copy(), made.test_images.copy()
    train_images[:, :40], train_images[:, 40:45], train_images[:, 45:50] = 0, 255, 0
    train_images[7, 45:50] = 90
    test_images[:, :50] = 13
    return replace(made, train_images=train_images, test_images=test_images)


# --- centred pixels ----------------------------------------------------------------------------


@pytest.mark.parametrize("normalise", [True, False])
def test_centred_pixels_are_those_of_plain_numpy(images, normalise):
    def seen(pixels: np.ndarray) -> np.ndarray:
        return normalised(pixels) if normalise else pixels / 255

    examples = Examples(Recipe(centre_pixels=True, normalise=normalise), images)
    means = seen(images.train_images).mean(axis=0)
    np.testing.assert_allclose(examples.train, seen(images.train_images) - means, atol=2e-6)
    np.testing.assert_allclose(examples.test, seen(images.test_images) - means, atol=2e-6)
    # What never varies is nothing at all, and no small number that training could enlarge.
    assert (examples.train[:, :45] == 0).all()
    assert (examples.test[:, :40] != 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_images_of_each_kind_are_centred_by_their_own_means(images, kind):
    plain = Examples(Recipe(images=kind), images)
    centred = Examples(Recipe(images=kind, centre_pixels=True), images)
    means = plain.train.mean(axis=0, dtype=float)
    np.testing.assert_allclose(centred.train, plain.train - means, atol=2e-6)
    np.testing.assert_allclose(centred.test, plain.test - means, atol=2e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_some_images_are_those_among_all(images, kind):
    examples = Examples(Recipe(images=kind, centre_pixels=True), images)
    chosen = np.array([31, 2, 77])
    assert np.array_equal(examples.inputs("test", chosen), examples.test[chosen])
    assert np.array_equal(examples.inputs("train", chosen), examples.train[chosen])


# --- pixels that are left out ------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("centred", [True, False])
def test_real_images_decide_which_pixels_are_left_out(images, kind, centred):
    deviation = (images.train_images / 255).std(axis=0)
    recipe = Recipe(images=kind, centre_pixels=centred, pixel_deviation=0.05)
    examples = Examples(recipe, images)
    out = deviation < 0.05
    assert out[:50].all()
    assert not out.all()
    assert np.array_equal(examples.left_out, out)
    for inputs in (examples.train, examples.test):
        assert (inputs[:, out] == 0).all()
        assert (inputs[:, ~out].std(axis=0) > 0).all()


# --- Gaussian images ---------------------------------------------------------------------------


def test_moments_are_those_of_numpy(images):
    mean, covariance = pixel_moments(images.train_images)
    ink = images.train_images / 255
    np.testing.assert_allclose(mean, ink.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(covariance, np.cov(ink.T, bias=True), atol=1e-14)


def test_gaussian_images_have_the_mean_and_the_covariance_within_sampling_error():
    source, count = np.random.default_rng(5), 25_000
    real = (source.integers(0, 120, (400, 30)) + source.integers(0, 136, (400, 1))).astype(np.uint8)
    mean, covariance = pixel_moments(real)
    drawn = gaussian_images(mean, covariance, count, "a test").astype(float)
    variance = np.diag(covariance)
    assert (abs(drawn.mean(axis=0) - mean) < 4.5 * np.sqrt(variance / count)).all()
    # Of the sample covariance of normal variables (Isserlis 1918).
    error = np.sqrt((np.outer(variance, variance) + covariance**2) / count)
    assert (abs(np.cov(drawn.T) - covariance) < 4.5 * error).all()
    assert covariance[0, 1] > 10 * error[0, 1]
    # Third and fourth moments are those of a normal distribution, which pixels do not have.
    standard = (drawn - mean) / np.sqrt(variance)
    assert (abs((standard**3).mean(axis=0)) < 4.5 * np.sqrt(15 / count)).all()
    assert (abs((standard**4).mean(axis=0) - 3) < 4.5 * np.sqrt(96 / count)).all()


def test_gaussian_images_vary_as_the_training_images_do_and_no_further(images):
    """Fewer images than pixels: what is drawn lies in the space that the real ones span."""
    ink = images.train_images / 255
    mean = ink.mean(axis=0)
    recipe = Recipe(images="gaussian", normalise=False)
    examples = Examples(recipe, images)
    _, sizes, directions = np.linalg.svd(ink - mean, full_matrices=False)
    directions = directions[sizes > 1e-9 * sizes[0]]
    assert len(directions) < 784
    for drawn, count in ((examples.train, 300), (examples.test, 100)):
        assert drawn.shape == (count, 784)
        off = drawn - mean
        assert abs(off - off @ directions.T @ directions).max() < 1e-5
        error = ink.std(axis=0) / np.sqrt(count)
        assert (abs(off.mean(axis=0)) <= 5 * error + 1e-6).all()
        assert (drawn[:, :45] == mean[:45].astype(np.float32)).all()
    assert not np.isin(examples.test[:, 60], examples.train[:, 60]).any()


# --- independent pixels ------------------------------------------------------------------------


def test_independent_pixels_keep_the_values_of_each_pixel_and_nothing_else(images):
    recipe = Recipe(images="independent_pixels", normalise=False)
    examples = Examples(recipe, images)
    for real, found in (
        (images.train_images, examples.train),
        (images.test_images, examples.test),
    ):
        shuffled = np.rint(found * 255).astype(np.uint8)
        assert np.array_equal(np.sort(shuffled, axis=0), np.sort(real, axis=0))
    pairs = ~np.eye(734, dtype=bool)
    size = {
        name: abs(np.corrcoef(values[:, 50:].T)[pairs]).mean()
        for name, values in (("real", images.train_images), ("shuffled", examples.train))
    }
    # Of independent columns of 300 values: sqrt(2 / pi / 300).
    assert size["shuffled"] == pytest.approx(np.sqrt(2 / np.pi / 300), rel=0.02)
    assert size["real"] > 2 * size["shuffled"]


def test_training_and_test_images_are_shuffled_by_different_streams():
    count = np.arange(250, dtype=np.uint8)[:, None].repeat(3, axis=1)
    orders = [independent_pixels(count, stream) for stream in ("train", "test")]
    columns = np.concatenate(orders, axis=1).T
    assert len({column.tobytes() for column in columns}) == 6


# --- teachers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("architecture", [SMALL, "784-10"])
def test_labels_of_a_teacher_are_those_of_plain_numpy(images, kind, architecture):
    recipe = Recipe(architecture=architecture, images=kind, labels="teacher")
    examples = Examples(recipe, images)
    sizes = [int(size) for size in architecture.split("-")]
    for seed in (0, 5):
        source = generator("teacher", seed)
        outputs = [examples.train.astype(float), examples.test.astype(float)]
        for layer, (in_, out) in enumerate(itertools.pairwise(sizes)):
            weights = source.standard_normal((out, in_)) * np.sqrt(2 / in_)
            outputs = [np.maximum(x, 0) if layer else x for x in outputs]
            outputs = [x @ weights.T for x in outputs]
        mean, deviation = outputs[0].mean(axis=0), outputs[0].std(axis=0)
        for part, found in zip(("train", "test"), outputs, strict=True):
            expected = ((found - mean) / deviation).argmax(axis=1)
            assert np.array_equal(examples.labels(part, [seed])[0], expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_teacher_uses_all_classes_though_images_have_a_common_mean(images, kind):
    for centred in (True, False):
        recipe = Recipe(images=kind, labels="teacher", centre_pixels=centred)
        labels = Examples(recipe, images).labels("train", range(4))
        for row in labels:
            assert np.bincount(row, minlength=10).min() > 0
            assert np.bincount(row, minlength=10).max() < 300 / 3


def test_a_seed_has_its_own_teacher_whatever_the_block(images):
    examples = Examples(Recipe(architecture=SMALL, labels="teacher"), images)
    together = examples.labels("test", [3, 8])
    assert together.shape == (2, 100)
    assert (together[0] == together[1]).mean() < 0.5
    again = Examples(Recipe(architecture=SMALL, labels="teacher"), images)
    assert np.array_equal(again.labels("test", [8])[0], together[1])


def test_weights_of_a_teacher_have_the_variance_of_he():
    for weights, (out, in_) in zip(
        teacher_weights((784, 128, 10), 2), ((128, 784), (10, 128)), strict=True
    ):
        assert weights.shape == (out, in_)
        error = np.sqrt(2 / weights.size)
        assert weights.var() * in_ / 2 == pytest.approx(1, abs=4 * error)
        assert weights.mean() == pytest.approx(0, abs=4 * np.sqrt(2 / in_ / weights.size))


# --- other labels ------------------------------------------------------------------------------


def test_other_labels_are_those_of_the_data_set_or_its_training_labels_permuted(images):
    plain = Examples(Recipe(), images)
    assert np.array_equal(plain.labels("train", [0, 4]), [images.train_labels] * 2)
    permuted = Examples(Recipe(labels="permuted"), images)
    first, second = permuted.labels("train", [0, 4])
    assert np.array_equal(np.sort(first), np.sort(images.train_labels))
    assert not np.array_equal(first, second)
    for examples in (plain, permuted):
        assert np.array_equal(examples.labels("test", [0, 4]), [images.test_labels] * 2)


# --- two digits --------------------------------------------------------------------------------


def test_two_digits_are_two_images_side_by_side_each_once_on_either_side(images):
    data = task_data(images, "two_digits_separate")
    for part in ("train", "test"):
        single, pairs = (getattr(each, f"{part}_images") for each in (images, data))
        left, right = np.split(pairs.reshape(-1, 28, 56), 2, axis=2)
        assert np.array_equal(left.reshape(single.shape), single)
        rows = right.reshape(single.shape)
        assert np.array_equal(np.unique(rows, axis=0), np.unique(single, axis=0))
        classes, labels = (getattr(each, f"{part}_labels") for each in (images, data))
        own = {row.tobytes(): label for row, label in zip(single, classes, strict=True)}
        assert labels[:, 0].tolist() == classes.tolist()
        assert labels[:, 1].tolist() == [own[row.tobytes()] for row in rows]
        assert (rows != single).any(axis=1).mean() > 0.9


def test_heads_of_a_joint_task_tell_both_digits(images):
    separate, joint = (task_data(images, f"two_digits_{kind}") for kind in ("separate", "joint"))
    assert np.array_equal(separate.train_images, joint.train_images)
    for (a, b), heads in zip(separate.train_labels, joint.train_labels, strict=True):
        assert heads.tolist() == [(a + b) % 10, (a - b) % 10]


@pytest.mark.parametrize("kind", ["permuted", "teacher"])
def test_controls_of_two_digits_have_labels_for_both_heads(images, kind):
    task = {"task": "two_digits_joint", "architecture": "1568-16-20"}
    labels = Examples(Recipe(labels=kind, **task), images).labels("train", [0, 4])
    assert labels.shape == (2, 300, 2)
    assert not np.array_equal(*labels)
    if kind == "permuted":  # both heads alike: an image keeps the labels of another one
        true = task_data(images, "two_digits_joint").train_labels
        for network in labels:
            assert sorted(map(tuple, network)) == sorted(map(tuple, true))


def test_gaussian_pairs_have_the_moments_of_pairs(images):
    recipe = Recipe(images="gaussian", task="two_digits_joint", architecture="1568-16-20")
    drawn = Examples(recipe, images).train
    assert drawn.shape == (300, 1568)
    expected = normalised(task_data(images, "two_digits_joint").train_images).mean(axis=0)
    np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=0.5)


# --- what is trained ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_networks_are_judged_on_test_images_and_labels_of_their_kind(images, kind):
    recipe = Recipe(
        architecture="784-48-10", images=kind, labels="teacher", centre_pixels=True,
        optimizer="adam", epochs=25, batch_size=32,
    )  # fmt: skip
    seeds = [2, 6]
    result = train("control", recipe, seeds, images)
    rows = network_table(result)
    examples = Examples(recipe, images)
    for part in ("train", "test"):
        for number, labels in enumerate(examples.labels(part, seeds)):
            weights = [stack[number].astype(float) for stack in result.networks.weights.values()]
            outputs = np.maximum(examples.inputs(part) @ weights[0].T, 0) @ weights[1].T
            loss = np.log(np.exp(outputs).sum(axis=1)) - outputs[range(len(labels)), labels]
            assert rows[f"{part}_loss"][number] == pytest.approx(loss.mean(), rel=1e-4)
            accuracy = (outputs.argmax(axis=1) == labels).mean()
            assert rows[f"{part}_accuracy"][number] == pytest.approx(accuracy, abs=0.011)
    assert (rows.train_accuracy > 0.9).all()


def test_a_network_has_the_same_bits_alone_and_in_a_block(images):
    recipe = Recipe(
        architecture=SMALL, images="gaussian", labels="teacher", epochs=2, batch_size=32
    )
    block, alone = (train("control", recipe, seeds, images) for seeds in ([0, 1, 2], [1]))
    for layer, stack in block.networks.weights.items():
        assert np.array_equal(stack[1], alone.networks.weights[layer][0])
