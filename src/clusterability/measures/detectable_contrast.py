"""Contrast of planted clusters that saved bits can detect: a power calculation without simulations.

The model: clusters of equal size on both sides of a matrix of normal weights. Weights between
cluster a of the rows and cluster a of the columns are `ratio` times as large as the others. The
question: the smallest ratio at which the method `described` saves 20 bits in 80 % of such matrices.

Weights are coded in the size classes of `size_classes`; the ratio determines the probabilities p
of the classes inside and q outside. Near the threshold, the shortest description tells planted
clusters apart in groups: one from all others before each from each. For a grouping, `grouping_bits`
gives the mean of the saved bits and their standard deviation over matrices: the codes of its
blocks minus its labels, plus what is gained from units whose weights favour another group and that
a search moves there, minus what ranks lose. docs/bits-calibration.md compares it with simulations.
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
"""Share of matrices in which clusters have to be detected."""
LARGEST_RATIO = 10.0
"""Largest contrast considered."""
MOST_CLUSTERS = 10
"""Largest number of clusters per side that a search may end with; the code pays for the choice."""
SCALINGS = ("none", "ranked")

_PRECISION = 1e-3
"""Precision of the ratio."""
_LEAST_CHANCE = 1e-9
_EXACT = 64
"""Counts with a smaller mean are summed over their binomial distribution."""
_RANKED_LOSS = 6.0
"""`ranked` loses this over sqrt(rows columns) of what weights save: measured, see docs/bits.md."""
_POINTS = 161
"""Grid points for integrating over distributions."""


@dataclass(frozen=True)
class Planted:
    """Matrices of normal weights with planted clusters.

    Attributes:
        rows, columns: units of the two sides.
        clusters: number of clusters of equal size per side.
        ratio: ratio of scales, inside to outside, at least 1.
        scaling: `none` or `ranked`: the weights that are clustered.
    """

    rows: int
    columns: int
    clusters: int
    ratio: float
    scaling: str = "none"

    @cached_property
    def bounds(self) -> np.ndarray:
        """Octiles [7] of the absolute weights; those outside clusters have scale 1."""
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
        """Probabilities p and q [8] of the size classes, inside and outside clusters.

        >>> p, q = Planted(128, 128, 4, ratio=2.0).chances
        >>> f"{p[-1]:.3f} {q[-1]:.3f} {p[-1] / 4 + q[-1] * 3 / 4:.3f}"
        '0.336 0.055 0.125'
        """
        below = (_below(self.bounds / scale) for scale in (self.ratio, 1.0))
        p, q = (np.diff(each, prepend=0.0, append=1.0) for each in below)
        return np.maximum(p, _LEAST_CHANCE), np.maximum(q, _LEAST_CHANCE)

    @cached_property
    def densities(self) -> tuple[np.ndarray, np.ndarray]:
        """Densities [7] of absolute weights at the bounds, inside and outside, up to a factor."""
        inside, outside = (np.exp(-((self.bounds / s) ** 2) / 2) / s for s in (self.ratio, 1.0))
        return inside, outside

    @property
    def power(self) -> float:
        """Share of matrices in which the grouping that is detected most often saves 20 bits.

        There are N ways to group the clusters with given group sizes, and their bits are partly
        correlated. Their maximum is approximated by that of sqrt(N) independent normal variables.
        """
        return max(self._share_seen(sizes) for sizes in groupings(self.clusters))

    def _share_seen(self, sizes: tuple[int, ...]) -> float:
        mean, sd = grouping_bits(self, sizes)
        missed = float(ndtr((VERDICT_BITS - mean) / max(sd, 1e-9)))
        return 1 - missed ** math.sqrt(ways(sizes))


@lru_cache(maxsize=4096)
def detectable_contrast(
    rows: int, columns: int, clusters: int = 4, scaling: str = "none"
) -> float | None:
    """Smallest ratio of scales at which saved bits detect clusters in 80 % of matrices.

    The ratio is that of weights inside clusters to those outside. Solves `Planted(...).power` = 0.8
    by bisection to 0.001, in some 30 ms; results are cached. Simulations of the search agree within
    5 % (docs/bits.md). The search ends with at most ten clusters, so the result is wrong for more
    planted ones.

    Args:
        rows, columns: live units of the two sides.
        clusters: number of clusters of equal size per side, at least 2.
        scaling: `none` or `ranked`: the weights that `described` clusters.

    Returns:
        The ratio, above 1; None if even a ratio of ten is not detected.

    Raises:
        UserError: if a side has fewer units than clusters, there are fewer than two clusters, or
            the scaling is neither of the two.

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
    """Group sizes of planted clusters that a description may tell apart, from few groups to many.

    Two for each number of groups: as equal as possible, and single clusters plus one group of all
    others.

    >>> groupings(4)
    [(2, 2), (3, 1), (2, 1, 1), (1, 1, 1, 1)]
    """
    sizes = []
    for groups in range(2, clusters + 1):
        size, larger = divmod(clusters, groups)
        equal = (size + 1,) * larger + (size,) * (groups - larger)
        sizes += [equal, (clusters - groups + 1,) + (1,) * (groups - 1)]
    return list(dict.fromkeys(sizes))


