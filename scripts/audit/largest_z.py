"""Largest z over k of a network, compared with the largest z of each draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.comparing import DIRECTION, compare, p_of

_REACH = 1.96
_NO_SPREAD = 1e-12


@dataclass(frozen=True)
class Evidence:
    """Values of one measure and method at all k, with the draws of one null.

    Attributes:
        k_values, seeds: in ascending order.
        values: [seeds, k].
        draws: [seeds, k, draws]; no draws if k is chosen by bits alone.
        measure: name of the measure.
        most: maximum number of draws if a stopping rule ended them, else 0.
    """

    k_values: list[int]
    seeds: list[int]
    values: np.ndarray
    draws: np.ndarray
    measure: str
    most: int = 0


def pooled_z(evidence: Evidence) -> np.ndarray:
    """Directed z of each network and each draw within the pool of both, [seeds, k, 1 + draws]."""
    sign = DIRECTION[evidence.measure]
    pool = np.concatenate([evidence.values[..., None], evidence.draws], axis=-1)
    result = np.full(pool.shape, np.nan)
    for n, k in np.ndindex(*evidence.values.shape):
        items = pool[n, k][np.isfinite(pool[n, k])]
        if math.isfinite(evidence.values[n, k]) and len(items) > 1:
            deviation = items.std(ddof=1)
            if deviation >= _NO_SPREAD:
                result[n, k] = sign * (pool[n, k] - items.mean()) / deviation
    return result


def z_of(evidence: Evidence) -> np.ndarray:
    """Directed z of each network against the draws alone, [seeds, k]."""
    return np.array(
        [
            [
                compare(value, draws, evidence.measure)["z"]
                for value, draws in zip(*both, strict=True)
            ]
            for both in zip(evidence.values, evidence.draws, strict=True)
        ]
    )


def largest(z: np.ndarray, most: int = 0) -> tuple[int | None, float]:
    """Index of the largest z of the network, and p against the largest z of each draw.

    `z` is [k, 1 + draws], with the network first; `most` is that of `Evidence`. Without a finite z
    of the network and of a draw, the result is None and NaN.

    >>> place, p = largest(np.array([[0.5, -1.0, 0.5], [1.0, -1.0, 0.0]]))
    >>> place, round(p, 3)
    (1, 0.333)
    """
    index = first_largest(z[:, 0])
    if index is None:
        return None, math.nan
    of_draws = np.fmax.reduce(z[:, 1:], axis=0)
    if not np.isfinite(of_draws).any():
        return None, math.nan
    return index, p_of(float(z[index, 0]), of_draws, 1, most)


def first_largest(values: np.ndarray) -> int | None:
    """Index of the first largest value; None if no value is finite.

    >>> first_largest(np.array([np.nan, 2.0, 2.0]))
    1
    """
    known = [index for index, value in enumerate(values) if math.isfinite(value)]
    return max(known, key=lambda index: (values[index], -index)) if known else None


def errors(z: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Standard errors of z [k]: sqrt(1/n + z^2 / (2 (n - 1))), with n defined draws [k, draws]."""
    n = np.isfinite(draws).sum(axis=-1)
    return np.sqrt(1 / np.maximum(n, 1) + z**2 / (2 * np.maximum(n - 1, 1)))


def side_by_side(draws: Sequence[Sequence[np.ndarray]], most: int) -> np.ndarray:
    """Stack draws of different numbers into one array [seeds, k, draws].

    If a stopping rule ended the draws, keep those of each seed that were made at all k, and fill
    the rest with NaN. `most` is that of `Evidence`.
    """
    if not most:
        return np.array(draws)
    stack = np.full((len(draws), len(draws[0]), most), np.nan)
    for rows, each in zip(stack, draws, strict=True):
        ends = [int(max(np.flatnonzero(np.isfinite(one)), default=-1)) + 1 for one in each]
        for row, one in zip(rows, each, strict=True):
            row[: min(ends)] = one[: min(ends)]
    return stack


def edge_and_plateau(
    z: np.ndarray, error: np.ndarray, index: int, k_values: Sequence[int]
) -> dict[str, Any]:
    """Test whether k at `index` is the largest, and list all k whose z is as good up to chance."""
    least = z[index] - _REACH * error[index]
    as_good = [k for k, one in zip(k_values, z, strict=True) if one >= least]
    return {"at_edge": at_edge(index, z), "plateau": as_blocks(as_good)}


def at_edge(index: int, values: np.ndarray) -> bool:
    return bool(index > 0 and index == max(np.flatnonzero(np.isfinite(values)), default=0))


def as_blocks(k_values: Sequence[int]) -> str:
    """Format ascending numbers as a list of ranges.

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
