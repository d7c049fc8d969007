"""Uniform random permutations of large arrays, within the processor's cache.

A plain Fisher-Yates shuffle swaps each value with one anywhere in the array and waits for memory
each time. Instead, each value goes to a random bucket that fits into the cache, and each bucket is
shuffled on its own. The result is uniform, too (Rao 1961, Sandelius 1962).
"""

from __future__ import annotations

import numpy as np

from clusterability.compiled import compiled

_AT_ONCE = 1 << 17
"""Array length up to which NumPy is about as fast."""
_BUCKET = 1 << 14


def permuted(values: np.ndarray, source: np.random.Generator) -> np.ndarray:
    """Uniformly random permutation of the values [count].

    >>> sorted(permuted(np.arange(5.0), np.random.default_rng(0)).tolist())
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    count = len(values)
    if count <= _AT_ONCE:
        return source.permutation(values)
    bits = min((count // _BUCKET).bit_length(), 16)
    chosen = _random(count, np.dtype(np.uint16), source) >> np.uint16(16 - bits)
    numbers = _random(count, np.dtype(np.uint32), source)
    # About one number in 2^32 / bucket is rejected, far fewer than the spare ones.
    spare = _random(count // 256, np.dtype(np.uint32), source)
    ends, result = np.zeros(1 << bits, np.int64), np.empty_like(values)
    _distribute(values, chosen, ends, result)
    _permute_buckets(result, ends, numbers, spare)
    return result


def _random(count: int, kind: np.dtype, source: np.random.Generator) -> np.ndarray:
    """Uniform integers of an unsigned type, unpacked from the generator's 64-bit numbers."""
    raw = source.bit_generator.random_raw(-(-count * kind.itemsize // 8))
    return np.frombuffer(raw, kind.newbyteorder("<"))[:count].astype(kind, copy=False)


@compiled
def _distribute(
    values: np.ndarray, chosen: np.ndarray, ends: np.ndarray, result: np.ndarray
) -> None:
    """Copy each value to its bucket; fill ends [buckets]."""
    for bucket in chosen:
        ends[bucket] += 1
    begin = 0
    for bucket in range(len(ends)):
        begin, ends[bucket] = begin + ends[bucket], begin
    for index in range(len(values)):
        bucket = chosen[index]
        result[ends[bucket]] = values[index]
        ends[bucket] += 1


@compiled
def _permute_buckets(
    values: np.ndarray, ends: np.ndarray, numbers: np.ndarray, spare: np.ndarray
) -> None:
    """Shuffle each bucket (Fisher-Yates), mapping 32-bit numbers to ranges as in Lemire 2019.

    The result is the high half of number times range. If the low half is too small, some results
    would be too frequent: a spare number is used instead.
    """
    begin, used = 0, 0
    for end in ends:
        for last in range(end - 1, begin, -1):
            size = np.uint64(last - begin + 1)
            product = np.uint64(numbers[last]) * size
            rest = product & np.uint64(0xFFFFFFFF)
            if rest < size:
                least = np.uint64(0x100000000) % size
                while rest < least:
                    product = np.uint64(spare[used % len(spare)]) * size
                    rest = product & np.uint64(0xFFFFFFFF)
                    used += 1
            other = begin + np.int64(product >> np.uint64(32))
            values[last], values[other] = values[other], values[last]
        begin = end
