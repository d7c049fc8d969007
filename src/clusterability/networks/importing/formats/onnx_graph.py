"""The graph of an ONNX model: its stored tensors, and which nodes take them for what.

A tensor is followed through nodes that change neither its numbers nor, but for a transposition, its
axes, and into the branches of `If` and the bodies of `Loop` and `Scan`, which see what lies
outside. Operators are those of github.com/onnx/onnx, docs/Operators.md, and of ONNX Runtime.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_SAME = ("Identity", "Cast", "DequantizeLinear")
"""Operators whose first input comes out with the same axes."""


class Use(NamedTuple):
    """A node that takes a tensor.

    Attributes:
        node: as ONNX has it.
        place: of the tensor among its inputs.
        turned: whether rows and columns have changed places on the way.
    """

    node: Any
    place: int
    turned: bool = False

    @property
    def operator(self) -> str:
        return str(self.node.op_type)

    def attribute(self, name: str, default: int) -> int:
        return attribute(self.node, name, default)


@dataclass(frozen=True)
class Stored:
    """A tensor that the file holds.

    Attributes:
        name: in its graph.
        tensor: as ONNX has it.
        uses: nodes that take it.
        around: stored tensors by name that the same nodes see, scales among them.
        dequantised: the node that makes floats of it, if there is one.
    """

    name: str
    tensor: Any
    uses: tuple[Use, ...] = ()
    around: Mapping[str, Any] = field(default_factory=dict)
    dequantised: Any = None


def attribute(node: Any, name: str, default: int) -> int:
    """A whole number among the attributes of a node."""
    return next((int(each.i) for each in node.attribute if each.name == name), default)


def stored_tensors(graph: Any, outside: Mapping[str, Any] | None = None) -> Iterator[Stored]:
    """All tensors that a graph and those within it hold, in the order of the file.

    Of constants, which are mostly numbers of shapes, these are the matrices and the vectors of
    floats.
    """
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    tensors |= {
        node.output[0]: each.t
        for node in graph.node
        if node.op_type == "Constant" and node.output
        for each in node.attribute
        if each.name == "value"
    }
    around = {**(outside or {}), **tensors}
    takers = _takers(graph)
    initial = {tensor.name for tensor in graph.initializer}
    for name, tensor in tensors.items():
        if name in initial or len(tensor.dims) > 1 or (len(tensor.dims) == 1 and _floats(tensor)):
            uses = tuple(_followed(name, takers))
            yield Stored(_text(name), tensor, uses, around, _dequantising(takers.get(name, [])))
    for inner in _inner_graphs(graph):
        yield from stored_tensors(inner, around)


def _text(name: str | bytes) -> str:
    """A name; the package gives one that is no UTF-8 as bytes."""
    return name if isinstance(name, str) else name.decode(errors="backslashreplace")


def _dequantising(uses: Sequence[Use]) -> Any:
    """The node that makes floats of a tensor; None where there is none."""
    made = (use.node for use in uses if use.place == 0 and use.operator == "DequantizeLinear")
    return next(made, None)


def _floats(tensor: Any) -> bool:
    return tensor.data_type in (1, 10, 11, 16)  # float, float16, double, bfloat16


def _inner_graphs(graph: Any) -> Iterator[Any]:
    for node in graph.node:
        for each in node.attribute:
            if each.HasField("g"):
                yield each.g
            yield from each.graphs


def _nodes(graph: Any) -> Iterator[Any]:
    """Nodes of a graph and of the graphs within it."""
    yield from graph.node
    for inner in _inner_graphs(graph):
        yield from _nodes(inner)


def _takers(graph: Any) -> Mapping[str, list[Use]]:
    found: dict[str, list[Use]] = defaultdict(list)
    for node in _nodes(graph):
        for place, name in enumerate(node.input):
            found[name].append(Use(node, place))
    return found


def _followed(name: str, takers: Mapping[str, list[Use]]) -> Iterator[Use]:
    """The nodes that work with a tensor, behind those that only pass it on."""
    waiting = [(name, False)]
    seen = set(waiting)
    while waiting:
        passed, turned = waiting.pop()
        for node, place, _ in takers.get(passed, []):
            turns = node.op_type == "Transpose" and _permutation(node) == [1, 0]
            if place > 0 or not node.output or not (turns or node.op_type in _SAME):
                yield Use(node, place, turned)
            elif (further := (node.output[0], turned != turns)) not in seen:
                seen.add(further)
                waiting.append(further)


def _permutation(node: Any) -> list[int]:
    return next((list(each.ints) for each in node.attribute if each.name == "perm"), [1, 0])
