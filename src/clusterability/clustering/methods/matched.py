"""Method `matched`: k-means on each side separately, best restart, clusters paired."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from clusterability.clustering.problem import Labelling, Problem


def partition(problem: Problem) -> Labelling:
    """Best restart of each side, with V clusters renamed to maximise Barber's Q.

    Args:
        problem: one matrix at one k.
    """
    rows, columns = problem.sides
    row_labels, column_labels = rows.labels[rows.best], columns.labels[columns.best]
    names = pair_clusters(problem.side_table)
    return Labelling(row_labels, names[column_labels], rows.labels, columns.labels)


def pair_clusters(table: np.ndarray) -> np.ndarray:
    """New name [k] of each V cluster that maximises Barber's Q of the table [k, k].

    Solves the assignment problem on T - p q^T by the Hungarian method; the sum over paired clusters
    is Barber's Q.

    References:
        Kuhn 1955, The Hungarian method for the assignment problem. doi:10.1002/nav.3800020109
        Barber 2007, Phys. Rev. E 76, 066102. doi:10.1103/PhysRevE.76.066102

    >>> pair_clusters(np.array([[0.0, 2.0], [3.0, 0.0]])).tolist()
    [1, 0]
    """
    share = table / table.sum()
    excess = share - share.sum(axis=1)[:, None] * share.sum(axis=0)
    row_clusters, column_clusters = linear_sum_assignment(excess, maximize=True)
    names = np.empty(len(table), dtype=np.int64)
    names[column_clusters] = row_clusters
    return names
