"""Which arrays are the layers of a network, and that these fit each other."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from clusterability.errors import UserError
from clusterability.jobs.clustering_job import BYTES_OF_DRAW
from clusterability.networks.importing.wording import Arrays, listed, quoted, shape, type_error
from clusterability.numerics import memory_of_machine

logger = logging.getLogger(__name__)

_REAL_KINDS = "biuf"
"""Kinds of NumPy's dtypes that hold real numbers: booleans, integers and floats."""


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
    used = {*chosen, *(bias_of(name, arrays) for name in chosen)}
    left = [name for name in arrays if name not in used]
    if left:
        logger.info(
            "%s: %s left out: neither matrices of layers nor their biases",
            source, listed(f"{name} {shape(arrays[name])}" for name in left),
        )  # fmt: skip
    for array in chosen:
        if array not in arrays or chosen.count(array) > 1:
            twice = " more than once" if array in arrays else ""
            raise UserError(
                f"{key}layers: found {quoted(array)}{twice}, expected names of arrays in"
                f" {source}: {listed(arrays)}"
            )
    matrices = {
        array: as_matrix(f"{source}: array {quoted(array)}", arrays[array]) for array in chosen
    }
    check_fit(source, matrices, f"; {key}layers says which arrays are layers, in order")
    return matrices


def bias_of(name: str, arrays: Arrays) -> str:
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
        found = listed(f"{name} {shape(array)}" for name, array in arrays.items())
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
            f"{where}: found shape {shape(array)}, expected [out, in] with at least one of each"
        )
    if array.dtype.kind not in _REAL_KINDS:
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


def check_fit(source: str, matrices: Arrays, advice: str = "") -> None:
    """UserError unless the outputs of each layer [out, in] are as many as the next one's inputs."""
    for (first, before), (second, after) in pairwise(matrices.items()):
        if before.shape[0] != after.shape[1]:
            raise UserError(
                f"{source}: found {quoted(first)} {shape(before)} before {quoted(second)}"
                f" {shape(after)}, expected shapes [out, in] with as many inputs of the second as"
                f" outputs of the first{advice}"
            )
