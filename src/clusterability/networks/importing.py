"""Networks from elsewhere: a file of arrays becomes a network like those that a study trains.

Each 2-D array is one layer, [out, in], and a single matrix is a network of one layer. No format is
read in a way that runs code from the file. docs/your-own-matrix.md shows a study of such a file.
"""

from __future__ import annotations

import csv
import logging
import pickle
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np
from safetensors import safe_open

from clusterability.errors import UserError, one_line
from clusterability.fields import MOST_WEIGHTS
from clusterability.names import IMPORTED_SEED
from clusterability.networks.safe_arrays import (
    MOST_BYTES,
    NoArrayError,
    ObjectsError,
    check_stored,
    read_npy,
    read_npz,
)
from clusterability.networks.stacked import Networks

logger = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]

_REAL_KINDS = "biuf"
"""Kinds of NumPy's dtypes that hold real numbers: booleans, integers and floats."""

MOST_CSV_BYTES = 2**29
"""Cells are held as text before they are numbers, which takes thirty times as much memory."""

_CHECKPOINT_KEYS = ("state_dict", "model_state_dict", "model")
"""Where checkpoints keep a model's state dict, beside the optimiser's."""


# --- from a file to a network ------------------------------------------------------------------


def read_network(name: str, path: Path, layers: Sequence[str] | None) -> Networks:
    """Reads one network that was trained elsewhere.

    Args:
        name: of the network in the config, which becomes its condition.
        path: a file with one of the endings in `READERS`.
        layers: names of the arrays, from the input on. None or empty: all 2-D arrays in the natural
            order of their names. Of other arrays, those that are named as the biases of a layer
            (`fc1.bias` beside `fc1.weight`) are; the rest is left out.

    Returns:
        A block of one network with the seed -1; layers `fc1`, `fc2`, ... of float32 [1, out, in],
        and of biases [1, out].

    Raises:
        UserError: where the file is missing, damaged, or of another format; where `layers` names an
            array that is not there; where an array is not a matrix of finite real numbers that
            float32 can hold; where one layer's outputs are not as many as the next one's inputs.
    """
    key = f"networks.{name}."
    arrays = read_arrays(path, key)
    matrices = choose_layers(str(path), arrays, layers, key)
    weights, biases = {}, {}
    for place, (array, matrix) in enumerate(matrices.items(), start=1):
        weights[f"fc{place}"] = matrix[None]
        logger.info("%s: fc%d is array %r of %s, %s", name, place, array, path, _shape(matrix))
        bias = _bias_of(array, arrays)
        if bias:
            biases[f"fc{place}"] = arrays[bias].astype(np.float32)[None]
            logger.info("%s: array %r holds its biases", name, bias)
    origin = {"path": str(path), "layers": list(matrices)}
    return Networks(name, (IMPORTED_SEED,), origin, weights, biases)


def layer_shapes(
    name: str, path: Path, layers: Sequence[str] | None
) -> dict[str, tuple[int, int] | None]:
    """Layers of `read_network`, `fc1`, ..., with their shapes [out, in].

    Shapes are None where `layers` names the arrays: then the file is not read.

    Raises:
        UserError: as `read_network` does, where it reads the file.
    """
    if layers:
        _check_file(path, f"networks.{name}.")
        return {f"fc{place}": None for place in range(1, len(layers) + 1)}
    weights = read_network(name, path, layers).weights
    return {layer: (stack.shape[1], stack.shape[2]) for layer, stack in weights.items()}


# --- which arrays are layers -------------------------------------------------------------------


