"""How NumPy uses the machine: threads of its products, memory of its arrays.

Apart from `compiled`, so that another release of Numba trains nothing again.
"""

from __future__ import annotations

import ctypes
import sys

from threadpoolctl import threadpool_limits

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_LARGEST = 32 << 20  # glibc refuses a larger threshold


def one_thread() -> threadpool_limits:
    """A context in which BLAS and OpenMP use one thread.

    A product split among threads may add up in another order; jobs run beside each other instead.
    """
    return threadpool_limits(limits=1)


def keep_freed_memory() -> None:
    """Tells glibc to reuse freed memory of any size; does nothing on other systems.

    By default each array of more than some hundred kilobytes is mapped anew, and its pages are
    faulted in one by one: on a virtual machine, gathering a batch of images then took 8 ms
    instead of 0.2 ms.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return  # another C library: slower, not wrong
    mallopt(_M_MMAP_THRESHOLD, _LARGEST)
    mallopt(_M_TRIM_THRESHOLD, _LARGEST)
