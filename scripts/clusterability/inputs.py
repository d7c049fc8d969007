"""What networks see of a data set: their inputs, and the labels that they are trained on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clusterability.dataset import MNIST, Bytes, normalise
from clusterability.randomness import generator

_INK = 255

Labels = npt.NDArray[np.int64]


def network_inputs(images: Bytes, normalised: bool, name: str = MNIST) -> npt.NDArray[np.float32]:
    """Images [images, 784] as networks see them: normalised, or from 0 (paper) to 1 (ink).

    name: of the data set that they are of, by whose mean and deviation they are normalised.
    """
    if normalised:
        return normalise(images, name)
    values = images.astype(np.float32)
    values /= np.float32(_INK)
    return values


def left_out_pixels(train_images: Bytes, least_deviation: float) -> npt.NDArray[np.bool_]:
    """Pixels [784] whose standard deviation over the images [images, 784] is below the least one.

    A network without weights from them is a network without them.

    Args:
        train_images: bytes, 255 is ink.
        least_deviation: in units of ink; 0 leaves out none.
    """
    # Exact in integers: a constant pixel has a deviation of 0, not of a rounding error.
    count = len(train_images)
    values = train_images.astype(np.uint16)  # which holds 255 squared
    total = values.sum(axis=0, dtype=np.int64)
    squares = (values**2).sum(axis=0, dtype=np.int64)
    variance = (count * squares - total**2) / (count * _INK) ** 2
    return np.sqrt(variance) < least_deviation


def training_labels(labels: Labels, permuted: bool, seed: int) -> Labels:
    """Labels [images] that the network of this seed is trained on: as they are, or permuted."""
    return generator("labels", seed).permutation(labels) if permuted else labels
