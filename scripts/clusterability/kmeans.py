"""k-means of many small point sets at once, as batched matrix products.

Lloyd's algorithm from greedy k-means++ starts (Arthur & Vassilvitskii 2007, with the local trials
of their implementation, as in scikit-learn), in float32; the final assignment is made in float64.
All random numbers are arguments, so that a point set's result depends on its own points and
numbers only: not on the sets that happen to be clustered with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clusterability.alignment import aligned

MAX_ITERATIONS = 300
_TIE = 1e-10
"""Inertias that differ by less, as a share of the points' sum of squares, are equal."""

_CHUNK_VALUES = 500_000
"""Distances held at a time: a chunk of point sets whose arrays stay in the processor's cache."""


@dataclass(frozen=True)
class KMeansResult:
    """What the starts of every point set came to.

    A cluster may be empty only where a set has fewer than k different points.

    Attributes:
        first_labels: int16 [sets, points], each in 0 … k - 1, of the first start.
        best_labels: the same of the start with the least inertia, the first of equals.
        inertia: float64 [sets, starts], sum of squared distances to the nearest centres.
        every_labels: int16 [sets, starts, points], of every start; no starts if not asked for.
    """

    first_labels: np.ndarray
    best_labels: np.ndarray
    inertia: np.ndarray
    every_labels: np.ndarray


def candidates_per_step(k: int) -> int:
    """Candidates that greedy k-means++ tries for each centre but the first."""
    return 2 + int(math.log(k))


