"""Files of blocks: partitions or tables of the block's networks, as `.npz`.

There is one array per method, k and field, named "matched/5/rows". Its first axis is the networks
of the block, in the order of their seeds. Equal content gives equal bytes.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

import numpy as np

from clusterability.clustering.block_sums import Tables
from clusterability.errors import UserError, one_line
from clusterability.files import whole_file
from clusterability.networks.live_units import DEAD
from clusterability.networks.partitions import HeldOut, Key, Partitions, Starts
from clusterability.networks.safe_arrays import npz_names, read_npz

Item = TypeVar("Item", Partitions, Starts, HeldOut, Tables)


def save_items(path: Path, items: Mapping[Key, Item]) -> None:
    """Write the partitions or the tables of a block."""
    arrays = {
        f"{method}/{k}/{field.name}": getattr(item, field.name)
        for (method, k), item in items.items()
        for field in fields(item)
    }
    with whole_file(path) as temporary:
        np.savez(temporary, **arrays)


def load_items(
    path: Path, kind: type[Item], keys: Collection[Key] | None = None
) -> dict[Key, Item]:
    """Read the partitions or the tables of a block, for all keys or the given ones.

    Raises:
        UserError: if the file is damaged, holds something else, or arrays do not fit together.
    """
    columns: dict[Key, dict[str, np.ndarray]] = {}
    with told_of_damage(path, _named(kind)):
        arrays_by_name = read_npz(path, lambda name: keys is None or _parts_of(name)[0] in keys)
        for name, array in arrays_by_name.items():
            key, field = _parts_of(name)
            columns.setdefault(key, {})[field] = array
        items = {key: kind(**arrays) for key, arrays in columns.items()}
        for (method, number), item in items.items():
            _check(f"{method}/{number}", number, item)
    return items


def stored_keys(path: Path, kind: type[Item]) -> list[Key]:
    """Keys of the items in a file, in their order.

    Raises:
        UserError: as in `load_items`.
    """
    with told_of_damage(path, _named(kind)):
        return list(dict.fromkeys(_parts_of(name)[0] for name in npz_names(path)))


def _parts_of(name: str) -> tuple[Key, str]:
    method, k, field = name.split("/")
    return (method, int(k)), field


def _named(kind: type[Item]) -> str:
    return kind.__name__.lower()


@contextmanager
def told_of_damage(path: Path, expected: str) -> Iterator[None]:
    """Turn any exception from a damaged file into a UserError that says what was expected."""
    try:
        yield
    # The libraries do not document what a damaged file makes them raise.
    except Exception as error:
        message = " ".join(map(str, error.args)) or type(error).__name__
        raise UserError(
            f"{path}: expected {expected} of this study, found {one_line(message)};"
            " remove the file to have it made again"
        ) from None


def _check(name: str, k: int, item: Item) -> None:
    """Raise ValueError if an item's arrays have types or shapes that its class does not allow."""
    expected = _tables_have(k, item) if isinstance(item, Tables) else _labels_have(item)
    for field, (kind, shape) in expected.items():
        array = getattr(item, field)
        if array.dtype.kind != kind or array.shape != shape:
            raise ValueError(f"{name}/{field} of {array.dtype} {list(array.shape)}")
        if kind == "i" and array.size and not DEAD <= array.min() <= array.max() < _above(item, k):
            raise ValueError(f"{name}/{field} with labels from {array.min()} to {array.max()}")


Expected = dict[str, tuple[str, tuple[int, ...]]]
"""Kind of dtype, and shape, by field."""


def _tables_have(k: int, tables: Tables) -> Expected:
    leading = tables.mi_total.shape
    return {
        "weights": ("f", (*leading, k, k)),
        "squares": ("f", (*leading, k, k)),
        "mi_total": ("f", leading),
        "row_sizes": ("i", (*leading, k)),
        "column_sizes": ("i", (*leading, k)),
        **dict.fromkeys(("held_out", "bits", "bits_within", "bits_u", "bits_v"), ("f", leading)),
    }


def _labels_have(item: Partitions | Starts | HeldOut) -> Expected:
    axes = 2 if isinstance(item, Starts) else 1
    leading = item.columns.shape[:axes]
    if item.rows.ndim != axes + 1 or item.columns.ndim != axes + 1:
        raise ValueError(f"labels of shapes {list(item.rows.shape)}, {list(item.columns.shape)}")
    sides: Expected = {
        "rows": ("b" if isinstance(item, HeldOut) else "i", (*leading, item.rows.shape[-1])),
        "columns": ("i", item.columns.shape),
    }
    return sides | ({"feasible": ("b", leading)} if isinstance(item, Partitions) else {})


def _above(item: Item, k: int) -> float:
    """Exclusive upper bound of labels, or of cluster sizes."""
    return math.inf if isinstance(item, Tables) else k


class StoredItems(Mapping[Key, Item]):
    """Items of a block that stay in their files; memory holds the last one accessed."""

    def __init__(self, paths: Iterable[str], kind: type[Item]) -> None:
        """Read the keys in the files.

        Args:
            paths: files of the same networks with different k.
            kind: type of the items.

        Raises:
            UserError: as in `load_items`; also on access.
        """
        self._kind: type[Item] = kind
        self._paths = {key: path for path in map(Path, paths) for key in stored_keys(path, kind)}
        self._last: tuple[Key, Item] | None = None

    def __getitem__(self, key: Key) -> Item:
        if self._last is None or self._last[0] != key:
            self._last = None  # free memory before the next item is read
            self._last = (key, load_items(self._paths[key], self._kind, [key])[key])
        return self._last[1]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def load_joined(paths: Iterable[str], kind: type[Item]) -> dict[Key, Item]:
    """Join the items of several blocks of networks into one block, in the order of the files.

    Args:
        paths: `…/{seeds}/{layer}/{k}…` of one layer; files of the same k are in the order of the
            seeds.
        kind: type of the items.
    """
    items_by_key: dict[Key, list[Item]] = {}
    for path in paths:
        for key, item in load_items(Path(path), kind).items():
            items_by_key.setdefault(key, []).append(item)
    return {key: _joined(items, kind) for key, items in items_by_key.items()}


def _joined(items: Sequence[Item], kind: type[Item]) -> Item:
    names = [field.name for field in fields(kind)]
    arrays = {name: np.concatenate([getattr(item, name) for item in items]) for name in names}
    return kind(**arrays)
