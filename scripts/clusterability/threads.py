"""Results that do not depend on the number of threads: one thread for each numerical kernel."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for BLAS, OpenMP and (where it is loaded) PyTorch within the block.

    A product split among threads may add up in another order; jobs run beside each other instead.
    """
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 1
    try:
        if torch:
            torch.set_num_threads(1)
        with threadpool_limits(limits=1):
            yield
    finally:
        if torch:
            torch.set_num_threads(before)
