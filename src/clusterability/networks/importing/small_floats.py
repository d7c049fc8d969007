"""Exact conversion to float32 of floats that NumPy lacks.

bfloat16 is the upper half of a float32. Of the two float8 formats, e4m3 has four exponent bits, no
infinity and one NaN per sign; e5m2 is the upper half of a float16 (Micikevicius et al. 2022, FP8
formats for deep learning, arXiv:2209.05433, table 1).
"""

from __future__ import annotations

from functools import cache

import numpy as np

STORED_AS = {"bfloat16": "uint16", "float8_e4m3fn": "uint8", "float8_e5m2": "uint8"}
"""Unsigned integer type of the same width, as NumPy names it."""


def as_float32(bits: np.ndarray, kind: str) -> np.ndarray:
    """Decode numbers of one of the types in STORED_AS.

    Args:
        bits: unsigned integers of any shape, of 16 bits (bfloat16) or 8.
        kind: a key of STORED_AS.

    Returns:
        float32 of the same shape.

    >>> as_float32(np.array([0x3FC0, 0xC000], np.uint16), "bfloat16").tolist()
    [1.5, -2.0]
    >>> as_float32(np.array([0x38, 0xC4], np.uint8), "float8_e4m3fn").tolist()
    [1.0, -3.0]
    """
    if kind == "bfloat16":
        return (bits.astype(np.uint32) << 16).view(np.float32)
    if kind == "float8_e5m2":
        return (bits.astype(np.uint16) << 8).view(np.float16).astype(np.float32)
    return _e4m3_values()[bits]


@cache
def _e4m3_values() -> np.ndarray:
    """All values of float8_e4m3fn, float32 [256]."""
    codes = np.arange(256)
    sign = np.where(codes >> 7, -1.0, 1.0)
    exponent, mantissa = (codes >> 3) & 15, codes & 7
    normal = (8 + mantissa) * 2.0 ** (exponent - 10)
    values = sign * np.where(exponent > 0, normal, mantissa * 2.0**-9)
    values[(codes & 127) == 127] = np.nan
    return values.astype(np.float32)
