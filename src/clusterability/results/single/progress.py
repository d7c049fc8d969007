"""Progress of a long score: a bar on a terminal, otherwise one line per minute."""

from __future__ import annotations

import sys
import time
from threading import RLock

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 60.0

_BAR = "{desc}: {percentage:3.0f} %|{bar}| {remaining} left{postfix}"


class Progress:
    """A bar, or lines, with the number of draws, the share done and the time left.

    Work kept by an earlier call counts as done, but not in the estimate of the time left. Threads
    can share it.
    """

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._bar: tqdm | None = None
        self._text, self._draws = "", 0
        self._cost = self._done = self._kept = 0.0
        self._begun = self._last = time.monotonic()
        self._lock = RLock()

    def begin(self, cost: float) -> None:
        """Begin a part of the work with this total cost."""
        self.close()
        self._cost, self._done, self._kept, self._draws = cost, 0.0, 0.0, 0
        self._begun = time.monotonic()

    def step(self, text: str) -> None:
        """Show the next step."""
        with self._lock:
            self._text = text
            if self._bar is not None:
                self._bar.set_description_str(text)
            elif self._watched:
                # Costs differ too much for tqdm to infer the refresh interval from earlier updates.
                shown = {"leave": False, "smoothing": 0, "miniters": 0, "dynamic_ncols": True}
                self._bar = tqdm(desc=text, total=self._cost, bar_format=_BAR, **shown)

    def advance(self, cost: float, draws: int = 0, kept: bool = False) -> None:
        """Add finished work of this cost; `kept` marks work kept by an earlier call."""
        with self._lock:
            self._done += cost
            self._kept += cost if kept else 0.0
            self._draws += draws
            if self._bar is not None:
                self._bar.initial = self._kept
                if draws:
                    self._bar.set_postfix_str(f"{self._draws:,} draws", refresh=False)
                self._bar.update(cost)
            elif (now := time.monotonic()) - self._last >= SECONDS_BETWEEN_LINES:
                self._last = now
                self.tell(self.line(now))

    def line(self, now: float) -> str:
        """Progress as one line.

        >>> progress = Progress()
        >>> progress.begin(100.0)
        >>> progress.step("fc1: shuffle")
        >>> progress.advance(50.0, kept=True)
        >>> progress.advance(10.0, draws=20)
        >>> progress.line(progress._begun + 60)
        'fc1: shuffle; 20 draws, 60 %, about 04:00 left'
        """
        worked = self._done - self._kept
        left = (now - self._begun) * (self._cost - self._done) / worked if worked else None
        after = "" if left is None else f", about {tqdm.format_interval(max(left, 0))} left"
        share = self._done / self._cost if self._cost else 1.0
        return f"{self._text}; {self._draws:,} draws, {share:.0%}{after}".replace("%", " %")

    def tell(self, line: str) -> None:
        """Write a line to standard error, above the bar."""
        tqdm.write(line, file=sys.stderr)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
