"""Interface of the clustering methods, one module per method: `partition(problem)`.

A method is a module `methods/<name>.py` and an entry in `catalogue`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec

import numpy as np

from clusterability.clustering.describing import (
    Descent,
    descend,
    first_clusters,
    occupied,
    settle,
    sorted_clusters,
)
from clusterability.clustering.embedding import Embedding
from clusterability.clustering.kmeans import KMeansResult, candidates_per_step, kmeans
from clusterability.clustering.refining import Refinement, Shares
from clusterability.clustering.summing import all_block_sums
from clusterability.extensions import named
from clusterability.networks.size_classes import SizeClasses, size_classes
from clusterability.randomness import StreamName, generator

SideLabels = tuple[np.ndarray, np.ndarray]
"""Labels of the rows and of the columns."""
Sides = tuple[KMeansResult, KMeansResult]
"""k-means of the rows and of the columns."""


@dataclass(frozen=True)
class Labelling:
    """Labels of a matrix's live units by one method: the partition, and every restart.

    Attributes:
        rows, columns: partition, [live rows] and [live columns], from 0 to k - 1.
        row_starts, column_starts: labels of every restart, [restarts, live rows] and [restarts,
            live columns]; methods without random restarts repeat their labels.
    """

    rows: np.ndarray
    columns: np.ndarray
    row_starts: np.ndarray
    column_starts: np.ndarray


# eq=False: `==` of arrays is elementwise.
@dataclass(frozen=True, eq=False)
class Grid:
    """One matrix at several k, with intermediate results that methods share, computed on demand.

    Attributes:
        adjacency: abs(W) of the live units, [m, n].
        embedding: its singular vectors, at least the largest k where there are as many.
        k_values: numbers of clusters.
        name: name of the random stream.
        restarts: restarts of k-means.
    """

    adjacency: np.ndarray
    embedding: Embedding
    k_values: Sequence[int]
    name: StreamName
    restarts: int
    _settled: dict[bytes, SideLabels] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def classes(self) -> SizeClasses:
        """Size classes of the weights."""
        return size_classes(self.adjacency)

    @cached_property
    def sides(self) -> dict[int, Sides]:
        """`Problem.sides` by k, computed together."""
        return {k: self.sides_in(k) for k in self.k_values}

    @cached_property
    def side_tables(self) -> dict[int, np.ndarray]:
        """`Problem.side_table` by k, computed in one pass over the adjacency matrix."""
        best = {
            ("sides", k): (rows.labels[rows.best], columns.labels[columns.best])
            for k, (rows, columns) in self.sides.items()
        }
        return dict(zip(self.sides, all_block_sums(self.adjacency, best), strict=True))

    @cached_property
    def descents(self) -> dict[int, list[Descent]]:
        """Searches for short descriptions from each start, by initial number of clusters."""
        return {
            most: [descend(self.classes, *start) for start in self._starts(most)]
            for most in dict.fromkeys(map(first_clusters, self.k_values))
        }

    def settled(self, rows: np.ndarray, columns: np.ndarray) -> SideLabels:
        """Labels of both sides after units have moved until none moves, as `settle` gives them.

        Computed once for all k whose search ended with the same labels; do not modify the arrays.
        """
        key = rows.tobytes() + columns.tobytes()
        if key not in self._settled:
            self._settled[key] = settle(self.classes, rows, columns)[1:]
        return self._settled[key]

    @cached_property
    def shares(self) -> tuple[Shares, Shares]:
        """The weights and the transposed weights, as shares of their sum."""
        shares = Shares(self.adjacency)
        return shares, shares.turn()

    @cached_property
    def refinements(self) -> dict[int, list[Refinement]]:
        """Searches for a large Q from each start, by initial number of clusters."""
        refinements = {}
        for most in dict.fromkeys(map(first_clusters, self.k_values)):
            k = min(most, *self.adjacency.shape)
            (rows, columns), (shares, turned) = self.sides_in(k), self.shares
            by_rows = turned.descend(rows.labels[rows.best], k)
            by_columns = shares.descend(columns.labels[columns.best], k)
            refinements[most] = [
                Refinement(by_rows.values, by_rows.columns, by_rows.rows),
                by_columns,
            ]
        return refinements

    def uniforms(self, k: int) -> np.ndarray:
        """Random numbers for `kmeans`, [restarts, (U, V, both), k, candidates].

        All methods use the same numbers.
        """
        shape = (self.restarts, 3, k, candidates_per_step(k))
        return generator("k-means", *self.name, k).random(shape)

    def sides_in(self, k: int) -> Sides:
        """k-means of each side separately, on its first k singular vectors (rows, columns)."""
        (rows, columns), uniforms = self.embedding.sides(k), self.uniforms(k)
        return kmeans(rows, k, uniforms[:, 0]), kmeans(columns, k, uniforms[:, 1])

    def _starts(self, most: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Initial labels of the descents.

        k-means on both sides; k-means on either side with random labels on the other; units sorted
        by size class; and random labels on both sides, twice.
        """
        shape, source = self.adjacency.shape, generator("described", *self.name, most)
        rows, columns = self.sides_in(min(most, *shape))
        spectral = rows.labels[rows.best], columns.labels[columns.best]

        def at_random(side: int) -> np.ndarray:
            return source.integers(min(most, shape[side]), size=shape[side])

        yield occupied(spectral[0]), occupied(spectral[1])
        yield occupied(spectral[0]), occupied(at_random(1))
        yield occupied(at_random(0)), occupied(spectral[1])
        yield sorted_clusters(self.classes, most), sorted_clusters(self.classes.turned(), most)
        for _ in range(2):
            yield occupied(at_random(0)), occupied(at_random(1))


