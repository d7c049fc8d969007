"""Connected components of a weight matrix as a bipartite graph.

Uses NumPy alone: training counts components too, and a release of another package should not
retrain networks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clusterability.networks.live_units import DEAD


@dataclass(frozen=True)
class Components:
    """Connected components of a matrix [m, n].

    Attributes:
        rows, columns: component of each unit, [m] and [n], numbered in order of their first rows;
            -1 for dead units.
        count: number of components.
    """

    rows: np.ndarray
    columns: np.ndarray
    count: int


def connected_components(matrix: np.ndarray) -> Components:
    """Components of the graph whose edges are the non-zero entries of a matrix [m, n].

    >>> components = connected_components(np.array([[1, 0, 0], [0, 2, 0], [3, 0, 0]]))
    >>> components.count, components.rows.tolist(), components.columns.tolist()
    (2, [0, 1, 0], [0, 1, -1])
    """
    edges = matrix != 0
    if edges.all():
        rows, columns = (np.zeros(size, np.int64) for size in matrix.shape)
        return Components(rows, columns, 1)
    rows, columns = (np.full(size, DEAD) for size in matrix.shape)
    count = 0
    for first in np.flatnonzero(edges.any(axis=1)):
        if rows[first] != DEAD:
            continue
        reached = np.array([first])
        # Breadth-first search between the sides; each unit's edges are read once.
        while len(reached):
            rows[reached] = count
            others = np.flatnonzero(edges[reached].any(axis=0) & (columns == DEAD))
            columns[others] = count
            reached = np.flatnonzero(edges[:, others].any(axis=1) & (rows == DEAD))
        count += 1
    return Components(rows, columns, count)
