"""The contrast of planted clusters that saved bits see: power by calculation, without a simulation.

Planted: clusters of equal size on both sides of a matrix of normal weights; those between cluster a
of the rows and cluster a of the columns are `ratio` times as large as the others. Asked: the least
ratio at which the method `described` saves 20 bits in 80 % of such matrices.

Weights are coded in the classes of size that `size_classes` makes of them: the ratio decides the
chances p of the classes inside and q outside. Near the threshold the shortest description tells
planted clusters apart in groups, one from all others before each from each. For a grouping,
`grouping_bits` is the mean of what it saves, and its spread over matrices: the codes of its blocks
less its labels; what units gain whose weights speak for another group, and which a search moves
there; less what ranks lose. docs/bits-calibration.md has simulations beside it.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy.special import gammaln, ndtr, polygamma

from clusterability.clustering.code_lengths import BIT, labels_length
from clusterability.errors import UserError
from clusterability.measures.catalogue import VERDICT_BITS
from clusterability.networks.size_classes import MOST_CLASSES

POWER = 0.8
"""Share of matrices in which clusters have to be seen."""
LARGEST_RATIO = 10.0
"""No clearer contrast is asked for."""
MOST_CLUSTERS = 10
"""That a search may end with, on each side: the choice is paid for."""
SCALINGS = ("none", "ranked")

_PRECISION = 1e-3
"""Of the ratio."""
_LEAST_CHANCE = 1e-9
_EXACT = 64
"""Counts of a smaller mean are summed over their binomial distribution."""
_RANKED_LOSS = 6.0
"""`ranked` loses this over sqrt(rows columns) of what weights save: measured, see docs/bits.md."""
_POINTS = 161
"""At which distributions are summed."""


@dataclass(frozen=True)
class Planted:
    """Matrices of normal weights with planted clusters.

    Attributes:
        rows, columns: units of the two sides.
        clusters: of equal size, on each side.
        ratio: of scales, inside to outside, at least 1.
        scaling: `none` or `ranked`: the weights that are clustered.
    """

    rows: int
    columns: int
    clusters: int
    ratio: float
    scaling: str = "none"

    @cached_property
    def bounds(self) -> np.ndarray:
        """Octiles [7] of the sizes of all weights, where those outside have the scale 1."""
        wanted = np.arange(1, MOST_CLASSES) / MOST_CLASSES
        low, high = np.zeros(len(wanted)), np.full(len(wanted), 5 * self.ratio)
        for _ in range(40):
            middle = (low + high) / 2
            inside, outside = _below(middle / self.ratio), _below(middle)
            small = inside / self.clusters + outside * (1 - 1 / self.clusters) < wanted
            low, high = np.where(small, middle, low), np.where(small, high, middle)
        return (low + high) / 2

    @cached_property
    def chances(self) -> tuple[np.ndarray, np.ndarray]:
        """Chances p and q [8] of the classes of size, inside and outside.

        >>> p, q = Planted(128, 128, 4, ratio=2.0).chances
        >>> f"{p[-1]:.3f} {q[-1]:.3f} {p[-1] / 4 + q[-1] * 3 / 4:.3f}"
        '0.336 0.055 0.125'
        """
        below = (_below(self.bounds / scale) for scale in (self.ratio, 1.0))
        p, q = (np.diff(each, prepend=0.0, append=1.0) for each in below)
        return np.maximum(p, _LEAST_CHANCE), np.maximum(q, _LEAST_CHANCE)

    @cached_property
    def densities(self) -> tuple[np.ndarray, np.ndarray]:
        """Densities [7] of sizes at the bounds, inside and outside, up to one factor."""
        inside, outside = (np.exp(-((self.bounds / s) ** 2) / 2) / s for s in (self.ratio, 1.0))
        return inside, outside

    @property
    def power(self) -> float:
        """Share of matrices in which 20 bits are saved, by the grouping that is seen most often.

        There are N ways to group so many clusters so, whose bits go together in part: the best of
        them is taken for the best of sqrt(N) independent ones, of a normal distribution.
        """
        return max(self._share_seen(sizes) for sizes in groupings(self.clusters))

    def _share_seen(self, sizes: tuple[int, ...]) -> float:
        mean, deviation = grouping_bits(self, sizes)
        missed = float(ndtr((VERDICT_BITS - mean) / max(deviation, 1e-9)))
        return 1 - missed ** math.sqrt(ways(sizes))


@lru_cache(maxsize=4096)
def detectable_contrast(
    rows: int, columns: int, clusters: int = 4, scaling: str = "none"
) -> float | None:
    """The least ratio of scales, inside to outside, at which bits see clusters in 80 % of matrices.

    By bisection, to 0.001, of `Planted(...).power` = 0.8; it takes some 30 ms, and nothing when the
    shape is asked for again. Simulations of the search agree within 5 % (docs/bits.md), which ends
    with at most ten clusters: with more planted ones it is not right.

    Args:
        rows, columns: live units of the two sides.
        clusters: of equal size, on each side, at least 2.
        scaling: `none` or `ranked`: the weights that `described` clusters.

    Returns:
        The ratio, above 1; None where even ten times as large weights are not seen.

    Raises:
        UserError: where a side has fewer units than clusters, there are fewer than two clusters,
            or the scaling is neither of the two.

    >>> f"{detectable_contrast(128, 128):.1f}", detectable_contrast(10, 10, 2)
    ('1.7', None)
    """
    if scaling not in SCALINGS:
        raise UserError(f"scaling: found {scaling!r}, expected one of {', '.join(SCALINGS)}")
    most = min(rows, columns)
    if not 2 <= clusters <= most:
        raise UserError(f"clusters: found {clusters}, expected 2 to {most}, the smaller side")

    def seen(ratio: float) -> bool:
        return Planted(rows, columns, clusters, ratio, scaling).power >= POWER

    if not seen(LARGEST_RATIO):
        return None
    low, high = 1.0, LARGEST_RATIO
    while high - low > _PRECISION:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if seen(middle) else (middle, high)
    return high


def groupings(clusters: int) -> list[tuple[int, ...]]:
    """Sizes of groups of planted clusters that a description may tell apart, few to many.

    Of each number of groups two: as equal as can be, and single clusters beside one of all others.

    >>> groupings(4)
    [(2, 2), (3, 1), (2, 1, 1), (1, 1, 1, 1)]
    """
    found = []
    for groups in range(2, clusters + 1):
        size, larger = divmod(clusters, groups)
        equal = (size + 1,) * larger + (size,) * (groups - larger)
        found += [equal, (clusters - groups + 1,) + (1,) * (groups - 1)]
    return list(dict.fromkeys(found))


def ways(sizes: tuple[int, ...]) -> int:
    """Number of ways to put clusters into unlabelled groups of these sizes.

    >>> ways((2, 2)), ways((3, 1)), ways((2, 1, 1)), ways((1, 1, 1, 1))
    (3, 4, 6, 1)
    """
    count = math.factorial(sum(sizes))
    for size in (*sizes, *Counter(sizes).values()):
        count //= math.factorial(size)
    return count


def grouping_bits(planted: Planted, sizes: tuple[int, ...]) -> tuple[float, float]:
    """Mean and standard deviation of the bits that a grouping of planted clusters saves.

    Args:
        planted: the matrices.
        sizes: planted clusters in each group.
    """
    p, q = planted.chances
    # Of the weights of a group with itself, one in `size` is inside.
    groups = {n: Group(times, (p + (n - 1) * q) / n, q) for n, times in Counter(sizes).items()}
    shape = planted.rows, planted.columns
    code = _code_saved(shape, groups)
    if planted.scaling == "ranked":
        code *= max(0.0, 1 - _RANKED_LOSS / math.sqrt(math.prod(shape)))
    names = 2 * math.log(MOST_CLUSTERS)
    for units, others in (shape, shape[::-1]):
        names += float(labels_length(units * np.array(sizes) / planted.clusters))
        names -= units * _gain_of_unit(groups, others / planted.clusters)
    return (code - names) / BIT, _deviation(planted, groups) / BIT


@dataclass(frozen=True)
class Group:
    """Groups of equally many planted clusters.

    Attributes:
        times: how many such groups there are.
        own: chances [classes] of the weights of a group with itself.
        q: chances of all others.
    """

    times: int
    own: np.ndarray
    q: np.ndarray

    @cached_property
    def logs(self) -> np.ndarray:
        """ln(own / q): what a weight says for the group."""
        return np.log(self.own / self.q)


Groups = dict[int, Group]
"""By the number of planted clusters in each."""


def _code_saved(shape: tuple[int, int], groups: Groups) -> float:
    """Expected nats that the weights' codes save, by blocks of groups of rows and of columns."""
    weights = math.prod(shape)
    clusters = sum(n * group.times for n, group in groups.items())
    octiles = np.full(MOST_CLASSES, weights / MOST_CLASSES)
    saved = _total(weights) - float((gammaln(octiles + 0.5) - gammaln(0.5)).sum())
    for n, group in groups.items():
        saved -= group.times * _mean_length(group.own, weights * (n / clusters) ** 2)
        for m, other in groups.items():
            blocks = group.times * (other.times - (n == m))
            saved -= blocks and blocks * _mean_length(group.q, weights * n * m / clusters**2)
    # The blocks' counts sum to those of octiles: (classes - 1) / 2 nats are not saved by chance.
    return saved - (MOST_CLASSES - 1) / 2


