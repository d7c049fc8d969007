"""Conversion of sparse matrices to dense ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from clusterability.errors import UserError
from clusterability.networks.importing.wording import Arrays
from clusterability.networks.safe_arrays import MOST_BYTES

_KINDS = {"csr": sparse.csr_array, "csc": sparse.csc_array, "bsr": sparse.bsr_array}
"""Formats with `data`, `indices` and `indptr`."""


def check_full(where: str, shape: Sequence[int]) -> None:
    """Raise UserError if a dense matrix of this shape would be too large.

    >>> check_full("w", (10**6, 10**6))
    Traceback (most recent call last):
        ...
    clusterability.errors.UserError: w: found [1000000, 1000000] units of few weights, which takes \
8000.0 GB as a full matrix, expected at most 4.3 GB
    """
    rows, columns = map(int, shape)
    if 8 * rows * columns > MOST_BYTES:
        raise UserError(
            f"{where}: found [{rows}, {columns}] units of few weights, which takes"
            f" {8 * rows * columns / 1e9:.1f} GB as a full matrix, expected at most"
            f" {MOST_BYTES / 1e9:.1f} GB"
        )


def full(where: str, matrix: Any) -> np.ndarray:
    """Dense form of a SciPy sparse matrix or array; duplicate entries are summed."""
    if len(matrix.shape) != 2:
        return np.empty(matrix.shape)  # the caller refuses the shape
    check_full(where, matrix.shape)
    return np.asarray(matrix.toarray())


def of_parts(
    where: str, kind: str, parts: Sequence[np.ndarray], shape: Sequence[int]
) -> np.ndarray:
    """Dense matrix from the parts of a PyTorch sparse tensor; duplicate entries are summed.

    Args:
        where: description of the tensor, for messages.
        kind: "coo", "csr" or "csc".
        parts: for "coo", indices int [2, entries] and values; for "csr", pointers int [rows + 1] to
            the rows, column indices int [entries] and values; for "csc", rows and columns are
            exchanged.
        shape: shape of the tensor.

    Raises:
        ValueError: if the parts do not fit together, or the tensor is not a matrix.

    >>> of_parts("w", "coo", [np.array([[0, 1], [1, 0]]), np.array([5.0, 6.0])], (2, 2)).tolist()
    [[0.0, 5.0], [6.0, 0.0]]
    """
    if len(shape) != 2 or any(part.dtype.kind not in "iu" for part in parts[:-1]):
        raise ValueError(f"a sparse tensor of shape {list(shape)}")
    check_full(where, shape)
    if kind == "coo":
        rows, columns = parts[0]
        return np.asarray(sparse.coo_array((parts[1], (rows, columns)), shape=shape).toarray())
    pointers, indices, entries = parts
    matrix = _KINDS[kind]((entries, indices, pointers), shape=shape)
    matrix.check_format(full_check=True)
    return np.asarray(matrix.toarray())


def is_scipy_archive(shapes: Mapping[str, Sequence[int]]) -> bool:
    """Whether arrays of these shapes are from `scipy.sparse.save_npz`.

    >>> is_scipy_archive({"format": (), "shape": (2,), "data": (3,), "row": (3,), "col": (3,)})
    True
    """
    return {"format", "shape", "data"} <= shapes.keys() and len(shapes["format"]) == 0


def scipy_archive(where: str, arrays: Arrays) -> np.ndarray:
    """Matrix that `scipy.sparse.save_npz` wrote, from the arrays of its archive.

    Raises:
        Exception: of any kind if the arrays do not fit together.
    """
    kind, shape = arrays["format"].item(), tuple(map(int, arrays["shape"]))
    kind = kind.decode("ascii") if isinstance(kind, bytes) else str(kind)
    if len(shape) != 2 or min(shape) < 0:
        raise ValueError(f"a sparse array of shape {list(shape)}")
    check_full(where, shape)
    numbers = [
        array for name, array in arrays.items() if name not in ("format", "data", "_is_array")
    ]
    if any(array.dtype.kind not in "iu" for array in numbers):
        raise ValueError("places of entries that are no whole numbers")
    data = arrays["data"]
    if kind in _KINDS:
        matrix = _KINDS[kind]((data, arrays["indices"], arrays["indptr"]), shape=shape)
        matrix.check_format(full_check=True)
    elif kind == "coo":
        matrix = sparse.coo_array((data, (arrays["row"], arrays["col"])), shape=shape)
    elif kind == "dia":
        matrix = sparse.dia_array((data, arrays["offsets"]), shape=shape)
    else:
        raise ValueError(f"a sparse array of the kind {kind!r}")
    return np.asarray(matrix.toarray())
