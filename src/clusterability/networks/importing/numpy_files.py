"""Arrays of `.npy` and `.npz` files; pickled objects in them are never loaded."""

from __future__ import annotations

from pathlib import Path

from clusterability.networks.importing.sparse_arrays import is_scipy_archive, scipy_archive
from clusterability.networks.importing.wording import Arrays, quoted, type_error
from clusterability.networks.safe_arrays import NoArrayError, ObjectsError, read_npy, read_npz


def read_array_file(path: Path) -> Arrays:
    return {path.stem: read_npy(path)}


def read_archive(path: Path) -> Arrays:
    try:
        arrays = read_npz(path)
    except (ObjectsError, NoArrayError) as error:
        name, found = error.args
        raise type_error(f"{path}: array {quoted(name)}", found) from None
    if is_scipy_archive(arrays):
        return {path.stem: scipy_archive(str(path), arrays)}
    return arrays
