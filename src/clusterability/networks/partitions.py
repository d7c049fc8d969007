"""Partitions: cluster labels of both sides of many matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clusterability.networks.live_units import DEAD

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


@dataclass(frozen=True)
class Starts:
    """Labels from every restart of k-means, for matrices [m, n] by one method at one k.

    Attributes:
        rows: int16 [matrices, restarts, m]; -1 for dead units, and everywhere if k is infeasible.
        columns: int16 [matrices, restarts, n]. Clusters of the two sides are not paired.
    """

    rows: np.ndarray
    columns: np.ndarray


@dataclass(frozen=True)
class HeldOut:
    """V clusters fitted to half of the rows of matrices [m, n], for evaluation on the other half.

    Attributes:
        rows: bool [matrices, m]; True for the rows to evaluate on.
        columns: int16 [matrices, n], labels of the V side; -1 for units that are dead in the fitted
            half, and everywhere if k is infeasible there.
    """

    rows: np.ndarray
    columns: np.ndarray


def labels_of(partitions: Mapping[Key, Partitions | HeldOut], index: int) -> Labels:
    """Labels of the matrix at `index`, by (method, k); for `HeldOut`, rows are the mask."""
    return {key: (each.rows[index], each.columns[index]) for key, each in partitions.items()}


def unassigned(count: int, m: int, n: int) -> Partitions:
    """Partitions of `count` matrices [m, n] in which all labels are -1."""
    return Partitions(
        rows=np.full((count, m), DEAD, np.int16),
        columns=np.full((count, n), DEAD, np.int16),
        feasible=np.zeros(count, bool),
    )


def no_starts(count: int, starts: int, m: int, n: int) -> Starts:
    """Restarts for `count` matrices [m, n] in which all labels are -1."""
    return Starts(
        rows=np.full((count, starts, m), DEAD, np.int16),
        columns=np.full((count, starts, n), DEAD, np.int16),
    )
