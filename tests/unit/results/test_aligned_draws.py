"""Draws of different numbers beside each other: those that were made at all k."""

from __future__ import annotations

import numpy as np

from clusterability.jobs.adaptive_job import AdaptiveDraws
from clusterability.results.aligned_draws import AlignedDraws


def values(*made: int) -> dict[str, np.ndarray]:
    """Two measures of networks with so many draws each, one of which draws do not have."""
    width = max(made)
    each = np.array([[d if d < count else np.nan for d in range(width)] for count in made])
    return {"mi": each, "held_out": np.full(each.shape, np.nan)}


def test_networks_have_the_draws_that_were_made_at_all_k():
    measured = {("m", 2): values(39, 19), ("m", 3): values(59, 59), ("n", 2): values(25, 19)}
    found = AlignedDraws(measured, AdaptiveDraws(99, {"n": 25}))
    assert list(found) == list(measured)
    for key, measures in found.items():
        made, most = ((25, 19), 25) if key[0] == "n" else ((39, 19), 99)
        mi = measures["mi"]
        assert mi.shape == (2, most)
        for row, count in zip(mi, made, strict=True):
            np.testing.assert_array_equal(row[:count], np.arange(count))
            assert np.isnan(row[count:]).all()
        assert np.isnan(measures["held_out"]).all()


def test_without_a_defined_draw_there_is_none():
    found = AlignedDraws({("m", 2): values(0, 5)}, AdaptiveDraws(9))
    assert np.isfinite(found["m", 2]["mi"]).sum(axis=1).tolist() == [0, 5]
