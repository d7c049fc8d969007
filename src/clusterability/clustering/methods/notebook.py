"""Method `notebook`: k-means on each side separately, first restart, clusters unpaired."""

from __future__ import annotations

from clusterability.clustering.problem import Labelling, Problem


def partition(problem: Problem) -> Labelling:
    """Labels from the first restart on both sides.

    Cluster a of one side is unrelated to cluster a of the other.

    Args:
        problem: one matrix at one k.
    """
    rows, columns = problem.sides
    return Labelling(rows.labels[0], columns.labels[0], rows.labels, columns.labels)
