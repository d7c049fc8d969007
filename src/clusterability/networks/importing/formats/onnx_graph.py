"""Graph of an ONNX model: its stored tensors and the nodes that use them.

A tensor is followed through nodes that keep its values and, up to transposition, its axes, and into
the branches of `If` and the bodies of `Loop` and `Scan`, which can access outer tensors. Operators
are those of github.com/onnx/onnx, docs/Operators.md, and of ONNX Runtime.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_SAME = ("Identity", "Cast", "DequantizeLinear")
"""Operators whose output has the axes of the first input."""


class Use(NamedTuple):
    """A use of a tensor as input of a node.

    Attributes:
        node: the ONNX node.
        position: index of the tensor among the inputs.
        turned: whether the tensor is transposed on the way.
    """

    node: Any
    position: int
    turned: bool = False

    @property
    def operator(self) -> str:
        """Type of the node, such as "MatMul"."""
        return str(self.node.op_type)

    def attribute(self, name: str, default: int) -> int:
        """Integer attribute of the node."""
        return attribute(self.node, name, default)


@dataclass(frozen=True)
class Stored:
    """A tensor stored in the file.

    Attributes:
        name: its name in the graph.
        tensor: the ONNX tensor.
        uses: nodes that use it.
        around: stored tensors, such as scales, that are visible to these nodes, by name.
        dequantised: the node that dequantises it, or None.
    """

    name: str
    tensor: Any
    uses: tuple[Use, ...] = ()
    around: Mapping[str, Any] = field(default_factory=dict)
    dequantised: Any = None


def attribute(node: Any, name: str, default: int) -> int:
    """Integer attribute of a node."""
    return next((int(each.i) for each in node.attribute if each.name == name), default)


def stored_tensors(graph: Any, outside: Mapping[str, Any] | None = None) -> Iterator[Stored]:
    """Yield all tensors stored in a graph and its subgraphs, in file order.

    Constants are included if they are matrices or vectors of floats; most others are shapes.
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
    """Decode a name, which the package returns as bytes if it is not UTF-8."""
    return name if isinstance(name, str) else name.decode(errors="backslashreplace")


def _dequantising(uses: Sequence[Use]) -> Any:
    """Node that dequantises a tensor; None if there is none."""
    made = (use.node for use in uses if use.position == 0 and use.operator == "DequantizeLinear")
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
    """Nodes of a graph and its subgraphs."""
    yield from graph.node
    for inner in _inner_graphs(graph):
        yield from _nodes(inner)


def _takers(graph: Any) -> Mapping[str, list[Use]]:
    uses: dict[str, list[Use]] = defaultdict(list)
    for node in _nodes(graph):
        for position, name in enumerate(node.input):
            uses[name].append(Use(node, position))
    return uses


def _followed(name: str, takers: Mapping[str, list[Use]]) -> Iterator[Use]:
    """Uses of a tensor after nodes that only pass it on."""
    waiting = [(name, False)]
    seen = set(waiting)
    while waiting:
        passed, turned = waiting.pop()
        for node, position, _ in takers.get(passed, []):
            turns = node.op_type == "Transpose" and _permutation(node) == [1, 0]
            if position > 0 or not node.output or not (turns or node.op_type in _SAME):
                yield Use(node, position, turned)
            elif (further := (node.output[0], turned != turns)) not in seen:
                seen.add(further)
                waiting.append(further)


def _permutation(node: Any) -> list[int]:
    return next((list(each.ints) for each in node.attribute if each.name == "perm"), [1, 0])
