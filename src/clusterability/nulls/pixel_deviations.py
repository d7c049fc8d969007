"""Standard deviation of each pixel over images: the covariate of the columns of first layers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clusterability.training.images import Bytes

_INK = 255


def pixel_deviations(images: Bytes) -> npt.NDArray[np.float64]:
    """Standard deviation of each pixel, float64 [pixels], with 1 for full ink.

        sqrt(n sum x^2 - (sum x)^2) / (255 n)   over n images

    Sums are exact integers, so that constant pixels give exactly 0 and equal pixels equal values.
    `left_out_pixels` uses the same numbers.

    Args:
        images: bytes [n, pixels].

    >>> pixel_deviations(np.array([[0, 7], [255, 7]], np.uint8)).tolist()
    [0.5, 0.0]
    """
    count = len(images)
    values = images.astype(np.uint16)  # uint16 holds 255 squared
    total = values.sum(axis=0, dtype=np.int64)
    squares = (values**2).sum(axis=0, dtype=np.int64)
    return np.asarray(np.sqrt(count * squares - total**2) / (count * _INK))
