"""What a recipe's networks are trained and tested on: images and labels, real ones or controls.

Structure in the first layer may come from the task or from the images alone. The controls keep a
part of what the data set has: `gaussian` images its pixel means and covariance,
`independent_pixels` each pixel's distribution, `permuted` labels how frequent classes are; a random
`teacher` gives labels that can be learnt on any images, as in Seung, Sompolinsky and Tishby (1992),
"Statistical mechanics of learning from examples", Physical Review A 45, 6056.

Tasks of two digits show each image once on the left and once on the right, beside a random other
one.

Images are the same for all networks, labels of controls one drawing a seed. Both come from named
random streams: they do not depend on blocks, neighbours, threads or interruptions.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from clusterability.networks.tasks import MNIST_CLASSES, SIDE
from clusterability.numerics import one_thread
from clusterability.randomness import generator
from clusterability.training.images import (
    Bytes,
    Labels,
    Mnist,
    left_out_pixels,
    network_inputs,
    training_labels,
)
from clusterability.training.recipe import Recipe

Part: TypeAlias = Literal["train", "test"]
Floats: TypeAlias = npt.NDArray[np.float32]
Chosen: TypeAlias = slice | npt.NDArray[np.int64]
"""Which images of a part."""

_ALL = slice(None)
_TOGETHER = 10_000
"""Images that are worked on at a time: 60 MB in double precision. Other numbers may round
differently."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Images and labels of the networks of a recipe, worked out when they are asked for.

    recipe: of which `Recipe.examples` counts. mnist: the data set, as bytes, of single images.
    Pixels are 784, or 1568 where two digits are shown.

    >>> images = np.repeat(np.arange(4, dtype=np.uint8)[:, None], 784, axis=1)
    >>> labels = np.arange(4)
    >>> examples = Examples(Recipe(centre_pixels=True), Mnist(images, labels, images, labels))
    >>> (255 * 0.3081 * examples.inputs("test")[:, 0]).round(3).tolist()
    [-1.5, -0.5, 0.5, 1.5]
    """

    recipe: Recipe
    mnist: Mnist

    @cached_property
    def data(self) -> Mnist:
        """The data set as the task shows it, with the task's labels."""
        return task_data(self.mnist, self.recipe.task)

    @cached_property
    def left_out(self) -> npt.NDArray[np.bool_]:
        """Pixels [pixels] that no network sees, by the images of the data set."""
        return left_out_pixels(self.data.train_images, self.recipe.pixel_deviation)

    @cached_property
    def train(self) -> Floats:
        """All training images [images, pixels], as networks see them."""
        return self.inputs("train")

    @cached_property
    def test(self) -> Floats:
        """All test images [images, pixels], as networks see them."""
        return self.inputs("test")

    def inputs(self, part: Part, chosen: Chosen = _ALL) -> Floats:
        """Some images [images, pixels] of a part, as networks see them."""
        # Before the images, so that both are not in memory while means are taken.
        means = self._pixel_means if self.recipe.centre_pixels else None
        values = self._uncentred(part, chosen)
        if means is not None:
            values -= means
        values[:, self.left_out] = 0
        return values

    def labels(self, part: Part, seeds: Sequence[int]) -> Labels:
        """Classes that each seed's network is to tell of a part's images.

        Returns:
            [networks, images]; of a task with several heads, [networks, images, heads].
        """
        mnist, kind = self.data, self.recipe.labels
        if kind == "teacher":
            return np.stack([self._taught(part, seed) for seed in seeds])
        if part == "test":
            return np.stack([mnist.test_labels for _ in seeds])
        permuted = kind == "permuted"
        return np.stack([training_labels(mnist.train_labels, permuted, seed) for seed in seeds])

    @cached_property
    def _pixel_means(self) -> Floats:
        """Means [pixels] of uncentred training images; of a pixel that never varies, its value."""
        # Sums of equal single-precision values are exact in double precision.
        return self._uncentred("train").mean(axis=0, dtype=np.float64).astype(np.float32)

    def _uncentred(self, part: Part, chosen: Chosen = _ALL) -> Floats:
        """Images normalised or from paper to ink, with all pixels; nobody else holds them."""
        return network_inputs(self._pixels(part)[chosen], self.recipe.normalise, self.mnist.name)

    def _pixels(self, part: Part) -> Bytes | Floats:
        """Images [images, pixels] as bytes, or as floats of which 1 is ink, made anew."""
        images = self.data.train_images if part == "train" else self.data.test_images
        match self.recipe.images:
            case "gaussian":
                return gaussian_images(*self._moments, len(images), part)
            case "independent_pixels":
                return independent_pixels(images, part)
            case _:
                return images

    @cached_property
    def _moments(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        return pixel_moments(self.data.train_images)

    def _taught(self, part: Part, seed: int) -> Labels:
        """Classes by the seed's teacher, whose outputs are standardised in training."""
        teacher = teacher_weights(self.recipe.sizes, seed)
        outputs = teacher_outputs(teacher, self.train)
        mean, deviation = outputs.mean(axis=0), outputs.std(axis=0)
        if part == "test":
            outputs = teacher_outputs(teacher, self.test)
        outputs = (outputs - mean) / np.where(deviation > 0, deviation, 1)
        classes = outputs.reshape(len(outputs), self.recipe.heads, MNIST_CLASSES).argmax(axis=2)
        return classes[:, 0] if self.recipe.heads == 1 else classes


def task_data(mnist: Mnist, task: str) -> Mnist:
    """A data set as a task shows it: as it is, or as two images side by side.

    Args:
        mnist: images [images, 784] of 28 x 28 pixels, and their classes.
        task: in TASKS.

    Returns:
        For two digits, images [images, 1568] of 28 x 56 pixels, row by row, and labels [images, 2].
    """
    if task == "digits":
        return mnist
    train = _side_by_side(mnist.train_images, mnist.train_labels, task, "train")
    test = _side_by_side(mnist.test_images, mnist.test_labels, task, "test")
    return Mnist(*train, *test, mnist.name)


def _side_by_side(images: Bytes, labels: Labels, task: str, part: Part) -> tuple[Bytes, Labels]:
    """Each image on the left of another one, and what the heads have to say of both.

    Pairs are the same for all networks and for both tasks.
    """
    right = generator("pairs of images", part).permutation(len(images))
    rows = [side.reshape(len(images), SIDE, -1) for side in (images, images[right])]
    pairs = np.concatenate(rows, axis=2).reshape(len(images), -1)
    return pairs, head_classes(labels, labels[right], task)


def head_classes(left: Labels, right: Labels, task: str) -> Labels:
    """Classes [images, heads] of pairs of images with these classes [images].

    >>> left, right = np.array([7, 2]), np.array([5, 4])
    >>> head_classes(left, right, "two_digits_separate").tolist()
    [[7, 5], [2, 4]]
    >>> head_classes(left, right, "two_digits_joint").tolist()
    [[2, 2], [6, 8]]
    """
    if task == "two_digits_separate":
        return np.stack([left, right], axis=1)
    return np.stack([left + right, left - right], axis=1) % MNIST_CLASSES


def pixel_moments(images: Bytes) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean [pixels] and covariance [pixels, pixels] over images [images, pixels], in units of ink.

    The covariance is that of the population: sums are divided by the number of images.

    >>> mean, covariance = pixel_moments(np.array([[0, 0], [0, 255]], np.uint8))
    >>> mean.tolist(), covariance.tolist()
    ([0.0, 0.5], [[0.0, 0.0], [0.0, 0.25]])
    """
    # Exact: products of bytes are whole numbers, and all sums are below 2 to the 53.
    count, pixels = images.shape
    total, products = np.zeros(pixels), np.zeros((pixels, pixels))
    for part in _parts(count):
        values = images[part].astype(np.float64)
        total += values.sum(axis=0)
        products += values.T @ values
    ink = 255 * count
    return total / ink, (count * products - np.outer(total, total)) / ink**2


def gaussian_images(
    mean: npt.NDArray[np.float64], covariance: npt.NDArray[np.float64], count: int, stream: str
) -> Floats:
    """Images [count, pixels] from the normal distribution of this mean and covariance.

    They are mean + S z for standard normal z, where S is the symmetric square root of the
    covariance: unlike a factor of eigenvectors, it is unique whatever an eigensolver returns for
    equal eigenvalues. Pixels of no variance are equal to their mean. Values are not cut to the
    range from paper to ink, which would change both moments.

    Args:
        mean: [pixels].
        covariance: [pixels, pixels], of any rank.
        count: how many.
        stream: name of the random stream; another one gives other images.
    """
    varies = np.diag(covariance) > 0
    images = np.tile(mean.astype(np.float32), (count, 1))
    source = generator("gaussian images", stream)
    # A product split among threads may add up in another order.
    with one_thread():
        root = _square_root(covariance[np.ix_(varies, varies)])
        for part in _parts(count):
            normal = source.standard_normal((part.stop - part.start, len(root)))
            images[part, varies] = mean[varies] + normal @ root
    return images


def _square_root(covariance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The symmetric square root of a positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return np.asarray(root)


def independent_pixels(images: Bytes, stream: str) -> Bytes:
    """Images [images, pixels] in which each pixel's values are shuffled over images by themselves.

    stream: name of the random stream; another one gives another shuffle.
    """
    return generator("independent pixels", stream).permuted(images, axis=0)


def teacher_weights(sizes: Sequence[int], seed: int) -> list[Floats]:
    """Weights [out, in] by layer of the seed's teacher: normal, with a variance of 2 / in.

    The variance is that of He et al. (2015), "Delving deep into rectifiers", arXiv:1502.01852,
    which keeps the scale of activities from layer to layer. There are no biases.
    """
    source = generator("teacher", seed)
    return [
        (source.standard_normal((out, in_)) * math.sqrt(2 / in_)).astype(np.float32)
        for in_, out in itertools.pairwise(sizes)
    ]


def teacher_outputs(weights: Sequence[Floats], images: Floats) -> npt.NDArray[np.float64]:
    """Outputs [images, classes] of a ReLU network without biases for images [images, pixels]."""
    outputs = np.empty((len(images), len(weights[-1])))
    with one_thread():
        for part in _parts(len(images)):
            activity = images[part]
            for weight in weights[:-1]:
                activity = np.maximum(activity @ weight.T, 0)
            outputs[part] = activity @ weights[-1].T
    return outputs


def _parts(count: int) -> Iterator[slice]:
    """Parts of so many images."""
    for start in range(0, count, _TOGETHER):
        yield slice(start, min(start + _TOGETHER, count))
