"""Random permutations of many numbers: exactly uniform, in memory that the cache holds.

The usual exchange of each number with one from anywhere waits for the memory each time. Here each
goes to one of some buckets at random, and each bucket is permuted by itself: the result is as
uniform (Rao 1961, Sandelius 1962), and a bucket fits into the cache.
"""

from __future__ import annotations

import numpy as np

from clusterability.compiled import compiled

_AT_ONCE = 1 << 17
"""Up to so many numbers NumPy is about as fast."""
_BUCKET = 1 << 14


def permuted(values: np.ndarray, source: np.random.Generator) -> np.ndarray:
    """The values [count] in an order in which each permutation is equally likely.

    >>> sorted(permuted(np.arange(5.0), np.random.default_rng(0)).tolist())
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    count = len(values)
    if count <= _AT_ONCE:
        return source.permutation(values)
    bits = min((count // _BUCKET).bit_length(), 16)
    chosen = _random(count, np.dtype(np.uint16), source) >> np.uint16(16 - bits)
    numbers = _random(count, np.dtype(np.uint32), source)
    # One number in 2^32 / bucket is rejected: far fewer than these.
    spare = _random(count // 256, np.dtype(np.uint32), source)
    ends, result = np.zeros(1 << bits, np.int64), np.empty_like(values)
    _distribute(values, chosen, ends, result)
    _permute_buckets(result, ends, numbers, spare)
    return result


def _random(count: int, kind: np.dtype, source: np.random.Generator) -> np.ndarray:
    """Whole numbers of all bits of a kind, as a generator's numbers of 64 bits hold them."""
    raw = source.bit_generator.random_raw(-(-count * kind.itemsize // 8))
    return np.frombuffer(raw, kind.newbyteorder("<"))[:count].astype(kind, copy=False)


@compiled
def _distribute(
    values: np.ndarray, chosen: np.ndarray, ends: np.ndarray, result: np.ndarray
) -> None:
    """Copies each value to its bucket; fills ends [buckets]."""
    for bucket in chosen:
        ends[bucket] += 1
    begin = 0
    for bucket in range(len(ends)):
        begin, ends[bucket] = begin + ends[bucket], begin
    for place in range(len(values)):
        bucket = chosen[place]
        result[ends[bucket]] = values[place]
        ends[bucket] += 1


@compiled
def _permute_buckets(
    values: np.ndarray, ends: np.ndarray, numbers: np.ndarray, spare: np.ndarray
) -> None:
    """Fisher and Yates' exchanges within each bucket; numbers below 2^32 to ranges by Lemire 2019.

    A number times the range is more than a multiple of 2^32 by some rest. Too small rests come once
    too often for some results: then a spare number is taken instead.
    """
    begin, used = 0, 0
    for end in ends:
        for place in range(end - 1, begin, -1):
            size = np.uint64(place - begin + 1)
            product = np.uint64(numbers[place]) * size
            rest = product & np.uint64(0xFFFFFFFF)
            if rest < size:
                least = np.uint64(0x100000000) % size
                while rest < least:
                    product = np.uint64(spare[used % len(spare)]) * size
                    rest = product & np.uint64(0xFFFFFFFF)
                    used += 1
            other = begin + np.int64(product >> np.uint64(32))
            values[place], values[other] = values[other], values[place]
        begin = end
