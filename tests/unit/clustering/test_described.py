"""Method `described`: the search, its bits, and what its bits do not depend on."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from clusterability.clustering import describing, describing_loops, problem
from clusterability.clustering.class_counts import class_counts
from clusterability.clustering.code_lengths import classes_length, labels_length
from clusterability.clustering.describing import descend, occupied, settle, sorted_clusters
from clusterability.clustering.saved_bits import MatrixBits
from clusterability.clustering.spectral import cluster, cluster_with_starts
from clusterability.networks.partitions import labels_of
from clusterability.networks.size_classes import SizeClasses, size_classes

SOURCE = np.random.default_rng(5)


def planted(m: int, n: int, k: int, ratio: float, seed: int = 0):
    """Weights ratio times as large inside clusters as between them, and the labels."""
    source = np.random.default_rng(seed)
    rows, columns = source.permutation(np.arange(m) % k), source.permutation(np.arange(n) % k)
    inside = rows[:, None] == columns
    return source.standard_normal((m, n)) * np.where(inside, ratio, 1), rows, columns


def length_of(classes: SizeClasses, rows, columns) -> float:
    """Nats of a description."""
    k = 1 + max(rows.max(), columns.max())
    counts = class_counts(classes, rows[None], columns[None], k)[0]
    sides = (np.bincount(each) for each in (rows, columns))
    return float(classes_length(counts).sum() + sum(labels_length(each) for each in sides))


def described(matrix, k, name=("any", 0), restarts=3):
    return cluster(matrix[None], [name], [k], ["described"], restarts)["described", k]


def bits(matrix, found, k):
    labels = {("described", k): (found.rows[0], found.columns[0])}
    return MatrixBits(matrix).saved(labels)["described", k]


def random_start(shape, most, seed):
    source = np.random.default_rng(seed)
    return [occupied(source.integers(min(most, units), size=units)) for units in shape]


@pytest.mark.parametrize("kind", ["planted", "noise", "ones", "tall"])
def test_a_descent_never_ends_above_where_it_begins_and_tells_its_lengths(kind):
    matrix = {
        "planted": planted(30, 40, 3, 3)[0],
        "noise": SOURCE.standard_normal((30, 40)),
        "ones": (SOURCE.random((30, 40)) < 0.3) + np.eye(30, 40),
        "tall": SOURCE.standard_normal((60, 5)),
    }[kind]
    classes = size_classes(matrix)
    for seed in range(3):
        rows, columns = random_start(matrix.shape, 8, seed)
        found = descend(classes, rows, columns)
        assert found.lengths.min() <= length_of(classes, rows, columns)
        for level in np.flatnonzero(np.isfinite(found.lengths)):
            labels = found.rows[level], found.columns[level]
            assert level == 1 + max(each.max() for each in labels)
            assert all(np.array_equal(np.unique(x), np.arange(x.max() + 1)) for x in labels)
            assert found.lengths[level] == pytest.approx(length_of(classes, *labels), abs=1e-8)


def test_where_it_settles_no_single_move_shortens_the_description():
    """All moves are tried: of a unit to any other cluster of its side that leaves none empty."""
    matrix = planted(16, 20, 2, 2)[0]
    classes = size_classes(matrix)
    length, rows, columns = settle(classes, *random_start(matrix.shape, 3, 1))
    assert length == pytest.approx(length_of(classes, rows, columns), abs=1e-8)
    shorter = 0
    for labels, place in itertools.product((rows, columns), range(20)):
        if place >= len(labels) or (labels == labels[place]).sum() == 1:
            continue
        kept = labels[place]
        for other in set(range(labels.max() + 1)) - {kept}:
            labels[place] = other
            shorter += length_of(classes, rows, columns) < length - 1e-6
        labels[place] = kept
    # Which cluster is tried goes by its frequencies: nearly always the best one.
    assert shorter <= 1


def test_units_settle_once_for_all_k_that_end_alike(monkeypatch):
    calls = []

    def counted(*arguments):
        calls.append(arguments)
        return settle(*arguments)

    matrix = planted(32, 48, 3, 3)[0]
    alone = {k: described(matrix, k) for k in (2, 3, 4, 8)}
    monkeypatch.setattr(problem, "settle", counted)
    together = cluster(matrix[None], [("any", 0)], [2, 3, 4, 8], ["described"], 3)
    assert len(calls) == 2  # of two clusters, and of the three that there are
    for k, found in alone.items():
        assert np.array_equal(found.rows, together["described", k].rows)
        assert np.array_equal(found.columns, together["described", k].columns)


@pytest.mark.parametrize("ratio", [3, 1 / 3])
def test_planted_clusters_are_found_with_their_number(ratio):
    matrix, rows, columns = planted(64, 96, 3, ratio)
    for k in (3, 8):
        found = described(matrix, k)
        assert adjusted_mutual_info_score(rows, found.rows[0]) > 0.95
        assert adjusted_mutual_info_score(columns, found.columns[0]) > 0.95
        right = MatrixBits(matrix).saved({("described", k): (rows, columns)})["described", k]
        assert bits(matrix, found, k).blocks >= right.blocks - 1e-6


def test_noise_has_no_clusters_and_never_less_than_no_bits():
    for seed in range(5):
        matrix = np.random.default_rng(seed).standard_normal((40, 50))
        found = described(matrix, 6)
        assert not found.rows.any()
        assert not found.columns.any()
        assert bits(matrix, found, 6).blocks == 0


def test_clusters_of_one_side_are_no_joint_ones():
    """Columns of two kinds, rows of one."""
    matrix = SOURCE.standard_normal((40, 60)) * np.repeat([1, 3], 30)
    found = bits(matrix, described(matrix, 4), 4)
    assert found.rows == 0
    assert found.columns == pytest.approx(found.blocks, abs=3)
    assert found.columns > 100


def test_more_clusters_to_choose_from_cost_no_more_than_the_choice():
    matrix = planted(48, 48, 4, 2.5)[0]
    saved = [bits(matrix, described(matrix, k), k).blocks for k in range(2, 17)]
    costs = 2 * np.diff(np.log2(np.arange(2, 17)))
    assert (np.diff(saved) >= -costs - 1e-6).all()


def test_labels_depend_on_neither_block_nor_neighbours_nor_dead_units():
    matrix = planted(30, 34, 3, 2.5)[0]
    names = [("any", 0), ("any", 1)]
    stack = np.stack([matrix, matrix[::-1]])
    together = cluster(stack, names, [2, 3, 5, 17], ["matched", "described"], 2)
    for k in (3, 17):
        alone = cluster(stack[1:], names[1:], [k], ["described"], 2)["described", k]
        one, other = labels_of({("described", k): alone}, 0), labels_of(together, 1)
        for first, second in zip(one["described", k], other["described", k], strict=True):
            assert np.array_equal(first, second)
    padded = cluster(np.pad(stack, ((0, 0), (1, 0), (0, 2))), names, [3], ["described"], 2)
    assert np.array_equal(padded["described", 3].rows[:, 1:], together["described", 3].rows)
    assert (padded["described", 3].rows[:, 0] == -1).all()


def test_every_start_is_told():
    matrix = planted(30, 34, 3, 3)[0]
    _, starts = cluster_with_starts(matrix[None], [("any", 0)], [3], ["described"], 2)
    found = starts["described", 3]
    assert found.rows.shape == (1, 6, 30)
    assert ((found.rows >= 0) & (found.rows < 3)).all()


def test_large_counts_take_what_small_ones_take():
    """Where tables of logarithms end, a series goes on."""
    counts = np.array([1 << 15, 3, (1 << 15) - 1, 1 << 20])
    length = describing_loops._code(counts, describing._known(4))
    assert length == pytest.approx(float(classes_length(counts)), rel=1e-13)


def test_units_move_by_counts_beyond_the_tables():
    """Blocks of 400 x 400 weights, most of them zero: displaced units go back where they were."""
    labels = np.arange(800) % 2
    source = np.random.default_rng(0)
    matrix = source.random((800, 800)) < np.where(labels[:, None] == labels, 0.3, 0.1)
    classes = size_classes(matrix.astype(float))
    counts = class_counts(classes, labels[None], labels[None], 2)[0]
    assert counts.min(axis=(0, 1)).max() > describing_loops.KNOWN
    displaced = np.where(np.arange(800) < 40, 1 - labels, labels)
    length, rows, columns = settle(classes, displaced, displaced)
    assert np.array_equal(rows, labels)
    assert np.array_equal(columns, labels)
    assert length == pytest.approx(length_of(classes, labels, labels), rel=1e-12)


def test_sorted_clusters_are_equal_parts():
    classes = size_classes(np.arange(1.0, 41.0).reshape(10, 4))
    assert sorted_clusters(classes, 5).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
