"""Null `degrees`: sums are kept, every matrix with them is as likely, and nothing else is drawn."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from clusterability.nulls.degrees import are_counts, redraw

NAME = ("mine", -1, "fc1")


def all_with_sums_of(matrix: np.ndarray) -> list[bytes]:
    """All matrices with the sums of rows and columns of this one: of ones, or of counts."""
    most = 1 if matrix.max() <= 1 else int(matrix.sum(axis=1).max())
    rows = [
        [
            each
            for each in itertools.product(range(most + 1), repeat=matrix.shape[1])
            if sum(each) == total
        ]
        for total in matrix.sum(axis=1)
    ]
    found = [np.array(each, float) for each in itertools.product(*rows)]
    sums = matrix.sum(axis=0)
    return [each.tobytes() for each in found if (each.sum(axis=0) == sums).all()]


@pytest.mark.parametrize(
    ("matrix", "members"),
    [
        ([[1, 1, 0], [1, 0, 1], [0, 1, 0]], 5),
        ([[1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 1, 1]], None),
        ([[2, 1], [0, 1], [1, 0]], None),
        ([[3, 0, 1], [0, 2, 1]], None),
        ([[2, 0, 0], [0, 2, 1], [0, 0, 1]], None),
    ],
)
def test_every_matrix_with_these_sums_is_as_likely(matrix, members):
    matrix = np.array(matrix, float)
    every = all_with_sums_of(matrix)
    assert members in (None, len(every))
    draw = redraw(matrix, NAME)
    counts = Counter(draw(number).tobytes() for number in range(200 * len(every)))
    assert set(counts) == set(every)
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3


@pytest.mark.parametrize("shape", [(30, 50), (50, 30), (1, 5), (5, 1)])
@pytest.mark.parametrize("counts", [False, True])
def test_sums_are_kept_and_most_entries_are_others(shape, counts):
    source = np.random.default_rng(0)
    matrix = source.poisson(2, shape) if counts else source.integers(0, 2, shape)
    draw = redraw(matrix.astype(np.float32), NAME)
    drawn = draw(3)
    assert np.array_equal(drawn.sum(axis=0), matrix.sum(axis=0))
    assert np.array_equal(drawn.sum(axis=1), matrix.sum(axis=1))
    assert (drawn >= 0).all()
    assert counts or set(np.unique(drawn)) <= {0, 1}
    assert np.array_equal(drawn, draw(3))
    if min(shape) > 1:
        assert (drawn != matrix).mean() > 0.3
        assert not np.array_equal(drawn, draw(4))


def test_signs_play_no_part_and_other_weights_have_no_draws():
    matrix = np.array([[1, -1, 0], [0, 1, -1]], float)
    assert np.array_equal(redraw(matrix, NAME)(0), redraw(abs(matrix), NAME)(0))
    for other in (matrix / 2, np.array([[np.inf, 1]]), np.array([[np.nan, 1]]), matrix * 1e300):
        assert not are_counts(other)
        assert np.isnan(redraw(other, NAME)(0)).all()


def test_blocks_of_ones_stand_out_from_their_degrees():
    """Two separate blocks: every draw mixes them."""
    matrix = np.kron(np.eye(2), np.ones((6, 6)))
    drawn = [redraw(matrix, NAME)(number) for number in range(20)]
    inside = [each[:6, :6].sum() for each in drawn]
    assert np.mean(inside) == pytest.approx(18, abs=3)
    assert max(inside) < 30
