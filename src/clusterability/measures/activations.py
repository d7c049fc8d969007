"""What hidden units do on images: their activities, unit by unit comparable."""

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
    """Activities [images, units] of each hidden layer of one network of ReLU units.

    Args:
        weights: [out, in] by layer, from the input on.
        images: [images, pixels], as the network sees them.
        biases: [out] by layer; None where there are none.
    """
    activity, found = images, []
    for number, weight in enumerate(weights[:-1]):
        product = activity @ weight.T
        activity = np.maximum(product if biases is None else product + biases[number], 0)
        found.append(activity)
    return found


def normalised(activities: Activities) -> Activities:
    """Each unit divided by its root mean square over the images [images, units].

    Then a unit whose input weights are multiplied by c > 0, and its output weights divided by c,
    says the same. A unit that is never active stays 0.
    """
    strength = np.sqrt(np.square(activities, dtype=np.float64).mean(axis=0))
    return (activities / np.where(strength > 0, strength, 1)).astype(np.float32)
