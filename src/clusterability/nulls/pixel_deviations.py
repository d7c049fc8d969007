"""How far each pixel varies over images: the covariate of the columns of first layers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clusterability.training.images import Bytes

_INK = 255


def pixel_deviations(images: Bytes) -> npt.NDArray[np.float64]:
    """Standard deviations [pixels] over images [images, pixels], in units of ink.

    Those by which `left_out_pixels` goes: of the population, sums are divided by the number of
    images. Sums are exact, so that a constant pixel has 0 and equal pixels have equal ones.

    >>> pixel_deviations(np.array([[0, 7], [255, 7]], np.uint8)).tolist()
    [0.5, 0.0]
    """
    count = len(images)
    values = images.astype(np.uint16)  # which holds 255 squared
    total = values.sum(axis=0, dtype=np.int64)
    squares = (values**2).sum(axis=0, dtype=np.int64)
    return np.asarray(np.sqrt(count * squares - total**2) / (count * _INK))
