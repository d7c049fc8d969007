"""Compiled loops: where their machine code is kept, and that they add up as written."""

from __future__ import annotations

import numpy as np
import pytest

from clusterability import compiled as module
from clusterability.clustering.kmeans import _cluster_from_starts
from clusterability.clustering.summing import _add, _sum_blocks
from clusterability.compiled import compiled


def test_without_a_folder_to_keep_it_in_code_is_compiled_for_the_process(monkeypatch):
    real, asked = module.njit, []

    def njit(function, **options):
        asked.append(options.get("cache", False))
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return real(function, **options)

    monkeypatch.setattr(module, "njit", njit)

    @compiled
    def twice(value: float) -> float:
        return 2 * value

    assert twice(1.5) == 3
    assert asked == [True, False]


@pytest.mark.parametrize("function", [_cluster_from_starts, _sum_blocks])
def test_sums_are_not_reordered(function):
    """Fast-math would let the bits depend on how wide a processor's vectors are."""
    options = function.targetoptions
    assert not options.get("fastmath")
    assert not options.get("parallel")


def test_rows_are_added_in_order():
    """1e16 + 1 - 1e16 is 0 from left to right, and 1 in the exact sum."""
    total = np.zeros(3)
    for value in (1e16, 1.0, -1e16):
        _add(np.full(3, value), total)
    assert total.tolist() == [0, 0, 0]
