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
import torch

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
    """

    first_labels: np.ndarray
    best_labels: np.ndarray
    inertia: np.ndarray


def candidates_per_step(k: int) -> int:
    """Candidates that greedy k-means++ tries for each centre but the first."""
    return 2 + int(math.log(k))


def kmeans(points: np.ndarray, k: int, uniforms: np.ndarray) -> KMeansResult:
    """Clusters each point set from each start.

    Args:
        points: [sets, points, dimensions], finite; k <= points.
        k: number of clusters.
        uniforms: numbers in [0, 1), [sets, starts, k, candidates_per_step(k)].

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
        _kmeans_chunk(points[at : at + chunk], k, uniforms[at : at + chunk])
        for at in range(0, sets, chunk)
    ]
    return KMeansResult(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _kmeans_chunk(
    points64: np.ndarray, k: int, uniforms: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # Distances do not depend on the origin; centred points lose fewer digits in float32.
    centred = points64 - points64.mean(axis=1, keepdims=True)
    points = torch.from_numpy(centred.astype(np.float32))
    numbers = torch.from_numpy(uniforms.astype(np.float32))
    centres = _lloyd(points, _greedy_start(points, numbers))
    return _assign(torch.from_numpy(centred), centres)


def _greedy_start(points: torch.Tensor, uniforms: torch.Tensor) -> torch.Tensor:
    """Centres [sets, starts, k, dimensions] by greedy k-means++.

    Each centre is the candidate that leaves the least inertia, out of some points drawn with
    probability proportional to their squared distance from the centres so far.
    """
    sets, count, dimensions = points.shape
    _, starts, k, candidates = uniforms.shape
    padding = aligned(count) - count
    transposed = torch.nn.functional.pad(points.transpose(1, 2), (0, padding)).contiguous()
    norms = transposed.square().sum(1)
    row = torch.arange(sets)[:, None]
    centres = torch.empty(sets, starts, k, dimensions)

    def distances(chosen: torch.Tensor) -> torch.Tensor:
        """Squared distances [sets, chosen, points] of all points from the chosen ones."""
        picked = points[row, chosen]
        squares = torch.baddbmm(norms[:, None, :], picked, transposed, alpha=-2)
        squares = squares.add_(norms.gather(1, chosen)[:, :, None]).clamp_(min=0)
        return squares[:, :, :count]

    first = (uniforms[:, :, 0, 0] * count).long().clamp_(max=count - 1)
    centres[:, :, 0] = points[row, first]
    closest = distances(first)
    for number in range(1, k):
        cumulated = closest.cumsum(2)
        draws = uniforms[:, :, number] * cumulated[:, :, -1:]
        chosen = torch.searchsorted(cumulated, draws, right=True).clamp_(max=count - 1)
        flat = chosen.view(sets, starts * candidates)
        trial = distances(flat).unflatten(1, (starts, candidates))
        trial = torch.minimum(trial, closest[:, :, None])
        best = trial.sum(3).argmin(2, keepdim=True)
        closest = trial.gather(2, best[..., None].expand(-1, -1, 1, count)).squeeze(2)
        centres[:, :, number] = points[row, chosen.gather(2, best).squeeze(2)]
    return centres


def _lloyd(points: torch.Tensor, centres: torch.Tensor) -> torch.Tensor:
    """Centres after Lloyd's iterations, until no centre of any start moves.

    A point set leaves the batch when all of its starts have come to rest; the products of the
    others keep their shapes, so that no set's arithmetic depends on its neighbours.
    """
    sets, starts, k, dimensions = centres.shape
    result = centres.clone()
    active = torch.arange(sets)
    homogeneous = _homogeneous(points)
    transposed = homogeneous.transpose(1, 2).contiguous()
    for _ in range(MAX_ITERATIONS):
        scores = _scores(centres, transposed)
        least = scores.amin(2, keepdim=True)
        members = scores.le_(least)  # in place: 1.0 for the nearest centre, else 0.0
        sums = torch.bmm(members.flatten(1, 2), homogeneous).view(
            -1, starts, k, transposed.shape[1]
        )
        sizes = sums[..., dimensions : dimensions + 1]
        moved = sums[..., :dimensions] / sizes
        empty = sizes[..., 0] == 0
        if bool(empty.any()):
            _refill(moved, empty, points[active], least)
        resting = (moved == centres).flatten(1).all(1)
        centres = moved
        if bool(resting.any()):
            result[active[resting]] = centres[resting]
            going = ~resting
            if not bool(going.any()):
                return result
            active, centres = active[going], centres[going]
            homogeneous, transposed = homogeneous[going], transposed[going]
    result[active] = centres
    return result


def _homogeneous(points: torch.Tensor) -> torch.Tensor:
    """Points with a constant 1 as last coordinate, padded with zeros to aligned sizes.

    One product with them gives the sums and the sizes of all clusters; a padded point counts for
    nothing, whatever cluster it falls into.
    """
    _, count, dimensions = points.shape
    width = aligned(dimensions + 1)
    with_ones = torch.nn.functional.pad(points, (0, 1), value=1.0)
    padding = (0, width - dimensions - 1, 0, aligned(count) - count)
    return torch.nn.functional.pad(with_ones, padding)


def _scores(centres: torch.Tensor, transposed: torch.Tensor) -> torch.Tensor:
    """Half the squared distance but for a term of the point alone, [sets, starts, k, points].

    Args:
        centres: [sets, starts, k, dimensions].
        transposed: homogeneous points, transposed: [sets, coordinates, points].
    """
    sets, starts, k, dimensions = centres.shape
    half_norms = centres.square().sum(3, keepdim=True).mul_(0.5)
    rows = torch.cat([-centres, half_norms], dim=3)
    rows = torch.nn.functional.pad(rows, (0, transposed.shape[1] - dimensions - 1))
    return torch.bmm(rows.flatten(1, 2), transposed).view(sets, starts, k, -1)


def _refill(
    centres: torch.Tensor, empty: torch.Tensor, points: torch.Tensor, least: torch.Tensor
) -> None:
    """Puts, in place, each empty cluster's centre on the point farthest from its own centre.

    Several empty clusters of one start take the farthest points in turn.
    """
    distance = least.squeeze(2)[..., : points.shape[1]] + 0.5 * points.square().sum(2)[:, None]
    for item, start in torch.unique(empty.nonzero()[:, :2], dim=0).tolist():
        holes = empty[item, start].nonzero()[:, 0]
        farthest = distance[item, start].argsort(descending=True, stable=True)[: len(holes)]
        centres[item, start, holes] = points[item, farthest]


def _assign(
    points: torch.Tensor, centres: torch.Tensor
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of the first and of the best start, and inertia, in float64 from float32 centres."""
    transposed = _homogeneous(points).transpose(1, 2).contiguous()
    scores = _scores(centres.double(), transposed)[..., : points.shape[1]]
    least = scores.amin(2)
    inertia = points.square().sum((1, 2))[:, None] + 2 * least.sum(2)
    # Starts that came to the same clusters in another order differ by rounding only.
    tie = inertia.amin(1, keepdim=True) + _TIE * points.square().sum((1, 2))[:, None]
    best = (inertia <= tie).int().argmax(1)
    row = torch.arange(len(points))
    first_labels = _first_nearest(scores[:, 0], least[:, 0])
    best_labels = _first_nearest(scores[row, best], least[row, best])
    return first_labels.numpy(), best_labels.numpy(), inertia.numpy()


def _first_nearest(scores: torch.Tensor, least: torch.Tensor) -> torch.Tensor:
    """Lowest index [sets, points] of the centre with the least score [sets, k, points]."""
    labels = torch.zeros(least.shape, dtype=torch.int16)
    # Over k, not over points: argmin along a middle axis takes several times as long.
    for number in reversed(range(scores.shape[1])):
        labels.masked_fill_(scores[:, number] == least, number)
    return labels
