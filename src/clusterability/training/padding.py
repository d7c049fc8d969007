"""Sizes at which each item of a stack of networks gets the same bits as alone.

If a matrix of a batched product is not aligned to 16 bytes, BLAS may sum in another order. The
optimiser's loops process 16 floats at a time and the remainder singly, which can round differently.
The bits of an item would then depend on its index in the stack. With sizes that are multiples of
four float32, every matrix is aligned and has a multiple of 16 weights; biases need a multiple of 16
themselves.
"""

from __future__ import annotations

_FLOATS = 4
_VECTOR = 16
"""Floats in the widest vector register, that of AVX-512."""


def aligned(size: int, floats: int = _FLOATS) -> int:
    """Smallest multiple of `floats` that is at least `size`.

    >>> aligned(10), aligned(12)
    (12, 12)
    """
    return -(-size // floats) * floats


def aligned_vector(size: int) -> int:
    """Aligned size of an item that is a vector.

    >>> aligned_vector(10)
    16
    """
    return aligned(size, _VECTOR)
