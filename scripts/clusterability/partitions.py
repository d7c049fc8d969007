"""Partitions: cluster labels of the two sides of many matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clusterability.graph import DEAD

Key = tuple[str, int]
"""Method and k."""

Labels = Mapping[Key, tuple[np.ndarray, np.ndarray]]
"""Labels of rows and columns of one matrix, by (method, k)."""


@dataclass(frozen=True)
class Partitions:
    """Partitions of many matrices [m, n] by one method at one k.

    Attributes:
        rows: int16 [matrices, m], labels of the U side; -1 for dead units.
        columns: int16 [matrices, n], labels of the V side; -1 for dead units.
        feasible: bool [matrices]; where False, k is infeasible and all labels are -1.
    """

    rows: np.ndarray
    columns: np.ndarray
    feasible: np.ndarray


def labels_of(partitions: Mapping[Key, Partitions], index: int) -> Labels:
    """Labels of the matrix with this index, by (method, k)."""
    return {key: (found.rows[index], found.columns[index]) for key, found in partitions.items()}


def unassigned(count: int, m: int, n: int) -> Partitions:
    """Partitions of `count` matrices [m, n] in which no unit has a cluster yet."""
    return Partitions(
        rows=np.full((count, m), DEAD, np.int16),
        columns=np.full((count, n), DEAD, np.int16),
        feasible=np.zeros(count, bool),
    )
