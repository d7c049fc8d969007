"""Checkpoints as PyTorch wrote them before 1.6: pickles behind each other, then the numbers.

| part | content |
| --- | --- |
| three pickles | a magic number, 1001, sizes of C's types and the order of bytes |
| a pickle | the objects, whose tensors name storages by keys |
| a pickle | the keys, in the order of what follows |
| for each key | how many numbers, 8 bytes, and these |

Source: torch/serialization.py, `_legacy_save`.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from clusterability.networks.importing.small_floats import STORED_AS
from clusterability.networks.importing.torch_pickle import MOST_PICKLE_BYTES, Storage, unpickle
from clusterability.networks.safe_arrays import MOST_BYTES

_MAGIC = 0x1950A86A20F9469CFC6C
_FIRST = b"\x80\x02\x8a\x0a" + _MAGIC.to_bytes(10, "little")
"""A pickle of protocol 2 that begins with this number."""

Places = dict[str, tuple[int, int]]
"""Where the numbers of each storage begin, by its key, and how many there are."""


def is_legacy(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_FIRST)) == _FIRST


def read_legacy(path: Path) -> tuple[object, Places]:
    """The objects of a checkpoint, and where its numbers are; none of these is read.

    Raises:
        Exception: of any kind, where the file is damaged.
    """
    with path.open("rb") as file:
        stream = io.BytesIO(file.read(MOST_PICKLE_BYTES))
    _, version, about = (unpickle(stream) for _ in range(3))
    if version != 1001 or not isinstance(about, dict) or not about.get("little_endian"):
        raise ValueError(f"a checkpoint of version {version}, or of the other order of bytes")
    used: dict[str, Storage] = {}
    loaded, keys = unpickle(stream, used), unpickle(stream)
    if not isinstance(keys, list) or set(keys) != set(used):
        raise ValueError("a list of other numbers than those of the tensors")
    return loaded, _places(path, stream.tell(), [used[key] for key in keys])


def _places(path: Path, start: int, storages: list[Storage]) -> Places:
    found: Places = {}
    with path.open("rb") as file:
        for storage in storages:
            file.seek(start)
            count = int.from_bytes(file.read(8), "little")
            found[storage.key] = (start + 8, count)
            start += 8 + count * _size(storage)
    if start > path.stat().st_size:
        raise ValueError(f"{path.stat().st_size} bytes of {start}")
    return found


def _size(storage: Storage) -> int:
    """Bytes of a number; of quantised ones, as their names say."""
    if storage.type.startswith("q"):
        return np.dtype(storage.type[1:]).itemsize
    return np.dtype(STORED_AS.get(storage.type, storage.type)).itemsize


def legacy_bytes(path: Path, places: Places, storage: Storage) -> bytes:
    """The numbers of a storage."""
    start, count = places[storage.key]
    if count * _size(storage) > MOST_BYTES:
        raise ValueError(f"{count} numbers of one tensor")
    with path.open("rb") as file:
        file.seek(start)
        return file.read(count * _size(storage))