def ways(sizes: tuple[int, ...]) -> int:
    """Number of ways to divide clusters into unlabelled groups of these sizes.

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
        sizes: number of planted clusters in each group.

    >>> mean, sd = grouping_bits(Planted(128, 128, 4, ratio=2.0), (1, 1, 1, 1))
    >>> round(mean), round(sd)
    (685, 70)
    """
    p, q = planted.chances
    # In a group of n clusters, one in n weights between its own units is inside a cluster.
    groups = {n: Group(times, (p + (n - 1) * q) / n, q) for n, times in Counter(sizes).items()}
    shape = planted.rows, planted.columns
    code = _code_saved(shape, groups)
    if planted.scaling == "ranked":
        code *= max(0.0, 1 - _RANKED_LOSS / math.sqrt(math.prod(shape)))
    names = 2 * math.log(MOST_CLUSTERS)
    for units, others in (shape, shape[::-1]):
        names += float(labels_length(units * np.array(sizes) / planted.clusters))
        names -= units * _gain_of_unit(groups, others / planted.clusters)
    return (code - names) / BIT, _standard_deviation(planted, groups) / BIT


@dataclass(frozen=True)
class Group:
    """Groups of equal numbers of planted clusters.

    Attributes:
        times: number of such groups.
        inside: class probabilities [classes] of weights between units of the same group.
        q: class probabilities of all other weights.
    """

    times: int
    inside: np.ndarray
    q: np.ndarray

    @cached_property
    def logs(self) -> np.ndarray:
        """ln(own / q), [classes]: log-likelihood ratio of a weight in favour of the group."""
        return np.log(self.inside / self.q)


Groups = dict[int, Group]
"""Groups by their number of planted clusters."""


def _code_saved(shape: tuple[int, int], groups: Groups) -> float:
    """Expected nats that coding the weights by blocks of groups saves."""
    weights = math.prod(shape)
    clusters = sum(n * group.times for n, group in groups.items())
    octiles = np.full(MOST_CLASSES, weights / MOST_CLASSES)
    saved = _total(weights) - float((gammaln(octiles + 0.5) - gammaln(0.5)).sum())
    for n, group in groups.items():
        saved -= group.times * _mean_length(group.inside, weights * (n / clusters) ** 2)
        for m, other in groups.items():
            blocks = group.times * (other.times - (n == m))
            saved -= blocks and blocks * _mean_length(group.q, weights * n * m / clusters**2)
    # Block counts add up to the fixed octile counts, so (classes - 1) / 2 nats cannot be saved.
    return saved - (MOST_CLASSES - 1) / 2


def _total(weights: float) -> float:
    return float(gammaln(weights + MOST_CLASSES / 2) - gammaln(MOST_CLASSES / 2))


def _mean_length(chances: np.ndarray, weights: float) -> float:
    """Expected code length D in nats of `weights` weights with these class probabilities."""
    count = round(weights)
    means = count * chances
    known = means >= _EXACT
    large, spreads = means[known], means[known] * (1 - chances[known])
    terms = float((gammaln(large + 0.5) + polygamma(1, large + 0.5) * spreads / 2).sum())
    if not known.all():
        terms += _mean_log_gammas(count, chances[~known])
    return _total(count) - terms + len(chances) * float(gammaln(0.5))


