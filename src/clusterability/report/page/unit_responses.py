"""Responses of hidden units to images: mean activations by class, and the images with the largest.

They are those of one network a condition, for the page of all networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from clusterability.jobs.probing_job import ProbingJob
from clusterability.measures.activations import Activities, hidden_activities
from clusterability.networks.layer_names import tensor_name
from clusterability.networks.stacked import load_networks
from clusterability.networks.tasks import MNIST_CLASSES
from clusterability.numerics import one_thread
from clusterability.report.page.packing import Array, rounded
from clusterability.results.function_rows import shown_images, takes_mnist
from clusterability.training.images import Mnist, load_mnist
from clusterability.training.recipe import Recipe

IMAGES = 500
"""Number of images at most: the first ones of those that probes show."""
STRONGEST = 10
"""Number of images shown of a unit."""
NEVER = np.iinfo(np.uint16).max
"""Number in place of an image on which the unit is not active."""
GREYS = 15
"""Shades of a pixel."""

_MANTISSA = 8


def response_arrays(
    file: Path, layers: Sequence[str], mnist: Path, job: ProbingJob
) -> dict[str, list[Array]]:
    """Responses of the first network of a file, and the images, as arrays of a page.

    Args:
        file: networks of a block.
        layers: hidden layers, as tables name them.
        mnist: folder of the images.
        job: which images are shown, and how.

    Returns:
        `responses`: for each layer, `<layer>/strongest`, [units, STRONGEST], numbers of the images
        on which a unit is most active, in descending order of its activation, or NEVER; and
        `<layer>/by_class`, mean activation [units, classes]. `images`: `pixels`, shades from 0 to
        GREYS - 1, [images, pixels]. Both are empty if the networks do not take these images.
    """
    networks = load_networks(file)
    if not takes_mnist(networks):
        return {}
    images = _images(mnist, job.train_images, job.test_images, job.dataset)
    recipe = Recipe.model_validate(job.examples)
    shown = shown_images(images, networks.seeds[:1], min(job.images, IMAGES), recipe)
    weights = [stack[0] for stack in networks.weights.values()]
    with one_thread():
        hidden = hidden_activities(weights, shown.images, networks.biases_of(0))
    arrays: list[Array] = []
    for layer, activations in zip(map(tensor_name, networks.weights), hidden, strict=False):
        if layer in layers:
            means = mean_by_class(activations, shown.classes[0])
            arrays += [
                Array(f"{layer}/strongest", "uint16", strongest_images(activations)),
                Array(f"{layer}/by_class", "float32", rounded(means, _MANTISSA)),
            ]
    return {"responses": arrays, "images": [Array("pixels", "nibbles", shades(shown.images))]}


@cache
def _images(folder: Path, train: int | None, test: int | None, name: str) -> Mnist:
    """The data set, read once for all conditions."""
    return load_mnist(folder, train, test, name=name)


def strongest_images(activations: Activities) -> np.ndarray:
    """Images with the largest activations of each unit, uint16 [units, STRONGEST].

    Args:
        activations: [images, units].

    >>> strongest_images(np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]))[:, :3].tolist()
    [[2, 1, 65535], [65535, 65535, 65535]]
    """
    order = np.argsort(-activations, axis=0, kind="stable")[:STRONGEST]
    active = np.take_along_axis(activations, order, axis=0) > 0
    strongest = np.full((activations.shape[1], STRONGEST), NEVER, np.uint16)
    strongest[:, : len(order)] = np.where(active, order, NEVER).T
    return strongest


def mean_by_class(activations: Activities, classes: np.ndarray) -> np.ndarray:
    """Mean activation [units, classes]; NaN for a class without images.

    Args:
        activations: [images, units].
        classes: class of each image, [images].
    """
    means = np.full((activations.shape[1], MNIST_CLASSES), np.nan)
    for number in np.unique(classes):
        means[:, number] = activations[classes == number].mean(axis=0, dtype=np.float64)
    return means


def shades(images: Activities) -> np.ndarray:
    """Pixels of images as networks see them, in steps from the darkest to the brightest."""
    low, high = float(images.min()), float(images.max())
    return np.rint((images - low) / ((high - low) or 1.0) * (GREYS - 1)).astype(np.uint8)