def _total(weights: float) -> float:
    return float(gammaln(weights + MOST_CLASSES / 2) - gammaln(MOST_CLASSES / 2))


def _mean_length(chances: np.ndarray, weights: float) -> float:
    """Expected nats of the code D of so many weights with these chances of their classes."""
    count = round(weights)
    means = count * chances
    known = means >= _EXACT
    large, spreads = means[known], means[known] * (1 - chances[known])
    terms = float((gammaln(large + 0.5) + polygamma(1, large + 0.5) * spreads / 2).sum())
    if not known.all():
        terms += _mean_log_gammas(count, chances[~known])
    return _total(count) - terms + len(chances) * float(gammaln(0.5))


def _mean_log_gammas(count: int, chances: np.ndarray) -> float:
    """Sum of E ln Gamma(c + 1/2) over binomial counts c of small means, by their distributions."""
    mean = count * float(chances.max())
    c = np.arange(min(count, math.ceil(mean + 8 * math.sqrt(mean) + 8)) + 1)[:, None]
    logs = gammaln(count + 1) - gammaln(c + 1) - gammaln(count - c + 1)
    logs = logs + c * np.log(chances) + (count - c) * np.log1p(-chances)
    return float((np.exp(logs) * gammaln(c + 0.5)).sum())


def _gain_of_unit(groups: Groups, others: float) -> float:
    """Expected nats that a unit gains by going to the group that its weights speak for most.

    For group B rather than A, its own, weights to n_A and n_B units of the other side say

        X_B = Y_B - Z,   Z = sum over n_A of ln(own_A / q),   Y_B = sum over n_B of ln(own_B / q)

    with classes drawn from own_A in Z and from q in Y_B. Both are taken for normal; the gain is
    E max(0, max over B of X_B).

    Args:
        groups: those of the grouping.
        others: units of the other side in each planted cluster.
    """
    y = {n: _moments(group.q, group.logs, n * others) for n, group in groups.items()}
    gain, clusters = 0.0, 0
    for n, group in groups.items():
        z = _moments(group.own, group.logs, n * others)
        rivals = [(*y[m], other.times - (n == m)) for m, other in groups.items()]
        gain += n * group.times * _mean_excess(z, [rival for rival in rivals if rival[2]])
        clusters += n * group.times
    return gain / clusters


