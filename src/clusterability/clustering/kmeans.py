"""k-means for small point sets, in compiled loops.

Lloyd's algorithm from greedy k-means++ initialisations (Arthur & Vassilvitskii 2007, with the local
trials of their implementation, as in scikit-learn), in float64. All random numbers are arguments.

Points are stored coordinate by coordinate, so that the innermost loops run over points. Compilers
vectorise these loops without reordering sums, so the bits do not depend on the processor's vector
width. Coordinates are zero-padded to a multiple of four and added four at a time, which halves
memory traffic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clusterability.compiled import compiled

MAX_ITERATIONS = 300
_TIE = 1e-10
"""Inertias closer than this fraction of the points' sum of squares are equal."""
_GRID_BITS = 42
_TOGETHER = 4
"""Coordinates added at a time."""


@dataclass(frozen=True)
class KMeansResult:
    """Clusterings from all restarts.

    A cluster is empty only if there are fewer than k distinct points.

    Attributes:
        labels: int16 [restarts, points], from 0 to k - 1.
        inertia: float64 [restarts], sum of squared distances to the nearest centres.
        iterations: int64 [restarts], iterations of Lloyd's algorithm.
        best: restart with the smallest inertia, the first of equals.
    """

    labels: np.ndarray
    inertia: np.ndarray
    iterations: np.ndarray
    best: int


def candidates_per_step(k: int) -> int:
    """Number of candidates that greedy k-means++ tries for each centre after the first."""
    return 2 + int(math.log(k))


