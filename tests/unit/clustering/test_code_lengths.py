"""Saved bits against known answers, scipy, plain loops, and sums over all that could be coded."""

from __future__ import annotations

import itertools
from math import comb, factorial, log, prod

import numpy as np
import pytest
from scipy.stats import dirichlet_multinomial

from clusterability.clustering.class_counts import class_counts
from clusterability.clustering.cluster_bits import cluster_bits
from clusterability.clustering.code_lengths import classes_length, labels_length
from clusterability.clustering.saved_bits import MatrixBits
from clusterability.networks.size_classes import size_classes

SOURCE = np.random.default_rng(3)


def saved(matrix, rows, columns, k: int, method: str = "any"):
    labels = np.asarray(rows), np.asarray(columns)
    return MatrixBits(np.asarray(matrix, float)).saved({(method, k): labels})[method, k]


def halves(side: int) -> np.ndarray:
    return np.repeat([0, 1], side // 2)


@pytest.mark.parametrize(
    ("side", "bits", "within"), [(8, 37.3849, 42.0702), (32, 941.6055, 950.2591)]
)
def test_two_separate_blocks(side, bits, within):
    matrix = np.kron(np.eye(2), np.ones((side // 2, side // 2)))
    found = saved(matrix, halves(side), halves(side), 2)
    assert (found.blocks, found.within) == pytest.approx((bits, within), abs=5e-5)


def test_a_constant_matrix_pays_for_its_labels_alone():
    found = saved(np.ones((8, 8)), halves(8), halves(8), 2)
    assert found.blocks == pytest.approx(-18.5984, abs=5e-5)
    assert found.blocks == pytest.approx(-2 * log(comb(8, 4) * comb(9, 1)) / log(2))
    assert saved(np.ones((8, 8)), np.zeros(8, int), np.zeros(8, int), 1).blocks == 0


@pytest.mark.parametrize("classes", [1, 2, 3, 8])
def test_classes_take_what_the_dirichlet_multinomial_of_scipy_says(classes):
    for weights in (0, 1, 7, 300):
        counts = SOURCE.multinomial(weights, np.full(classes, 1 / classes))
        known = dirichlet_multinomial(np.full(classes, 0.5), weights).logpmf(counts)
        orders = log(factorial(weights) // prod(factorial(int(c)) for c in counts))
        assert float(classes_length(counts)) == pytest.approx(orders - known, abs=1e-9)


def test_codes_of_classes_and_of_labels_are_probabilities():
    sequences = itertools.product(range(3), repeat=5)
    counts = np.array([np.bincount(each, minlength=3) for each in sequences])
    assert np.exp(-classes_length(counts)).sum() == pytest.approx(1)
    assert np.exp(-labels_length(counts)).sum() == pytest.approx(1)


def by_loops(matrix, rows, columns, k: int) -> tuple[float, float]:
    """`bits` and `bits_within` as docs/bits.md has them, one weight after the other."""
    codes = size_classes(matrix).codes
    classes = codes.max() + 1

    def sequential(chosen) -> float:
        """-log2 of the chances that Krichevsky & Trofimov give to each weight after the others."""
        seen, length = [0.5] * classes, 0.0
        for code in chosen:
            length -= np.log2(seen[code] / sum(seen))
            seen[code] += 1
        return length

    def labels(sides) -> float:
        sizes = [int((sides == a).sum()) for a in range(k)]
        arrangements = factorial(len(sides)) / prod(map(factorial, sizes))
        return np.log2(arrangements * comb(len(sides) + k - 1, k - 1))

    names = labels(rows) + labels(columns)
    places = list(itertools.product(range(len(rows)), range(len(columns))))
    blocks = {pair: [] for pair in itertools.product(range(k), repeat=2)}
    for i, j in places:
        blocks[rows[i], columns[j]].append(codes[i, j])
    inside = [code for (a, b), found in blocks.items() if a == b for code in found]
    between = [code for (a, b), found in blocks.items() if a != b for code in found]
    everything = sequential(codes.ravel())
    return (
        everything - sum(map(sequential, blocks.values())) - names,
        everything - sequential(inside) - sequential(between) - names,
    )


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("kind", ["normal", "ones", "counts", "zeros"])
def test_bits_are_those_of_plain_loops(kind, k):
    matrix = {
        "normal": SOURCE.standard_normal((7, 9)),
        "ones": (SOURCE.random((7, 9)) < 0.5).astype(float) + np.eye(7, 9),
        "counts": SOURCE.poisson(3, (7, 9)) + np.eye(7, 9),
        "zeros": SOURCE.standard_normal((7, 9)) * (SOURCE.random((7, 9)) < 0.6) + np.eye(7, 9),
    }[kind]
    rows, columns = SOURCE.integers(k, size=7), SOURCE.integers(k, size=9)
    found = saved(matrix, rows, columns, k)
    assert (found.blocks, found.within) == pytest.approx(by_loops(matrix, rows, columns, k))


def test_what_does_not_change_bits():
    matrix = SOURCE.standard_normal((10, 12))
    rows, columns = SOURCE.integers(3, size=10), SOURCE.integers(3, size=12)
    first = saved(matrix, rows, columns, 3)
    renamed = saved(matrix, (rows + 1) % 3, (columns + 1) % 3, 3)
    assert (renamed.blocks, renamed.within) == pytest.approx((first.blocks, first.within))
    unpaired = saved(matrix, (rows + 1) % 3, columns, 3)
    assert unpaired.blocks == pytest.approx(first.blocks)
    assert abs(unpaired.within - first.within) > 0.01
    turned = saved(matrix.T, columns, rows, 3)
    assert (turned.blocks, turned.within) == pytest.approx((first.blocks, first.within))
    assert saved(np.sign(matrix) * np.exp(abs(matrix)), rows, columns, 3) == first
    padded = np.pad(matrix, ((0, 2), (1, 0)))
    dead = saved(padded, np.append(rows, [-1, -1]), np.insert(columns, 0, -1), 3)
    assert (dead.blocks, dead.within) == pytest.approx((first.blocks, first.within))


def test_a_search_pays_for_the_clusters_that_it_ends_with_and_for_the_choice():
    """Two of at most five clusters of rows and three of columns."""
    matrix = SOURCE.standard_normal((10, 12))
    rows, columns = np.arange(10) % 2, np.arange(12) % 3
    codes = size_classes(matrix)
    counts = class_counts(codes, rows[None], columns[None], 5)[0]
    length = float(classes_length(counts.sum(axis=(0, 1))) - classes_length(counts).sum())
    names = np.log2(comb(10, 5) * comb(11, 1)) + np.log2(
        factorial(12) / factorial(4) ** 3 * comb(14, 2)
    )
    found = saved(matrix, rows, columns, 5, "described")
    assert found.blocks == pytest.approx(length / log(2) - names - 2 * np.log2(5))
    together = saved(matrix, 0 * rows, 0 * columns, 5, "described")
    assert (together.blocks, together.within) == (0, 0)


@pytest.mark.parametrize("matrix", [np.zeros((4, 5)), np.full((4, 5), np.nan)])
def test_nothing_is_saved_where_no_unit_is_live(matrix):
    for labels in (-1, 0):
        found = saved(matrix, np.full(4, labels), np.full(5, labels), 2)
        assert np.isnan([found.blocks, found.within]).all()


def test_a_whole_network_has_no_bits():
    found = saved(np.ones((2, 2)), [0, 1], [0, 1], 2, "whole")
    assert np.isnan(found.blocks)


# --- one cluster ---


def clusters_of(matrix, rows, columns, k: int, method: str = "any"):
    labels = np.asarray(rows), np.asarray(columns)
    return cluster_bits(MatrixBits(np.asarray(matrix, float)), {(method, k): labels})[method, k]


@pytest.mark.parametrize("method", ["any", "described"])
def test_what_merging_costs_is_what_the_merged_partition_saves_less(method):
    matrix = SOURCE.standard_normal((12, 15))
    rows, columns = np.arange(12) % 4, np.arange(15) % 4
    found = clusters_of(matrix, rows, columns, 4, method)
    before = saved(matrix, rows, columns, 4, method).blocks
    lost = {}
    for a, b in itertools.combinations(range(4), 2):
        names = np.array([a if label == b else label for label in range(4)])
        names -= names > b  # one cluster fewer
        after = saved(matrix, names[rows], names[columns], 3, method).blocks
        # At most four to choose from, also then.
        lost[a, b] = before - after + (2 * np.log2(4 / 3) if method == "described" else 0)
    for a in range(4):
        own = {pair: cost for pair, cost in lost.items() if a in pair}
        nearest = min(own, key=own.get)
        assert found.if_merged[a] == pytest.approx(own[nearest])
        assert found.merge_with[a] == sum(nearest) - a


def test_twins_are_hardly_distinct_and_clear_clusters_are_strong():
    """Three planted clusters, the third of which is cut in two."""
    labels = np.repeat([0, 1, 2, 3], [20, 20, 10, 10])
    matrix = SOURCE.standard_normal((60, 60))
    matrix *= np.where(np.minimum(labels, 2)[:, None] == np.minimum(labels, 2), 4, 1)
    found = clusters_of(matrix, labels, labels, 4)
    assert (found.bits[:2] > 100).all()
    assert (found.if_merged[:2] > 100).all()
    assert (found.if_merged[2:] < 0).all()
    assert found.merge_with[2:].tolist() == [3, 2]


def test_clusters_that_are_empty_or_alone_have_no_other():
    one = clusters_of(np.eye(3), [0, 0, 0], [0, 0, 0], 2)
    assert np.isnan(one.if_merged).all()
    assert np.isnan(one.merge_with).all()
    assert np.isnan(one.bits).tolist() == [False, True]
    assert np.isnan(clusters_of(np.eye(2), [0, 1], [0, 1], 2, "whole").bits).all()
    assert np.isnan(clusters_of(np.zeros((2, 2)), [-1, -1], [-1, -1], 2).bits).all()


# --- the bound ---------------------------------------------------------------------------------


def all_labels(units: int, k: int) -> list[np.ndarray]:
    return [np.array(each) for each in itertools.product(range(k), repeat=units)]


def test_the_block_code_is_a_probability_over_matrices():
    """Summed over all 0/1 matrices of 2 x 3 and all labels: the codes leave nothing over."""
    total = 0.0
    for bits in itertools.product([0, 1], repeat=6):
        matrix = np.array(bits).reshape(2, 3)
        for rows, columns in itertools.product(all_labels(2, 2), all_labels(3, 2)):
            counts = np.zeros((2, 2, 2), int)
            for i, j in itertools.product(range(2), range(3)):
                counts[rows[i], columns[j], matrix[i, j]] += 1
            length = classes_length(counts).sum()
            sizes = [np.bincount(each, minlength=2) for each in (rows, columns)]
            total += np.exp(-(length + sum(labels_length(each) for each in sizes)))
    assert total == pytest.approx(1)


def test_more_bits_than_the_bound_allows_are_not_saved_by_chance():
    """All arrangements of eight ones in 4 x 4, and for each the best of all labels with k = 2.

    P(bits >= t) <= rho 2^-t / (2!)^2: the labels of the bound have no empty cluster, and rho is the
    largest ratio of the chances that the block code and the code without clusters give to the known
    number of ones.
    """
    arrangements = np.array(list(itertools.combinations(range(16), 8)))
    matrices = np.zeros((len(arrangements), 16), int)
    matrices[np.arange(len(arrangements))[:, None], arrangements] = 1
    cut = [each for each in all_labels(4, 2) if 0 < each.sum() < 4]
    alone = dirichlet_multinomial([0.5, 0.5], 16).pmf([8, 8])
    most, rho = np.full(len(matrices), -np.inf), 0.0
    for rows, columns in itertools.product(cut, cut):
        block = (2 * rows[:, None] + columns).ravel()
        counts = np.stack([matrices[:, block == b].sum(axis=1) for b in range(4)], axis=1)
        sizes = np.bincount(block)
        length = classes_length(np.stack([counts, sizes - counts], axis=-1)).sum(axis=1)
        names = sum(float(labels_length(np.bincount(each))) for each in (rows, columns))
        saved = float(classes_length(np.array([8, 8]))) - length - names
        most = np.maximum(most, saved / log(2))
        chances = np.ones(1)
        for size in sizes:
            ones = np.arange(size + 1)
            pmf = dirichlet_multinomial([0.5, 0.5], size).pmf(np.stack([ones, size - ones], 1))
            chances = np.convolve(chances, pmf)
        rho = max(rho, chances[8] / alone)
    for t in np.unique(most):
        assert (most >= t).mean() <= rho * 2.0**-t / 4
    # It is no empty statement: at the largest values it is not far above what happens.
    t = most.max()
    assert rho * 2.0**-t / 4 < 100 * (most >= t).mean()