def _moments(chances: np.ndarray, logs: np.ndarray, count: float) -> tuple[float, float]:
    """Mean and standard deviation of the sum of `count` independent logs with these chances."""
    mean = float(chances @ logs)
    return count * mean, math.sqrt(count * max(float(chances @ logs**2) - mean**2, 0.0)) + 1e-9


def _mean_excess(z: tuple[float, float], y: list[tuple[float, float, int]]) -> float:
    """E max(0, max of y - z) of independent normal variables.

    Args:
        z: mean and standard deviation.
        y: the same, and how many such variables there are.
    """
    ends = [mean + sign * 6 * deviation for mean, deviation, _ in y for sign in (-1, 1)]
    points = np.linspace(min(ends), max(ends), _POINTS)
    half = (points[1] - points[0]) / 2
    steps = np.append(points - half, points[-1] + half)
    below = np.ones(len(steps))
    for mean, deviation, times in y:
        below *= ndtr((steps - mean) / deviation) ** times
    # E max(0, x - z) = s phi(t) + (x - m) Phi(t), with t = (x - m) / s.
    t = (points - z[0]) / z[1]
    excess = z[1] * np.exp(-(t**2) / 2) / math.sqrt(2 * math.pi) + (points - z[0]) * ndtr(t)
    return float(np.diff(below) @ excess)


def _deviation(planted: Planted, groups: Groups) -> float:
    """Standard deviation in nats of what a grouping saves, to first order.

    A weight of class x in the block of a group with itself saves ln(own_x / q_x) nats. Written by
    the counts below each bound, of slopes s. Bounds are octiles of the matrix itself: where counts
    deviate by E in all, bounds move, and those of a block change by -w E, with its share w of the
    density there.
    """
    p_density, q_density = planted.densities
    k, weights = planted.clusters, planted.rows * planted.columns
    density = p_density / k + q_density * (1 - 1 / k)
    covariances = [_covariance(planted.bounds / scale) for scale in (planted.ratio, 1.0)]
    slopes = {n: -np.diff(group.logs) for n, group in groups.items()}
    # Of blocks of a group with itself: shares of all weights, inside and outside.
    shares = {
        n: (group.times * n / k**2, group.times * n * (n - 1) / k**2) for n, group in groups.items()
    }
    moved = np.zeros(MOST_CLASSES - 1)
    for n, (inside, outside) in shares.items():
        moved += slopes[n] * (inside * p_density + outside * q_density) / density
    rest = 1 - sum(map(sum, shares.values()))
    variance = rest * float(moved @ covariances[1] @ moved)
    for n, each in shares.items():
        effect = slopes[n] - moved
        for share, covariance in zip(each, covariances, strict=True):
            variance += share * float(effect @ covariance @ effect)
    return math.sqrt(weights * max(variance, 0.0))


def _covariance(bounds: np.ndarray) -> np.ndarray:
    """Of one normal weight being below each of these bounds, in size."""
    below = _below(bounds)
    return np.minimum.outer(below, below) - np.outer(below, below)


def _below(bounds: np.ndarray) -> np.ndarray:
    """Chance that a standard normal number is smaller than this in size."""
    return 2 * ndtr(bounds) - 1
