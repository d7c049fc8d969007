"""Reader of `.onnx` files; arrays are [out, in] if the graph determines the orientation.

| node | input | axes |
| --- | --- | --- |
| `MatMul` | second | [in, out] |
| `MatMul` | first | [out, in] |
| `Gemm` | second | [in, out], with transB [out, in] |
| `Conv` | second | [out, in, taps] |
| `ConvTranspose` | second | [in, out, taps] |
| `LSTM`, `GRU`, `RNN` | second, third | [directions, gates · out, in] |
| `Gather` | first | an embedding |

Arrays [in, out] are transposed, and those of a recurrent node are split into one matrix per
direction. Arrays that reach their node in another way (slices of a matrix, functions) keep their
orientation, with a note.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from clusterability.networks.importing.formats.extras import taking
from clusterability.networks.importing.formats.onnx_graph import Stored, Use, stored_tensors
from clusterability.networks.importing.formats.onnx_quantised import dequantised, scaling_of
from clusterability.networks.importing.lazy_arrays import Entry, Facts, LazyArrays
from clusterability.networks.importing.selection import EMBEDDING

_ANONYMOUS = re.compile(
    r"onnx::\w+_\d+|\d+|val_\d+|const_fold_opt__\d+|(.*/)?Const(ant)?(_\d+)?(_output_\d+|:\d+)?"
)
"""Names that exporters generate."""

_SECOND = ("MatMul", "Gemm", "FusedGemm", "FusedMatMul", "MatMulInteger", "DynamicQuantizeMatMul")
_FOURTH = ("QLinearMatMul", "QGemm")
_CONVOLUTIONS = {"Conv": 1, "FusedConv": 1, "ConvInteger": 1, "QLinearConv": 3, "ConvTranspose": 1}
_RECURRENT = ("LSTM", "GRU", "RNN")
_ELEMENTWISE = (
    "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Where", "Equal", "Less", "Greater", "PRelu",
    "Expand",
)  # fmt: skip
_LINEAR = ("DequantizeLinear", "QuantizeLinear")

ENTRY_BY_ENTRY = "added or multiplied entry by entry"
"""Reason against arrays that are used elementwise, such as biases and scales."""

Role = Literal["out_in", "in_out", "kernel", "turned kernel", "recurrent", "embedding", "other", ""]


def read_onnx(path: Path) -> LazyArrays:
    """Tensors of a model in file order, [out, in] if the graph determines the orientation.

    A tensor with a generated name is named after its node. External data is read on access; the
    model itself is held in memory.

    Raises:
        UserError: if the package is missing.
        Exception: of any kind if the file is damaged.
    """
    with taking("onnx", path):
        import onnx

    model = onnx.load(path, load_external_data=False)
    entries: dict[str, Entry] = {}
    for stored in stored_tensors(model.graph):
        for name, entry in _entries(path, stored):
            entries[_free(name, entries)] = entry
    return LazyArrays(entries, _notes(model.graph))


def _notes(graph: Any) -> tuple[str, ...]:
    count = len(graph.sparse_initializer)
    return (f"{count} sparse tensors of the model",) if count else ()


def _free(name: str, taken: dict[str, Entry]) -> str:
    """Append a number to a name that is taken, which happens in branches."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}.{number}"
    return free


def _entries(path: Path, stored: Stored) -> Iterator[tuple[str, Entry]]:
    """Arrays of one tensor by name; recurrent nodes with two directions give two."""
    role, shape = _role(stored), tuple(stored.tensor.dims)
    name, kind = _name(stored), _type(stored)
    read = partial(_read, path, stored)
    if role == "in_out" or (role == "turned kernel" and len(shape) > 2):
        facts = Facts((shape[1], shape[0], *shape[2:]), kind, "told")
        yield name, Entry(facts, partial(_through, read, _turned))
    elif role == "recurrent":
        for number in range(shape[0]):
            of_direction = name if shape[0] == 1 else f"{name}.{('forward', 'backward')[number]}"
            facts = Facts(shape[1:], kind, "told")
            yield of_direction, Entry(facts, partial(_through, read, partial(_one_of, number)))
    else:
        yield name, Entry(_facts(stored, role, kind), read)