def choose_layers(
    source: str, arrays: Arrays, layers: Sequence[str] | None, key: str = ""
) -> Arrays:
    """The layers of a network among arrays, float32 [out, in] by the arrays' names, in order.

    Args:
        source: where the arrays come from, for messages.
        arrays: of any shape, by name.
        layers: as for `read_network`.
        key: where `layers` stands in the config, such as "networks.mine.", for messages.

    Raises:
        UserError: as `read_network` does.
    """
    chosen = list(layers or _matrix_names(source, arrays))
    used = {*chosen, *(_bias_of(name, arrays) for name in chosen)}
    left = [name for name in arrays if name not in used]
    if left:
        logger.info(
            "%s: %s left out: neither matrices of layers nor their biases",
            source, _listed(f"{name} {_shape(arrays[name])}" for name in left),
        )  # fmt: skip
    for array in chosen:
        if array not in arrays or chosen.count(array) > 1:
            twice = " more than once" if array in arrays else ""
            raise UserError(
                f"{key}layers: found {_quoted(array)}{twice}, expected names of arrays in"
                f" {source}: {_listed(arrays)}"
            )
    matrices = {
        array: as_matrix(f"{source}: array {_quoted(array)}", arrays[array]) for array in chosen
    }
    check_fit(source, matrices, f"; {key}layers says which arrays are layers, in order")
    return matrices


def _bias_of(name: str, arrays: Arrays) -> str:
    """Name of the array with the biases [out] of a layer `….weight`: `….bias`; "" if none has."""
    bias = f"{name.removesuffix('weight')}bias"
    if name not in arrays or not name.endswith("weight") or bias not in arrays:
        return ""
    array = arrays[bias]
    fits = array.shape == arrays[name].shape[:1] and array.dtype.kind in _REAL_KINDS
    with np.errstate(over="ignore"):
        return bias if fits and np.isfinite(array.astype(np.float32)).all() else ""


def _natural_key(name: str) -> list[str | tuple[int, str]]:
    """Sorts names as people count: numbers in them by value, the rest as text.

    >>> sorted(["fc10.weight", "fc2.weight", "fc1.weight"], key=_natural_key)
    ['fc1.weight', 'fc2.weight', 'fc10.weight']
    """
    parts = re.split(r"([0-9]+)", name)
    return [_by_value(part) if place % 2 else part for place, part in enumerate(parts)]


def _by_value(digits: str) -> tuple[int, str]:
    """Sorts numbers of any length; Python's integers stop at some thousand digits."""
    digits = digits.lstrip("0")
    return len(digits), digits


def _matrix_names(source: str, arrays: Arrays) -> list[str]:
    """Names of all 2-D arrays in natural order."""
    names = sorted((name for name, array in arrays.items() if array.ndim == 2), key=_natural_key)
    if not names:
        found = _listed(f"{name} {_shape(array)}" for name, array in arrays.items())
        raise UserError(f"{source}: found {found}, expected at least one 2-D array [out, in]")
    return names


def as_matrix(where: str, array: np.ndarray) -> np.ndarray:
    """The array as float32 [out, in].

    Raises:
        UserError: where it is no matrix of finite real numbers that float32 can hold; `where`
            begins the message.
    """
    if array.ndim != 2 or 0 in array.shape:
        raise UserError(
            f"{where}: found shape {_shape(array)}, expected [out, in] with at least one of each"
        )
    if array.dtype.kind not in _REAL_KINDS:
        raise _type_error(where, str(array.dtype))
    # A view can repeat one number a billion times.
    if array.size > MOST_WEIGHTS:
        raise UserError(
            f"{where}: found shape {_shape(array)}, expected at most {MOST_WEIGHTS} weights a layer"
        )
    _check_everywhere(where, array, np.isfinite(array), "a finite number")
    with np.errstate(over="ignore", under="ignore"):
        matrix = array.astype(np.float32)
    # A number that underflows would make a dead unit of a live one.
    fits = np.isfinite(matrix) & ((matrix != 0) | (array == 0))
    _check_everywhere(where, array, fits, "a number that float32 can hold")
    return matrix


def _check_everywhere(where: str, array: np.ndarray, good: np.ndarray, expected: str) -> None:
    if not good.all():
        row, column = (int(index) for index in np.argwhere(~good)[0])
        found = array[row, column]
        raise UserError(f"{where}: found {found} at [{row}, {column}], expected {expected}")


