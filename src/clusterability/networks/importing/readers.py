"""From a file to its arrays: a new kind of file is a module here and a line in `READERS`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clusterability.errors import UserError
from clusterability.networks.importing.csv_file import read_csv
from clusterability.networks.importing.numpy_files import read_archive, read_array_file
from clusterability.networks.importing.safetensors_file import read_safetensors
from clusterability.networks.importing.torch_file import read_torch
from clusterability.networks.importing.wording import Arrays, listed, reason


def check_file(path: Path, place: str) -> None:
    key = f"{place}path"
    if path.suffix.lower() not in READERS:
        raise UserError(
            f"{key}: found {path} with ending {path.suffix!r}, expected one of {listed(READERS)}"
        )
    try:
        found = path.is_file()
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise UserError(f"{key}: found {path} ({error.strerror}), expected a file") from None
    if not found:
        raise UserError(f"{key}: found no file {path}, expected a file of arrays")


def read_arrays(path: Path, key: str = "") -> Arrays:
    """All arrays of a file by name; a file that holds one array calls it by the file's own name.

    Args:
        path: a file with one of the endings in `READERS`.
        key: where `path` stands in the config, such as "networks.mine.", for messages.

    Raises:
        UserError: where the file is missing, damaged, or of another format.
    """
    check_file(path, key)
    ending = path.suffix.lower()
    try:
        return READERS[ending](path)
    except UserError:
        raise
    # What a damaged file makes these libraries raise is not documented, and comes in all kinds.
    except Exception as error:
        raise UserError(
            f"{path}: found a file that cannot be read ({reason(error)}), expected a sound"
            f" {ending} file"
        ) from error


READERS: dict[str, Callable[[Path], Arrays]] = {
    ".safetensors": read_safetensors,
    ".npz": read_archive,
    ".npy": read_array_file,
    ".pt": read_torch,
    ".pth": read_torch,
    ".csv": read_csv,
}
"""How each kind of file is read, by its ending."""
