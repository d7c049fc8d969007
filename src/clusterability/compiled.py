"""Python loops compiled to machine code, for arrays that are too small for NumPy and BLAS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The function compiled by Numba, without fast-math: sums are added in the order written.

    Machine code is kept in the folder `__pycache__` beside the module, in the user's cache folder
    where that cannot be written, else for the process alone. It is made anew when the module's
    file changes, so what a compiled function calls must lie in the same module.
    """
    try:
        return njit(function, cache=True, nogil=True, error_model="numpy")
    except RuntimeError:  # no folder to keep it in
        return njit(function, nogil=True, error_model="numpy")