def _mean_log_gammas(count: int, chances: np.ndarray) -> float:
    """Sum of E ln Gamma(c + 1/2) over binomial counts c with small means, by exact summation."""
    mean = count * float(chances.max())
    c = np.arange(min(count, math.ceil(mean + 8 * math.sqrt(mean) + 8)) + 1)[:, None]
    logs = gammaln(count + 1) - gammaln(c + 1) - gammaln(count - c + 1)
    logs = logs + c * np.log(chances) + (count - c) * np.log1p(-chances)
    return float((np.exp(logs) * gammaln(c + 0.5)).sum())


def _gain_of_unit(groups: Groups, others: float) -> float:
    """Expected nats gained per unit by moving it to the group that its weights favour most.

    For group B over the unit's own group A, weights to n_A and n_B units of the other side give

        X_B = Y_B - Z,   Z = sum over n_A of ln(own_A / q),   Y_B = sum over n_B of ln(own_B / q)

    with classes drawn from own_A in Z and from q in Y_B. Both are approximated as normal; the gain
    is E max(0, max over B of X_B).

    Args:
        groups: groups of the grouping.
        others: units of the other side in each planted cluster.
    """
    y = {n: _moments(group.q, group.logs, n * others) for n, group in groups.items()}
    gain, clusters = 0.0, 0
    for n, group in groups.items():
        z = _moments(group.inside, group.logs, n * others)
        rivals = [(*y[m], other.times - (n == m)) for m, other in groups.items()]
        gain += n * group.times * _mean_excess(z, [rival for rival in rivals if rival[2]])
        clusters += n * group.times
    return gain / clusters


def _moments(chances: np.ndarray, logs: np.ndarray, count: float) -> tuple[float, float]:
    """Mean and standard deviation of a sum of `count` independent logs with these probabilities."""
    mean = float(chances @ logs)
    return count * mean, math.sqrt(count * max(float(chances @ logs**2) - mean**2, 0.0)) + 1e-9


def _mean_excess(z: tuple[float, float], y: list[tuple[float, float, int]]) -> float:
    """E max(0, max of y - z) for independent normal variables.

    Args:
        z: mean and standard deviation.
        y: mean, standard deviation and number of such variables.
    """
    ends = [mean + sign * 6 * sd for mean, sd, _ in y for sign in (-1, 1)]
    points = np.linspace(min(ends), max(ends), _POINTS)
    half = (points[1] - points[0]) / 2
    steps = np.append(points - half, points[-1] + half)
    below = np.ones(len(steps))
    for mean, sd, times in y:
        below *= ndtr((steps - mean) / sd) ** times
    # E max(0, x - z) = s phi(t) + (x - m) Phi(t), with t = (x - m) / s.
    t = (points - z[0]) / z[1]
    excess = z[1] * np.exp(-(t**2) / 2) / math.sqrt(2 * math.pi) + (points - z[0]) * ndtr(t)
    return float(np.diff(below) @ excess)


def _standard_deviation(planted: Planted, groups: Groups) -> float:
    """Standard deviation in nats of the saving of a grouping, to first order.

    A weight of class x in the block of a group with itself saves ln(own_x / q_x) nats. This is
    expressed by the counts below each bound, with slopes s. The bounds are octiles of the matrix
    itself: if total counts deviate by E, the bounds shift, and the counts of a block change by
    -w E, where w is the block's share of the density at the bound.
    """
    p_density, q_density = planted.densities
    k, weights = planted.clusters, planted.rows * planted.columns
    density = p_density / k + q_density * (1 - 1 / k)
    covariances = [_covariance(planted.bounds / scale) for scale in (planted.ratio, 1.0)]
    slopes = {n: -np.diff(group.logs) for n, group in groups.items()}
    # Blocks of a group with itself, as shares of all weights: inside and outside clusters.
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
    """Covariance of the indicators that an absolute normal weight is below each bound."""
    below = _below(bounds)
    return np.minimum.outer(below, below) - np.outer(below, below)


def _below(bounds: np.ndarray) -> np.ndarray:
    """Probability that the absolute value of a standard normal variable is below a bound."""
    return 2 * ndtr(bounds) - 1
