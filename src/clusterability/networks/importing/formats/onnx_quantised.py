"""Quantised tensors of an ONNX model: (code - zero point) · scale.

Scales come with `DequantizeLinear`, with `QLinearMatMul`, `QLinearConv` and `QGemm`, or, beside
`MatMulInteger` and `ConvInteger`, under the names that ONNX Runtime's quantisation gives them:
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
    """Names of scales and zero points of a tensor, "" for none; the axis that they go along, and
    how many numbers share one."""

    scale: str
    zero: str
    axis: int
    block: int = 0


def scaling_of(stored: Stored) -> Scaling | None:
    """How the numbers of a tensor are scaled; None where they are taken as they are."""
    node = stored.dequantised
    if node is not None:
        axis = attribute(node, "axis", 1)
        return Scaling(_input(node, 1), _input(node, 2), axis, attribute(node, "block_size", 0))
    for use in stored.uses:
        convolution = use.operator.endswith(("Conv", "ConvInteger"))
        axis = 0 if convolution else 1 - use.attribute("transB", 0)
        if use.operator in _WITH_SCALES and use.place == 3:
            return Scaling(_input(use.node, 4), _input(use.node, 5), axis)
        if use.operator in _OF_INTEGERS and use.place == 1:
            base = stored.name.removesuffix(_BEHIND)
            zero = _input(use.node, 3)
            return Scaling(f"{base}_scale" if base != stored.name else "", zero, axis)
    return None


def _input(node: Any, place: int) -> str:
    return str(node.input[place]) if len(node.input) > place else ""


def dequantised(path: Path, stored: Stored) -> np.ndarray:
    """The numbers of a tensor, scaled where they are quantised.

    Raises:
        UserError: where a scale is not in the file: the numbers alone are no weights.
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
    """One value for all, one for each place along the axis, or one a block along it."""
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
