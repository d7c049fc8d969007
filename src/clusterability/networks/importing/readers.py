"""From a file to its arrays: a new kind of file is a module here and a line in `READERS`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clusterability.errors import UserError
from clusterability.networks.importing.csv_file import read_csv
from clusterability.networks.importing.data_frame import read_parquet
from clusterability.networks.importing.matrix_market import read_matrix_market
from clusterability.networks.importing.numpy_files import read_archive, read_array_file
from clusterability.networks.importing.safetensors_file import read_safetensors
from clusterability.networks.importing.table_reading import AS_IT_SHOWS, TableReading
from clusterability.networks.importing.torch_file import read_torch
from clusterability.networks.importing.wording import Arrays, ending, listed, reason


def check_file(path: Path, place: str) -> None:
    key = f"{place}path"
    if ending(path) not in KINDS:
        raise UserError(
            f"{key}: found {path} with ending {path.suffix!r}, expected one of {listed(KINDS)}"
        )
    try:
        found = path.is_file()
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise UserError(f"{key}: found {path} ({error.strerror}), expected a file") from None
    if not found:
        raise UserError(f"{key}: found no file {path}, expected a file of arrays")


def read_arrays(path: Path, key: str = "", reading: TableReading = AS_IT_SHOWS) -> Arrays:
    """All arrays of a file by name; a file that holds one array calls it by the file's own name.

    Args:
        path: a file with one of the endings in `KINDS`.
        key: where `path` stands in the config, such as "networks.mine.", for messages.
        reading: what the user says of a table.

    Raises:
        UserError: where the file is missing, damaged, or of another format.
    """
    check_file(path, key)
    kind = ending(path)
    if reading.says and kind not in TABLES:
        raise UserError(
            f"{path}: found {' and '.join(reading.says)} for a {kind} file, expected these for"
            f" tables only ({listed(TABLES)})"
        )
    try:
        return TABLES[kind](path, reading) if kind in TABLES else READERS[kind](path)
    except UserError:
        raise
    # What a damaged file makes these libraries raise is not documented, and comes in all kinds.
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
    ".mtx": read_matrix_market,
}
"""How each kind of file of arrays is read, by its ending."""

TABLES: dict[str, Callable[[Path, TableReading], Arrays]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".txt": read_csv,
    ".csv.gz": read_csv,
    ".tsv.gz": read_csv,
    ".parquet": read_parquet,
}
"""How each kind of table is read."""

KINDS = (*READERS, *TABLES)
"""Endings of all files that are read."""
