"""Tensors of a checkpoint of PyTorch, read without PyTorch and without running code from the file.

A checkpoint since PyTorch 1.6, a TorchScript archive too, is a zip archive: `data.pkl` says what
there is, and the numbers of each storage lie uncompressed beside it in `data/`.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from clusterability.errors import UserError, reason
from clusterability.networks.importing.lazy_arrays import Entry, Facts, LazyArrays
from clusterability.networks.importing.small_floats import STORED_AS, as_float32
from clusterability.networks.importing.state_dict import state_dict
from clusterability.networks.importing.torch_pickle import (
    MOST_PICKLE_BYTES,
    StoredTensor,
    Unknown,
    unpickle,
)
from clusterability.networks.importing.wording import quoted, stem, type_error
from clusterability.networks.safe_arrays import MOST_BYTES, check_members

ByteOrder = Literal["<", ">"]

_ADVICE = "expected a state dict: torch.save(model.state_dict(), path)"


def read_torch(path: Path) -> LazyArrays:
    """The tensors of a checkpoint by their names in its state dict, in the order of the file.

    Raises:
        UserError: where there is no state dict, or it cannot be told which.
        Others of any kind: where the file is damaged.
    """
    if not zipfile.is_zipfile(path):
        raise UserError(
            f"{path}: found no archive (a damaged file, a pickle, or one of PyTorch before 1.6),"
            f" {_ADVICE}"
        )
    with zipfile.ZipFile(path) as archive:
        check_members(path, archive)
        folder = _folder(archive)
        order = _byte_order(archive, folder)
        is_script = f"{folder}constants.pkl" in archive.namelist()
        try:
            loaded = unpickle(io.BytesIO(_content(path, archive, f"{folder}data.pkl")))
        except (pickle.UnpicklingError, TypeError, AttributeError, LookupError) as error:
            raise UserError(
                f"{path}: found objects that are no checkpoint ({reason(error)}), {_ADVICE}"
            ) from None
    if isinstance(loaded, Unknown) and not is_script:
        raise UserError(f"{path}: found a whole pickled module or another object, {_ADVICE}")
    tensors, notes = state_dict(str(path), stem(path), loaded)
    entries = {
        name: Entry(
            Facts(tensor.shape, tensor.type), partial(_read, path, name, tensor, folder, order)
        )
        for name, tensor in tensors.items()
    }
    return LazyArrays(entries, notes)


def _folder(archive: zipfile.ZipFile) -> str:
    """The one folder of the archive that everything lies in, with a slash; "" for none."""
    found = [name for name in archive.namelist() if name.split("/")[1:] == ["data.pkl"]]
    if len(found) != 1:
        raise ValueError("an archive without data.pkl")
    return found[0].removesuffix("data.pkl")


def _byte_order(archive: zipfile.ZipFile, folder: str) -> ByteOrder:
    """How NumPy calls the order of bytes: "<" unless the file says that it is another."""
    name = f"{folder}byteorder"
    if name not in archive.namelist():
        return "<"
    return ">" if archive.read(name)[:6] == b"big" else "<"


def _content(path: Path, archive: zipfile.ZipFile, name: str, most: int = MOST_PICKLE_BYTES) -> Any:
    """A member of the archive, which is not compressed; its sum is checked.

    PyTorch's own reader does not look at sums, and takes flipped bits for weights.
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


def _read(path: Path, name: str, tensor: StoredTensor, folder: str, order: ByteOrder) -> np.ndarray:
    """The numbers of a tensor as an array of its shape: a view, where it is one in the file."""
    try:
        dtype = np.dtype(STORED_AS.get(tensor.type, tensor.type)).newbyteorder(order)
    except TypeError:
        raise type_error(f"{path}: tensor {quoted(name)}", tensor.type) from None
    with zipfile.ZipFile(path) as archive:
        member = f"{folder}data/{tensor.storage.key}"
        content = _content(path, archive, member, MOST_BYTES)
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
    """A tensor of PyTorch in memory as an array, from any device."""
    import torch

    # NumPy lacks some of PyTorch's floats, such as bfloat16; float64 holds all of them. Only then
    # is memory taken: a tensor may be a view that repeats few numbers.
    known = (torch.float16, torch.float32, torch.float64)
    if tensor.is_floating_point() and tensor.dtype not in known:
        if 8 * tensor.numel() > MOST_BYTES:
            raise ValueError(f"a tensor of {tensor.numel()} numbers")
        tensor = tensor.double()
    return np.asarray(tensor.detach().cpu().numpy())
