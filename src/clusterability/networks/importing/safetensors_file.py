"""Reader of `.safetensors` files; the header describes the arrays, which are read separately."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
from safetensors import safe_open

from clusterability.networks.importing.lazy_arrays import Entry, Facts, LazyArrays
from clusterability.networks.importing.small_floats import STORED_AS, as_float32
from clusterability.networks.importing.wording import quoted, type_error

_TYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32",
    "I32": "int32", "U64": "uint64", "I64": "int64", "F16": "float16", "F32": "float32",
    "F64": "float64", "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2",
}  # fmt: skip
"""Supported types; others keep the name that the file gives them."""


def read_safetensors(path: Path) -> LazyArrays:
    """Arrays in the order of the header; values are read on access.

    Raises:
        Exception: an error of the library if the header is damaged, or does not match the file's
            size.
    """
    # Opening validates the header: arrays do not overlap, and cover the file.
    with safe_open(path, framework="numpy") as file:
        known = set(file.keys())
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(length))
    entries = {}
    for name, about in header.items():
        if name in known:
            facts = Facts(tuple(about["shape"]), _TYPES.get(about["dtype"], about["dtype"]))
            first, end = about["data_offsets"]
            entries[name] = Entry(
                facts, partial(_read, path, name, facts, 8 + length + first, end - first)
            )
    return LazyArrays(entries)


def _read(path: Path, name: str, facts: Facts, start: int, count: int) -> np.ndarray:
    """Read one array from `count` bytes at offset `start`."""
    if facts.type not in _TYPES.values():
        raise type_error(f"{path}: array {quoted(name)}", facts.type)
    with path.open("rb") as stream:
        stream.seek(start)
        content = bytearray(stream.read(count))
    stored = np.dtype(STORED_AS.get(facts.type, facts.type)).newbyteorder("<")
    array = np.frombuffer(content, stored).reshape(facts.shape)
    return as_float32(array, facts.type) if facts.type in STORED_AS else array
