"""How NumPy uses the machine: threads of its products, memory of its arrays.

Apart from `compiled`, so that another release of Numba trains nothing again.
"""

from __future__ import annotations

import ctypes
import math
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from threadpoolctl import threadpool_limits

from clusterability.jobs.clustering_job import BYTES_OF_DRAW

SMALL_MATRIX = 50_000
"""Weights of a matrix whose draws only hold each other up: Python has much of their time."""
DRAWS_MEMORY = 3.0
"""Gigabytes for the draws that are worked on, where nothing else is asked for."""

Item = TypeVar("Item")
Result = TypeVar("Result")

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_LARGEST = 32 << 20  # glibc refuses a larger threshold


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_of_machine() -> float:
    """Bytes of memory that this machine has; infinite where the system does not tell."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return math.inf


class _OneThread:
    """What `one_thread` gives: counts who is within."""

    def __init__(self) -> None:
        self.within, self.lock = 0, threading.Lock()
        self.limits: threadpool_limits | None = None

    def __enter__(self) -> None:
        with self.lock:
            if self.within == 0:
                self.limits = threadpool_limits(limits=1)
            self.within += 1

    def __exit__(self, *error: object) -> None:
        with self.lock:
            self.within -= 1
            if self.within == 0 and self.limits is not None:
                self.limits.restore_original_limits()


_ONE_THREAD = _OneThread()


def one_thread() -> _OneThread:
    """A context in which BLAS and OpenMP use one thread, in all threads of this process.

    A product split among threads may add up in another order; jobs and draws run beside each other
    instead. Whoever comes first sets the limit, and whoever leaves last lifts it: one within
    another costs nothing.
    """
    return _ONE_THREAD


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


@dataclass(frozen=True)
class Workers:
    """What draws may take of the machine. No bit depends on it.

    Attributes:
        jobs: draws at a time, one a core.
        memory: gigabytes for all that are worked on; one draw is always.
    """

    jobs: int = 1
    memory: float = DRAWS_MEMORY

    def at_once(self, weights: int) -> int:
        """Draws of a matrix of so many weights at a time.

        >>> [Workers(8, 2.0).at_once(weights) for weights in (100, 10**6, 3 * 10**7, 10**9)]
        [1, 8, 2, 1]
        """
        if weights < SMALL_MATRIX:
            return 1
        return max(1, min(self.jobs, int(self.memory * 1e9 / (BYTES_OF_DRAW * weights))))


ONE_AT_A_TIME = Workers()


def in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """Results of a function of each item, in their order, so many at a time.

    Products have one thread each. Compiled loops and large products leave Python to other threads.
    No more results wait to be taken than there are threads.
    """
    if threads == 1:
        with one_thread():
            yield from map(function, items)
        return
    # Some libraries count the threads of products for each thread that calls them.
    pool = ThreadPoolExecutor(threads, initializer=threadpool_limits, initargs=(1,))
    with one_thread(), pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
