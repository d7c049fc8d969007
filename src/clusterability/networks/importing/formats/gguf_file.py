"""Reader of `.gguf` files of llama.cpp, quantised or not.

The format determines the orientation: a product of ggml sums over the first dimension, which is the
last axis here, so matrices are [out, in] (github.com/ggml-org/ggml, docs/gguf.md). The gguf package
dequantises blocks.
"""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from clusterability.networks.importing.formats.extras import taking
from clusterability.networks.importing.lazy_arrays import BLOCKS, Entry, Facts, LazyArrays

_PLAIN = {
    "F16": "float16", "F32": "float32", "F64": "float64", "BF16": "bfloat16",
    "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64",
}  # fmt: skip
"""Types of single numbers; all others are blocks that share scales."""


def read_gguf(path: Path) -> LazyArrays:
    """Arrays in file order; the file is memory-mapped, and values are read on access.

    Raises:
        UserError: if the package is missing.
        Exception: of any kind if the file is damaged.
    """
    with taking("gguf", path):
        from gguf import GGUFReader

    class Checked(GGUFReader):  # type: ignore[misc, unused-ignore]
        """Reader that refuses lists longer than the file, which would take forever to parse."""

        def _get(self, offset: int, dtype: Any, count: int = 1, *more: Any, **named: Any) -> Any:
            if offset + np.dtype(dtype).itemsize * int(count) > len(self.data):
                raise ValueError(f"{count} numbers at byte {offset} of {len(self.data)}")
            return super()._get(offset, dtype, count, *more, **named)

    entries = {}
    for tensor in Checked(path).tensors:
        kind, shape = tensor.tensor_type.name, tuple(map(int, reversed(tensor.shape)))
        type_ = _PLAIN.get(kind, f"{kind}{BLOCKS}")
        facts = Facts(shape, type_, "told" if len(shape) == 2 else "")
        entries[tensor.name] = Entry(facts, partial(_read, tensor, shape, kind))
    return LazyArrays(entries)


def _read(tensor: Any, shape: tuple[int, ...], kind: str) -> np.ndarray:
    from gguf.quants import dequantize

    plain = kind in _PLAIN and kind != "BF16"
    # A damaged scale overflows its whole block, which the check for finite numbers reports later.
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = tensor.data if plain else dequantize(tensor.data, tensor.tensor_type)
    if numbers.size != math.prod(shape):
        raise ValueError(f"{numbers.size} numbers of {math.prod(shape)}")
    return np.asarray(numbers).reshape(shape)
