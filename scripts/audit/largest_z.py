"""The largest z over k: for one network, and against the largest z of each draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.comparing import DIRECTION, compare, permutation_p

_REACH = 1.96
_NO_SPREAD = 1e-12


@dataclass(frozen=True)
class Evidence:
    """One measure of one method at all k, beside the draws of one null.

    Attributes:
        k_values: rising; seeds: rising.
        values: [seeds, k].
        draws: [seeds, k, draws]; no draws where k is chosen by bits alone.
        measure: which.
    """

    k_values: list[int]
    seeds: list[int]
    values: np.ndarray
    draws: np.ndarray
    measure: str


def pooled_z(found: Evidence) -> np.ndarray:
    """Directed z of each network and draw within the pool of both, [seeds, k, 1 + draws]."""
    sign = DIRECTION[found.measure]
    pool = np.concatenate([found.values[..., None], found.draws], axis=-1)
    result = np.full(pool.shape, np.nan)
    for n, k in np.ndindex(*found.values.shape):
        items = pool[n, k][np.isfinite(pool[n, k])]
        if math.isfinite(found.values[n, k]) and len(items) > 1:
            deviation = items.std(ddof=1)
            if deviation >= _NO_SPREAD:
                result[n, k] = sign * (pool[n, k] - items.mean()) / deviation
    return result


def z_of(found: Evidence) -> np.ndarray:
    """Directed z of each network against the draws alone, [seeds, k]."""
    return np.array(
        [
            [compare(value, draws, found.measure)["z"] for value, draws in zip(*both, strict=True)]
            for both in zip(found.values, found.draws, strict=True)
        ]
    )


def largest(z: np.ndarray) -> tuple[int | None, float]:
    """The place of the largest z of the network, z [k, 0]; p against the largest of each draw.

    >>> place, p = largest(np.array([[0.5, -1.0, 0.5], [1.0, -1.0, 0.0]]))
    >>> place, round(p, 3)
    (1, 0.333)
    """
    place = first_largest(z[:, 0])
    if place is None:
        return None, math.nan
    of_draws = np.fmax.reduce(z[:, 1:], axis=0)
    known = of_draws[np.isfinite(of_draws)]
    if not len(known):
        return None, math.nan
    return place, permutation_p(float(z[place, 0]), known, 1)


def first_largest(values: np.ndarray) -> int | None:
    """The first place of the largest value; None without any.

    >>> first_largest(np.array([np.nan, 2.0, 2.0]))
    1
    """
    known = [place for place, value in enumerate(values) if math.isfinite(value)]
    return max(known, key=lambda place: (values[place], -place)) if known else None


def errors(z: np.ndarray, draws: int) -> np.ndarray:
    """Standard errors of z by the draws behind its mean and deviation: 1/n + z^2 / (2 (n - 1))."""
    return np.sqrt(1 / max(draws, 1) + z**2 / (2 * max(draws - 1, 1)))


def edge_and_plateau(
    z: np.ndarray, error: np.ndarray, place: int, k_values: Sequence[int]
) -> dict[str, Any]:
    """Whether the k at a place is the largest, and all k whose z is as good but for chance."""
    least = z[place] - _REACH * error[place]
    as_good = [k for k, one in zip(k_values, z, strict=True) if one >= least]
    return {"at_edge": at_edge(place, z), "plateau": as_blocks(as_good)}


def at_edge(place: int, values: np.ndarray) -> bool:
    return bool(place > 0 and place == max(np.flatnonzero(np.isfinite(values)), default=0))


def as_blocks(k_values: Sequence[int]) -> str:
    """Numbers as blocks.

    >>> as_blocks([3, 4, 5, 7])
    '3-5,7'
    """
    text = ""
    for k in k_values:
        if k - 1 in k_values:
            text = text if k + 1 in k_values else f"{text}-{k}"
        else:
            text += f",{k}"
    return text.removeprefix(",")
