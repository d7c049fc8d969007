"""Random mixtures of the units on one side, for the nulls `rotated_u` and `rotated_v`.

For rows, with A = abs(W) and signs kept:

1. A is balanced to equal row sums and equal column sums (Sinkhorn & Knopp 1967).
2. Z are the normal scores of the ranks of the balanced weights, signs included.
3. O Z is a mixture of rows, with O a random orthogonal matrix (Haar; Mezzadri 2007). It has the
   singular values and right singular vectors of Z, and random left singular vectors.
4. The balanced weights are assigned by the ranks of O Z and scaled to the row and column sums of A.

The rows and columns of Z have equal strengths, but those of O Z do not. So step 3 alternates: the
squares of O Z are balanced, and O becomes the orthogonal matrix for which O Z is nearest to the
result (orthogonal Procrustes; Schönemann 1966), as Schreiber & Schmitz 1996 alternate between the
spectrum and the values of a time series. Otherwise, draws have less structure than low-rank
matrices.

Where roots of A estimate strengths better than A does, single weights dominate the sum of a unit.
Then W is divided by strengths estimated from that root (`nulls.unit_strengths`) instead of being
balanced, and the draws are multiplied by them; sums are not kept. Balancing would make a large
weight small for its row and column, and draws would have less structure than independent weights.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtri

from clusterability.networks.live_units import live_units
from clusterability.networks.sinkhorn import balance, scale_to
from clusterability.networks.two_way_ranks import mid_ranks
from clusterability.nulls.redrawing import Draw
from clusterability.nulls.unit_strengths import best_power, unit_strengths
from clusterability.numerics import one_thread
from clusterability.randomness import StreamName, generator

MOST_ZEROS = 0.05
"""Largest share of zeros among the weights between live units. With a fifth of zeros, p of
`bits_within` was too small (docs/measures.md)."""
_TURNS = 3
"""Alternations: more bring p of low-rank matrices nearer to uniform; eight did no better than
three."""
_POWERS = (1.0, 0.5, 0.25)
"""Candidate powers of A: 1 for sums, which are the strengths that methods use; roots for heavy
tails."""


def too_many_zeros(matrix: np.ndarray) -> bool:
    """Whether more than MOST_ZEROS of the weights between live units are zero.

    Zeros are ties: their order, by which a mixture is assigned, is undefined.

    >>> too_many_zeros(np.eye(3)), too_many_zeros(np.ones((3, 2)))
    (True, False)
    """
    part = live_units(matrix).take(matrix)
    return bool(np.count_nonzero(part == 0) > MOST_ZEROS * part.size)


def mix_rows(matrix: np.ndarray, name: StreamName) -> Draw:
    """Draws in which the rows are random orthogonal mixtures of the rows of W.

    Args:
        matrix: W [m, n], with signs.
        name: condition, seed, layer and null.

    Returns:
        Function from a draw number to the draw, float64 [m, n], non-negative. All entries are NaN
        if `too_many_zeros`, or if weights are not finite or cannot be balanced.

    References:
        Mezzadri 2007, How to generate random matrices from the classical compact groups.
        arXiv:math-ph/0609050
        Schönemann 1966, A generalized solution of the orthogonal Procrustes problem.
        doi:10.1007/BF02289451
        Schreiber & Schmitz 1996, Improved surrogate data for nonlinearity tests.
        doi:10.1103/PhysRevLett.77.635

    If the weights have no structure but strengths, every draw is abs(W):

    >>> draw = mix_rows(np.outer([1.0, 2.0], [3.0, -1.0]), ("mine", 0, "fc1", "mixed"))
    >>> draw(0).round(9).tolist()
    [[3.0, 1.0], [6.0, 2.0]]
    """
    live = live_units(matrix)
    # Draws must not depend on memory order or on the scale of the weights.
    weights = np.ascontiguousarray(live.take(matrix), np.float64)
    largest = float(np.abs(weights).max(initial=0.0)) or 1.0
    weights = weights / largest
    stripped = None if too_many_zeros(matrix) else _without_strengths(weights)
    if stripped is None:
        return lambda number: np.full(matrix.shape, np.nan)
    entries, with_strengths = stripped
    in_order, scores = np.abs(np.sort(entries, axis=None)), _normal_scores(entries)

    def draw(number: int) -> np.ndarray:
        mixture = _mixture(scores, generator("draw", *name, number))
        dealt = np.empty(scores.size)
        dealt[np.argsort(mixture, axis=None, kind="stable")] = in_order
        result = np.zeros(matrix.shape)
        drawn = with_strengths(dealt.reshape(scores.shape))
        result[np.ix_(live.rows, live.columns)] = largest * drawn
        return result

    return draw


def random_frame(m: int, count: int, source: np.random.Generator) -> np.ndarray:
    """First columns of a random orthogonal matrix, float64 [m, count], uniform (Haar).

    They are Q in the QR factorisation of a normal matrix, with signs such that the diagonal of R
    is positive. With the signs that the library chooses, Q is not uniform.

    Args:
        m: number of rows.
        count: number of columns, at most m.
        source: random number generator.

    References:
        Mezzadri 2007, How to generate random matrices from the classical compact groups.
        arXiv:math-ph/0609050

    >>> frame = random_frame(4, 2, np.random.default_rng(0))
    >>> bool(np.allclose(frame.T @ frame, np.eye(2)))
    True
    """
    frame, triangle = np.linalg.qr(source.standard_normal((m, count)))
    return np.asarray(frame * np.copysign(1.0, np.diagonal(triangle)))


def _without_strengths(
    weights: np.ndarray,
) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]] | None:
    """Weights [m, n] without unit strengths, and a function that applies these strengths.

    None if weights are not finite, all zero, or cannot be balanced.
    """
    sizes = np.abs(weights)
    power = best_power(sizes, _POWERS)
    if power == 1:
        sums = sizes.sum(axis=1), sizes.sum(axis=0)
        return np.copysign(balance(sizes), weights), lambda dealt: scale_to(dealt, *sums)
    sides = unit_strengths(sizes, (power,)) if power else None
    if sides is None:
        return None
    strengths = np.outer(*(np.exp(side.logs) for side in sides))
    return weights / strengths, lambda dealt: dealt * strengths


def _mixture(scores: np.ndarray, source: np.random.Generator) -> np.ndarray:
    """O Z [m, n] for a random O, with equal mean squares of rows and of columns."""
    with one_thread():
        # With Z = Q R, O Z = (O Q) R. O Q is as random as O, so that O is never formed.
        tall = len(scores) > scores.shape[1]
        factor = np.asarray(np.linalg.qr(scores, mode="r")) if tall else scores
        frame = random_frame(len(scores), len(factor), source)
        for _ in range(_TURNS):
            target = _of_equal_squares(frame @ factor) @ factor.T
            left, _, right = np.linalg.svd(target, full_matrices=False)
            frame = left @ right
        return _of_equal_squares(frame @ factor)


def _of_equal_squares(mixture: np.ndarray) -> np.ndarray:
    return np.copysign(np.sqrt(balance(mixture**2)), mixture)


def _normal_scores(values: np.ndarray) -> np.ndarray:
    """Normal scores Phi^-1((r - 1/2) / N) of the ranks r of N values; ties get their mean rank."""
    return np.asarray(ndtri((mid_ranks(values) - 0.5) / values.size))
