"""Ways from a spectral embedding to a partition, one module a method: `partition(problem)`.

`catalogue` names them. A method is a module `methods/<name>.py` and a line there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module

import numpy as np

from clusterability.clustering.embedding import Embedding
from clusterability.clustering.kmeans import KMeansResult, kmeans


@dataclass(frozen=True)
class Found:
    """Labels of the live units of a matrix by one method: the partition's, and of every start.

    Attributes:
        rows, columns: [live rows] and [live columns], from 0 to k - 1.
        row_starts, column_starts: [starts, live rows] and [starts, live columns]; a method
            without random starts repeats its labels.
    """

    rows: np.ndarray
    columns: np.ndarray
    row_starts: np.ndarray
    column_starts: np.ndarray


@dataclass(frozen=True)
class Problem:
    """What a method is given: one matrix at one k.

    Attributes:
        adjacency: abs(W) of the live units, float64 [m, n].
        embedding: its singular vectors, at least k of them where there are so many.
        k: number of clusters, at most min(m, n).
        uniforms: the method's random numbers, [starts, (U, V, both), k, candidates] as `kmeans`
            takes them: the same for all methods.
    """

    adjacency: np.ndarray
    embedding: Embedding
    k: int
    uniforms: np.ndarray

    @cached_property
    def sides(self) -> tuple[KMeansResult, KMeansResult]:
        """k-means of each side by itself, on its first k singular vectors (rows, columns)."""
        vectors = (self.embedding.left, self.embedding.right)
        rows, columns = (
            kmeans(side[:, : self.k], self.k, self.uniforms[:, number])
            for number, side in enumerate(vectors)
        )
        return rows, columns

    def both_sides(self, vectors: slice) -> Found:
        """One k-means over the units of both sides: the chosen vectors, scaled by D^-1/2."""
        embedding = self.embedding
        points = np.concatenate(
            [
                embedding.left[:, vectors] * embedding.row_scale[:, None],
                embedding.right[:, vectors] * embedding.column_scale[:, None],
            ]
        )
        if points.shape[1] == 0:  # k = 1 by Dhillon's rule: nothing to tell units apart by
            points = np.zeros((len(points), 1))
        found = kmeans(points, self.k, self.uniforms[:, 2])
        m = len(embedding.left)
        best = found.labels[found.best]
        return Found(best[:m], best[m:], found.labels[:, :m], found.labels[:, m:])


def partition_by(method: str) -> Callable[[Problem], Found]:
    """The function `partition` of a method, one of `catalogue`."""
    return import_module(f"clusterability.clustering.methods.{method}").partition
