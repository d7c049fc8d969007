"""Search for the partition with the largest Barber's Q, in compiled loops.

Rows move to the column cluster with which they share the most weight beyond the expectation from
strengths; columns likewise, in turn, until none moves (BRIM: Barber 2007, section IV,
doi:10.1103/PhysRevE.76.066102). Then the two clusters are merged whose merger gains most or costs
least, and so on down to one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clusterability.compiled import compiled

_MOST_TURNS = 200


class Refinement(NamedTuple):
    """Partitions reached from one start, one for each number of clusters.

    Attributes:
        values: Barber's Q, [1 + k]; -inf where no partition was reached.
        rows, columns: labels [1 + k, m] and [1 + k, n]; cluster a of one side is paired with
            cluster a of the other, and either may be empty.
    """

    values: np.ndarray
    rows: np.ndarray
    columns: np.ndarray


class Shares:
    """Weight matrix as shares of its sum, prepared once for all refinements."""

    def __init__(self, adjacency: np.ndarray) -> None:
        """Normalise abs(W) of the live units, [m, n]."""
        self.weights = np.ascontiguousarray(adjacency, np.float64) / adjacency.sum(dtype=np.float64)
        self.turned = np.ascontiguousarray(self.weights.T)
        self.row_strengths, self.column_strengths = self.weights.sum(1), self.turned.sum(1)

    def descend(self, columns: np.ndarray, k: int, least: int = 1) -> Refinement:
        """Refine and merge from column labels in at most k clusters down to `least`."""
        m, n = self.weights.shape
        refinement = Refinement(
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
            *refinement,
        )
        return refinement

    def refine(self, columns: np.ndarray, k: int) -> Refinement:
        """Refine as `descend` does, without mergers."""
        return self.descend(columns, k, least=k)

    def turn(self) -> Shares:
        """Shares of the transposed matrix."""
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
    """Fill the last three arguments, as in `Refinement`; the initial labels are lost."""
    rows = np.zeros(len(weights), np.int64)
    # Weight of each row with each column cluster, and the reverse, kept up to date by `_follow`.
    seen_by_rows, column_totals = _seen(turned, columns, column_strengths, k)
    seen_by_columns, row_totals = _seen(weights, rows, row_strengths, k)
    excess = np.empty((k, k))
    while True:
        for _ in range(_MOST_TURNS):
            moved = _follow(
                seen_by_rows,
                column_totals,
                row_strengths,
                rows,
                weights,
                seen_by_columns,
                row_totals,
            )
            moved += _follow(
                seen_by_columns,
                row_totals,
                column_strengths,
                columns,
                turned,
                seen_by_rows,
                column_totals,
            )
            if moved == 0:
                break
        left = _occupied(rows, columns, k, seen_by_rows, seen_by_columns, row_totals, column_totals)
        seen_by_rows, seen_by_columns = seen_by_rows[:left], seen_by_columns[:left]
        row_totals, column_totals, k = row_totals[:left], column_totals[:left], left
        value = _excess(rows, seen_by_rows, row_totals, column_totals, excess)
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
        for seen in (seen_by_rows, seen_by_columns):
            seen[to] += seen[of]
        for totals in (row_totals, column_totals):
            totals[to] += totals[of]
        left = _occupied(rows, columns, k, seen_by_rows, seen_by_columns, row_totals, column_totals)
        seen_by_rows, seen_by_columns = seen_by_rows[:left], seen_by_columns[:left]
        row_totals, column_totals, k = row_totals[:left], column_totals[:left], left


@compiled
def _seen(
    by_other: np.ndarray, other: np.ndarray, other_strengths: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Weight of each unit with each cluster of the other side, [k, units]; cluster strengths."""
    sums, totals = np.zeros((k, by_other.shape[1])), np.zeros(k)
    for other_unit in range(len(other)):
        totals[other[other_unit]] += other_strengths[other_unit]
        _add(by_other[other_unit], sums[other[other_unit]], 1.0)
    return sums, totals


@compiled
def _follow(
    seen: np.ndarray,
    other_totals: np.ndarray,
    strengths: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    seen_by_other: np.ndarray,
    side_totals: np.ndarray,
) -> int:
    """Move each unit to its best cluster given the other side; return the number of moves.

    Keeps the last two arguments up to date.
    """
    k, units = seen.shape
    best, chosen = np.full(units, -np.inf), np.zeros(units, np.int64)
    for cluster in range(k):
        total, of_cluster = other_totals[cluster], seen[cluster]
        for unit in range(units):
            gain = of_cluster[unit] - strengths[unit] * total
            better = gain > best[unit]
            best[unit] = gain if better else best[unit]
            chosen[unit] = cluster if better else chosen[unit]
    moved = 0
    for unit in range(units):
        old, new = labels[unit], chosen[unit]
        if new != old:
            # The margin keeps rounding from moving units back and forth.
            gain = seen[old, unit] - strengths[unit] * other_totals[old]
            if best[unit] > gain + 1e-12 * strengths[unit]:
                labels[unit] = new
                moved += 1
                _add(weights[unit], seen_by_other[old], -1.0)
                _add(weights[unit], seen_by_other[new], 1.0)
                side_totals[old] -= strengths[unit]
                side_totals[new] += strengths[unit]
    return moved


@compiled
def _add(values: np.ndarray, total: np.ndarray, factor: float) -> None:
    for index in range(len(values)):
        total[index] += factor * values[index]


@compiled
def _occupied(
    rows: np.ndarray,
    columns: np.ndarray,
    k: int,
    seen_by_rows: np.ndarray,
    seen_by_columns: np.ndarray,
    row_totals: np.ndarray,
    column_totals: np.ndarray,
) -> int:
    """Renumber clusters, skipping those empty on both sides; return the number of clusters left."""
    names, count = np.full(k, -1), 0
    for labels in (rows, columns):
        for label in labels:
            names[label] = 0
    for cluster in range(k):
        if names[cluster] == 0:
            names[cluster] = count
            if cluster != count:
                seen_by_rows[count] = seen_by_rows[cluster]
                seen_by_columns[count] = seen_by_columns[cluster]
                row_totals[count] = row_totals[cluster]
                column_totals[count] = column_totals[cluster]
            count += 1
    for labels in (rows, columns):
        for unit in range(len(labels)):
            labels[unit] = names[labels[unit]]
    return count


@compiled
def _excess(
    rows: np.ndarray,
    seen_by_rows: np.ndarray,
    row_totals: np.ndarray,
    column_totals: np.ndarray,
    excess: np.ndarray,
) -> float:
    """Fill excess [k, k] with T - p q^T; return its trace, Barber's Q."""
    k = len(row_totals)
    for a in range(k):
        for b in range(k):
            excess[a, b] = -row_totals[a] * column_totals[b]
    for b in range(k):
        for row in range(len(rows)):
            excess[rows[row], b] += seen_by_rows[b, row]
    value = 0.0
    for a in range(k):
        value += excess[a, a]
    return value
