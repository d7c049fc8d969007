"""Sizes at which batched products have the same bits for every item of the batch.

Where a matrix of the result does not start on a 16-byte boundary, the BLAS may add it up in another
order. An item's bits would then depend on its place in the batch. With sizes that are multiples of
four float32, every matrix starts on a boundary.
"""

from __future__ import annotations

_FLOATS = 4


def aligned(size: int) -> int:
    """The smallest multiple of four that is not below `size`.

    >>> aligned(10), aligned(12)
    (12, 12)
    """
    return -(-size // _FLOATS) * _FLOATS
