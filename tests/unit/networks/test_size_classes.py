"""Classes of sizes against ranks by scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata

from clusterability.networks import size_classes as module
from clusterability.networks.size_classes import class_bounds, size_classes
from clusterability.nulls.clustered_again import redrawn_tables
from clusterability.nulls.redrawing import RandomModel

SOURCE = np.random.default_rng(0)
NORMAL = SOURCE.standard_normal((24, 31))


def by_ranks(matrix: np.ndarray) -> np.ndarray:
    """Classes [m, n] of a matrix without dead units, as docs/bits.md defines them."""
    sizes = np.abs(matrix).ravel()
    different = np.unique(sizes)
    if len(different) <= 8:
        return np.searchsorted(different, sizes).reshape(matrix.shape)
    zero = sizes == 0
    codes = np.zeros(sizes.shape, int)
    classes = 7 if zero.any() else 8
    # In whole numbers: twice the mid-rank is one.
    twice = (2 * rankdata(sizes[~zero])).astype(int)
    codes[~zero] = classes * (twice - 1) // (2 * (~zero).sum()) + zero.any()
    return np.unique(codes, return_inverse=True)[1].reshape(matrix.shape)


@pytest.mark.parametrize(
    "matrix",
    [
        NORMAL,
        NORMAL.astype(np.float32),
        NORMAL * (SOURCE.random(NORMAL.shape) < 0.5),
        (SOURCE.random(NORMAL.shape) < 0.4).astype(float),
        SOURCE.poisson(2, NORMAL.shape).astype(float),
        SOURCE.poisson(5, NORMAL.shape).astype(float),
        np.where(SOURCE.random(NORMAL.shape) < 0.7, 1.0, NORMAL),
        np.where(SOURCE.random(NORMAL.shape) < 0.3, 9.0, NORMAL),
        SOURCE.integers(1, 9, NORMAL.shape).astype(float),
        SOURCE.integers(1, 10, NORMAL.shape).astype(float),
        SOURCE.integers(-4, 5, NORMAL.shape).astype(float),
        np.full(NORMAL.shape, -3.0),
    ],
    ids=[
        "normal",
        "float32",
        "half-zeros",
        "ones",
        "counts",
        "many-counts",
        "ones-and-others",
        "nines-and-others",
        "eight",
        "nine",
        "signs",
        "constant",
    ],
)
def test_classes_are_those_of_mid_ranks(matrix):
    found, expected = size_classes(matrix), by_ranks(matrix)
    assert np.array_equal(found.codes, expected)
    assert found.count == expected.max() + 1 == len(np.unique(found.codes))


@pytest.mark.parametrize("zeros", [0.0, 0.5, 0.93])
def test_known_bounds_give_the_same_classes_as_sorting_again(zeros):
    """Also where the zeros of a permuted matrix make other units dead."""
    source = np.random.default_rng(1)
    small = source.standard_normal((9, 11)) * (source.random((9, 11)) >= zeros)
    bounds, shapes = class_bounds(small), set()
    for _ in range(30):
        drawn = source.permutation(small.ravel()).reshape(small.shape)
        found, expected = size_classes(drawn, bounds), size_classes(drawn)
        assert np.array_equal(found.codes, expected.codes)
        assert found.count == expected.count
        shapes.add(class_bounds(drawn).shape)
    assert len(shapes) == 1 or zeros
    assert len(shapes) > 1 or zeros < 0.9


def test_draws_of_the_same_weights_are_not_sorted_again(monkeypatch):
    sorted_matrices = []
    sort = module._bounds_of
    monkeypatch.setattr(module, "_bounds_of", lambda w: sorted_matrices.append(w) or sort(w))
    for null, expected in (("shuffle", 1), ("strength", 5)):
        sorted_matrices.clear()
        model = RandomModel.named(null)
        draws = redrawn_tables(
            model, {"fc1": NORMAL}, "fc1", ("sorted", 0), range(5), [2, 3], ["matched"], restarts=1
        )
        assert len(list(draws)) == 5
        assert len(sorted_matrices) == expected


def test_only_the_order_of_sizes_counts():
    first = size_classes(NORMAL)
    for changed in (-NORMAL, np.sign(NORMAL) * np.exp(np.abs(NORMAL)), NORMAL**3, NORMAL * 1e-30):
        assert np.array_equal(size_classes(changed).codes, first.codes)


def test_dead_units_have_no_class_and_change_none():
    matrix = np.zeros((26, 33))
    matrix[1:-1, 2:] = NORMAL
    found = size_classes(matrix)
    assert np.array_equal(found.codes[1:-1, 2:], size_classes(NORMAL).codes)
    assert (found.codes[[0, -1]] == -1).all()
    assert (found.codes[:, :2] == -1).all()
    assert np.array_equal(found.live().codes, size_classes(NORMAL).codes)


@pytest.mark.parametrize("matrix", [np.zeros((3, 4)), np.full((3, 4), np.nan)])
def test_a_matrix_without_live_units_has_no_classes(matrix):
    found = size_classes(matrix)
    assert found.count == 0
    assert (found.codes == -1).all()
