"""p of draws that end by a rule: once so many were as good (Besag & Clifford 1991).

Draws are looked at in their order. A value is decided as soon as ENOUGH of them were as good, at
draw L: p = ENOUGH / L. One that is not by the last draw n has e < ENOUGH as good, and
p = (e + 1) / (n + 1), as with a fixed number. Where the value is exchangeable with its draws,
P(p <= a) <= a for every a: p <= ENOUGH / L says that of the value and its first L - 1 draws, which
are alike, the value is among the ENOUGH best.

Draws serve several values. They go on until all are decided, and each value has the p of its own
L, whatever made others go on.

References:
    Besag & Clifford 1991, Biometrika 78, 301-304 (doi:10.1093/biomet/78.2.301).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from clusterability.comparison import Comparison, compare
from clusterability.jobs.adaptive_job import ENOUGH, LEAST

_STEP = 20
"""Draws from one look to the next: n + 1 stays a multiple of 20, as of 19, 99 and 999."""


def looks(most: int) -> Iterator[int]:
    """Numbers of draws at which it is asked whether all is decided; the last is `most`.

    >>> list(looks(99)), list(looks(50)), list(looks(5))
    ([19, 39, 59, 79, 99], [19, 39, 50], [5])
    """
    yield from range(LEAST, most, _STEP)
    yield most


def as_good(values: np.ndarray, draws: np.ndarray, direction: int) -> np.ndarray:
    """Whether each draw is as good as the value, bool [..., draws]; undefined draws are not.

    Args:
        values: [...], NaN where undefined.
        draws: [..., draws], NaN where undefined.
        direction: 1 where higher is better, -1 where lower is.

    >>> as_good(np.array([2.0]), np.array([[1.0, 2.0, np.nan, 3.0]]), direction=1).tolist()
    [[False, True, False, True]]
    """
    # Of one draw, p is 1 where it is as good and 1/2 where it is not.
    each = np.broadcast_to(values[..., None], draws.shape)
    return compare(each, draws[..., None], direction).p == 1


def stopped_p(values: np.ndarray, draws: np.ndarray, direction: int, most: int) -> np.ndarray:
    """p of each value by draws that ended by the rule, [...].

    Where they ended before this value was decided, since they were made for others, it is
    ENOUGH / (draws + 1): the most that it can come to, however they would have gone on.

    Args:
        values: [...], NaN where undefined.
        draws: [..., draws] in their order, NaN where undefined and where not made.
        direction: 1 where higher is better, -1 where lower is.
        most: draws that there are at most, n.

    >>> draws = np.array([[0.0, 3.0] * 20 + [np.nan] * 59])
    >>> [float(stopped_p(np.array([x]), draws, 1, 99)[0]) for x in (1.0, 4.0)]
    [0.5, 0.24390243902439024]
    >>> float(stopped_p(np.array([4.0]), draws[:, :40], 1, 40)[0])
    0.024390243902439025
    """
    if not draws.shape[-1]:
        return np.full(values.shape, np.nan)
    defined = np.isfinite(draws)
    good = as_good(values, draws, direction).cumsum(axis=-1)
    count = defined.cumsum(axis=-1)
    decided_at = (good >= ENOUGH).argmax(axis=-1)[..., None]
    decided = np.take_along_axis(count, decided_at, axis=-1)[..., 0]
    number, total = count[..., -1], good[..., -1]
    all_made = draws.shape[-1] - defined[..., ::-1].argmax(axis=-1) >= most
    undecided = np.where(all_made, total + 1, np.minimum(ENOUGH, number + 1)) / (number + 1)
    p = np.where(total >= ENOUGH, ENOUGH / np.maximum(decided, 1), undecided)
    return np.where(np.isfinite(values) & (number > 0), p, np.nan)


def compare_stopped(values: np.ndarray, draws: np.ndarray, direction: int, most: int) -> Comparison:
    """Compare values with draws that ended by the rule in the better direction, like `compare`.

    Mean, deviation, count and z are over all draws that were made.

    Args:
        values, draws, most: as in `stopped_p`.
        direction: as in `compare`.
    """
    comparison = compare(values, draws, direction)
    above, below = (stopped_p(values, draws, side, most) for side in (1, -1))
    return replace(
        comparison,
        p={1: above, -1: below, 0: comparison.p}[direction],
        p_two_sided=np.minimum(2 * np.minimum(above, below), 1),
    )