def kmeans(points: np.ndarray, k: int, uniforms: np.ndarray) -> KMeansResult:
    """Cluster points by k-means from several restarts.

    Args:
        points: [points, dimensions], finite; k <= points.
        k: number of clusters.
        uniforms: random numbers in [0, 1), [restarts, k, candidates_per_step(k)].

    Raises:
        ValueError: if k is out of range or the shapes do not match.

    >>> uniforms = np.random.default_rng(0).random((3, 2, candidates_per_step(2)))
    >>> result = kmeans(np.array([[0.0], [1.0], [8.0], [9.0]]), 2, uniforms)
    >>> labels = result.labels[result.best]
    >>> bool(labels[0] == labels[1] != labels[2] == labels[3]), float(result.inertia[result.best])
    (True, 1.0)
    """
    count, dimensions = points.shape
    if not 1 <= k <= count:
        raise ValueError(f"k must be in 1 … {count} (the number of points), found {k}")
    starts = len(uniforms)
    if uniforms.shape != (starts, k, candidates_per_step(k)):
        raise ValueError(f"uniforms have shape {uniforms.shape}, which does not fit k = {k}")
    # Centring leaves distances unchanged and loses fewer digits.
    centred = np.zeros((count, -(-dimensions // _TOGETHER) * _TOGETHER))
    on_grid = _on_grid(points)
    np.subtract(on_grid, on_grid.mean(axis=0), out=centred[:, :dimensions])
    labels = np.empty((starts, count), np.int16)
    inertia, iterations = np.empty(starts), np.empty(starts, np.int64)
    numbers = uniforms.astype(np.float64)
    spread = _cluster_from_starts(centred, numbers, labels, inertia, iterations)
    # Restarts with the same clusters in another order differ only by rounding.
    best = int((inertia <= inertia.min() + _TIE * spread).argmax())
    return KMeansResult(labels, inertia, iterations, best)


def _on_grid(points: np.ndarray) -> np.ndarray:
    """Points with coordinates rounded to about twelve digits of the largest.

    Coordinates that differ only by rounding become equal, so that neither which points coincide
    nor which of two distances is shorter depends on the linear algebra library.
    """
    largest = float(np.abs(points).max(initial=0))
    if largest == 0:
        return points
    # The largest is often a power of two; the factor keeps rounding from deciding between grids.
    step = 2.0 ** (math.frexp(1.1 * largest)[1] - _GRID_BITS)
    return np.rint(points / step) * step


@compiled
def _cluster_from_starts(
    points: np.ndarray,
    uniforms: np.ndarray,
    labels: np.ndarray,
    inertia: np.ndarray,
    iterations: np.ndarray,
) -> float:
    """Fill the last three arguments, as in `KMeansResult`; return the points' sum of squares."""
    starts, k = uniforms.shape[:2]
    count, dimensions = points.shape
    columns, norms, spread = np.empty((dimensions, count)), np.zeros(count), 0.0
    for point in range(count):
        for axis in range(dimensions):
            columns[axis, point] = points[point, axis]
            norms[point] += points[point, axis] ** 2 / 2
        spread += 2 * norms[point]
    centres = np.empty((k, dimensions))
    for start in range(starts):
        _greedy_start(points, columns, norms, uniforms[start], centres)
        inertia[start], iterations[start] = _lloyd(points, columns, norms, centres, labels[start])
    return spread


@compiled
def _score(columns: np.ndarray, centre: np.ndarray, constant: float, score: np.ndarray) -> None:
    """Fill score [points] with `constant` minus the dot products of the points with a centre.

    If `constant` is half the squared norm of the centre, the score is half the squared distance
    minus half the squared norm of the point.
    """
    for axis in range(0, len(columns), _TOGETHER):
        # Separate rows: the compiler sees that these loops run over whole arrays.
        w, x, y, z = columns[axis], columns[axis + 1], columns[axis + 2], columns[axis + 3]
        a, b, c, d = centre[axis], centre[axis + 1], centre[axis + 2], centre[axis + 3]
        if axis == 0:
            for point in range(len(score)):
                product = (a * w[point] + b * x[point]) + (c * y[point] + d * z[point])
                score[point] = constant - product
        else:
            for point in range(len(score)):
                product = (a * w[point] + b * x[point]) + (c * y[point] + d * z[point])
                score[point] -= product


@compiled
def _sum(values: np.ndarray) -> float:
    """Sum by repeatedly adding one half to the other; the values are overwritten."""
    left = len(values)
    while left > 1:
        half = left // 2
        for index in range(half):
            values[index] += values[left - half + index]
        left -= half
    return values[0]


@compiled
def _copy(values: np.ndarray, target: np.ndarray) -> None:
    # Array assignment takes a second to compile because it checks shapes.
    for index in range(len(values)):
        target[index] = values[index]


@compiled
def _drawn(summed: np.ndarray, value: float) -> int:
    """First index whose cumulative sum exceeds the value, or the last index if none does."""
    low, high = 0, len(summed) - 1
    while low < high:
        middle = (low + high) // 2
        if summed[middle] > value:
            high = middle
        else:
            low = middle + 1
    return low


@compiled
def _greedy_start(
    points: np.ndarray,
    columns: np.ndarray,
    norms: np.ndarray,
    uniforms: np.ndarray,
    centres: np.ndarray,
) -> None:
    """Fill centres [k, dimensions] by greedy k-means++.

    Candidates for each centre are points drawn with probability proportional to their squared
    distance from the previous centres. The candidate that leaves the smallest inertia is kept.
    """
    count = len(points)
    k, candidates = uniforms.shape
    closest, trial, least = np.empty(count), np.empty(count), np.empty(count)
    summed = np.empty(count)
    first = min(int(uniforms[0, 0] * count), count - 1)
    _copy(points[first], centres[0])
    _score(columns, points[first], norms[first], closest)
    for point in range(count):
        closest[point] = max(closest[point] + norms[point], 0.0)
    for number in range(1, k):
        total = 0.0
        for point in range(count):
            total += closest[point]
            summed[point] = total
        draws = np.empty(candidates, np.int64)
        for candidate in range(candidates):
            draws[candidate] = _drawn(summed, uniforms[number, candidate] * total)
        left = np.inf
        for chosen in draws:
            _score(columns, points[chosen], norms[chosen], trial)
            for point in range(count):
                trial[point] = min(max(trial[point] + norms[point], 0.0), closest[point])
                summed[point] = trial[point]
            inertia = _sum(summed)
            if inertia < left:
                left = inertia
                _copy(points[chosen], centres[number])
                trial, least = least, trial
        closest, least = least, closest


@compiled
def _lloyd(
    points: np.ndarray,
    columns: np.ndarray,
    norms: np.ndarray,
    centres: np.ndarray,
    labels: np.ndarray,
) -> tuple[float, int]:
    """Iterate until no centre moves; fill `labels` [points], return inertia and iterations."""
    count, dimensions = points.shape
    k = len(centres)
    assigned, nearest, least = np.full(count, -1), np.empty(count, np.int64), np.empty(count)
    sums, sizes = np.zeros((k, dimensions)), np.zeros(k, np.int64)
    # Scores of unmoved centres are reused: towards the end, most centres do not move.
    scores, moved = np.empty((k, count)), np.ones(k, np.bool_)
    iterations = 0
    while iterations < MAX_ITERATIONS:
        iterations += 1
        for number in range(k):
            score = scores[number]
            if moved[number]:
                constant = 0.0
                for axis in range(dimensions):
                    constant += centres[number, axis] ** 2 / 2
                _score(columns, centres[number], constant, score)
            for point in range(count):
                nearer = number == 0 or score[point] < least[point]
                least[point] = score[point] if nearer else least[point]
                nearest[point] = number if nearer else nearest[point]
        for point in range(count):
            to, of = nearest[point], assigned[point]
            if to != of:
                assigned[point] = to
                sizes[to] += 1
                for axis in range(dimensions):
                    sums[to, axis] += points[point, axis]
                if of >= 0:
                    sizes[of] -= 1
                    for axis in range(dimensions):
                        sums[of, axis] -= points[point, axis]
        if not _move(points, norms, least, sums, sizes, centres, moved):
            break
    inertia = 0.0
    for point in range(count):
        labels[point] = nearest[point]
        inertia += max(least[point] + norms[point], 0.0)
    return 2 * inertia, iterations


@compiled
def _move(
    points: np.ndarray,
    norms: np.ndarray,
    least: np.ndarray,
    sums: np.ndarray,
    sizes: np.ndarray,
    centres: np.ndarray,
    moved: np.ndarray,
) -> bool:
    """Move each centre to the mean of its points; fill moved [k], return whether any moved.

    The centre of an empty cluster moves to the point farthest from its own centre; several empty
    clusters take the farthest points in turn.
    """
    any_moved, farthest, distances, searched = False, 0, least, False
    for number in range(len(centres)):
        moved[number] = False
        if sizes[number] == 0:
            if not searched:
                distances, searched = least.copy(), True
                for point in range(len(points)):
                    distances[point] += norms[point]
            for point in range(len(points)):
                farthest = point if distances[point] > distances[farthest] else farthest
            distances[farthest] = -np.inf
        for axis in range(centres.shape[1]):
            if sizes[number] == 0:
                coordinate = points[farthest, axis]
            else:
                coordinate = sums[number, axis] / sizes[number]
            moved[number] = moved[number] or coordinate != centres[number, axis]
            centres[number, axis] = coordinate
        any_moved = any_moved or moved[number]
    return any_moved
