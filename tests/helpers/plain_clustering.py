"""What compiled loops and batched products replace, written plainly: oracles of the tests.

k-means and tables by numpy, one point set and one partition at a time.
"""

from __future__ import annotations

import numpy as np


def squared_distances(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """[points, centres]"""
    return np.square(points[:, None] - centres[None]).sum(axis=2)


def greedy_start(points: np.ndarray, k: int, uniforms: np.ndarray) -> np.ndarray:
    """Centres [k, dimensions] by greedy k-means++ (Arthur & Vassilvitskii 2007)."""
    last = len(points) - 1
    centres = points[[min(int(uniforms[0, 0] * len(points)), last)]]
    while len(centres) < k:
        closest = squared_distances(points, centres).min(axis=1)
        draws = uniforms[len(centres)] * closest.sum()
        tried = np.minimum(np.searchsorted(closest.cumsum(), draws, side="right"), last)
        left = [
            squared_distances(points, np.concatenate([centres, points[[one]]])).min(axis=1)
            for one in tried
        ]
        best = tried[np.argmin([values.sum() for values in left])]
        centres = np.concatenate([centres, points[[best]]])
    return centres


def lloyd(points: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, float]:
    """Labels and inertia when no centre moves; empty clusters take the farthest points."""
    while True:
        distances = squared_distances(points, centres)
        labels, least = distances.argmin(axis=1), distances.min(axis=1)
        moved = np.array(centres)
        farthest = iter(np.argsort(-least, kind="stable"))
        for number in range(len(centres)):
            own = points[labels == number]
            moved[number] = own.mean(axis=0) if len(own) else points[next(farthest)]
        if np.allclose(moved, centres, rtol=0, atol=1e-12 * (1 + np.abs(points).max())):
            return labels, float(least.sum())
        centres = moved


def kmeans(points: np.ndarray, k: int, uniforms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels [starts, points] and inertia [starts]."""
    centred = points - points.mean(axis=0)
    found = [lloyd(centred, greedy_start(centred, k, numbers)) for numbers in uniforms]
    return np.stack([labels for labels, _ in found]), np.array([value for _, value in found])


def block_sums(matrix: np.ndarray, rows: np.ndarray, columns: np.ndarray, k: int) -> np.ndarray:
    """Sums [k, k] over the blocks of labels, by indicator matrices; -1 is left out."""
    clusters = np.arange(k)
    return (rows == clusters[:, None]) @ matrix.astype(float) @ (columns[:, None] == clusters)


def mutual_information(joint: np.ndarray) -> float:
    """Of a joint distribution in nats, by its definition."""
    product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    some = joint > 0
    return float((joint[some] * np.log(joint[some] / product[some])).sum())
