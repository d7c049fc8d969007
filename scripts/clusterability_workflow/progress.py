"""Progress of training: a bar in a terminal, and lines in the log."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def watched(title: str) -> Iterator[Callable[[int, int, float], None]]:
    """Yield a function of (step, total steps, loss) that shows progress.

    It updates a bar if standard error is a terminal. In any case, it logs a line at most every 10
    seconds, and one for the last step.
    """
    bar = tqdm(desc=title, unit="step", file=sys.stderr, disable=not sys.stderr.isatty())
    last_line = -_SECONDS_BETWEEN_LINES

    def show(step: int, steps: int, loss: float) -> None:
        nonlocal last_line
        bar.total = steps
        bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
        bar.update(step - bar.n)
        now = time.monotonic()
        if step == steps or now - last_line >= _SECONDS_BETWEEN_LINES:
            last_line = now
            logger.info("%s: step %d of %d, loss %.4f", title, step, steps, loss)

    with bar:
        yield show
