"""Dequantisation of tensors of an ONNX model: (code - zero point) · scale.

Scales are inputs of `DequantizeLinear`, `QLinearMatMul`, `QLinearConv` and `QGemm`. Beside
`MatMulInteger` and `ConvInteger`, they have the names of ONNX Runtime's quantisation:
`w_quantized`, `w_scale`, `w_zero_point`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from clusterability.errors import UserError
from clusterability.networks.importing.formats.onnx_graph import Stored, attribute
from clusterability.networks.importing.wording import quoted

_WITH_SCALES = ("QLinearMatMul", "QLinearConv", "QGemm")
_OF_INTEGERS = ("MatMulInteger", "ConvInteger")
_BEHIND = "_quantized"


class Scaling(NamedTuple):
    """Quantisation parameters of a tensor.

    Attributes:
        scale, zero: names of the scales and of the zero points; "" for none.
        axis: axis of the scales.
        block: number of codes along the axis that share a scale.
    """

    scale: str
    zero: str
    axis: int
    block: int = 0


def scaling_of(stored: Stored) -> Scaling | None:
    """Quantisation parameters of a tensor; None if it is not quantised."""
    node = stored.dequantised
    if node is not None:
        axis = attribute(node, "axis", 1)
        return Scaling(_input(node, 1), _input(node, 2), axis, attribute(node, "block_size", 0))
    for use in stored.uses:
        convolution = use.operator.endswith(("Conv", "ConvInteger"))
        axis = 0 if convolution else 1 - use.attribute("transB", 0)
        if use.operator in _WITH_SCALES and use.position == 3:
            return Scaling(_input(use.node, 4), _input(use.node, 5), axis)
        if use.operator in _OF_INTEGERS and use.position == 1:
            base = stored.name.removesuffix(_BEHIND)
            zero = _input(use.node, 3)
            return Scaling(f"{base}_scale" if base != stored.name else "", zero, axis)
    return None


def _input(node: Any, position: int) -> str:
    return str(node.input[position]) if len(node.input) > position else ""


def dequantised(path: Path, stored: Stored) -> np.ndarray:
    """Values of a tensor, dequantised if necessary.

    Raises:
        UserError: if a scale is not stored in the file.
    """
    array, scaling = _array(path, stored.tensor), scaling_of(stored)
    if scaling is None:
        return array
    parts = [stored.around.get(name) for name in (scaling.scale, scaling.zero)]
    if parts[0] is None or (scaling.zero and parts[1] is None):
        raise UserError(
            f"{path}: {quoted(stored.name)}: found quantised numbers without a stored scale or zero"
            " point, expected both in the file; export the model as floats"
        )
    scale, zero = (None if part is None else _array(path, part) for part in parts)
    wide = array.astype(np.float64)
    if zero is not None:
        wide -= _along(zero.astype(np.float64), wide, scaling)
    assert scale is not None
    return np.asarray(wide * _along(scale.astype(np.float64), wide, scaling)).astype(np.float32)


def _along(values: np.ndarray, array: np.ndarray, scaling: Scaling) -> np.ndarray:
    """Broadcast one value for all, one per index along the axis, or one per block along it."""
    if values.size == 1:
        return values.reshape(())
    axis = scaling.axis % array.ndim
    if values.ndim == 1:
        return values.reshape([-1 if number == axis else 1 for number in range(array.ndim)])
    repeated = np.repeat(values, max(scaling.block, 1), axis=axis)
    return repeated.take(range(array.shape[axis]), axis=axis)


def _array(path: Path, tensor: Any) -> np.ndarray:
    from onnx import numpy_helper

    return np.asarray(numpy_helper.to_array(tensor, str(path.parent)))
