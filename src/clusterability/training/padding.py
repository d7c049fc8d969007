"""Sizes at which stacked networks have the same bits for every item of the stack.

Where a matrix of a batched product does not start on a 16-byte boundary, the BLAS may add it up in
another order; and the optimiser's loops take 16 floats at a time and the rest of a stack one by
one, which can round otherwise. An item's bits would then depend on its place in the stack. With
sizes that are multiples of four float32, every matrix starts on a boundary and has a multiple of 16
weights; biases need a multiple of 16 themselves.
"""

from __future__ import annotations

_FLOATS = 4
_VECTOR = 16
"""Floats of the widest vectors that a processor adds at once, those of AVX-512."""


def aligned(size: int, floats: int = _FLOATS) -> int:
    """The smallest multiple of `floats` that is not below `size`.

    >>> aligned(10), aligned(12)
    (12, 12)
    """
    return -(-size // floats) * floats


def aligned_vector(size: int) -> int:
    """As `aligned`, for an item that is a vector.

    >>> aligned_vector(10)
    16
    """
    return aligned(size, _VECTOR)
