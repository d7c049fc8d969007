"""Method `refined`: the partition with the largest Barber's Q found by alternating assignment."""

from __future__ import annotations

import numpy as np

from clusterability.clustering.problem import Labelling, Problem
from clusterability.clustering.refining import Refinement


def partition(problem: Problem) -> Labelling:
    """Best partition of all starts, with at most k clusters.

    Each start labels one side, and the other side follows: k-means with k clusters, and k-means
    with more clusters, merged down to k.

    Args:
        problem: one matrix at one k, the maximum number of clusters.

    References:
        Barber 2007, section IV (BRIM), Phys. Rev. E 76, 066102. doi:10.1103/PhysRevE.76.066102
    """
    rows, columns = problem.sides
    shares, turned = problem.grid.shares
    ends = [_end(refinement, problem.k) for refinement in problem.refinements]
    ends.append(_end(shares.refine(columns.labels[columns.best], problem.k), problem.k))
    value, of_columns, of_rows = _end(turned.refine(rows.labels[rows.best], problem.k), problem.k)
    ends.append((value, of_rows, of_columns))
    _, best_rows, best_columns = max(ends, key=lambda end: end[0])
    return Labelling(
        best_rows,
        best_columns,
        np.stack([of_rows for _, of_rows, _ in ends]),
        np.stack([of_columns for _, _, of_columns in ends]),
    )


def _end(refinement: Refinement, k: int) -> tuple[float, np.ndarray, np.ndarray]:
    """Largest Q with at most k clusters, and the labels of both sides."""
    best = int(refinement.values[: k + 1].argmax())
    return float(refinement.values[best]), refinement.rows[best], refinement.columns[best]
