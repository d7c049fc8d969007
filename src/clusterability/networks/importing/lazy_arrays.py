"""Arrays of a file that are read when they are asked for; what each is, is known before."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import numpy as np

from clusterability.networks.importing.small_floats import STORED_AS

REAL_KINDS = "biuf"
"""Kinds of NumPy's dtypes that hold real numbers: booleans, integers and floats."""


BLOCKS = " blocks"
"""Ends the type of numbers that share scales, and are floats when they are read."""


class Facts(NamedTuple):
    """What an array is, without its numbers.

    Attributes:
        shape: as it is read.
        type: as NumPy or the file names it.
        axes: "told" where the file says that they are [out, in], "untold" where files of its kind
            say so, but not of this array; "" where files of its kind never do.
        against: why the file says that it is no layer; "" where it does not.
        kernel: shape of the convolution that it is a matrix of; () where it is of none.
    """

    shape: tuple[int, ...]
    type: str
    axes: Literal["", "told", "untold"] = ""
    against: str = ""
    kernel: tuple[int, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of dtype as NumPy has it, "f" for floats that it lacks, "" for no numbers."""
        if self.type in STORED_AS or self.type.endswith(BLOCKS):
            return "f"
        try:
            return np.dtype(self.type).kind
        except TypeError:
            return ""

    @property
    def is_matrix(self) -> bool:
        return len(self.shape) == 2 and self.kind in tuple(REAL_KINDS)

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class Entry:
    """An array of a file: what it is, and how it is read."""

    facts: Facts
    read: Callable[[], np.ndarray]


class LazyArrays(Mapping[str, np.ndarray]):
    """Arrays by name in the order of their file; one is read each time it is asked for.

    Attributes:
        entries: by name.
        notes: what else a reader has to tell, such as shards that are missing.

    >>> entry = Entry(Facts((2, 2), "float32"), lambda: np.ones((2, 2), np.float32))
    >>> arrays = LazyArrays({"fc1": entry})
    >>> facts_of(arrays, "fc1").shape, arrays["fc1"].sum().item()
    ((2, 2), 4.0)
    """

    def __init__(self, entries: Mapping[str, Entry], notes: tuple[str, ...] = ()) -> None:
        self.entries = dict(entries)
        self.notes = notes

    def __getitem__(self, name: str) -> np.ndarray:
        return self.entries[name].read()

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self.entries


def facts_of(arrays: Mapping[str, np.ndarray], name: str) -> Facts:
    """What an array is; of a lazy one, nothing is read."""
    if isinstance(arrays, LazyArrays):
        return arrays.entries[name].facts
    array = arrays[name]
    return Facts(array.shape, str(array.dtype))


def entries_of(arrays: Mapping[str, np.ndarray]) -> dict[str, Entry]:
    """Arrays of any kind as entries."""
    if isinstance(arrays, LazyArrays):
        return dict(arrays.entries)
    read = arrays.__getitem__
    return {name: Entry(facts_of(arrays, name), partial(read, name)) for name in arrays}


def notes_of(arrays: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    return arrays.notes if isinstance(arrays, LazyArrays) else ()
