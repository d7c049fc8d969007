"""Arrays of `.npy` and `.npz` files; pickled objects in them are never loaded."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from clusterability.networks.importing.lazy_arrays import Entry, Facts, LazyArrays
from clusterability.networks.importing.wording import Arrays, quoted, type_error
from clusterability.networks.safe_arrays import (
    NoArrayError,
    ObjectsError,
    npz_headers,
    read_npy,
    read_npz,
)


def read_array_file(path: Path) -> Arrays:
    return {path.stem: read_npy(path)}


def read_archive(path: Path) -> LazyArrays:
    """Arrays in the order of the file; only the headers of those that nobody asks for are read."""
    return LazyArrays(
        {
            name: Entry(Facts(shape, kind), partial(_read, path, name))
            for name, (shape, kind) in npz_headers(path).items()
        }
    )


def _read(path: Path, name: str) -> np.ndarray:
    try:
        return read_npz(path, lambda other: other == name)[name]
    except (ObjectsError, NoArrayError) as error:
        raise type_error(f"{path}: array {quoted(name)}", error.args[1]) from None
