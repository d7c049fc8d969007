"""Null `within`: each row's entries permuted among columns that are alike in a covariate.

Keeps what the covariate explains: how large the entries of each row are in columns of about the
same covariate. It asks whether there is more structure than that. The covariate of pixels is their
standard deviation over the training images: pixels of the frame hardly vary, and have small weights
or none that were learnt.

Columns are put into strata by quantiles of their covariate. Permuting within strata is the
conditional permutation of Strobl et al. 2008 (BMC Bioinformatics 9, 307), of entries in place of
observations.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np

from clusterability.networks.live_units import live_units
from clusterability.nulls.redrawing import Draw, RandomModel
from clusterability.randomness import StreamName, generator

STRATA = 20
"""As many as `strata.number` of a config has by default; docs/measures.md says why."""


def model_within(covariate: np.ndarray | None, strata: int) -> RandomModel:
    """The null for columns with this covariate.

    Args:
        covariate: finite numbers [n], one a column, or None: then no draw is defined.
        strata: how many.
    """
    known = covariate is not None
    return RandomModel("within", partial(redraw, covariate=covariate, count=strata), permutes=known)


def redraw(
    matrix: np.ndarray,
    name: StreamName,
    covariate: np.ndarray | None = None,
    count: int = STRATA,
) -> Draw:
    """What makes draw number i, [m, n]: entries permuted among live columns of their stratum.

    Dead units stay dead. Every draw is NaN throughout where there is no covariate.

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.
        covariate: finite numbers [n], one a column, or None.
        count: of strata, as equal as ties allow.

    Raises:
        ValueError: where there are not as many numbers as columns.

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
    # Stratum by stratum, so that each is a slice.
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
    """Strata of columns by quantiles of their covariate, int64 [n], from 0 on and none empty.

    Bounds are the quantiles 1/count, 2/count, …, interpolated linearly; a column lies in the
    stratum of the least bound that it does not exceed. Equal ones are in one stratum, so that there
    may be fewer strata, of different sizes.

    Args:
        covariate: finite numbers [n].
        count: how many strata, if no columns are equal; at most n are made.

    >>> column_strata(np.array([0.0, 0.0, 0.0, 5.0, 7.0, 9.0]), 3).tolist()
    [0, 0, 0, 1, 2, 2]
    """
    if len(covariate) == 0:
        return np.empty(0, np.int64)
    count = min(count, len(covariate))  # more would be no other strata
    bounds = np.quantile(covariate, np.arange(1, count) / count)
    return np.unique(np.searchsorted(bounds, covariate), return_inverse=True)[1].astype(np.int64)