def kmeans(
    points: np.ndarray, k: int, uniforms: np.ndarray, *, every_start: bool = False
) -> KMeansResult:
    """Clusters each point set from each start.

    Args:
        points: [sets, points, dimensions], finite; k <= points.
        k: number of clusters.
        uniforms: numbers in [0, 1), [sets, starts, k, candidates_per_step(k)].
        every_start: whether to give the labels of every start.

    Raises:
        ValueError: where the shapes do not fit.
    """
    sets, count, _ = points.shape
    if not 1 <= k <= count:
        raise ValueError(f"k must be in 1 … {count} (the number of points), found {k}")
    starts = uniforms.shape[1]
    if uniforms.shape != (sets, starts, k, candidates_per_step(k)):
        raise ValueError(f"uniforms have shape {uniforms.shape}, which does not fit k = {k}")
    chunk = max(1, _CHUNK_VALUES // (starts * k * count))
    parts = [
        _kmeans_chunk(points[at : at + chunk], k, uniforms[at : at + chunk], every_start)
        for at in range(0, sets, chunk)
    ]
    return KMeansResult(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _kmeans_chunk(
    points: np.ndarray, k: int, uniforms: np.ndarray, every_start: bool
) -> tuple[np.ndarray, ...]:
    # Distances do not depend on the origin; centred points lose fewer digits in float32.
    centred = points - points.mean(axis=1, keepdims=True)
    single = centred.astype(np.float32)
    centres = _lloyd(single, _greedy_start(single, k, uniforms.astype(np.float32)))
    return _assign(centred, centres.astype(np.float64), every_start)


def _greedy_start(points: np.ndarray, k: int, uniforms: np.ndarray) -> np.ndarray:
    """Centres [sets, starts, k, dimensions] by greedy k-means++.

    Each centre is the candidate that leaves the least inertia, out of some points drawn with
    probability proportional to their squared distance from the centres so far.
    """
    sets, count, dimensions = points.shape
    _, starts, _, candidates = uniforms.shape
    transposed = np.zeros((sets, dimensions, aligned(count)), np.float32)
    transposed[:, :, :count] = points.transpose(0, 2, 1)
    norms = np.square(points).sum(axis=2)
    row = np.arange(sets)[:, None]
    centres = np.empty((sets, starts, k, dimensions), np.float32)

    def distances(chosen: np.ndarray) -> np.ndarray:
        """Squared distances [sets, chosen, points] of all points from the chosen ones."""
        squares = (np.float32(-2) * points[row, chosen] @ transposed)[:, :, :count]
        squares += norms[:, None, :]
        squares += norms[row, chosen][:, :, None]
        return np.maximum(squares, 0, out=squares)

    first = np.minimum((uniforms[:, :, 0, 0] * count).astype(np.intp), count - 1)
    centres[:, :, 0] = points[row, first]
    closest = distances(first)
    for number in range(1, k):
        cumulated = closest.cumsum(axis=2)
        draws = uniforms[:, :, number] * cumulated[:, :, -1:]
        chosen = (cumulated[:, :, None] <= draws[..., None]).sum(axis=3)
        chosen = np.minimum(chosen, count - 1)
        flat = chosen.reshape(sets, starts * candidates)
        trial = distances(flat).reshape(sets, starts, candidates, count)
        np.minimum(trial, closest[:, :, None], out=trial)
        best = trial.sum(axis=3).argmin(axis=2)[..., None]
        closest = np.take_along_axis(trial, best[..., None], axis=2)[:, :, 0]
        centres[:, :, number] = points[row, np.take_along_axis(chosen, best, axis=2)[:, :, 0]]
    return centres


def _lloyd(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Centres after Lloyd's iterations, until no centre of any start moves.

    A point set leaves the batch when all of its starts have come to rest; the products of the
    others keep their shapes, so that no set's arithmetic depends on its neighbours.
    """
    dimensions = centres.shape[3]
    result = centres.copy()
    active = np.arange(len(centres))
    homogeneous, transposed = _homogeneous(points)
    for _ in range(MAX_ITERATIONS):
        scores = _scores(centres, transposed)
        least = scores.min(axis=2, keepdims=True)
        # In place: 1.0 for the nearest centre, 0.0 for the others.
        members = np.less_equal(scores, least, out=scores, casting="unsafe")
        flat = members.reshape(len(members), -1, members.shape[3])
        sums = (flat @ homogeneous).reshape(*centres.shape[:3], -1)
        sizes = sums[..., dimensions : dimensions + 1]
        empty = sizes[..., 0] == 0
        moved = sums[..., :dimensions] / np.where(sizes == 0, 1, sizes)
        if empty.any():
            _refill(moved, empty, points[active], least[:, :, 0])
        resting = (moved == centres).reshape(len(centres), -1).all(axis=1)
        centres = moved
        if resting.any():
            result[active[resting]] = centres[resting]
            going = ~resting
            active, centres = active[going], centres[going]
            homogeneous, transposed = homogeneous[going], transposed[going]
            if len(active) == 0:
                break
    result[active] = centres
    return result


def _homogeneous(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points with a constant 1 as last coordinate, and the same transposed, in aligned sizes.

    One product with them gives the sums and the sizes of all clusters. What pads them is zero: a
    padded point counts for nothing, whatever cluster it falls into.
    """
    sets, count, dimensions = points.shape
    homogeneous = np.zeros((sets, aligned(count), aligned(dimensions + 1)), points.dtype)
    homogeneous[:, :count, :dimensions] = points
    homogeneous[:, :count, dimensions] = 1
    return homogeneous, np.ascontiguousarray(homogeneous.transpose(0, 2, 1))


def _scores(centres: np.ndarray, transposed: np.ndarray) -> np.ndarray:
    """Half the squared distance but for a term of the point alone, [sets, starts, k, points].

    Args:
        centres: [sets, starts, k, dimensions].
        transposed: homogeneous points, transposed: [sets, coordinates, points].
    """
    sets, starts, k, dimensions = centres.shape
    rows = np.zeros((sets, starts, k, transposed.shape[1]), centres.dtype)
    np.negative(centres, out=rows[..., :dimensions])
    rows[..., dimensions] = np.square(centres).sum(axis=3) / 2
    return (rows.reshape(sets, starts * k, -1) @ transposed).reshape(sets, starts, k, -1)


def _refill(centres: np.ndarray, empty: np.ndarray, points: np.ndarray, least: np.ndarray) -> None:
    """Puts, in place, each empty cluster's centre on the point farthest from its own centre.

    Several empty clusters of one start take the farthest points in turn.
    """
    distance = least[..., : points.shape[1]] + np.square(points).sum(axis=2)[:, None] / 2
    for item, start in np.argwhere(empty.any(axis=2)):
        holes = np.flatnonzero(empty[item, start])
        farthest = np.argsort(-distance[item, start], kind="stable")[: len(holes)]
        centres[item, start, holes] = points[item, farthest]


def _assign(points: np.ndarray, centres: np.ndarray, every_start: bool) -> tuple[np.ndarray, ...]:
    """The arrays of a `KMeansResult`, in float64."""
    scores = _scores(centres, _homogeneous(points)[1])[..., : points.shape[1]]
    least = scores.min(axis=2)
    spread = np.square(points).sum(axis=(1, 2))[:, None]
    inertia = spread + 2 * least.sum(axis=2)
    # Starts that came to the same clusters in another order differ by rounding only.
    best = (inertia <= inertia.min(axis=1, keepdims=True) + _TIE * spread).argmax(axis=1)
    row = np.arange(len(points))
    first_labels = scores[:, 0].argmin(axis=1).astype(np.int16)
    best_labels = scores[row, best].argmin(axis=1).astype(np.int16)
    asked = scores if every_start else scores[:, :0]
    return first_labels, best_labels, inertia, asked.argmin(axis=2).astype(np.int16)
