"""Null `within`: the entries of each row permuted among columns with a similar covariate.

The null keeps what the covariate explains: how large the entries of each row are in columns with
about the same covariate. It tests whether there is more structure than that. The covariate of a
pixel is its standard deviation over the training images: pixels of the frame hardly vary, and their
weights are small or untrained.

Columns are divided into strata by quantiles of the covariate. Permuting within strata is the
conditional permutation of Strobl et al. 2008, for entries instead of observations.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np

from clusterability.networks.live_units import live_units
from clusterability.nulls.redrawing import Draw, RandomModel
from clusterability.randomness import StreamName, generator

STRATA = 20
"""Default of `strata.number` in the config; docs/measures.md gives the reason."""


def model_within(covariate: np.ndarray | None, strata: int) -> RandomModel:
    """Null model for columns with the given covariate.

    Args:
        covariate: finite numbers [n], one per column; None leaves all draws undefined.
        strata: number of strata.
    """
    known = covariate is not None
    return RandomModel("within", partial(redraw, covariate=covariate, count=strata), permutes=known)


def redraw(
    matrix: np.ndarray,
    name: StreamName,
    covariate: np.ndarray | None = None,
    count: int = STRATA,
) -> Draw:
    """Draws that permute each row's entries among the live columns of the same stratum.

    Dead units stay dead.

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.
        covariate: finite numbers [n], one per column, or None.
        count: number of strata, of sizes as equal as ties allow.

    Returns:
        Function from a draw number to the draw, [m, n]. All entries are NaN without a covariate.

    Raises:
        ValueError: if the covariate does not have one number per column.

    References:
        Strobl et al. 2008, Conditional variable importance for random forests, BMC Bioinformatics
        9, 307, for observations. doi:10.1186/1471-2105-9-307

    >>> matrix = np.array([[1.0, 2.0, 30.0, 40.0], [5.0, 6.0, 70.0, 80.0]])
    >>> draw = redraw(matrix, ("trained", 0, "fc1"), np.array([0.1, 0.2, 0.8, 0.9]), 2)
    >>> np.sort(draw(0)[:, :2]).tolist(), np.sort(draw(0)[:, 2:]).tolist()
    ([[1.0, 2.0], [5.0, 6.0]], [[30.0, 40.0], [70.0, 80.0]])
    """
    if covariate is None:
        return lambda number: np.full(matrix.shape, np.nan)
    if len(covariate) != matrix.shape[1]:
        raise ValueError(f"{len(covariate)} numbers for {matrix.shape[1]} columns")
    live = live_units(matrix)
    strata = column_strata(np.asarray(covariate)[live.columns], count)
    # Sorted by stratum, so that each stratum is a slice.
    order = np.argsort(strata, kind="stable")
    ends = np.flatnonzero(np.diff(strata[order], prepend=-1, append=-1))
    where = np.ix_(live.rows, np.flatnonzero(live.columns)[order])
    ordered = matrix[where]

    def draw(number: int) -> np.ndarray:
        source = generator("draw", *name, "within", number)
        drawn = np.empty_like(ordered)
        for first, last in pairwise(ends):
            drawn[:, first:last] = source.permuted(ordered[:, first:last], axis=1)
        result = np.zeros_like(matrix)
        result[where] = drawn
        return result

    return draw


def column_strata(covariate: np.ndarray, count: int) -> np.ndarray:
    """Assign columns to strata by quantiles of the covariate, int64 [n]; strata count from 0.

    Bounds are the quantiles 1/count, 2/count, …, interpolated linearly. A column belongs to the
    stratum of the smallest bound that is not below its covariate. Ties share a stratum, so that
    there may be fewer strata, of unequal sizes; none is empty.

    Args:
        covariate: finite numbers [n].
        count: number of strata without ties; at most n are made.

    >>> column_strata(np.array([0.0, 0.0, 0.0, 5.0, 7.0, 9.0]), 3).tolist()
    [0, 0, 0, 1, 2, 2]
    """
    if len(covariate) == 0:
        return np.empty(0, np.int64)
    count = min(count, len(covariate))  # a larger count gives the same strata
    bounds = np.quantile(covariate, np.arange(1, count) / count)
    return np.unique(np.searchsorted(bounds, covariate), return_inverse=True)[1].astype(np.int64)
