"""Layers of a network as matrices of finite numbers."""

from __future__ import annotations

import numpy as np

from clusterability.errors import UserError, reason
from clusterability.jobs.clustering_job import BYTES_OF_DRAW
from clusterability.networks.importing.convolutions import prepared
from clusterability.networks.importing.lazy_arrays import REAL_KINDS, facts_of
from clusterability.networks.importing.selection import Reading, Selection, bias_name, select
from clusterability.networks.importing.unit_names import UnitNames, units_of
from clusterability.networks.importing.wording import Arrays, quoted, shape, type_error
from clusterability.numerics import memory_of_machine


def read_layers(
    source: str, arrays: Arrays, reading: Reading, key: str = ""
) -> tuple[Selection, Arrays, Arrays]:
    """Read the layers among arrays; no other array is read.

    Args:
        source: origin of the arrays, for messages.
        arrays: arrays of any shape, by name.
        reading: which arrays are layers, and how they are read.
        key: location of these options in the config, such as "networks.mine.", for messages.

    Returns:
        The selection; matrices float32 [out, in] by layer; and biases [out] of the layers that have
        some.

    Raises:
        UserError: as `selection.select` does, or if a layer is not a matrix of finite numbers.
    """
    whole = prepared(source, arrays, reading)
    selection = select(source, whole, reading, key)
    facts = {name: facts_of(whole, name) for name in whole}
    matrices, biases = {}, {}
    for layer, name in selection.arrays.items():
        matrix = as_matrix(f"{source}: array {quoted(name)}", read_array(source, whole, name))
        matrices[layer] = matrix.T if selection.transposed else matrix
        bias = bias_name(name, facts, selection.transposed)
        values = _finite(read_array(source, whole, bias)) if bias else None
        if values is not None:
            biases[layer] = values
    return selection, matrices, biases


def units_of_layers(selection: Selection, arrays: Arrays) -> dict[str, UnitNames]:
    """Names of units by layer, for layers whose arrays have names."""
    units = units_of(arrays)
    return {
        layer: units[name].transposed() if selection.transposed else units[name]
        for layer, name in selection.arrays.items()
        if name in units
    }


def read_array(source: str, arrays: Arrays, name: str) -> np.ndarray:
    """Read one array; UserError if it is damaged."""
    try:
        return arrays[name]
    except UserError:
        raise
    # Libraries do not document what they raise for damaged files.
    except Exception as error:
        raise UserError(
            f"{source}: found an array {quoted(name)} that cannot be read ({reason(error)}),"
            " expected a sound file"
        ) from error


def _finite(array: np.ndarray) -> np.ndarray | None:
    """Convert to float32; None if a result is not finite."""
    with np.errstate(over="ignore"):
        converted = array.astype(np.float32)
    return converted if np.isfinite(converted).all() else None


def as_matrix(where: str, array: np.ndarray) -> np.ndarray:
    """Convert to float32 [out, in].

    Raises:
        UserError: if the array is not a matrix of finite real numbers within the range of float32;
            the message begins with `where`.
    """
    if array.ndim != 2 or 0 in array.shape:
        raise UserError(
            f"{where}: found shape {shape(array)}, expected [out, in] with at least one of each"
        )
    if array.dtype.kind not in REAL_KINDS:
        raise type_error(where, str(array.dtype))
    # A view can be far larger than its memory.
    needed, available = BYTES_OF_DRAW * array.size, memory_of_machine()
    if needed > available:
        raise UserError(
            f"{where}: found shape {shape(array)}, which takes {needed / 1e9:.1f} GB of memory,"
            f" expected at most the {available / 1e9:.1f} GB of this machine"
        )
    _check_everywhere(where, array, np.isfinite(array), "a finite number")
    with np.errstate(over="ignore", under="ignore"):
        matrix = array.astype(np.float32)
    # Underflow could turn a live unit into a dead one.
    fits = np.isfinite(matrix) & ((matrix != 0) | (array == 0))
    _check_everywhere(where, array, fits, "a number that float32 can hold")
    return matrix


def _check_everywhere(where: str, array: np.ndarray, good: np.ndarray, expected: str) -> None:
    if not good.all():
        row, column = (int(index) for index in np.argwhere(~good)[0])
        value = array[row, column]
        raise UserError(f"{where}: found {value} at [{row}, {column}], expected {expected}")
