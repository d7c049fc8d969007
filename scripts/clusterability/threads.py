"""Results that do not depend on the number of threads: one thread for each numerical kernel."""

from __future__ import annotations

from threadpoolctl import threadpool_limits


def one_thread() -> threadpool_limits:
    """A context in which BLAS and OpenMP use one thread.

    A product split among threads may add up in another order; jobs run beside each other instead.
    """
    return threadpool_limits(limits=1)
