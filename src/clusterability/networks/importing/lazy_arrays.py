"""Arrays of a file that are read on access; their shapes and types are known before."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import numpy as np

from clusterability.networks.importing.small_floats import STORED_AS

REAL_KINDS = "biuf"
"""NumPy's dtype kinds of real numbers: booleans, integers and floats."""


BLOCKS = " blocks"
"""Suffix of the type of block-quantised numbers, which are read as floats."""


class Facts(NamedTuple):
    """Description of an array without its values.

    Attributes:
        shape: shape of the array that is read.
        type: as NumPy or the file names it.
        axes: "told" if the file says that the array is [out, in]; "untold" if files of its format
            can say so, but this one does not; "" if files of its format never do.
        against: reason in the file why the array is not a layer; "" if there is none.
        kernel: shape of the convolution that the matrix comes from; () if there is none.
    """

    shape: tuple[int, ...]
    type: str
    axes: Literal["", "told", "untold"] = ""
    against: str = ""
    kernel: tuple[int, ...] = ()

    @property
    def kind(self) -> str:
        """NumPy's dtype kind, with "f" for floats that NumPy lacks and "" for non-numeric types."""
        if self.type in STORED_AS or self.type.endswith(BLOCKS):
            return "f"
        try:
            return np.dtype(self.type).kind
        except TypeError:
            return ""

    @property
    def is_matrix(self) -> bool:
        """Whether the array is a matrix of real numbers."""
        return len(self.shape) == 2 and self.kind in tuple(REAL_KINDS)

    @property
    def size(self) -> int:
        """Number of entries."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Entry:
    """An array of a file: its description and its reader."""

    facts: Facts
    read: Callable[[], np.ndarray]


class LazyArrays(Mapping[str, np.ndarray]):
    """Arrays by name in file order; each access reads the array.

    Attributes:
        entries: descriptions and readers by name.
        notes: remarks of the reader, such as missing shards.

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
    """Description of an array; a lazy one is not read."""
    if isinstance(arrays, LazyArrays):
        return arrays.entries[name].facts
    array = arrays[name]
    return Facts(array.shape, str(array.dtype))


def entries_of(arrays: Mapping[str, np.ndarray]) -> dict[str, Entry]:
    """Entries for arrays of any kind."""
    if isinstance(arrays, LazyArrays):
        return dict(arrays.entries)
    read = arrays.__getitem__
    return {name: Entry(facts_of(arrays, name), partial(read, name)) for name in arrays}


def notes_of(arrays: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """Remarks of the reader of these arrays."""
    return arrays.notes if isinstance(arrays, LazyArrays) else ()