def check_fit(source: str, matrices: Arrays, advice: str = "") -> None:
    """UserError unless the outputs of each layer [out, in] are as many as the next one's inputs."""
    for (first, before), (second, after) in pairwise(matrices.items()):
        if before.shape[0] != after.shape[1]:
            raise UserError(
                f"{source}: found {_quoted(first)} {_shape(before)} before {_quoted(second)}"
                f" {_shape(after)}, expected shapes [out, in] with as many inputs of the second as"
                f" outputs of the first{advice}"
            )


def _shape(array: np.ndarray) -> str:
    return str(list(array.shape))


def _quoted(name: str) -> str:
    return one_line(repr(name), 80)


def _listed(names: Iterable[str], most: int = 20) -> str:
    """The names with commas between them, cut short where there are many."""
    listed = list(map(one_line, names))
    more = f", and {len(listed) - most} more" if len(listed) > most else ""
    return one_line(", ".join(listed[:most]) or "nothing", 300) + more


# --- from a file to arrays ---------------------------------------------------------------------


def _check_file(path: Path, place: str) -> None:
    key = f"{place}path"
    if path.suffix.lower() not in READERS:
        raise UserError(
            f"{key}: found {path} with ending {path.suffix!r}, expected one of {_listed(READERS)}"
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
    _check_file(path, key)
    ending = path.suffix.lower()
    try:
        return READERS[ending](path)
    except UserError:
        raise
    # What a damaged file makes these libraries raise is not documented, and comes in all kinds.
    except Exception as error:
        raise UserError(
            f"{path}: found a file that cannot be read ({_reason(error)}), expected a sound"
            f" {ending} file"
        ) from error


def _type_error(where: str, found: str) -> UserError:
    return UserError(
        f"{where}: found {found}, expected booleans, integers, or floats of 16, 32 or 64 bits"
    )


def _reason(error: Exception) -> str:
    return one_line(shorten(str(error), 120) or type(error).__name__)


def _read_safetensors(path: Path) -> Arrays:
    arrays = {}
    with safe_open(path, framework="numpy") as file:
        for name in file.keys():  # noqa: SIM118
            try:
                arrays[name] = file.get_tensor(name)
            except TypeError:
                # A type that NumPy does not have, such as BF16.
                found = file.get_slice(name).get_dtype()
                raise _type_error(f"{path}: array {_quoted(name)}", found) from None
    return arrays


def _read_npy(path: Path) -> Arrays:
    return {path.stem: read_npy(path)}


def _read_npz(path: Path) -> Arrays:
    try:
        return read_npz(path)
    except (ObjectsError, NoArrayError) as error:
        name, found = error.args
        raise _type_error(f"{path}: array {_quoted(name)}", found) from None


def _read_torch(path: Path) -> Arrays:
    """The tensors of a state dict, or of a checkpoint that holds one under a usual key."""
    try:
        import torch
    except ModuleNotFoundError:
        raise UserError(
            f"{path}: found a file of PyTorch, which is not installed, expected it (pip install"
            " torch), or a file of another kind"
        ) from None

    if not zipfile.is_zipfile(path):
        raise UserError(
            f"{path}: found no archive (a damaged file, a pickle, or one of PyTorch before 1.6),"
            " expected a state dict: torch.save(model.state_dict(), path)"
        )
    check_stored(path)
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise UserError(
            f"{path}: found a whole pickled module or other objects (or a damaged file), expected a"
            " state dict: torch.save(model.state_dict(), path)"
        ) from None
    if isinstance(loaded, torch.Tensor):
        loaded = {path.stem: loaded}
    tensors = _tensors(loaded)
    for key in _CHECKPOINT_KEYS:
        if not tensors and isinstance(loaded, Mapping):
            tensors = _tensors(loaded.get(key))
    if not tensors:
        found = _listed(map(str, loaded)) if isinstance(loaded, Mapping) else type(loaded).__name__
        raise UserError(
            f"{path}: found no tensors but {found}, expected a state dict, alone or as"
            f" {' or '.join(map(repr, _CHECKPOINT_KEYS))}"
        )
    return {name: tensor_array(tensor) for name, tensor in tensors.items()}


def _tensors(loaded: object) -> dict[str, Any]:
    """The tensors among the values of a mapping; none where it is no mapping."""
    import torch

    items = loaded.items() if isinstance(loaded, Mapping) else ()
    return {str(key): value for key, value in items if isinstance(value, torch.Tensor)}


def tensor_array(tensor: Any) -> np.ndarray:
    """A tensor of PyTorch as an array, from any device."""
    import torch

    # NumPy lacks some of PyTorch's floats, such as bfloat16; float64 holds all of them. Only then
    # is memory taken: a tensor may be a view that repeats few numbers.
    known = (torch.float16, torch.float32, torch.float64)
    if tensor.is_floating_point() and tensor.dtype not in known:
        if 8 * tensor.numel() > MOST_BYTES:
            raise ValueError(f"a tensor of {tensor.numel()} numbers")
        tensor = tensor.double()
    return np.asarray(tensor.detach().cpu().numpy())


def _read_csv(path: Path) -> Arrays:
    """One matrix of numbers, with or without names of columns, or of rows and columns.

    The top left cell decides: a number says that there are no names; nothing, that the first row
    and the first column are names, even if these are numbers; a text, that the first row is names,
    and the first column too where one of its other cells is no number.
    """
    size = path.stat().st_size
    if size > MOST_CSV_BYTES:
        raise UserError(
            f"{path}: found {size} bytes, expected at most {MOST_CSV_BYTES} as text; save a larger"
            " matrix as .npy"
        )
    # Spreadsheets put a byte order mark before the text.
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file, strict=True) if row]
    _check_equal_lengths(path, rows)
    first_row, first_column = _first_numbers(path, rows)
    matrix = [
        [_cell(path, rows, row, column) for column in range(first_column, len(rows[row]))]
        for row in range(first_row, len(rows))
    ]
    if not matrix or not matrix[0]:
        raise UserError(
            f"{path}: found no numbers, expected a matrix with commas between its cells"
        )
    return {path.stem: np.array(matrix)}


