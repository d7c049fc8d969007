"""Dispatch from a file to its reader.

A new format is a module here and a line in `READERS`, or in `TABLES` for tables.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clusterability.errors import UserError, reason
from clusterability.networks.importing.formats.gguf_file import read_gguf
from clusterability.networks.importing.formats.onnx_file import read_onnx
from clusterability.networks.importing.numpy_files import read_archive, read_array_file
from clusterability.networks.importing.safetensors_file import read_safetensors
from clusterability.networks.importing.shards import (
    INDEX,
    files_of_model,
    is_index,
    read_shards,
    with_notes_of_shard,
)
from clusterability.networks.importing.tables.csv_file import read_csv
from clusterability.networks.importing.tables.data_frame import read_parquet
from clusterability.networks.importing.tables.matrix_market import read_matrix_market
from clusterability.networks.importing.tables.table_reading import AS_IT_SHOWS, TableReading
from clusterability.networks.importing.torch_file import read_torch
from clusterability.networks.importing.wording import Arrays, ending, listed


def check_file(path: Path, place: str) -> None:
    """Check that a path is a folder, an index, or a file with a supported extension.

    Args:
        path: the path.
        place: location of the network in the config, such as "networks.mine.", for messages.

    Raises:
        UserError: if it is not, or does not exist.
    """
    key = f"{place}path"
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except OSError as error:  # such as a name that is too long, or no permission
        raise UserError(f"{key}: found {path} ({error.strerror}), expected a file") from None
    if is_folder:
        return
    if ending(path) not in KINDS and not is_index(path):
        raise UserError(
            f"{key}: found {path} with ending {path.suffix!r}, expected one of {listed(KINDS)},"
            f" {INDEX}, or a folder"
        )
    if not is_file:
        raise UserError(f"{key}: found no file {path}, expected a file of arrays")


def model_files(path: Path, key: str = "") -> list[Path]:
    """Files that a path stands for: itself, or an index or folder and its shards.

    Files beside an ONNX model that contain its external data are included.

    Raises:
        UserError: if there are none, or several models.
    """
    check_file(path, key)
    files = files_of_model(path, READERS, key)
    external = [Path(f"{file}{end}") for file in files for end in _BESIDE.get(ending(file), ())]
    return [*files, *filter(Path.is_file, external)]


def read_arrays(path: Path, key: str = "", table: TableReading = AS_IT_SHOWS) -> Arrays:
    """All arrays of a file by name; a single unnamed array has the name of the file.

    Args:
        path: a file with one of the extensions in `KINDS`, an index of several files, or a folder.
        key: location of `path` in the config, such as "networks.mine.", for messages.
        table: options for tables.

    Raises:
        UserError: if the file is missing, damaged, or of another format.
    """
    check_file(path, key)
    files = files_of_model(path, READERS, key)
    kind = ending(files[0])
    if table.says and kind not in TABLES:
        raise UserError(
            f"{path}: found {' and '.join(table.says)} for a {kind} file, expected these for"
            f" tables only ({listed(TABLES)})"
        )
    if kind in TABLES:
        return _read_file(path, table)
    if len(files) > 1 or is_index(files[0]):
        return read_shards(files, _read_file)
    return with_notes_of_shard(files[0], _read_file(files[0]))


def _read_file(path: Path, table: TableReading = AS_IT_SHOWS) -> Arrays:
    kind = ending(path)
    try:
        return TABLES[kind](path, table) if kind in TABLES else READERS[kind](path)
    except UserError:
        raise
    # Libraries do not document what they raise for damaged files.
    except Exception as error:
        raise UserError(
            f"{path}: found a file that cannot be read ({reason(error)}), expected a sound"
            f" {kind} file"
        ) from error


READERS: dict[str, Callable[[Path], Arrays]] = {
    ".safetensors": read_safetensors,
    ".npz": read_archive,
    ".npy": read_array_file,
    ".pt": read_torch,
    ".pth": read_torch,
    ".bin": read_torch,
    ".ckpt": read_torch,
    ".pth.tar": read_torch,
    ".pt.tar": read_torch,
    ".jit": read_torch,
    ".onnx": read_onnx,
    ".gguf": read_gguf,
    ".mtx": read_matrix_market,
}
"""Reader of each format of arrays, by extension."""

TABLES: dict[str, Callable[[Path, TableReading], Arrays]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".txt": read_csv,
    ".csv.gz": read_csv,
    ".tsv.gz": read_csv,
    ".parquet": read_parquet,
}
"""Reader of each format of tables, by extension."""

_BESIDE = {".onnx": (".data", "_data")}

KINDS = (*READERS, *TABLES)
"""All supported extensions."""
