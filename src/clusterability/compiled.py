"""Numba compilation of Python loops over arrays too small for NumPy and BLAS to be efficient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function with Numba, without fast-math: sums are added in the order written.

    Machine code is cached in `__pycache__` beside the module, in the user's cache folder if that is
    not writable, and otherwise for this process only. The cache is invalidated by a change of the
    module's file, so every function called from compiled code must be in the same module.
    """
    return _cached(function, fastmath=False)


def compiled_in_any_order(function: Function) -> Function:
    """As `compiled`, but sums may be added in any order, which lets processors add several at once.

    For choices between candidates only: the last bits of the sums depend on the processor.
    """
    return _cached(function, fastmath={"reassoc"})


def _cached(function: Function, **options: Any) -> Any:
    try:
        return njit(function, cache=True, nogil=True, error_model="numpy", **options)
    except RuntimeError:  # no writable cache folder
        return njit(function, nogil=True, error_model="numpy", **options)
