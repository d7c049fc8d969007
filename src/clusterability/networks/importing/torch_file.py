"""Tensors of a PyTorch checkpoint, read without PyTorch and without running code from the file.

Since PyTorch 1.6, a checkpoint or TorchScript archive is a zip archive: `data.pkl` describes the
objects, and the numbers of each storage are uncompressed in `data/`. Older checkpoints are
concatenated pickles (`formats.torch_legacy`).
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from clusterability.errors import UserError, reason
from clusterability.networks.importing.formats.torch_legacy import (
    is_legacy,
    legacy_bytes,
    read_legacy,
)
from clusterability.networks.importing.lazy_arrays import Entry, Facts, LazyArrays
from clusterability.networks.importing.small_floats import STORED_AS, as_float32
from clusterability.networks.importing.sparse_arrays import of_parts
from clusterability.networks.importing.state_dict import state_dict
from clusterability.networks.importing.torch_pickle import (
    MOST_PICKLE_BYTES,
    SparseTensor,
    Storage,
    StoredTensor,
    Unknown,
    unpickle,
)
from clusterability.networks.importing.wording import quoted, stem, type_error
from clusterability.networks.safe_arrays import MOST_BYTES, check_members

ByteOrder = Literal["<", ">"]
Loaded = TypeVar("Loaded")

_ADVICE = "expected a state dict: torch.save(model.state_dict(), path)"


def read_torch(path: Path) -> LazyArrays:
    """Tensors of a checkpoint by their names in the state dict, in file order.

    Raises:
        UserError: if there is no state dict, or several candidates.
        Exception: of any kind if the file is damaged.
    """
    if not zipfile.is_zipfile(path):
        return _read_old(path)
    with zipfile.ZipFile(path) as archive:
        check_members(path, archive)
        folder = _folder(archive)
        order = _byte_order(archive, folder)
        is_script = f"{folder}constants.pkl" in archive.namelist()
        stream = io.BytesIO(_content(path, archive, f"{folder}data.pkl"))
        loaded = _unpickled(path, lambda: unpickle(stream))
    if isinstance(loaded, Unknown) and not is_script:
        raise UserError(f"{path}: found a whole pickled module or another object, {_ADVICE}")

    def bytes_of(storage: Storage) -> bytes:
        with zipfile.ZipFile(path) as archive:
            return bytes(_content(path, archive, f"{folder}data/{storage.key}", MOST_BYTES))

    return _arrays(path, loaded, bytes_of, order)


def _read_old(path: Path) -> LazyArrays:
    """Tensors of a checkpoint written by PyTorch before 1.6."""
    if not is_legacy(path):
        raise UserError(f"{path}: found no checkpoint (a damaged file, or a pickle), {_ADVICE}")
    loaded, offsets = _unpickled(path, lambda: read_legacy(path))
    if isinstance(loaded, Unknown):
        raise UserError(f"{path}: found a whole pickled module or another object, {_ADVICE}")
    return _arrays(path, loaded, partial(legacy_bytes, path, offsets), "<")


def _unpickled(path: Path, load: Callable[[], Loaded]) -> Loaded:
    try:
        return load()
    except (pickle.UnpicklingError, TypeError, AttributeError, LookupError) as error:
        raise UserError(
            f"{path}: found objects that are no checkpoint ({reason(error)}), {_ADVICE}"
        ) from None


def _arrays(
    path: Path, loaded: object, bytes_of: Callable[[Storage], bytes], order: ByteOrder
) -> LazyArrays:
    tensors, notes = state_dict(str(path), stem(path), loaded)
    entries = {
        name: Entry(
            Facts(tensor.shape, tensor.type), partial(_read, path, name, tensor, bytes_of, order)
        )
        for name, tensor in tensors.items()
    }
    return LazyArrays(entries, notes)


def _folder(archive: zipfile.ZipFile) -> str:
    """Top-level folder of the archive, with a slash; "" for none."""
    pickles = [name for name in archive.namelist() if name.split("/")[1:] == ["data.pkl"]]
    if len(pickles) != 1:
        raise ValueError("an archive without data.pkl")
    return pickles[0].removesuffix("data.pkl")


def _byte_order(archive: zipfile.ZipFile, folder: str) -> ByteOrder:
    """NumPy's symbol for the byte order: "<" unless the file says otherwise."""
    name = f"{folder}byteorder"
    if name not in archive.namelist():
        return "<"
    return ">" if archive.read(name)[:6] == b"big" else "<"


def _content(path: Path, archive: zipfile.ZipFile, name: str, most: int = MOST_PICKLE_BYTES) -> Any:
    """Content of an uncompressed member of the archive, with its checksum verified.

    PyTorch's reader ignores checksums and reads flipped bits as weights.
    """
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > path.stat().st_size:
        raise ValueError(f"a compressed member {name!r}")
    if info.file_size > most:
        raise ValueError(f"{info.file_size} bytes of {name!r}, more than {most}")
    try:
        return archive.read(info)
    except zipfile.BadZipFile:
        raise ValueError(f"a wrong sum of member {name!r}") from None


def _read(
    path: Path,
    name: str,
    tensor: StoredTensor,
    bytes_of: Callable[[Storage], bytes],
    order: ByteOrder,
) -> np.ndarray:
    """Values of a tensor as an array of its shape; a view if it is one in the file."""
    where = f"{path}: tensor {quoted(name)}"
    if isinstance(tensor, SparseTensor):
        parts = [_read(path, name, part, bytes_of, order) for part in tensor.parts]
        return of_parts(where, tensor.kind, parts, tensor.shape)
    try:
        dtype = np.dtype(STORED_AS.get(tensor.type, tensor.type)).newbyteorder(order)
    except TypeError:
        raise type_error(where, tensor.type) from None
    content = bytes_of(tensor.storage)
    numbers = np.frombuffer(content[: len(content) // dtype.itemsize * dtype.itemsize], dtype)
    last = tensor.offset + sum(
        (size - 1) * stride for size, stride in zip(tensor.shape, tensor.strides, strict=True)
    )
    if 0 in tensor.shape:
        return np.empty(tensor.shape, np.float32)
    if last >= len(numbers):
        raise ValueError(f"{len(numbers)} numbers of {last + 1}")
    if tensor.type in STORED_AS:
        numbers = as_float32(numbers, tensor.type)
    strides = [stride * numbers.itemsize for stride in tensor.strides]
    view = np.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.shape, strides)
    view.flags.writeable = False
    return view


def tensor_array(tensor: Any) -> np.ndarray:
    """Convert a PyTorch tensor in memory, on any device, to an array."""
    import torch

    # NumPy lacks some floats of PyTorch, such as bfloat16; float64 represents all of them. Other
    # tensors are not copied, since they can be views far larger than their memory.
    known = (torch.float16, torch.float32, torch.float64)
    if tensor.is_floating_point() and tensor.dtype not in known:
        if 8 * tensor.numel() > MOST_BYTES:
            raise ValueError(f"a tensor of {tensor.numel()} numbers")
        tensor = tensor.double()
    return np.asarray(tensor.detach().cpu().numpy())
