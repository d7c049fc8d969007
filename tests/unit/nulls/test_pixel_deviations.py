"""How far pixels vary."""

from __future__ import annotations

import numpy as np
import pytest

from clusterability.nulls.pixel_deviations import pixel_deviations
from clusterability.training.images import left_out_pixels


def test_deviations_are_those_of_numpy_and_zero_where_nothing_varies():
    images = np.random.default_rng(0).integers(0, 256, (300, 784)).astype(np.uint8)
    images[:, 5], images[:, 6] = 255, 3
    images[:, 8] = images[:, 7]
    found = pixel_deviations(images)
    assert found == pytest.approx((images / 255).std(axis=0), abs=1e-12)
    assert found[5] == found[6] == 0
    assert found[7] == found[8] > 0


def test_pixels_below_a_deviation_are_those_that_training_leaves_out(images):
    found = pixel_deviations(images.train_images)
    for least in (0.0, 1e-6, 0.1, float(np.median(found))):
        assert np.array_equal(found < least, left_out_pixels(images.train_images, least))
