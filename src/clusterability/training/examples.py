"""Images and labels that a recipe's networks are trained and tested on: real ones or controls.

Structure in the first layer can come from the task or from the images alone. Controls keep part of
the data: `gaussian` images keep pixel means and covariance, `independent_pixels` keep the
distribution of each pixel, and `permuted` labels keep class frequencies. A random `teacher` gives
labels that can be learnt on any images (Seung, Sompolinsky & Tishby 1992, Statistical mechanics of
learning from examples, doi:10.1103/PhysRevA.45.6056).

Tasks of two digits show each image once on the left and once on the right, paired at random.

Images are the same for all networks; labels of controls are drawn per seed. Both come from named
random streams and do not depend on blocks, neighbours, threads or interruptions.
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
"""Selection of images of a part."""

_ALL = slice(None)
_TOGETHER = 10_000
"""Images processed at a time: 60 MB in double precision. Another number may round differently."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Images and labels of the networks of a recipe, computed on access.

    There are 784 pixels, or 1568 if two digits are shown.

    Attributes:
        recipe: recipe, of which the keys in `Recipe.examples` are used.
        mnist: data set of single images, as bytes.

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
        """Data set as the task shows it, with the labels of the task."""
        return task_data(self.mnist, self.recipe.task)

    @cached_property
    def left_out(self) -> npt.NDArray[np.bool_]:
        """Mask [pixels] of the pixels left out, which the images of the data set determine."""
        return left_out_pixels(self.data.train_images, self.recipe.pixel_deviation)

    @cached_property
    def train(self) -> Floats:
        """All training images [images, pixels] as network inputs."""
        return self.inputs("train")

    @cached_property
    def test(self) -> Floats:
        """All test images [images, pixels] as network inputs."""
        return self.inputs("test")

    def inputs(self, part: Part, chosen: Chosen = _ALL) -> Floats:
        """Selected images [images, pixels] of a part as network inputs."""
        # Means come first: their temporary images and `values` do not coexist in memory.
        means = self._pixel_means if self.recipe.centre_pixels else None
        values = self._uncentred(part, chosen)
        if means is not None:
            values -= means
        values[:, self.left_out] = 0
        return values

    def labels(self, part: Part, seeds: Sequence[int]) -> Labels:
        """Target classes of each seed's network for the images of a part.

        Returns:
            [networks, images]; for a task with several heads, [networks, images, heads].
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
        """Means [pixels] of uncentred training images; exact for constant pixels."""
        # Sums of equal single-precision values are exact in double precision.
        return self._uncentred("train").mean(axis=0, dtype=np.float64).astype(np.float32)

    def _uncentred(self, part: Part, chosen: Chosen = _ALL) -> Floats:
        """Images scaled or standardised, with all pixels; the caller may overwrite them."""
        return network_inputs(self._pixels(part)[chosen], self.recipe.normalise, self.mnist.name)

    def _pixels(self, part: Part) -> Bytes | Floats:
        """Images [images, pixels] as bytes, or as new floats with ink 1."""
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
        """Classes by the seed's teacher, with outputs standardised on the training images."""
        teacher = teacher_weights(self.recipe.sizes, seed)
        outputs = teacher_outputs(teacher, self.train)
        mean, standard_deviation = outputs.mean(axis=0), outputs.std(axis=0)
        if part == "test":
            outputs = teacher_outputs(teacher, self.test)
        outputs = (outputs - mean) / np.where(standard_deviation > 0, standard_deviation, 1)
        classes = outputs.reshape(len(outputs), self.recipe.heads, MNIST_CLASSES).argmax(axis=2)
        return classes[:, 0] if self.recipe.heads == 1 else classes


def task_data(mnist: Mnist, task: str) -> Mnist:
    """Data set as a task shows it: unchanged, or as pairs of images side by side.

    Args:
        mnist: images [images, 784] of 28 x 28 pixels, and their classes.
        task: a key of TASKS.

    Returns:
        For two digits, images [images, 1568] of 28 x 56 pixels, row by row, and labels [images, 2].
    """
    if task == "digits":
        return mnist
    train = _side_by_side(mnist.train_images, mnist.train_labels, task, "train")
    test = _side_by_side(mnist.test_images, mnist.test_labels, task, "test")
    return Mnist(*train, *test, mnist.name)


