"""Restricted unpickling of PyTorch checkpoints, which runs nothing that a pickle names.

Only tensors and plain containers are built. The few classes and functions admitted below map to
functions of this module; everything else becomes an `Unknown`, which stores what the pickle passes
to it and calls nothing.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MOST_PICKLE_BYTES = 2**26
"""Bound on the size of a pickle, which holds some hundred bytes per tensor."""

_STORAGES = {
    "FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16", "LongStorage": "int64", "IntStorage": "int32",
    "ShortStorage": "int16", "CharStorage": "int8", "ByteStorage": "uint8", "BoolStorage": "bool",
    "UntypedStorage": "bytes", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128", "QInt8Storage": "qint8", "QUInt8Storage": "quint8",
    "QInt32Storage": "qint32",
}  # fmt: skip
_DTYPES = (
    "float16", "float32", "float64", "bfloat16", "float8_e4m3fn", "float8_e5m2", "int8", "int16",
    "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool", "complex64", "complex128",
)  # fmt: skip

_OPCODES = (
    "MARK STOP POP POP_MARK DUP FLOAT INT BININT BININT1 LONG BININT2 NONE PERSID BINPERSID REDUCE"
    " STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE APPEND BUILD GLOBAL DICT EMPTY_DICT"
    " APPENDS GET BINGET INST LONG_BINGET LIST EMPTY_LIST OBJ PUT BINPUT LONG_BINPUT SETITEM TUPLE"
    " EMPTY_TUPLE SETITEMS BINFLOAT PROTO NEWOBJ TUPLE1 TUPLE2 TUPLE3 NEWTRUE NEWFALSE LONG1 LONG4"
    " BINBYTES SHORT_BINBYTES SHORT_BINUNICODE BINUNICODE8 BINBYTES8 EMPTY_SET ADDITEMS FROZENSET"
    " NEWOBJ_EX STACK_GLOBAL MEMOIZE FRAME"
)
"""Admitted opcodes. Extensions, buffers and preallocated bytes are excluded."""


@dataclass(frozen=True)
class Storage:
    """Stored numbers: their type, the key of their part of the file, and their count."""

    type: str
    key: str
    count: int


@dataclass(frozen=True)
class StoredTensor:
    """A strided view of a storage; offset and strides count numbers, not bytes."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    type: str


@dataclass(frozen=True)
class SparseTensor(StoredTensor):
    """A tensor of which only non-zero entries are stored.

    Attributes:
        parts: by kind. "coo": indices [dimensions, entries] and values; "csr" and "csc": row
            (column) pointers, column (row) indices and values.
        kind: "coo", "csr" or "csc".
    """

    parts: tuple[StoredTensor, ...]
    kind: str


class Unknown:
    """Placeholder for an object of a class that is not admitted.

    Attributes:
        state: state that the pickle sets.
        items: items that the pickle sets by key.
    """

    def __init__(self, *arguments: object, **named: object) -> None:
        self.state: object = None
        self.items: dict[Any, object] = {}

    def __new__(cls, *arguments: object, **named: object) -> Unknown:
        made = super().__new__(cls)
        made.state, made.items = None, {}
        return made

    def __setstate__(self, state: object) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: object) -> None:
        self.items[key] = value

    def append(self, value: object) -> None:
        """Ignore an item of a list."""

    def extend(self, values: object) -> None:
        """Ignore items of a list."""

    def add(self, value: object) -> None:
        """Ignore an item of a set."""


