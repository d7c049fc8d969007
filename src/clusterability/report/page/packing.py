"""Numbers as text for a page: rounded, compressed, and the same text for the same numbers.

A page holds many arrays. Those of one network follow each other in one text, without names: a
layout says which they are. web/unpacking.mjs reads the same layouts.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

LEVELS = 7
"""Steps of a quantised weight on either side of 0."""
NO_LEVEL = 15
"""What stands for a weight that is not finite."""

SHARE_STEPS = 2000
"""Steps of a share, such as one of images: to half of what is seen of it in percent."""
NO_SHARE = int(np.iinfo(np.int16).min)
"""What stands for a share that is not finite."""

_MANTISSA = 23
"""Bits of a float32's mantissa that are stored; one more is understood."""

Kind = Literal["nibbles", "int8", "int16", "uint8", "uint16", "float32"]
"""`nibbles`: two numbers from 0 to 15 a byte, the first in the low half. Numbers of more than one
byte: first the highest bytes of all, then the next ones, since like bytes side by side shrink."""

_TYPES = {"int8": "i1", "int16": ">i2", "uint8": "u1", "uint16": ">u2", "float32": ">f4"}


class Array(NamedTuple):
    """One array of a text: its name, how it is stored, its numbers in any shape."""

    name: str
    kind: Kind
    numbers: np.ndarray


Layout = list[tuple[str, Kind, int]]
"""Name, kind and count of the arrays of a text, in their order."""


def quantised(weights: np.ndarray, limit: float) -> np.ndarray:
    """Weights of any shape in 15 levels: uint8 from 0 to 14, 7 for a weight of 0.

    Level 0 is -limit, level 14 is limit; weights beyond them take the level at the end.
    """
    steps = np.clip(np.nan_to_num(weights) / limit, -1, 1) * LEVELS
    levels = np.rint(steps).astype(np.int8) + LEVELS
    return np.where(np.isfinite(weights), levels, NO_LEVEL).astype(np.uint8)


def quantised_sizes(sizes: np.ndarray, limit: float) -> np.ndarray:
    """Sizes of weights in 15 levels: uint8, 0 for a size of 0, 14 for `limit` and beyond."""
    return quantised(2 * sizes - limit, limit)


def weights_of_levels(levels: np.ndarray, limit: float) -> np.ndarray:
    """The weights that levels stand for, NaN where there is none."""
    weights = (levels.astype(float) - LEVELS) / LEVELS * limit
    return np.where(levels == NO_LEVEL, np.nan, weights)


def rounded(values: np.ndarray, bits: int) -> np.ndarray:
    """As float32 whose mantissas have so many bits: off by 2**-(bits + 1) of itself at most.

    What the bits cut off held is 0 then, and shrinks to nothing. All NaN get the same bits.
    """
    numbers = np.asarray(values, np.float32)
    cut = _MANTISSA - bits
    raw = np.nan_to_num(numbers).view(np.uint32)
    # Half of the last bit is added before the rest is cut off; the exponent may take a carry.
    raw = (raw + np.uint32(1 << (cut - 1))) >> np.uint32(cut) << np.uint32(cut)
    return np.where(np.isfinite(numbers), raw.view(np.float32), np.float32(np.nan))


def stepped_shares(shares: np.ndarray) -> np.ndarray:
    """Shares from -1 to 1 in whole steps of 1 / SHARE_STEPS, int16; NO_SHARE for NaN.

    >>> stepped_shares(np.array([-1.0, 0.0004, np.nan])).tolist()
    [-2000, 1, -32768]
    """
    steps = np.rint(np.nan_to_num(shares) * SHARE_STEPS)
    return np.where(np.isfinite(shares), steps, NO_SHARE).astype(np.int16)


def layout_of(arrays: Sequence[Array]) -> Layout:
    """Layout of a text, as `unpacked` and the page need to know it."""
    return [(name, kind, int(np.size(numbers))) for name, kind, numbers in arrays]


def packed(arrays: Sequence[Array]) -> str:
    """The arrays one after the other, by gzip and base64."""
    content = b"".join(_bytes_of(array) for array in arrays)
    # gzip writes the time unless it is told one.
    return base64.b64encode(gzip.compress(content, compresslevel=9, mtime=0)).decode("ascii")


def unpacked(text: str, layout: Layout) -> dict[str, np.ndarray]:
    """The arrays of a text by name, in one dimension."""
    content = gzip.decompress(base64.b64decode(text))
    arrays, start = {}, 0
    for name, kind, count in layout:
        length = (count + 1) // 2 if kind == "nibbles" else count * np.dtype(_TYPES[kind]).itemsize
        arrays[name] = _numbers_of(content[start : start + length], kind, count)
        start += length
    return arrays


def _bytes_of(array: Array) -> bytes:
    numbers = np.ravel(array.numbers)
    if array.kind == "nibbles":
        codes = np.append(numbers, np.zeros(len(numbers) % 2, numbers.dtype)).astype(np.uint8)
        return (codes[0::2] | codes[1::2] << 4).tobytes()
    typed = numbers.astype(_TYPES[array.kind])
    return typed.view(np.uint8).reshape(-1, typed.itemsize).T.tobytes()


def _numbers_of(content: bytes, kind: Kind, count: int) -> np.ndarray:
    raw = np.frombuffer(content, np.uint8)
    if kind == "nibbles":
        return np.stack([raw & 15, raw >> 4], axis=1).ravel()[:count]
    planes = raw.reshape(np.dtype(_TYPES[kind]).itemsize, count)
    numbers = np.ascontiguousarray(planes.T).view(_TYPES[kind]).ravel()
    return numbers.astype(numbers.dtype.newbyteorder("="))
