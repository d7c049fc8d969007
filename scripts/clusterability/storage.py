"""Files of blocks: partitions or tables of the block's networks, as `.npz`.

One array for each method, k and field, named "matched/5/rows"; its first axis is the networks of
the block, in the order of their seeds. The same content gives the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

import numpy as np

from clusterability.array_files import read_npz
from clusterability.contingency import Tables
from clusterability.errors import UserError, one_line
from clusterability.files import whole_file
from clusterability.graph import DEAD
from clusterability.partitions import HeldOut, Key, Partitions, Starts

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


def load_items(path: Path, kind: type[Item]) -> dict[Key, Item]:
    """Reads the partitions or the tables of a block.

    Raises:
        UserError: where the file is damaged or holds something else, or arrays that do not fit.
    """
    columns: dict[Key, dict[str, np.ndarray]] = {}
    try:
        for name, array in read_npz(path).items():
            method, k, field = name.split("/")
            columns.setdefault((method, int(k)), {})[field] = array
        items = {key: kind(**arrays) for key, arrays in columns.items()}
        for (method, number), item in items.items():
            _check(f"{method}/{number}", number, item)
    # What a damaged archive raises is not documented, and comes in all kinds.
    except Exception as error:
        found = one_line(" ".join(map(str, error.args)) or type(error).__name__)
        raise UserError(
            f"{path}: expected {kind.__name__.lower()} of this study, found {found};"
            " remove the file to have it made again"
        ) from None
    return items


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
        "held_out": ("f", leading),
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
