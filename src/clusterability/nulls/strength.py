"""Null `strength`: the weights dealt out anew, every unit's sum of abs(W) kept.

Keeps the strength of every unit, its sum of abs(W), and which weights are zero. It asks whether
there is more structure than units of different strengths bring with them.

The weights are taken to be A_ij = abs(W_ij) = r_i c_j E_ij, with strengths r and c of the units and
entries E in no order. Each draw draws r and c from what A tells of them (`nulls.unit_strengths`)
and permutes A / (r c) among the places of non-zero weights. Two entries at a time are then
exchanged wherever that brings the sums of rows and columns nearer to those of A, and what is left
of the difference is scaled away. Milisav et al. 2025 anneal the weights of connectomes to given
strengths; here strengths are taken out first, so that little is left to exchange.

Approximate: docs/measures.md says how far its p can be trusted, and that it cannot where single
weights make up most of a unit's strength. The null `shuffle` of Filan et al. 2021 does not keep
strengths.
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

# Clusters of columns sort them by strength, too, and the strengths of the other rows go along:
# where strengths differ, the null `labels` is too weak for held-out information.
__all__ = ["held_out_clusters", "redraw"]

_NEAR_ENOUGH = 1e-4
"""Share of a permutation's squared differences that may be left when exchanges end."""
_ROUNDING = 1e-20
"""Squared difference for each weight that is not looked at."""
_MOST_TRIES = 16
"""Exchanges that are tried, for each non-zero weight, where that is not reached."""
_FEWEST_AT_ONCE, _MOST_AT_ONCE = 1 << 10, 1 << 20
"""Exchanges that are tried before the differences are looked at again."""


def redraw(matrix: np.ndarray, name: StreamName) -> Draw:
    """What makes draw number i, float64 [m, n], non-negative: strengths know no sign.

    The relative error of every row and column sum is at most 1e-9. A draw that cannot be scaled is
    NaN throughout, and so is every draw of weights that are not finite.

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.

    Of weights without any structure but strengths, every draw gives their absolute values:

    >>> draw = redraw(np.outer([1.0, 2.0], [3.0, -1.0]), ("trained", 0, "fc1"))
    >>> draw(0).round(9).tolist()
    [[3.0, 1.0], [6.0, 2.0]]
    """
    # Neither the order in memory nor the size of weights may make a difference.
    weights = np.ascontiguousarray(np.abs(matrix), np.float64)
    largest = float(weights.max(initial=0.0)) or 1.0
    weights /= largest
    sums = weights.sum(axis=1), weights.sum(axis=0)
    places = np.flatnonzero(weights)
    # A difference counts in units of its sum over the root of its number of entries, so that chance
    # makes it as large on both sides.
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
        values = entries.ravel()[places]
        # Held while values are permuted, it would be a third more of what a draw takes.
        del entries
        values = permuted(values, source)
        entries = np.zeros_like(weights)
        np.put(entries, places, values)
        del values
        _bring_near(entries, places, (rows, columns), sums, counts, source)
        entries *= rows[:, None]
        entries *= columns
        scaled = scale_to(entries, *sums)
        scaled *= largest
        return scaled

    return draw


def _bring_near(
    entries: np.ndarray,
    places: np.ndarray,
    strengths: tuple[np.ndarray, np.ndarray],
    sums: tuple[np.ndarray, np.ndarray],
    counts: tuple[np.ndarray, np.ndarray],
    source: np.random.Generator,
) -> None:
    """Exchanges entries in place until the sums of r_i c_j E_ij are near to these.

    counts: what the square of a difference counts, of rows and of columns.
    """
    # Not `@`: it may split a sum among threads, and add up in another order.
    drawn = (
        strengths[0] * np.einsum("ij,j->i", entries, strengths[1]),
        strengths[1] * np.einsum("ij,i->j", entries, strengths[0]),
    )
    of_rows, of_columns = drawn[0] - sums[0], drawn[1] - sums[1]
    left = float((counts[0] * of_rows**2).sum() + (counts[1] * of_columns**2).sum())
    enough = max(_NEAR_ENOUGH * left, _ROUNDING * len(places))
    tries = _MOST_TRIES * len(places)
    at_once = min(max(len(places) // 16, _FEWEST_AT_ONCE), _MOST_AT_ONCE, tries)
    while left > enough and tries > 0:
        first, second = places[source.integers(0, len(places), (2, at_once))]
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
    """Exchanges pairs of entries where that lowers the weighted squared errors; by how much."""
    fallen, n = 0.0, entries.shape[1]
    for pair in range(len(first)):
        i, j = first[pair] // n, first[pair] % n
        k, h = second[pair] // n, second[pair] % n
        # Within a row or a column it would change too few sums to be worth a case of its own.
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
            fallen -= change
    return fallen
