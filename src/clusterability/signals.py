"""Signals that announce the end of a job, in time for it to save its state."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def told_to_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at SIGTERM, which Slurm sends before it kills, or SIGINT, instead of exiting."""

    def handle(number: int, frame: FrameType | None) -> None:
        stop()

    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, handle) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
