"""Draws in which the units of one side are mixed at random, for the nulls `rotated_u`, `rotated_v`.

Of rows, with A = abs(W) and signs kept: A is balanced, to equal sums of rows and equal sums of
columns, by factors of rows and columns (Sinkhorn & Knopp 1967). Z are the normal scores of the
ranks of the balanced weights, signs included. O Z is a mixture of rows, with O a random orthogonal
matrix (Haar: Mezzadri 2007, Notices of the AMS 54, 592): it has the singular values of Z and its
right singular vectors, and the left ones are any. The balanced weights are dealt out by the ranks
of O Z, and scaled so that rows and columns of A have their sums again.

Z has rows and columns of equal strengths, which O Z has not. So both are sought in turns: squares
of O Z are balanced, and O becomes the matrix for which O Z is nearest to that (orthogonal
Procrustes: Schönemann 1966), as Schreiber & Schmitz 1996 seek series with both the spectrum and the
values of another. Without it, draws have less structure than matrices of low rank.

Where roots of A tell strengths better than A, single weights make up most of a unit's sum. Then W
is divided by strengths that are estimated from that root (`nulls.unit_strengths`) instead of being
balanced, and what is dealt out is multiplied by them: sums are not kept. Balanced, a large weight
is small for its row and its column, and draws would have less structure than independent weights.
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
"""Largest share of zeros among weights between live units. With a fifth, p of `bits_within` was too
small (docs/measures.md)."""
_TURNS = 3
"""Each brings p of matrices of low rank nearer to uniform; eight did no better than three."""
_POWERS = (1.0, 0.5, 0.25)
"""Of A, whose sums are the strengths by which methods go, and of roots for heavy tails."""


def too_many_zeros(matrix: np.ndarray) -> bool:
    """Whether more than MOST_ZEROS of the weights between live units are zero.

    Equal weights have no order in which a mixture could be dealt out.

    >>> too_many_zeros(np.eye(3)), too_many_zeros(np.ones((3, 2)))
    (True, False)
    """
    part = live_units(matrix).take(matrix)
    return bool(np.count_nonzero(part == 0) > MOST_ZEROS * part.size)


def mix_rows(matrix: np.ndarray, name: StreamName) -> Draw:
    """What makes draw number i, float64 [m, n], non-negative, in which rows are mixed.

    Every draw is NaN throughout where `too_many_zeros`, or where weights are not finite or cannot
    be balanced.

    Args:
        matrix: weights [m, n], with their signs.
        name: condition, seed, layer and null.
    """
    live = live_units(matrix)
    # Neither the order in memory nor the size of weights may make a difference.
    weights = np.ascontiguousarray(live.take(matrix), np.float64)
    largest = float(np.abs(weights).max(initial=0.0)) or 1.0
    weights = weights / largest
    found = None if too_many_zeros(matrix) else _without_strengths(weights)
    if found is None:
        return lambda number: np.full(matrix.shape, np.nan)
    entries, with_strengths = found
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
    """The first columns of a random orthogonal matrix, float64 [m, count], each as likely (Haar).

    Q of the QR factorisation of a normal matrix whose R has a positive diagonal: with signs as the
    library happens to choose them, Q is not uniform (Mezzadri 2007).

    Args:
        m: rows.
        count: columns, at most m.
        source: of the random numbers.

    >>> frame = random_frame(4, 2, np.random.default_rng(0))
    >>> bool(np.allclose(frame.T @ frame, np.eye(2)))
    True
    """
    frame, triangle = np.linalg.qr(source.standard_normal((m, count)))
    return np.asarray(frame * np.copysign(1.0, np.diagonal(triangle)))


def _without_strengths(
    weights: np.ndarray,
) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]] | None:
    """Weights [m, n] less the strengths of units, and what gives others these strengths.

    None where weights are not finite, all zero, or cannot be balanced.
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
    """O Z [m, n] of a random O, rows and columns of equal mean squares."""
    with one_thread():
        # O Z = (O Q) R where Z = Q R. Whatever Q is, O Q is as random: no O of all m is needed.
        tall = len(scores) > scores.shape[1]
        factor = np.asarray(np.linalg.qr(scores, mode="r")) if tall else scores
        frame = random_frame(len(scores), len(factor), source)
        for _ in range(_TURNS):
            wanted = _of_equal_squares(frame @ factor) @ factor.T
            left, _, right = np.linalg.svd(wanted, full_matrices=False)
            frame = left @ right
        return _of_equal_squares(frame @ factor)


def _of_equal_squares(mixture: np.ndarray) -> np.ndarray:
    return np.copysign(np.sqrt(balance(mixture**2)), mixture)


def _normal_scores(values: np.ndarray) -> np.ndarray:
    """Phi^-1((r - 1/2) / N) of the ranks r of N values; equal ones share the mean of theirs."""
    return np.asarray(ndtri((mid_ranks(values) - 0.5) / values.size))