def _side_by_side(images: Bytes, labels: Labels, task: str, part: Part) -> tuple[Bytes, Labels]:
    """Each image with another on its right, and the target classes of the heads.

    Pairs are the same for all networks and for both tasks.
    """
    right = generator("pairs of images", part).permutation(len(images))
    rows = [side.reshape(len(images), SIDE, -1) for side in (images, images[right])]
    pairs = np.concatenate(rows, axis=2).reshape(len(images), -1)
    return pairs, head_classes(labels, labels[right], task)


def head_classes(left: Labels, right: Labels, task: str) -> Labels:
    """Target classes [images, heads] of pairs of images, from the classes [images] of each image.

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
    """Mean [pixels] and covariance [pixels, pixels] of images [images, pixels], in units of ink.

    The covariance is that of the population: sums are divided by the number of images.

    >>> mean, covariance = pixel_moments(np.array([[0, 0], [0, 255]], np.uint8))
    >>> mean.tolist(), covariance.tolist()
    ([0.0, 0.5], [[0.0, 0.0], [0.0, 0.25]])
    """
    # Exact: products of bytes are integers, and all sums are below 2**53.
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
    """Images [count, pixels] from a normal distribution.

    They are mean + S z for standard normal z, with S the symmetric square root of the covariance.
    Unlike other factors, S is unique even if eigenvalues are equal. Pixels without variance equal
    their mean. Values are not clipped to the range from paper to ink, which would change both
    moments.

    Args:
        mean: [pixels].
        covariance: [pixels, pixels], of any rank.
        count: number of images.
        stream: name of the random stream.
    """
    varies = np.diag(covariance) > 0
    images = np.tile(mean.astype(np.float32), (count, 1))
    source = generator("gaussian images", stream)
    # Splitting a product among threads can change the order of its sums.
    with one_thread():
        root = _square_root(covariance[np.ix_(varies, varies)])
        for part in _parts(count):
            normal = source.standard_normal((part.stop - part.start, len(root)))
            images[part, varies] = mean[varies] + normal @ root
    return images


def _square_root(covariance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Symmetric square root of a positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return np.asarray(root)


def independent_pixels(images: Bytes, stream: str) -> Bytes:
    """Shuffle each pixel of images [images, pixels] over the images, independently of other pixels.

    Args:
        images: [images, pixels].
        stream: name of the random stream.
    """
    return generator("independent pixels", stream).permuted(images, axis=0)


def teacher_weights(sizes: Sequence[int], seed: int) -> list[Floats]:
    """Weights [out, in] by layer of the seed's bias-free teacher, normal with variance 2 / in.

    This variance keeps the scale of activations from layer to layer (He et al. 2015, Delving deep
    into rectifiers, arXiv:1502.01852).
    """
    source = generator("teacher", seed)
    return [
        (source.standard_normal((out, in_)) * math.sqrt(2 / in_)).astype(np.float32)
        for in_, out in itertools.pairwise(sizes)
    ]


def teacher_outputs(weights: Sequence[Floats], images: Floats) -> npt.NDArray[np.float64]:
    """Outputs [images, classes] of a bias-free ReLU network for images [images, pixels]."""
    outputs = np.empty((len(images), len(weights[-1])))
    with one_thread():
        for part in _parts(len(images)):
            activations = images[part]
            for weight in weights[:-1]:
                activations = np.maximum(activations @ weight.T, 0)
            outputs[part] = activations @ weights[-1].T
    return outputs


def _parts(count: int) -> Iterator[slice]:
    """Slices of at most `_TOGETHER` images."""
    for start in range(0, count, _TOGETHER):
        yield slice(start, min(start + _TOGETHER, count))
