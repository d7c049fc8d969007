"""Method `refined`: the partition of largest Barber's Q that alternating assignment comes to."""

from __future__ import annotations

import numpy as np

from clusterability.clustering.problem import Found, Problem
from clusterability.clustering.refining import Refinement


def partition(problem: Problem) -> Found:
    """The best of all starts, in at most k clusters.

    Starts are the labels of one side alone, the other follows: those of k-means at k, and those of
    k-means with more clusters, merged down to k.
    """
    rows, columns = problem.sides
    shares, turned = problem.grid.shares
    ends = [_end(found, problem.k) for found in problem.refinements]
    ends.append(_end(shares.refine(columns.labels[columns.best], problem.k), problem.k))
    value, of_columns, of_rows = _end(turned.refine(rows.labels[rows.best], problem.k), problem.k)
    ends.append((value, of_rows, of_columns))
    _, best_rows, best_columns = max(ends, key=lambda end: end[0])
    return Found(
        best_rows,
        best_columns,
        np.stack([of_rows for _, of_rows, _ in ends]),
        np.stack([of_columns for _, _, of_columns in ends]),
    )


def _end(found: Refinement, k: int) -> tuple[float, np.ndarray, np.ndarray]:
    """The largest Q with at most k clusters, and the labels of both sides."""
    best = int(found.values[: k + 1].argmax())
    return float(found.values[best]), found.rows[best], found.columns[best]
