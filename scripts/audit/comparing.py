"""Comparison of values with draws, and tests over seeds: docs/measures.md, Statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

DIRECTION = {
    "mi_total": 0,
    "mi": 1,
    "mi_preserved": 1,
    "barber_q": 1,
    "newman_q": 1,
    "ncut": -1,
    "ncut_per_cluster": -1,
    "within_weight": 1,
    "clusterability": 1,
    "clusterability_adjusted": 1,
    "clusterability_q": 1,
    "held_out": 1,
    "bits": 1,
    "bits_per_weight": 1,
    "bits_within": 1,
    "bits_u": 1,
    "bits_v": 1,
    "bits_joint": 1,
}
"""1 if a higher value of the measure is better, -1 if a lower one is, 0 if neither."""

_TIE = 1e-12
_NO_SPREAD = 1e-12
_ENOUGH = 10


def has_z(measure: str) -> bool:
    """Test whether a measure has a z: a direction, and draws that do not pile up as bits do."""
    return DIRECTION[measure] != 0 and not measure.startswith("bits")


def compare(value: float, draws: np.ndarray, measure: str, most: int = 0) -> dict[str, float]:
    """Compare a value with its draws [draws], and return the columns of a table.

    z = direction (value - mean) / sd, with n - 1; p = (1 + draws at least as extreme) / (n + 1);
    `p_two_sided` is twice the smaller p of both directions, at most 1 (Phipson & Smyth 2010).
    Undefined draws are left out.

    If a stopping rule ended the draws, `most` is their maximum number, and p is `stopped_p`.

    >>> found = compare(3.0, np.array([0.0, 1.0, 2.0]), "mi")
    >>> found["z"], found["p"], found["p_two_sided"]
    (2.0, 0.25, 0.5)
    """
    in_order, draws = draws, draws[np.isfinite(draws)]
    count, nothing = len(draws), math.nan
    mean = float(draws.mean()) if count else nothing
    deviation = float(draws.std(ddof=1)) if count > 1 else nothing
    direction = DIRECTION[measure]
    spread = has_z(measure) and deviation >= _NO_SPREAD
    defined = count > 0 and math.isfinite(value)
    sides = [p_of(value, in_order, side, most) if defined else nothing for side in (1, -1)]
    return {
        "null_mean": mean,
        "null_sd": deviation,
        "null_n": count,
        "z": direction * (value - mean) / deviation if spread else nothing,
        "p": {1: sides[0], -1: sides[1], 0: nothing}[direction],
        "p_two_sided": min(2 * min(sides), 1.0) if defined else nothing,
    }


def p_of(value: float, draws: np.ndarray, direction: int, most: int) -> float:
    """`stopped_p` if a stopping rule ended the draws, else `permutation_p` of defined draws."""
    if most:
        return stopped_p(value, draws, direction, most)
    return permutation_p(value, draws[np.isfinite(draws)], direction)


def stopped_p(value: float, draws: np.ndarray, direction: int, most: int) -> float:
    """p of draws that a stopping rule ended, in their order (Besag & Clifford 1991).

    10 / L if draw L is the 10th that is at least as extreme. Otherwise, `permutation_p` if all
    `most` draws were made, and 10 / (n + 1), at most 1, if only n were. Undefined draws do not
    count.
    """
    reach = _TIE * max(abs(value), 1.0)
    extreme = number = made = 0
    for position, draw in enumerate(draws.tolist(), 1):
        if not math.isfinite(draw):
            continue
        number, made = number + 1, position
        extreme += direction * (draw - value) >= -reach
        if extreme == _ENOUGH:
            return _ENOUGH / number
    return (1 + extreme if made >= most else min(_ENOUGH, number + 1)) / (number + 1)


def permutation_p(value: float, draws: np.ndarray, direction: int) -> float:
    """(1 + number of draws at least as extreme) / (n + 1); a draw within 1e-12 is a tie."""
    reach = _TIE * max(abs(value), 1.0)
    extreme = sum(direction * (draw - value) >= -reach for draw in draws.tolist())
    return (1 + extreme) / (len(draws) + 1)


def t_interval(values: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    """Mean and bounds of its 95 % t interval, without undefined values.

    >>> [round(bound, 3) for bound in t_interval([1.0, 2.0, 3.0])]
    [2.0, -0.484, 4.484]
    """
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    if not len(known):
        return math.nan, math.nan, math.nan
    mean = float(known.mean())
    if len(known) == 1:
        return mean, math.nan, math.nan
    error = float(known.std(ddof=1)) / math.sqrt(len(known))
    reach = float(stats.t.isf(0.025, len(known) - 1)) * error
    return mean, mean - reach, mean + reach


def with_interval(name: str, values: np.ndarray) -> dict[str, float]:
    """`t_interval` by column: `name`, `name_low` and `name_high`."""
    return dict(zip((name, f"{name}_low", f"{name}_high"), t_interval(values), strict=True))


def p_of_seeds(z: np.ndarray, shared: int = 0) -> float:
    """One-sided p of the t test that the mean z over seeds is above 0.

    t = mean / (sd / sqrt(n)), with n - 1 degrees of freedom. If all seeds were compared with the
    same `shared` draws, these are a second sample, with mean 0 and standard deviation 1, and the
    test is Welch's (1947): t = mean / sqrt(sd^2 / n + 1 / shared). NaN with fewer than two z, if
    all z are equal, or with a single shared draw.
    """
    z = z[np.isfinite(z)]
    if len(z) < 2 or z.max() == z.min():
        return math.nan
    if shared == 1:
        return math.nan
    first, second, of_draws = z.var(ddof=1) / len(z), 0.0, 0.0
    if shared:
        second = 1 / shared
        of_draws = second**2 / (shared - 1)
    freedom = (first + second) ** 2 / (first**2 / (len(z) - 1) + of_draws)
    return float(stats.t.sf(z.mean() / math.sqrt(first + second), freedom))


def two_sided_p(change: np.ndarray) -> float:
    """Two-sided p of the t test that the mean is 0; NaN for fewer than two or equal values."""
    known = change[np.isfinite(change)]
    if len(known) < 2 or known.max() == known.min():
        return math.nan
    t = known.mean() / (known.std(ddof=1) / math.sqrt(len(known)))
    return float(2 * stats.t.sf(abs(t), len(known) - 1))


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """q of each p [n]; for the p of rank r, the minimum over r' >= r of n p_(r') / r', at most 1.

    Ranks ascend with p. Undefined p stay NaN and do not count (Benjamini & Hochberg 1995).

    >>> benjamini_hochberg(np.array([0.01, np.nan, 0.02, 0.5])).round(3).tolist()
    [0.03, nan, 0.03, 0.5]
    """
    q = np.full(len(p), np.nan)
    places = [index for index in np.argsort(p, kind="stable") if math.isfinite(p[index])]
    least = 1.0
    for rank in range(len(places), 0, -1):
        least = min(least, len(places) * p[places[rank - 1]] / rank)
        q[places[rank - 1]] = least
    return q