class PlainDict(dict[Any, Any]):
    """A dict of any kind, without attributes; a state dict's `_metadata` is dropped."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        """Ignore the attributes of an ordered dict."""


class _DefaultDict(PlainDict):
    """A defaultdict without its default factory."""

    __slots__ = ()

    def __init__(self, *arguments: object) -> None:
        super().__init__()


class _Admitted:
    """A function that a pickle may call, without attributes that a pickle could change."""

    __slots__ = ("_function",)
    _function: Callable[..., object]

    def __init__(self, function: Callable[..., object]) -> None:
        object.__setattr__(self, "_function", function)

    def __call__(self, *arguments: object) -> object:
        return self._function(*arguments)

    def __setattr__(self, name: str, value: object) -> None:
        raise pickle.UnpicklingError("an attribute of a function")

    def __setstate__(self, state: object) -> None:
        raise pickle.UnpicklingError("the state of a function")


def _tensor(storage: object, offset: object, shape: object, strides: object, *_: object) -> object:
    """Replace torch._utils._rebuild_tensor and _rebuild_tensor_v2."""
    return _checked_tensor(storage, offset, shape, strides, None)


def _tensor_of_type(
    storage: object, offset: object, shape: object, strides: object, *more: object
) -> object:
    """Replace torch._utils._rebuild_tensor_v3, which takes an untyped storage and a dtype."""
    types = [item.name for item in more if isinstance(item, _Type)]
    if len(types) != 1:
        raise pickle.UnpicklingError("a tensor without a type")
    return _checked_tensor(storage, offset, shape, strides, types[0])


def _checked_tensor(
    storage: object, offset: object, shape: object, strides: object, kind: str | None
) -> object:
    if isinstance(storage, Unknown):
        return storage
    if not isinstance(storage, Storage) or not isinstance(offset, int):
        raise pickle.UnpicklingError("a tensor without numbers")
    if not (isinstance(shape, tuple) and isinstance(strides, tuple) and len(shape) == len(strides)):
        raise pickle.UnpicklingError("a tensor without a shape")
    numbers = (offset, *shape, *strides)
    if not all(type(number) is int and 0 <= number < 2**62 for number in numbers):
        raise pickle.UnpicklingError("a tensor whose shape is no whole numbers")
    return StoredTensor(storage, offset, shape, strides, kind or storage.type)


def _sparse(layout: object, data: object) -> object:
    """Replace torch._utils._rebuild_sparse_tensor; the shape follows the parts in `data`."""
    kind = layout.name.removeprefix("torch.sparse_") if isinstance(layout, _Type) else ""
    count = {"coo": 2, "csr": 3, "csc": 3}.get(kind)
    if count is None or not isinstance(data, tuple) or len(data) <= count:
        return Unknown()
    *parts, shape = data[: count + 1]
    stored = tuple(part for part in parts if isinstance(part, StoredTensor))
    is_shape = isinstance(shape, tuple) and all(type(size) is int and size >= 0 for size in shape)
    if len(stored) != count or not is_shape:
        raise pickle.UnpicklingError("a sparse tensor without entries")
    entries = stored[-1]
    return SparseTensor(
        entries.storage, 0, shape, (0,) * len(shape), entries.type, parts=stored, kind=kind
    )


def _size(sizes: object = ()) -> object:
    """Replace torch.Size by a tuple."""
    return sizes if isinstance(sizes, tuple) else Unknown()


def _layout(name: object) -> object:
    """Replace torch.serialization._get_layout."""
    return _Type(str(name))


def _parameter(data: object, *_: object) -> object:
    """Replace torch._utils._rebuild_parameter by its tensor."""
    return data


def _of_subclass(function: object, _type: object, arguments: object, *_: object) -> object:
    """Replace torch._tensor._rebuild_from_type_v2 by the tensor without its subclass."""
    if isinstance(function, _Admitted) and isinstance(arguments, tuple):
        return function(*arguments)
    return Unknown()


@dataclass(frozen=True)
class _Type:
    """The type of a storage, or a dtype."""

    name: str


def _reconstructed(*_: object) -> object:
    return Unknown()


_KNOWN: dict[tuple[str, str], object] = {
    ("collections", "OrderedDict"): PlainDict,
    ("collections", "defaultdict"): _DefaultDict,
    ("builtins", "dict"): PlainDict,
    ("torch._utils", "_rebuild_tensor"): _Admitted(_tensor),
    ("torch._utils", "_rebuild_tensor_v2"): _Admitted(_tensor),
    ("torch._utils", "_rebuild_tensor_v3"): _Admitted(_tensor_of_type),
    # Not `Unknown`, so that quantised tensors are refused by type rather than ignored.
    ("torch._utils", "_rebuild_qtensor"): _Admitted(_tensor),
    ("torch._utils", "_rebuild_sparse_tensor"): _Admitted(_sparse),
    ("torch.serialization", "_get_layout"): _Admitted(_layout),
    ("torch", "Size"): _Admitted(_size),
    ("torch._utils", "_rebuild_parameter"): _Admitted(_parameter),
    ("torch._utils", "_rebuild_parameter_with_state"): _Admitted(_parameter),
    ("torch._tensor", "_rebuild_from_type_v2"): _Admitted(_of_subclass),
    ("copyreg", "_reconstructor"): _Admitted(_reconstructed),
    ("copy_reg", "_reconstructor"): _Admitted(_reconstructed),
    ("torch.storage", "UntypedStorage"): _Type("bytes"),
    **{("torch", name): _Type(kind) for name, kind in _STORAGES.items()},
    **{("torch", name): _Type(name) for name in _DTYPES},
}


# The pure-Python unpickler: the one in C allocates memory for any memo index in a pickle.
class _TensorUnpickler(pickle._Unpickler):
    """Unpickler that builds tensors and plain containers, and `Unknown` for other classes."""

    dispatch = {
        ord(opcode.code): pickle._Unpickler.dispatch[ord(opcode.code)]
        for opcode in pickletools.opcodes
        if opcode.name in _OPCODES.split()
    }

    def __init__(self, content: io.BufferedIOBase, used: dict[str, Storage] | None) -> None:
        super().__init__(content, encoding="latin1")
        self.used = {} if used is None else used

    def find_class(self, module: str, name: str) -> object:
        return _KNOWN.get((module, name)) or type("Unknown", (Unknown,), {})

    def persistent_load(self, reference: object) -> Storage | Unknown:
        match reference:
            case ("storage", _Type(kind), str(key), _, int(count), *more) if more in ([], [None]):
                storage = self.used[key] = Storage(kind, key, count)
                return storage
        return Unknown()  # a quantised storage, or the source of a module


def unpickle(content: io.BufferedIOBase, used: dict[str, Storage] | None = None) -> object:
    """Unpickle tensors as `StoredTensor`, plain containers, and `Unknown` for the rest.

    Args:
        content: a stream of at most MOST_PICKLE_BYTES; one pickle is read.
        used: is filled with the storages that the pickle refers to, by key.

    Raises:
        Exception: of any kind if the pickle is damaged or contains what no checkpoint does.
    """
    return _TensorUnpickler(content, used).load()
