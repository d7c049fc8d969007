"""Search for the partition of largest Barber's Q: compiled loops.

Rows go to the cluster of columns in which they have most weight beyond what strengths give, columns
likewise, in turns, until none moves (BRIM: Barber 2007, section IV); then the two clusters merge
whose merging gains most or costs least, and so on down to one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clusterability.compiled import compiled

_MOST_TURNS = 200


class Refinement(NamedTuple):
    """The partitions that a start came to, by their number of clusters.

    Attributes:
        values: Barber's Q [1 + k]; -infinite where there is none.
        rows, columns: labels [1 + k, m] and [1 + k, n]; cluster a of one side goes with a of the
            other, and either may be empty.
    """

    values: np.ndarray
    rows: np.ndarray
    columns: np.ndarray


class Shares:
    """A matrix of weights as shares of their sum: what all refinements of it begin with."""

    def __init__(self, adjacency: np.ndarray) -> None:
        """Normalises abs(W) of the live units, [m, n]."""
        self.weights = np.ascontiguousarray(adjacency, np.float64) / adjacency.sum(dtype=np.float64)
        self.turned = np.ascontiguousarray(self.weights.T)
        self.row_strengths, self.column_strengths = self.weights.sum(1), self.turned.sum(1)

    def descend(self, columns: np.ndarray, k: int, least: int = 1) -> Refinement:
        """From labels of the columns in at most k clusters down to `least`; rows follow."""
        m, n = self.weights.shape
        found = Refinement(
            np.full(1 + k, -np.inf), np.zeros((1 + k, m), np.int64), np.zeros((1 + k, n), np.int64)
        )
        _descend(
            self.weights,
            self.turned,
            self.row_strengths,
            self.column_strengths,
            columns.astype(np.int64),
            k,
            least,
            *found,
        )
        return found

    def refine(self, columns: np.ndarray, k: int) -> Refinement:
        """As `descend`, without a merge."""
        return self.descend(columns, k, least=k)

    def turn(self) -> Shares:
        """Those of the transposed matrix."""
        result = Shares.__new__(Shares)
        result.weights, result.turned = self.turned, self.weights
        result.row_strengths, result.column_strengths = self.column_strengths, self.row_strengths
        return result


@compiled
def _descend(
    weights: np.ndarray,
    turned: np.ndarray,
    row_strengths: np.ndarray,
    column_strengths: np.ndarray,
    columns: np.ndarray,
    k: int,
    least: int,
    values: np.ndarray,
    best_rows: np.ndarray,
    best_columns: np.ndarray,
) -> None:
    """Fills the last three, as `Refinement` has them; the labels are lost."""
    rows, excess = np.zeros(len(weights), np.int64), np.empty((k, k))
    while True:
        for turn in range(_MOST_TURNS):
            moved = _follow(turned, columns, row_strengths, column_strengths, rows, k)
            moved += _follow(weights, rows, column_strengths, row_strengths, columns, k)
            if turn > 0 and moved == 0:
                break
        k = _occupied(rows, columns, k)
        value = _excess(weights, rows, columns, row_strengths, column_strengths, k, excess)
        if value > values[k]:
            values[k] = value
            best_rows[k] = rows
            best_columns[k] = columns
        if k <= least:
            return
        best, to, of = -np.inf, 0, 1
        for a in range(k):
            for b in range(a + 1, k):
                if excess[a, b] + excess[b, a] > best:
                    best, to, of = excess[a, b] + excess[b, a], a, b
        for labels in (rows, columns):
            for unit in range(len(labels)):
                if labels[unit] == of:
                    labels[unit] = to
        k = _occupied(rows, columns, k)


@compiled
def _follow(
    by_other: np.ndarray,
    other: np.ndarray,
    strengths: np.ndarray,
    other_strengths: np.ndarray,
    own: np.ndarray,
    k: int,
) -> int:
    """Puts each unit into its best cluster, given those of the other side; how many moved.

    by_other: weights [other units, own units].
    """
    units = len(own)
    sums, totals = np.zeros((k, units)), np.zeros(k)
    for place in range(len(other)):
        cluster = other[place]
        totals[cluster] += other_strengths[place]
        _add(by_other[place], sums[cluster])
    best, chosen = np.full(units, -np.inf), np.zeros(units, np.int64)
    for cluster in range(k):
        total, of_cluster = totals[cluster], sums[cluster]
        for unit in range(units):
            gain = of_cluster[unit] - strengths[unit] * total
            better = gain > best[unit]
            best[unit] = gain if better else best[unit]
            chosen[unit] = cluster if better else chosen[unit]
    moved = 0
    for unit in range(units):
        if chosen[unit] != own[unit]:
            cluster = own[unit]
            # Rounding must not move units back and forth.
            gain = sums[cluster, unit] - strengths[unit] * totals[cluster]
            if best[unit] > gain + 1e-12 * strengths[unit]:
                own[unit] = chosen[unit]
                moved += 1
    return moved


@compiled
def _add(values: np.ndarray, total: np.ndarray) -> None:
    for place in range(len(values)):
        total[place] += values[place]


@compiled
def _occupied(rows: np.ndarray, columns: np.ndarray, k: int) -> int:
    """Numbers clusters without those that are empty on both sides; how many are left."""
    names, count = np.full(k, -1), 0
    for labels in (rows, columns):
        for label in labels:
            names[label] = 0
    for cluster in range(k):
        if names[cluster] == 0:
            names[cluster] = count
            count += 1
    for labels in (rows, columns):
        for unit in range(len(labels)):
            labels[unit] = names[labels[unit]]
    return count


@compiled
def _excess(
    weights: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    row_strengths: np.ndarray,
    column_strengths: np.ndarray,
    k: int,
    excess: np.ndarray,
) -> float:
    """Fills excess [k, k] with T - p q^T; its trace, Barber's Q."""
    p, q = np.zeros(k), np.zeros(k)
    for row in range(len(rows)):
        p[rows[row]] += row_strengths[row]
    for column in range(len(columns)):
        q[columns[column]] += column_strengths[column]
    for a in range(k):
        for b in range(k):
            excess[a, b] = -p[a] * q[b]
    for row in range(len(rows)):
        of_row = excess[rows[row]]
        for column in range(len(columns)):
            of_row[columns[column]] += weights[row, column]
    value = 0.0
    for a in range(k):
        value += excess[a, a]
    return value
