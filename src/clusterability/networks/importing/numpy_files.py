"""Reader of `.npy` and `.npz` files; pickled objects in them are never loaded."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from clusterability.networks.importing.lazy_arrays import Entry, Facts, LazyArrays
from clusterability.networks.importing.sparse_arrays import is_scipy_archive, scipy_archive
from clusterability.networks.importing.wording import Arrays, quoted, stem, type_error
from clusterability.networks.safe_arrays import (
    NoArrayError,
    ObjectsError,
    npz_headers,
    read_npy,
    read_npz,
)


def read_array_file(path: Path) -> Arrays:
    """The array of a `.npy` file, named after the file."""
    return {stem(path): read_npy(path)}


def read_archive(path: Path) -> Arrays:
    """Arrays in file order, or the matrix that `scipy.sparse.save_npz` wrote.

    Arrays are read on access, and until then only their headers.
    """
    headers = npz_headers(path)
    if is_scipy_archive({name: shape for name, (shape, _) in headers.items()}):
        return {stem(path): scipy_archive(str(path), {name: _read(path, name) for name in headers})}
    return LazyArrays(
        {
            name: Entry(Facts(shape, kind), partial(_read, path, name))
            for name, (shape, kind) in headers.items()
        }
    )


def _read(path: Path, name: str) -> np.ndarray:
    try:
        return read_npz(path, lambda other: other == name)[name]
    except (ObjectsError, NoArrayError) as error:
        raise type_error(f"{path}: array {quoted(name)}", error.args[1]) from None
