"""Blocks: ranges of integers, such as seeds, that one job works on."""

from __future__ import annotations

import re
from typing import Any

LARGEST_BLOCK = 10_000
"""Maximal size of a block; no machine could train more networks in one job."""

LARGEST_NUMBER = 10**9 - 1


class Block(tuple[int, ...]):
    """Consecutive integers that one job works on, named by the first and the last.

    >>> block = Block(range(2, 13))
    >>> block.name, len(block)
    ('2-12', 11)
    """

    @property
    def name(self) -> str:
        """`"first-last"`, or the number alone for a block of one."""
        return f"{self[0]}-{self[-1]}" if len(self) > 1 else str(self[0])

    @classmethod
    def parse(cls, text: Any) -> Block:
        """Parse a block from a config or a file name, such as "0-9", "16" or 16.

        Raises:
            ValueError: with the expected form as its text.
        """
        if isinstance(text, bool) or not isinstance(text, int | str):
            raise ValueError('a block such as "0-9" or 16')
        # Python refuses to convert integers of thousands of digits to text.
        if isinstance(text, int) and text > LARGEST_NUMBER:
            raise ValueError(f"a block of numbers of at most {LARGEST_NUMBER}")
        match = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", str(text).strip())
        if match is None:
            raise ValueError('a block such as "0-9" or 16')
        first = int(match[1])
        last = int(match[2]) if match[2] is not None else first
        if last < first:
            raise ValueError('a block "first-last" with first <= last')
        if last - first >= LARGEST_BLOCK:
            raise ValueError(f"a block of at most {LARGEST_BLOCK} numbers")
        return cls(range(first, last + 1))