def _check_equal_lengths(path: Path, rows: list[list[str]]) -> None:
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise UserError(
                f"{path}: found {len(row)} cells in row {number}, expected {len(rows[0])} as in the"
                " first row, with commas between them"
            )


def _first_numbers(path: Path, rows: list[list[str]]) -> tuple[int, int]:
    """The first row and the first column after the names: 0 or 1 each."""
    if not rows or _is_number(rows[0][0]):
        return 0, 0
    corner, *names = rows[0]
    if not corner.strip():
        return 1, 1
    if names and all(map(_is_number, names)):
        raise UserError(
            f"{path}: found {_quoted(corner)} before numbers in the first row, expected names of"
            " columns there (if these numbers are names, leave the first cell empty)"
        )
    return 1, int(not all(_is_number(row[0]) for row in rows[1:]))


def _cell(path: Path, rows: list[list[str]], row: int, column: int) -> float:
    text = rows[row][column]
    if not _is_number(text):
        raise UserError(
            f"{path}: found {_quoted(text)} in row {row + 1}, column {column + 1}, expected a"
            " number (0 where there is no weight)"
        )
    return float(text)


def _is_number(text: str) -> bool:
    # Python also takes 1_0 for ten, and the digits of all scripts.
    if "_" in text or not text.isascii():
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True


READERS: dict[str, Callable[[Path], Arrays]] = {
    ".safetensors": _read_safetensors,
    ".npz": _read_npz,
    ".npy": _read_npy,
    ".pt": _read_torch,
    ".pth": _read_torch,
    ".csv": _read_csv,
}
"""How each kind of file is read, by its ending."""
