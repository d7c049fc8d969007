"""Permutations by buckets: each equally likely, of the same values."""

from __future__ import annotations

from collections import Counter

import numpy as np
from scipy import stats

from clusterability.nulls import permuting
from clusterability.nulls.permuting import permuted


def test_few_values_are_permuted_by_numpy():
    values = np.arange(1000.0)
    ours, theirs = permuted(values, np.random.default_rng(3)), np.random.default_rng(3)
    assert np.array_equal(ours, theirs.permutation(values))


def test_many_values_stay_the_same_values():
    values = np.random.default_rng(0).standard_normal(300_001).astype(np.float32)
    found = permuted(values, np.random.default_rng(1))
    assert found.dtype == values.dtype
    assert np.array_equal(np.sort(found), np.sort(values))
    assert not np.array_equal(found, permuted(values, np.random.default_rng(2)))
    assert np.array_equal(found, permuted(values, np.random.default_rng(1)))
    # Neither places nor neighbours stay together.
    places = np.argsort(np.argsort(found)), np.argsort(np.argsort(values))
    assert abs(np.corrcoef(*places)[0, 1]) < 0.01
    assert abs(np.corrcoef(found[1:], found[:-1])[0, 1]) < 0.01


def test_each_permutation_is_equally_likely(monkeypatch):
    monkeypatch.setattr(permuting, "_AT_ONCE", 0)
    monkeypatch.setattr(permuting, "_BUCKET", 2)
    source = np.random.default_rng(0)
    counts = Counter(tuple(permuted(np.arange(4), source)) for _ in range(24_000))
    assert len(counts) == 24
    assert stats.chisquare(list(counts.values())).pvalue > 0.001


def test_rejected_numbers_are_drawn_again(monkeypatch):
    """A number whose rest is too small comes once too often: here all but the spare ones do."""
    values, ends = np.arange(3), np.array([3])
    numbers, spare = np.zeros(3, np.uint32), np.array([1 << 31], np.uint32)
    permuting._permute_buckets(values, ends, numbers, spare)
    # Of size 3, 2^32 leaves 1: the rest 0 is rejected, and 2^31 * 3 / 2^32 is 1. Of size 2, it
    # leaves nothing, so that 0 stays: the first is exchanged.
    assert values.tolist() == [2, 0, 1]