def _facts(stored: Stored, role: Role, kind: str) -> Facts:
    shape = tuple(stored.tensor.dims)
    if role == "embedding":
        return Facts(shape, kind, against=EMBEDDING)
    if role == "other":
        return Facts(shape, kind, against=ENTRY_BY_ENTRY)
    if role in ("kernel", "turned kernel") and any(
        use.attribute("group", 1) > 1 for use in stored.uses
    ):
        return Facts(shape, kind, against="convolutions in groups")
    if len(shape) > 2 and role != "kernel":
        return Facts(shape, kind, against="" if not role else "stacks of matrices")
    return Facts(shape, kind, "told" if role else "untold" if len(shape) == 2 else "")


def _role(stored: Stored) -> Role:
    """Common role of a tensor in all of its nodes; "" if roles differ or one is unknown."""
    dimensions = len(stored.tensor.dims)
    if dimensions < 2:
        return ""
    roles = {_role_of(use, dimensions) for use in stored.uses}
    grouped = any(use.attribute("group", 1) > 1 for use in stored.uses)
    if roles == {"turned kernel"} and grouped:
        return "kernel"
    if roles == {"recurrent"} and (dimensions != 3 or not 0 < stored.tensor.dims[0] < 3):
        return ""
    # Embeddings may also be tied to the outputs, or scaled.
    if "embedding" in roles:
        return "embedding"
    return roles.pop() if len(roles) == 1 else ""


def _role_of(use: Use, dimensions: int) -> Role:
    operator, position = use.operator, use.position
    first = operator in _SECOND and position == 0
    if dimensions == 2 and (
        first or (operator in _SECOND and position == 1) or (operator in _FOURTH and position == 3)
    ):
        # In the product A B, a weight B is [in, out] and a weight A is [out, in].
        flipped = bool(use.attribute("transA" if first else "transB", 0)) != use.turned
        return "out_in" if flipped != first else "in_out"
    if dimensions > 2 and _CONVOLUTIONS.get(operator) == position and not use.turned:
        return "turned kernel" if operator == "ConvTranspose" else "kernel"
    if operator in _RECURRENT and position in (1, 2):
        return "recurrent"
    if operator == "Gather" and position == 0:
        return "embedding"
    elementwise = operator in (*_ELEMENTWISE, *_LINEAR, *_RECURRENT)
    return "other" if elementwise else ""


def _name(stored: Stored) -> str:
    """Name of a tensor; that of its node if an exporter generated the tensor's name."""
    node = next((use.node for use in stored.uses if use.node.name), None)
    if node is None or not _ANONYMOUS.fullmatch(stored.name):
        return stored.name
    name = str(node.name).lstrip("/")
    inputs = dict(enumerate("XWRB")) if node.op_type in _RECURRENT else {}
    part = inputs.get(stored.uses[0].position, "")
    return f"{name}.{part}" if part else name


def _type(stored: Stored) -> str:
    if scaling_of(stored):
        return "float32"
    from onnx import helper

    return str(helper.tensor_dtype_to_np_dtype(stored.tensor.data_type))


def _read(path: Path, stored: Stored) -> np.ndarray:
    array = dequantised(path, stored)
    # The package may return floats that NumPy lacks as extension types.
    return array if array.dtype.kind in "biufcSUO" else array.astype(np.float32)


def _through(read: Callable[[], np.ndarray], change: Callable[[Any], Any]) -> np.ndarray:
    return np.asarray(change(read()))


def _turned(array: np.ndarray) -> np.ndarray:
    return array.swapaxes(0, 1)


def _one_of(number: int, array: np.ndarray) -> np.ndarray:
    return np.asarray(array[number])
