"""Activations of hidden units on images, normalised to be comparable between units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Activities = npt.NDArray[np.float32]


def hidden_activities(
    weights: Sequence[np.ndarray],
    images: Activities,
    biases: Sequence[np.ndarray] | None = None,
) -> list[Activities]:
    """Activations of each hidden layer of a network of ReLU units.

    Args:
        weights: [out, in] for each layer, from the input on.
        images: inputs as the network sees them, [images, pixels].
        biases: [out] for each layer; None if there are none.

    Returns:
        Activations [images, units] of each hidden layer.

    >>> weights = [np.array([[1.0, -1.0]]), np.ones((2, 1))]
    >>> hidden_activities(weights, np.array([[3.0, 1.0], [1.0, 3.0]]))[0].tolist()
    [[2.0], [0.0]]
    """
    current, activations = images, []
    for number, weight in enumerate(weights[:-1]):
        product = current @ weight.T
        current = np.maximum(product if biases is None else product + biases[number], 0)
        activations.append(current)
    return activations


def normalised(activities: Activities) -> Activities:
    """Activations divided by each unit's root mean square over the images.

    A unit with input weights multiplied by c > 0 and output weights divided by c, which leaves the
    network unchanged, then has the same activations. A unit that is never active stays 0.

    Args:
        activities: activations [images, units].

    Returns:
        Normalised activations, float32 [images, units].

    >>> normalised(np.array([[2.0, 0.0], [2.0, 0.0]], np.float32)).tolist()
    [[1.0, 0.0], [1.0, 0.0]]
    """
    strength = np.sqrt(np.square(activities, dtype=np.float64).mean(axis=0))
    return (activities / np.where(strength > 0, strength, 1)).astype(np.float32)
