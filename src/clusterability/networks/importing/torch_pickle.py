"""The pickle inside a checkpoint of PyTorch, read without running anything that it names.

Only tensors and plain containers are built: of all classes and functions that a pickle can name,
the few below are admitted, and these are functions of this module. Everything else becomes an
`Unknown`, which holds what the pickle gives it and calls nothing.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MOST_PICKLE_BYTES = 2**26
"""A checkpoint's pickle holds names and shapes, some hundred bytes for each tensor."""

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
"""What a pickle may do. Left out are extensions, buffers, and bytes that are set aside at once."""


@dataclass(frozen=True)
class Storage:
    """Numbers of a checkpoint: the type, the name of their part of the file, and how many."""

    type: str
    key: str
    count: int


@dataclass(frozen=True)
class StoredTensor:
    """A view of a storage, as PyTorch has it: counted in numbers, not in bytes."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    type: str


@dataclass(frozen=True)
class SparseTensor(StoredTensor):
    """A tensor of which only the entries other than zero are stored.

    Attributes:
        parts: by kind: of "coo" places [dimensions, entries] and entries; of "csr" and "csc"
            starts of rows (columns), columns (rows) and entries.
        kind: "coo", "csr" or "csc".
    """

    parts: tuple[StoredTensor, ...]
    kind: str


class Unknown:
    """What stands for an object of a class that is not admitted.

    Attributes:
        state: what the pickle says that the object holds.
        items: what the pickle puts in by key, as in a dict.
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
        """Takes what a list would, and forgets it."""

    def extend(self, values: object) -> None:
        """Takes what a list would, and forgets it."""

    def add(self, value: object) -> None:
        """Takes what a set would, and forgets it."""


class PlainDict(dict[Any, Any]):
    """A dict of any kind, without attributes: a state dict's `_metadata` is not kept."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        """Takes the attributes of an ordered dict, and forgets them."""


class _DefaultDict(PlainDict):
    """A dict whose first argument makes what is missing; nothing is made here."""

    __slots__ = ()

    def __init__(self, *arguments: object) -> None:
        super().__init__()


class _Admitted:
    """A function that a pickle may call; it has no attributes that a pickle could change."""

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
    """torch._utils._rebuild_tensor and _rebuild_tensor_v2."""
    return _checked_tensor(storage, offset, shape, strides, None)


def _tensor_of_type(
    storage: object, offset: object, shape: object, strides: object, *more: object
) -> object:
    """torch._utils._rebuild_tensor_v3, whose storage is of bytes: the type is an argument."""
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
    """torch._utils._rebuild_sparse_tensor; `data` ends with the shape and, of COO, a flag."""
    kind = layout.name.removeprefix("torch.sparse_") if isinstance(layout, _Type) else ""
    count = {"coo": 2, "csr": 3, "csc": 3}.get(kind)
    if count is None or not isinstance(data, tuple) or len(data) <= count:
        return Unknown()
    *parts, shape = data[: count + 1]
    stored = tuple(part for part in parts if isinstance(part, StoredTensor))
    whole = isinstance(shape, tuple) and all(type(size) is int and size >= 0 for size in shape)
    if len(stored) != count or not whole:
        raise pickle.UnpicklingError("a sparse tensor without entries")
    entries = stored[-1]
    return SparseTensor(
        entries.storage, 0, shape, (0,) * len(shape), entries.type, parts=stored, kind=kind
    )


def _size(sizes: object = ()) -> object:
    """torch.Size: a tuple."""
    return sizes if isinstance(sizes, tuple) else Unknown()


def _layout(name: object) -> object:
    """torch.serialization._get_layout"""
    return _Type(str(name))


def _parameter(data: object, *_: object) -> object:
    """torch._utils._rebuild_parameter: its numbers."""
    return data


def _of_subclass(function: object, _type: object, arguments: object, *_: object) -> object:
    """torch._tensor._rebuild_from_type_v2: the tensor, without what a subclass adds."""
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
    # Read as what it is, not passed over: quantised numbers are refused by their type.
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


# The pure Python one: that in C sets memory aside for whatever number a pickle gives a value.
class _TensorUnpickler(pickle._Unpickler):
    """Builds tensors and plain containers; of other classes it makes `Unknown`."""

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

    def persistent_load(self, found: object) -> Storage | Unknown:
        match found:
            case ("storage", _Type(kind), str(key), _, int(count), *more) if more in ([], [None]):
                storage = self.used[key] = Storage(kind, key, count)
                return storage
        return Unknown()  # a storage of quantised numbers, or a module's source


def unpickle(content: io.BufferedIOBase, used: dict[str, Storage] | None = None) -> object:
    """What a pickle holds: tensors as `StoredTensor`, plain containers, `Unknown` for the rest.

    Args:
        content: a stream of at most MOST_PICKLE_BYTES; it is read to the end of one pickle.
        used: is given the storages that the pickle names, by their keys.

    Raises:
        Exception: of any kind, where the pickle is damaged or does what no checkpoint does.
    """
    return _TensorUnpickler(content, used).load()
