"""Time, measured in pairs: what drifts on a machine drifts for both."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        part, item: what was measured.
        unit: of `ours` and `theirs`.
        ours: median over rounds.
        peer: what it is compared with; empty for nothing.
        theirs: median over rounds.
        ratio: how many times faster ours is: the median over rounds, each round's own ratio.
        ratio_low, ratio_high: the least and the largest of these.
        limit: share of what the machine can do.
        limit_of: what that is.
        quality: whether the result is as good as the peer's.
        rounds: how often each was timed.
    """

    part: str
    item: str
    unit: str
    ours: float
    peer: str = ""
    theirs: float = np.nan
    ratio: float = np.nan
    ratio_low: float = np.nan
    ratio_high: float = np.nan
    limit: float = np.nan
    limit_of: str = ""
    quality: str = ""
    rounds: int = 1


def table(rows: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame([asdict(row) for row in rows], columns=list(Row.__annotations__))


@dataclass(frozen=True)
class Pair:
    """Seconds [rounds] of ours and of theirs; both of a round were timed one after the other."""

    ours: np.ndarray
    theirs: np.ndarray

    def columns(self, amount: float, *, rate: bool) -> dict[str, Any]:
        """Columns of a row: `amount` things a second, or seconds a thing."""
        ratios = self.theirs / self.ours
        ours, theirs = float(np.median(self.ours)), float(np.median(self.theirs))
        return {
            "ours": amount / ours if rate else ours / amount,
            "theirs": amount / theirs if rate else theirs / amount,
            "ratio": float(np.median(ratios)),
            "ratio_low": float(ratios.min()),
            "ratio_high": float(ratios.max()),
            "rounds": len(ratios),
        }


def paired(ours: Callable[[], Any], theirs: Callable[[], Any], rounds: int) -> Pair:
    """Times both in turn, the first of a round being ours and theirs by turns.

    Each is called once before: machine code and pages of memory are there then.
    """
    ours(), theirs()
    pairs = []
    for number in range(rounds):
        order = (ours, theirs) if number % 2 == 0 else (theirs, ours)
        times = [seconds(function) for function in order]
        pairs.append(times if number % 2 == 0 else times[::-1])
    both = np.array(pairs)
    return Pair(both[:, 0], both[:, 1])


def seconds(function: Callable[[], Any]) -> float:
    """Seconds that one call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def fastest(function: Callable[[], Any], rounds: int) -> float:
    """The least time of some calls: what the machine can do when nothing disturbs it."""
    return min(seconds(function) for _ in range(rounds))
