"""Table of the arrays of a file, with the role of each if the file is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from clusterability.errors import UserError, one_line
from clusterability.networks.importing.convolutions import prepared
from clusterability.networks.importing.layers import read_array
from clusterability.networks.importing.lazy_arrays import Facts, facts_of
from clusterability.networks.importing.readers import read_arrays
from clusterability.networks.importing.selection import (
    NOT_ASKED,
    Reading,
    bias_name,
    reasons_against,
    select,
)
from clusterability.networks.importing.unit_names import told_of
from clusterability.networks.importing.wording import Arrays

_MOST_NUMBERS = 2**28
"""Maximal size of an array whose share of zeros is computed."""


def listing(path: Path, reading: Reading) -> str:
    """Format a table of the arrays: name, shape, type, share of zeros, and role.

    Arrays are read one at a time. A line below the table says how the file would be read, or why it
    is refused.

    Raises:
        UserError: if the file cannot be read.
    """
    stored = read_arrays(path, "", reading.table)
    arrays = prepared(str(path), stored, reading)
    facts = {name: facts_of(arrays, name) for name in arrays}
    try:
        selection = select(str(path), arrays, reading)
    except UserError as error:
        fates, summary = reasons_against(facts), f"not read: {error}"
    else:
        layers = {name: layer for layer, name in selection.arrays.items()}
        biases = {bias_name(name, facts, selection.transposed): name for name in layers}
        fates = {name: f"left out: {why}" for name, why in selection.left.items()}
        fates |= {name: "scored" + _as(layer, name) for name, layer in layers.items()}
        fates |= {bias: f"biases of {name}" for bias, name in biases.items() if bias}
        summary = selection.told()
    rows: list[tuple[str, ...]] = [("array", "shape", "type", "zeros", "")]
    for name, each in facts.items():
        size = str(list(each.shape))
        zeros = _share_of_zeros(path, arrays, name, each)
        rows.append((one_line(name), size, one_line(each.type), zeros, fates.get(name, NOT_ASKED)))
    return "\n".join([*_aligned(rows), "", summary, *told_of(stored)])


def _as(layer: str, name: str) -> str:
    return f" as {layer}" if layer != name else ""


def _share_of_zeros(path: Path, arrays: Arrays, name: str, facts: Facts) -> str:
    if not facts.kind or facts.kind not in "biuf" or not 0 < facts.size <= _MOST_NUMBERS:
        return "-"
    try:
        array = read_array(str(path), arrays, name)
    except UserError:
        return "unreadable"
    return f"{100 * (1 - np.count_nonzero(array) / array.size):.1f} %"


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    right = 3  # the share of zeros
    return [
        "  ".join(
            cell.rjust(width) if number == right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
