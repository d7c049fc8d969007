"""Use of the machine by NumPy: BLAS threads and memory of arrays.

Separate from `compiled`, so that a new release of Numba does not retrain networks.
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
"""Weights below which draws are not run in parallel: most of their time holds the GIL."""
DRAWS_MEMORY = 3.0
"""Default memory for the draws in progress, in gigabytes."""

Item = TypeVar("Item")
Result = TypeVar("Result")

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_LARGEST = 32 << 20  # glibc refuses a larger threshold


def cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_of_machine() -> float:
    """Memory of this machine in bytes; infinite where the system does not report it."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return math.inf


class _OneThread:
    """Re-entrant context manager behind `one_thread`; counts the threads inside it."""

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
    """Context in which BLAS and OpenMP use one thread, in all threads of this process.

    Splitting a product among threads can change the order of its sums, so jobs and draws run in
    parallel instead. The first thread to enter sets the limit and the last to leave lifts it;
    nested contexts cost nothing.
    """
    return _ONE_THREAD


def keep_freed_memory() -> None:
    """Make glibc reuse freed memory of any size; does nothing on other systems.

    By default, every array above some hundred kilobytes is mapped anew and its pages fault in one
    by one. On a virtual machine, gathering a batch of images took 8 ms that way instead of 0.2 ms.
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
    """Resources for parallel draws. No bit of the results depends on them.

    Attributes:
        jobs: maximal number of draws at a time, one per core.
        memory: gigabytes for all draws in progress; one draw always runs.
    """

    jobs: int = 1
    memory: float = DRAWS_MEMORY

    def at_once(self, weights: int) -> int:
        """Number of draws to run at a time for a matrix with this many weights.

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
    """Apply a function to each item in a pool of threads, and yield the results in order.

    Each thread computes products with one BLAS thread. Compiled loops and large products release
    the GIL. At most `threads` results wait to be consumed.
    """
    if threads == 1:
        with one_thread():
            yield from map(function, items)
        return
    # Some libraries keep the number of BLAS threads per calling thread.
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
