"""Largest eigenpairs of a symmetric matrix, computed while other threads run.

`scipy.linalg.eigh` holds the interpreter's lock as long as LAPACK works, so that draws of a null in
several threads would wait for each other. Here the same routine, `dsyevr`, is called through
`ctypes`, which releases the lock: the same numbers, to the last bit.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, cython_lapack

_ARGUMENTS = 21
"""Arguments of `dsyevr`, all of them pointers."""


def largest_eigenpairs(matrix: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Largest eigenvalues of a symmetric matrix, ascending, and their eigenvectors.

    Args:
        matrix: symmetric float64 [n, n], unchanged.
        count: number of eigenpairs, from 1 to n.

    Returns:
        Eigenvalues [count] and eigenvectors [n, count].

    Raises:
        scipy.linalg.LinAlgError: if LAPACK fails.

    >>> values, vectors = largest_eigenpairs(np.diag([3.0, 1.0, 2.0]), 2)
    >>> values.tolist(), np.abs(vectors).tolist()
    ([2.0, 3.0], [[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    """
    size = len(matrix)
    values, vectors = np.empty(size), np.empty((size, count), order="F")
    support = np.empty(2 * count, np.int32)
    overwritten = np.array(matrix, np.float64, order="F")
    found = ctypes.c_int()

    def solve(work: np.ndarray, works: int, whole: np.ndarray, wholes: int) -> None:
        status = ctypes.c_int()
        _dsyevr()(
            *map(ctypes.c_char_p, (b"V", b"I", b"L")),  # vectors, by index, lower triangle
            *map(_pointer, (size, overwritten, size)),
            *map(_pointer, (0.0, 0.0, size - count + 1, size, 0.0)),  # bounds and tolerance
            *map(_pointer, (found, values, vectors, size, support)),
            *map(_pointer, (work, works, whole, wholes, status)),
        )
        if status.value:
            raise LinAlgError(f"dsyevr failed with status {status.value}")

    work, whole = np.empty(1), np.empty(1, np.int32)
    solve(work, -1, whole, -1)  # asks how much memory is best
    work, whole = np.empty(int(work[0])), np.empty(int(whole[0]), np.int32)
    solve(work, len(work), whole, len(whole))
    return values[:count], vectors


def _pointer(value: Any) -> Any:
    """Pointer to a number or to the first entry of an array."""
    if isinstance(value, np.ndarray):
        return value.ctypes.data_as(ctypes.c_void_p)
    if isinstance(value, int):
        value = ctypes.c_int(value)
    elif isinstance(value, float):
        value = ctypes.c_double(value)
    return ctypes.byref(value)


@cache
def _dsyevr() -> Any:
    """LAPACK's routine, from the table of functions that SciPy keeps for Cython."""
    capsule = cython_lapack.__pyx_capi__["dsyevr"]
    name_of, address_of = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    address_of.restype = ctypes.c_void_p
    address_of.argtypes = [ctypes.py_object, ctypes.c_char_p]
    address = address_of(capsule, name_of(capsule))
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * _ARGUMENTS)(address)
