"""Files of blocks: partitions or tables of the block's networks, as `.npz`.

One array for each method, k and field, named "matched/5/rows"; its first axis is the networks of
the block, in the order of their seeds. The same content gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

import numpy as np

from clusterability.contingency import Tables
from clusterability.errors import UserError, reason
from clusterability.files import whole_file
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
        UserError: where the file is damaged or holds something else.
    """
    columns: dict[Key, dict[str, np.ndarray]] = {}
    try:
        with np.load(path, allow_pickle=False) as file:
            for name in file.files:
                method, k, field = name.split("/")
                columns.setdefault((method, int(k)), {})[field] = file[name]
        return {key: kind(**arrays) for key, arrays in columns.items()}
    # What a damaged file makes these libraries raise is not documented, and comes in all kinds.
    except Exception as error:
        raise UserError(
            f"{path}: expected {kind.__name__.lower()} of this study, found {reason(error)};"
            " remove the file to have it made again"
        ) from None


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
