"""Files of blocks: partitions or tables of the block's networks, as `.npz`.

One array for each method, k and field, named "matched/5/rows"; its first axis is the networks of
the block, in the order of their seeds. The same content gives the same bytes.
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
    """Writes the partitions or the tables of a block."""
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
    """Reads the partitions or the tables of a block: all, or those of these keys.

    Raises:
        UserError: where the file is damaged or holds something else, or arrays that do not fit.
    """
    columns: dict[Key, dict[str, np.ndarray]] = {}
    with told_of_damage(path, _named(kind)):
        found = read_npz(path, lambda name: keys is None or _parts_of(name)[0] in keys)
        for name, array in found.items():
            key, field = _parts_of(name)
            columns.setdefault(key, {})[field] = array
        items = {key: kind(**arrays) for key, arrays in columns.items()}
        for (method, number), item in items.items():
            _check(f"{method}/{number}", number, item)
    return items


def stored_keys(path: Path, kind: type[Item]) -> list[Key]:
    """Keys of the items of a file, in their order.

    Raises:
        UserError: as `load_items`.
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
    """Turns whatever a damaged file raises into a UserError that says what was expected of it."""
    try:
        yield
    # What a damaged file makes these libraries raise is not documented, and comes in all kinds.
    except Exception as error:
        said = " ".join(map(str, error.args)) or type(error).__name__
        raise UserError(
            f"{path}: expected {expected} of this study, found {one_line(said)};"
            " remove the file to have it made again"
        ) from None


def _check(name: str, k: int, item: Item) -> None:
    """ValueError where an item's arrays have other types or shapes than its class says."""
    expected = _tables_have(k, item) if isinstance(item, Tables) else _labels_have(item)
    for field, (kind, shape) in expected.items():
        array = getattr(item, field)
        if array.dtype.kind != kind or array.shape != shape:
            raise ValueError(f"{name}/{field} of {array.dtype} {list(array.shape)}")
        if kind == "i" and array.size and not DEAD <= array.min() <= array.max() < _above(item, k):
            raise ValueError(f"{name}/{field} with labels from {array.min()} to {array.max()}")


Expected = dict[str, tuple[str, tuple[int, ...]]]
"""Kind of dtype and shape by field."""


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
    """What labels, or sizes of clusters, are below."""
    return math.inf if isinstance(item, Tables) else k


class StoredItems(Mapping[Key, Item]):
    """Items of a block that stay in their files: the one that was asked for last is in memory."""

    def __init__(self, paths: Iterable[str], kind: type[Item]) -> None:
        """Reads which items there are.

        Args:
            paths: files of the same networks, of different k.
            kind: what the files hold.

        Raises:
            UserError: here and where an item is asked for, as `load_items`.
        """
        self._kind: type[Item] = kind
        self._paths = {key: path for path in map(Path, paths) for key in stored_keys(path, kind)}
        self._last: tuple[Key, Item] | None = None

    def __getitem__(self, key: Key) -> Item:
        if self._last is None or self._last[0] != key:
            self._last = None  # gone before the next one comes
            self._last = (key, load_items(self._paths[key], self._kind, [key])[key])
        return self._last[1]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def load_joined(paths: Iterable[str], kind: type[Item]) -> dict[Key, Item]:
    """Items of several blocks of networks as those of one, in the order of the files.

    Args:
        paths: `…/{seeds}/{layer}/{k}…`, of one layer: files of the same k follow each other in
            the order of the seeds.
        kind: what the files hold.
    """
    found: dict[Key, list[Item]] = {}
    for path in paths:
        for key, item in load_items(Path(path), kind).items():
            found.setdefault(key, []).append(item)
    return {key: _joined(items, kind) for key, items in found.items()}


def _joined(items: Sequence[Item], kind: type[Item]) -> Item:
    names = [field.name for field in fields(kind)]
    arrays = {name: np.concatenate([getattr(item, name) for item in items]) for name in names}
    return kind(**arrays)
