"""The layers of a network read from arrays, as matrices of finite numbers."""

from __future__ import annotations

import numpy as np

from clusterability.errors import UserError
from clusterability.jobs.clustering_job import BYTES_OF_DRAW
from clusterability.networks.importing.convolutions import prepared
from clusterability.networks.importing.lazy_arrays import REAL_KINDS, facts_of
from clusterability.networks.importing.selection import Reading, Selection, bias_name, select
from clusterability.networks.importing.unit_names import UnitNames, units_of
from clusterability.networks.importing.wording import Arrays, quoted, reason, shape, type_error
from clusterability.numerics import memory_of_machine


def read_layers(
    source: str, arrays: Arrays, reading: Reading, key: str = ""
) -> tuple[Selection, Arrays, Arrays]:
    """Reads the layers of a network among arrays; no other array is read.

    Args:
        source: where the arrays come from, for messages.
        arrays: of any shape, by name.
        reading: which of them are layers, and how.
        key: where that stands in the config, such as "networks.mine.", for messages.

    Returns:
        What was selected; by layer, float32 [out, in]; and of layers that have some, biases [out].

    Raises:
        UserError: as `selection.select` does, or where a layer is no matrix of finite numbers.
    """
    whole = prepared(source, arrays, reading)
    selection = select(source, whole, reading, key)
    facts = {name: facts_of(whole, name) for name in whole}
    matrices, biases = {}, {}
    for layer, name in selection.arrays.items():
        matrix = as_matrix(f"{source}: array {quoted(name)}", read_array(source, whole, name))
        matrices[layer] = matrix.T if selection.transposed else matrix
        bias = bias_name(name, facts, selection.transposed)
        found = _finite(read_array(source, whole, bias)) if bias else None
        if found is not None:
            biases[layer] = found
    return selection, matrices, biases


def units_of_layers(selection: Selection, arrays: Arrays) -> dict[str, UnitNames]:
    """Names of units by layer, of layers whose arrays come with some."""
    units = units_of(arrays)
    return {
        layer: units[name].transposed() if selection.transposed else units[name]
        for layer, name in selection.arrays.items()
        if name in units
    }


def read_array(source: str, arrays: Arrays, name: str) -> np.ndarray:
    """One array; UserError where it cannot be read."""
    try:
        return arrays[name]
    except UserError:
        raise
    # What a damaged file makes libraries raise is not documented, and comes in all kinds.
    except Exception as error:
        raise UserError(
            f"{source}: found an array {quoted(name)} that cannot be read ({reason(error)}),"
            " expected a sound file"
        ) from error


def _finite(array: np.ndarray) -> np.ndarray | None:
    """The array as float32; None where a number is not finite then."""
    with np.errstate(over="ignore"):
        found = array.astype(np.float32)
    return found if np.isfinite(found).all() else None


def as_matrix(where: str, array: np.ndarray) -> np.ndarray:
    """The array as float32 [out, in].

    Raises:
        UserError: where it is no matrix of finite real numbers that float32 can hold; `where`
            begins the message.
    """
    if array.ndim != 2 or 0 in array.shape:
        raise UserError(
            f"{where}: found shape {shape(array)}, expected [out, in] with at least one of each"
        )
    if array.dtype.kind not in REAL_KINDS:
        raise type_error(where, str(array.dtype))
    # A view can repeat one number a billion times.
    needed, there = BYTES_OF_DRAW * array.size, memory_of_machine()
    if needed > there:
        raise UserError(
            f"{where}: found shape {shape(array)}, which takes {needed / 1e9:.1f} GB of memory,"
            f" expected at most the {there / 1e9:.1f} GB of this machine"
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
