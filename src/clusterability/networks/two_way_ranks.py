"""Scaling `ranked`: weights by their place within their row and their column.

Ranks within a row know neither how strong the row is nor how its sizes are distributed, and ranks
within a column likewise. Taken in turns, what belongs to single units goes and what belongs to
pairs of clusters stays.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from clusterability.compiled import compiled
from clusterability.networks.live_units import live_units
from clusterability.randomness import StreamName, generator

_PASSES = 4
"""Over rows and columns: ten and twenty gave nearly the same bits, on 128 x 784."""


def two_way_ranks(matrix: np.ndarray, name: StreamName = ()) -> np.ndarray:
    """Exponential scores of two-way ranks of abs(W), with the signs of W.

    Normal scores of ranks within each row, then within each column, four times; the same with
    columns first; their mean; and of its ranks r among N weights -ln(1 - (r - 1/2) / N), so that
    the sizes are distributed as those of weights whose absolute values are exponential.

    Sizes that are equal are told apart at random, once: the rank that they share would tell how
    many of them a row has, and rows of zeros and ones would be sorted by their number of ones.

    Args:
        matrix: weights [m, n]; dead units stay dead.
        name: of the random stream for sizes that are equal.

    Returns:
        float64 [m, n]; NaN throughout where an entry is not finite.

    Where units differ in strength alone, no weight stands out:

    >>> two_way_ranks(np.outer([1.0, 7.0], [1.0, -2.0, 3.0])).round(2).tolist()
    [[0.69, -0.69, 0.69], [0.69, -0.69, 0.69]]
    """
    if not np.isfinite(matrix).all():
        return np.full(matrix.shape, np.nan)
    live = live_units(matrix)
    places = _places(np.abs(live.take(matrix)), name)
    rows_first = _in_turns(places)
    columns_first = _in_turns(np.ascontiguousarray(places.T)).T
    ranks = rankdata(rows_first + columns_first).reshape(live.shape)
    result = np.zeros(matrix.shape)
    result[np.ix_(live.rows, live.columns)] = -np.log1p(-(ranks - 0.5) / max(ranks.size, 1))
    return np.copysign(result, matrix)


def _places(sizes: np.ndarray, name: StreamName) -> np.ndarray:
    """The place of each size [m, n] in their order, from 0; at random among equals."""
    flat = sizes.ravel()
    # A stable sort keeps equals in the order in which they come: so they come in a random one.
    order = generator("equal sizes", *name).permutation(flat.size)
    order = order[np.argsort(flat[order], kind="stable")]
    places = np.empty(flat.size, np.int64)
    places[order] = np.arange(flat.size)
    return places.reshape(sizes.shape)


def _in_turns(places: np.ndarray) -> np.ndarray:
    """Normal scores in the end: in between, twice the mid-ranks do, which have the same order."""
    order = np.argsort(places, axis=1)
    ranks = np.empty_like(places)
    np.put_along_axis(ranks, order, 2 * np.arange(places.shape[1])[None], axis=1)
    for _ in range(2 * _PASSES - 1):
        ranks = np.ascontiguousarray(ranks.T)
        _rank_rows(ranks, 2 * len(ranks))
    return _normal_scores(places.shape[0])[ranks].T


@lru_cache(maxsize=64)
def _normal_scores(count: int) -> np.ndarray:
    """Phi^-1((r - 1/2) / count) of r = 1, 3/2, …, count."""
    return np.asarray(ndtri((np.arange(2, 2 * count + 1) - 1) / (2 * count)))


@compiled
def _rank_rows(values: np.ndarray, limit: int) -> None:
    """Replaces whole numbers below a limit by their ranks within each row: 2 (r - 1), r mid-ranks.

    By counting: there are not many different numbers.
    """
    counts = np.empty(limit, np.int64)
    for row in range(len(values)):
        of_row = values[row]
        counts[:] = 0
        for value in of_row:
            counts[value] += 1
        begin = 0
        for value in range(limit):
            end = begin + counts[value]
            counts[value] = begin + end - 1
            begin = end
        for place in range(len(of_row)):
            of_row[place] = counts[of_row[place]]