@dataclass(frozen=True, eq=False)
class Problem:
    """Input of a method: one matrix at one k, at most min(m, n)."""

    grid: Grid
    k: int

    @property
    def adjacency(self) -> np.ndarray:
        """Absolute weights of the live units, [m, n]."""
        return self.grid.adjacency

    @property
    def embedding(self) -> Embedding:
        """Singular vectors of the normalised weights, at least k where there are as many."""
        return self.grid.embedding

    @property
    def sides(self) -> Sides:
        """k-means of each side separately, on its first k singular vectors (rows, columns)."""
        return self.grid.sides[self.k]

    @property
    def descents(self) -> list[Descent]:
        """Searches for short descriptions, one from each start."""
        return self.grid.descents[first_clusters(self.k)]

    @property
    def refinements(self) -> list[Refinement]:
        """Searches for a large Q, one from each start."""
        return self.grid.refinements[first_clusters(self.k)]

    @property
    def side_table(self) -> np.ndarray:
        """Block sums [k, k] of the adjacency matrix for the best restarts of `sides`."""
        return self.grid.side_tables[self.k]

    def both_sides(self, vectors: tuple[np.ndarray, np.ndarray]) -> Labelling:
        """k-means over the units of both sides together, on embedding vectors scaled by D^-1/2.

        Args:
            vectors: left [m, dimensions] and right [n, dimensions].
        """
        embedding, (left, right) = self.embedding, vectors
        points = np.concatenate(
            [left * embedding.row_scale[:, None], right * embedding.column_scale[:, None]]
        )
        if points.shape[1] == 0:  # at k = 1, Dhillon's rule uses no singular vector
            points = np.zeros((len(points), 1))
        result = kmeans(points, self.k, self.grid.uniforms(self.k)[:, 2])
        m = len(left)
        best = result.labels[result.best]
        return Labelling(best[:m], best[m:], result.labels[:, :m], result.labels[:, m:])


def partition_by(method: str) -> Callable[[Problem], Labelling]:
    """Look up the function `partition` of a method in `catalogue` or of another package."""
    module_name = f"clusterability.clustering.methods.{method}"
    return (
        import_module(module_name).partition
        if find_spec(module_name)
        else named("method", method).function()
    )
