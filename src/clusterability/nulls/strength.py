"""Null `strength`: the weights reassigned at random, with the strength of every unit kept.

The null keeps every unit's sum of abs(W) and the pattern of zeros. It tests whether there is more
structure than units of different strengths imply.

The model is A_ij = abs(W_ij) = r_i c_j E_ij, with unit strengths r and c and exchangeable entries
E. Each draw samples r and c from their estimates (`nulls.unit_strengths`) and permutes A / (r c)
among the non-zero positions. Pairs of entries are then swapped wherever that brings the row and
column sums nearer to those of A; scaling removes the rest of the difference. Milisav et al. 2025
anneal the weights of connectomes to given strengths. Dividing by the strengths first leaves few
swaps to make.

The null is approximate: docs/measures.md says how accurate its p is, and that p is wrong where
single weights dominate the strength of a unit. `shuffle` does not keep strengths.
"""

from __future__ import annotations

import numpy as np

from clusterability.clustering.held_out import held_out_clusters
from clusterability.compiled import compiled
from clusterability.networks.sinkhorn import scale_to
from clusterability.nulls.permuting import permuted
from clusterability.nulls.redrawing import Draw
from clusterability.nulls.unit_strengths import unit_strengths
from clusterability.randomness import StreamName, generator

# Clusters of columns sort these by strength, and the judged rows share column strengths: where they
# differ, the null `labels` is too weak for held-out information.
__all__ = ["held_out_clusters", "redraw"]

_NEAR_ENOUGH = 1e-4
"""Swaps end at this fraction of the squared error of the permuted weights."""
_ROUNDING = 1e-20
"""Squared error per weight below which swaps end, as rounding error."""
_MOST_TRIES = 16
"""Largest number of attempted swaps per non-zero weight."""
_FEWEST_AT_ONCE, _MOST_AT_ONCE = 1 << 10, 1 << 20
"""Attempted swaps between two checks of the error."""


def redraw(matrix: np.ndarray, name: StreamName) -> Draw:
    """Draws with the row and column sums of A = abs(W), to a relative error of at most 1e-9.

        A_ij = r_i c_j E_ij,   E permuted among the non-zero positions

    Args:
        matrix: W [m, n].
        name: condition, seed and layer.

    Returns:
        Function from a draw number to the draw, float64 [m, n], non-negative. All entries are NaN
        if weights are not finite, or if the draw cannot be scaled to these sums.

    References:
        Milisav et al. 2025, A simulated annealing algorithm for randomizing weighted networks, for
        networks with given strengths. doi:10.1038/s43588-024-00735-z
        Efron & Morris 1975, Data analysis using Stein's estimator and its generalizations, for the
        estimates of strengths. doi:10.1080/01621459.1975.10479864

    If the weights have no structure but strengths, every draw is abs(W):

    >>> draw = redraw(np.outer([1.0, 2.0], [3.0, -1.0]), ("trained", 0, "fc1"))
    >>> draw(0).round(9).tolist()
    [[3.0, 1.0], [6.0, 2.0]]
    """
    # Draws must not depend on memory order or on the scale of the weights.
    weights = np.ascontiguousarray(np.abs(matrix), np.float64)
    largest = float(weights.max(initial=0.0)) or 1.0
    weights /= largest
    sums = weights.sum(axis=1), weights.sum(axis=0)
    positions = np.flatnonzero(weights)
    # An error of a sum is measured in units of sum / sqrt(number of entries), so that chance errors
    # are equally large on both sides.
    used = weights != 0
    squares = [np.where(total > 0, total, 1) ** 2 for total in sums]
    counts = used.sum(axis=1) / squares[0], used.sum(axis=0) / squares[1]
    sides = unit_strengths(weights)
    if sides is None:
        fill = np.nan if weights.any() else 0.0
        return lambda number: np.full(weights.shape, fill)

    def draw(number: int) -> np.ndarray:
        source = generator("draw", *name, "strength", number)
        rows, columns = (side.drawn(source) for side in sides)
        entries = weights / rows[:, None]
        entries /= columns
        values = entries.ravel()[positions]
        # Kept during the permutation, it would add a third to the memory of a draw.
        del entries
        values = permuted(values, source)
        entries = np.zeros_like(weights)
        np.put(entries, positions, values)
        del values
        _bring_near(entries, positions, (rows, columns), sums, counts, source)
        entries *= rows[:, None]
        entries *= columns
        scaled = scale_to(entries, *sums)
        scaled *= largest
        return scaled

    return draw


def _bring_near(
    entries: np.ndarray,
    positions: np.ndarray,
    strengths: tuple[np.ndarray, np.ndarray],
    sums: tuple[np.ndarray, np.ndarray],
    counts: tuple[np.ndarray, np.ndarray],
    source: np.random.Generator,
) -> None:
    """Swap entries in place until the sums of r_i c_j E_ij are near the target sums.

    Args:
        entries: E [m, n].
        positions: flat indices of the non-zero entries.
        strengths: r [m] and c [n].
        sums: target row sums [m] and column sums [n].
        counts: weights of the squared errors, [m] and [n].
        source: random number generator.
    """
    # `@` may split a sum among threads and so change the order of addition.
    drawn = (
        strengths[0] * np.einsum("ij,j->i", entries, strengths[1]),
        strengths[1] * np.einsum("ij,i->j", entries, strengths[0]),
    )
    of_rows, of_columns = drawn[0] - sums[0], drawn[1] - sums[1]
    left = float((counts[0] * of_rows**2).sum() + (counts[1] * of_columns**2).sum())
    enough = max(_NEAR_ENOUGH * left, _ROUNDING * len(positions))
    tries = _MOST_TRIES * len(positions)
    at_once = min(max(len(positions) // 16, _FEWEST_AT_ONCE), _MOST_AT_ONCE, tries)
    while left > enough and tries > 0:
        first, second = positions[source.integers(0, len(positions), (2, at_once))]
        left -= _exchange(entries, *strengths, of_rows, of_columns, *counts, first, second)
        tries -= at_once


@compiled
def _exchange(
    entries: np.ndarray,
    r: np.ndarray,
    c: np.ndarray,
    row_errors: np.ndarray,
    column_errors: np.ndarray,
    row_weights: np.ndarray,
    column_weights: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
) -> float:
    """Swap pairs of entries that lower the weighted squared error; return the decrease."""
    decrease, n = 0.0, entries.shape[1]
    for pair in range(len(first)):
        i, j = first[pair] // n, first[pair] % n
        k, h = second[pair] // n, second[pair] % n
        # Swaps within a row or column change too few sums to be worth a special case.
        if i == k or j == h:
            continue
        more = entries[k, h] - entries[i, j]
        to_first, to_second = r[i] * c[j] * more, -r[k] * c[h] * more
        change = row_weights[i] * to_first * (2 * row_errors[i] + to_first)
        change += column_weights[j] * to_first * (2 * column_errors[j] + to_first)
        change += row_weights[k] * to_second * (2 * row_errors[k] + to_second)
        change += column_weights[h] * to_second * (2 * column_errors[h] + to_second)
        if change < 0:
            entries[i, j], entries[k, h] = entries[k, h], entries[i, j]
            row_errors[i] += to_first
            column_errors[j] += to_first
            row_errors[k] += to_second
            column_errors[h] += to_second
            decrease -= change
    return decrease
