"""What draws take: as much as those that are worked on, not as all of them."""

from __future__ import annotations

import tracemalloc
from collections import deque

import numpy as np
import pytest

from clusterability.jobs.clustering_job import BYTES_OF_DRAW
from clusterability.nulls.clustered_again import redrawn_tables
from clusterability.nulls.redrawing import RandomModel

SHAPE = (500, 900)


def peak(null: str, draws: int, threads: int = 1, shape=SHAPE) -> int:
    """Bytes at most, beside the weights."""
    weights = {"fc1": np.random.default_rng(0).standard_normal(shape).astype(np.float32)}
    model, name = RandomModel.named(null), ("any", 0)
    tracemalloc.start()
    try:
        asked = ([2, 4], ["matched"], 1, threads)
        deque(redrawn_tables(model, weights, "fc1", name, range(draws), *asked), maxlen=0)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("null", ["shuffle", "shuffle_nonzero", "strength"])
def test_the_peak_does_not_grow_with_the_number_of_draws(null):
    peak(null, 1)  # what is imported and compiled at first is no draw's
    assert peak(null, 8) < 1.1 * peak(null, 2)


@pytest.mark.parametrize("null", ["shuffle", "strength"])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_draw_takes_what_is_declared(null, threads):
    peak(null, 1)
    large, small = (peak(null, 4, threads, (500, side)) for side in (2400, 1200))
    # What goes by the smaller side, its Gram matrix and vectors, is in both.
    each = (large - small) / (500 * 1200)
    assert each < BYTES_OF_DRAW * (threads + (null == "strength"))
