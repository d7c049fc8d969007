"""Reader of checkpoints from PyTorch before 1.6: concatenated pickles, then the numbers.

| part | content |
| --- | --- |
| three pickles | a magic number, 1001, sizes of C types and the byte order |
| a pickle | the objects, whose tensors refer to storages by key |
| a pickle | the keys, in storage order |
| for each key | the count, 8 bytes, and the numbers |

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
"""Start of a protocol-2 pickle of the magic number."""

Places = dict[str, tuple[int, int]]
"""Offset and count of the numbers of each storage, by key."""


def is_legacy(path: Path) -> bool:
    """Whether a file begins like a checkpoint from PyTorch before 1.6."""
    with path.open("rb") as file:
        return file.read(len(_FIRST)) == _FIRST


def read_legacy(path: Path) -> tuple[object, Places]:
    """Objects of a checkpoint, and locations of the numbers, which are not read.

    Raises:
        Exception: of any kind if the file is damaged.
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
    places: Places = {}
    with path.open("rb") as file:
        for storage in storages:
            file.seek(start)
            count = int.from_bytes(file.read(8), "little")
            places[storage.key] = (start + 8, count)
            start += 8 + count * _size(storage)
    if start > path.stat().st_size:
        raise ValueError(f"{path.stat().st_size} bytes of {start}")
    return places


def _size(storage: Storage) -> int:
    """Bytes per number; the name of a quantised type contains its integer type."""
    if storage.type.startswith("q"):
        return np.dtype(storage.type[1:]).itemsize
    return np.dtype(STORED_AS.get(storage.type, storage.type)).itemsize


def legacy_bytes(path: Path, places: Places, storage: Storage) -> bytes:
    """Read the numbers of a storage."""
    start, count = places[storage.key]
    if count * _size(storage) > MOST_BYTES:
        raise ValueError(f"{count} numbers of one tensor")
    with path.open("rb") as file:
        file.seek(start)
        return file.read(count * _size(storage))
