"""Method `matched`: each side by itself, the best start, clusters of both sides paired."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from clusterability.clustering.problem import Found, Problem


def partition(problem: Problem) -> Found:
    """The best starts of both sides, V clusters renamed so that Barber's Q is largest."""
    rows, columns = problem.sides
    row_labels, column_labels = rows.labels[rows.best], columns.labels[columns.best]
    names = pair_clusters(problem.side_table)
    return Found(row_labels, names[column_labels], rows.labels, columns.labels)


def pair_clusters(table: np.ndarray) -> np.ndarray:
    """New name [k] of each V cluster, such that Barber's Q of the table [k, k] is largest.

    The Hungarian method on T - p q^T: the sum over paired clusters is Barber's Q.
    """
    share = table / table.sum()
    excess = share - share.sum(axis=1)[:, None] * share.sum(axis=0)
    row_clusters, column_clusters = linear_sum_assignment(excess, maximize=True)
    names = np.empty(len(table), dtype=np.int64)
    names[column_clusters] = row_clusters
    return names
