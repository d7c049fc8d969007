"""Reading arrays from untrusted files: no pickles, and bounded memory.

A few bytes in a header, or compressed, can claim a terabyte. The claimed size is compared with the
stored size before any array is allocated.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np

MOST_BYTES = 4 * 2**30
"""Bound on the total size of the arrays in one file."""

_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class ObjectsError(ValueError):
    """Raised for arrays of Python objects, which are pickled and never loaded."""


class NoArrayError(ValueError):
    """Raised for members of an archive that are not arrays."""


def read_npy(path: Path) -> np.ndarray:
    """Read the array of a `.npy` file.

    Raises:
        OSError, ValueError: if the file is damaged or not a `.npy` file.
    """
    with path.open("rb") as file:
        return _read_array(file, path.stat().st_size)


def npz_names(path: Path) -> list[str]:
    """Names of the arrays of a `.npz` file; raises as `read_npz` does."""
    with zipfile.ZipFile(path) as archive:
        _check_members(path, archive)
        return [info.filename.removesuffix(".npy") for info in archive.filelist]


def read_npz(
    path: Path, wanted: Callable[[str], bool] = lambda name: True
) -> dict[str, np.ndarray]:
    """Read the arrays of a `.npz` file whose names satisfy `wanted`, by name.

    Raises:
        ObjectsError, NoArrayError: args are the name of the array and the reason.
        Exception: of any kind if the file is damaged; `zipfile` does not document which.
    """
    with zipfile.ZipFile(path) as archive:
        _check_members(path, archive)
        return {
            name: _member(archive, info)
            for info in archive.filelist
            if wanted(name := info.filename.removesuffix(".npy"))
        }


def npz_headers(path: Path) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and type of each array of a `.npz` file by name, in file order; reads headers only.

    The type is "" for a member that is not an array, and "objects" for pickled objects.
    """
    with zipfile.ZipFile(path) as archive:
        check_members(path, archive)
        return {
            info.filename.removesuffix(".npy"): _header_of(archive, info)
            for info in archive.filelist
        }


def _header_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[tuple[int, ...], str]:
    with archive.open(info) as member:
        if not info.filename.endswith(".npy"):
            return (), ""
        shape, _, dtype = _read_header(member)
    return shape, "objects" if dtype.hasobject else str(dtype)


def check_members(path: Path, archive: zipfile.ZipFile) -> None:
    """Raise ValueError if two members of an archive have the same name."""
    names = archive.namelist()
    if len(set(names)) < len(names):
        raise ValueError("two members of the same name")


def _check_members(path: Path, archive: zipfile.ZipFile) -> None:
    check_members(path, archive)
    claimed = sum(info.file_size for info in archive.filelist)
    if claimed > MOST_BYTES:
        raise ValueError(f"{claimed} bytes of content, more than {MOST_BYTES}")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    name = info.filename.removesuffix(".npy")
    if name == info.filename:
        raise NoArrayError(name, "no array")
    with archive.open(info) as member:
        try:
            array = _read_array(member, info.file_size)
        except ObjectsError as error:
            raise ObjectsError(name, *error.args) from None
        # zipfile verifies the checksum at the end of the member.
        member.read()
    return array


def _read_array(file: IO[bytes], size: int) -> np.ndarray:
    """Read an array in NumPy's format from a stream of `size` bytes."""
    shape, fortran_order, dtype = _read_header(file)
    if dtype.hasobject:
        raise ObjectsError("objects, which are pickled")
    # Python's integers do not overflow, unlike NumPy's.
    claimed, held = math.prod(shape) * dtype.itemsize, size - file.tell()
    if min(shape, default=0) < 0 or claimed != held or claimed > MOST_BYTES:
        raise ValueError(f"{held} bytes after a header that claims {claimed}")
    content = np.frombuffer(bytearray(file.read(claimed)), dtype)
    return content.reshape(shape, order="F" if fortran_order else "C")


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """Shape, Fortran order and dtype from the header."""
    version = np.lib.format.read_magic(file)
    if version not in _HEADER_READERS:
        raise ValueError(f"version {version} of NumPy's format")
    return _HEADER_READERS[version](file)
