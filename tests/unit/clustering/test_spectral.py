"""Partitions against scikit-learn, against planted structure, and against their own promises."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.cluster import SpectralCoclustering
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from clusterability.clustering.embedding import embed
from clusterability.clustering.methods.matched import pair_clusters
from clusterability.clustering.spectral import cluster
from clusterability.clustering.summing import all_block_sums, tables_of
from clusterability.measures.structure import barber_q, ncut
from clusterability.networks.partitions import labels_of

METHODS = ("notebook", "matched", "joint")


def names(count: int, layer: str = "fc1"):
    return [("condition", 0, layer, "shuffle", draw) for draw in range(count)]


def planted(k: int = 3, size: int = 12, noise: float = 0.2, seed: int = 0):
    source = np.random.default_rng(seed)
    rows, columns = np.arange(k).repeat(size), np.arange(k).repeat(size + 5)
    matrix = (rows[:, None] == columns) + noise * source.random((len(rows), len(columns)))
    order, other = source.permutation(len(rows)), source.permutation(len(columns))
    return matrix[order][:, other], rows[order], columns[other]


def random_matrices(count: int, m: int, n: int, seed: int = 0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, m, n))


@pytest.mark.parametrize("method", METHODS)
def test_planted_clusters_are_found(method):
    matrix, rows, columns = planted()
    found = cluster(matrix[None], names(1), [3], METHODS, 3)[method, 3]
    assert adjusted_rand_score(rows, found.rows[0]) == 1
    assert adjusted_rand_score(columns, found.columns[0]) == 1


@pytest.mark.parametrize("method", ["matched", "joint"])
def test_matched_clusters_lie_on_the_diagonal(method):
    matrix, _, _ = planted()
    found = labels_of(cluster(matrix[None], names(1), [3], [method], 3), 0)
    table = tables_of(matrix, found)[method, 3].weights
    assert (table.argmax(axis=1) == np.arange(3)).all()


@pytest.mark.parametrize("shape", [(20, 50), (50, 20), (30, 30)])
def test_embedding_is_the_singular_value_decomposition(shape):
    matrices = np.abs(random_matrices(3, *shape))
    for matrix in matrices:
        found = embed(matrix, 6)
        scaled = matrix / np.sqrt(np.outer(matrix.sum(1), matrix.sum(0)))
        left, values, right = np.linalg.svd(scaled)
        assert found.singular_values == pytest.approx(values[:6], abs=1e-12)
        assert found.singular_values[0] == pytest.approx(1, abs=1e-12)
        for ours, theirs in ((found.left, left), (found.right, right.T)):
            agreement = np.abs((ours * theirs[:, :6]).sum(axis=0))
            assert agreement == pytest.approx(np.ones(6), abs=1e-9)


def test_embedding_of_a_matrix_of_low_rank():
    matrix = np.kron(np.eye(2), np.ones((4, 5)))  # rank 2, singular values 1, 1, 0, 0
    found = embed(matrix, 4)
    assert found.singular_values == pytest.approx([1, 1, 0, 0], abs=1e-9)
    assert np.isfinite(found.right).all()
    # What the matrix does not have tells no units apart, rather than by rounding.
    for vectors in (found.left, found.right):
        assert vectors.T @ vectors == pytest.approx(np.diag([1, 1, 0, 0]), abs=1e-9)


def test_squared_singular_values_are_phi_squared_of_the_shares():
    matrix = np.abs(random_matrices(1, 9, 14))[0]
    share = matrix / matrix.sum()
    expected = np.outer(share.sum(1), share.sum(0))
    phi_squared = ((share - expected) ** 2 / expected).sum()
    values = embed(matrix, 9).singular_values
    assert (values**2).sum() - 1 == pytest.approx(phi_squared, abs=1e-10)


def test_joint_agrees_with_scikit_learn_on_planted_structure():
    matrix, _, _ = planted(k=4, noise=0.6)
    found = cluster(matrix[None], names(1), [4], ["joint"], 10)["joint", 4]
    theirs = SpectralCoclustering(4, random_state=0).fit(matrix)
    assert adjusted_rand_score(theirs.row_labels_, found.rows[0]) == 1
    assert adjusted_rand_score(theirs.column_labels_, found.columns[0]) == 1


def test_joint_cuts_random_matrices_as_well_as_scikit_learn():
    matrices = random_matrices(12, 40, 60)
    ours, theirs = [], []
    found = cluster(matrices, names(12), [4], ["joint"], 10)
    for number, matrix in enumerate(matrices):
        other = SpectralCoclustering(4, n_init=10, random_state=number).fit(np.abs(matrix))
        labels = {("theirs", 4): (other.row_labels_, other.column_labels_)}
        theirs.append(float(ncut(tables_of(matrix, labels)["theirs", 4])))
        own = tables_of(matrix, labels_of(found, number))["joint", 4]
        ours.append(float(ncut(own)))
    assert np.mean(ours) <= np.mean(theirs) * 1.005


def test_pairing_is_the_best_of_all_pairings():
    source = np.random.default_rng(0)
    for _ in range(20):
        table = source.random((4, 4))
        renaming = pair_clusters(table)
        paired = np.empty_like(table)
        paired[:, renaming] = table

        def q(t):
            share = t / t.sum()
            return np.trace(share) - share.sum(1) @ share.sum(0)

        best = max(q(table[:, list(order)]) for order in itertools.permutations(range(4)))
        assert q(paired) == pytest.approx(best, abs=1e-12)


def test_matched_is_never_below_notebook_in_barbers_q_with_one_start():
    matrices = random_matrices(10, 30, 40)
    found = cluster(matrices, names(10), [5], ["notebook", "matched"], 1)
    for number, matrix in enumerate(matrices):
        tables = tables_of(matrix, labels_of(found, number))
        assert barber_q(tables["matched", 5]) >= barber_q(tables["notebook", 5]) - 1e-12


# --- the same partition whatever it is computed with ------------------------------------------


def equal(one, other, index: int, at: int) -> bool:
    return bool(
        (one.rows[index] == other.rows[at]).all()
        and (one.columns[index] == other.columns[at]).all()
    )


def test_a_partition_does_not_depend_on_the_other_matrices_or_k():
    matrices, own = random_matrices(9, 30, 70), names(9)
    together = cluster(matrices, own, range(2, 8), METHODS, 3)
    alone = cluster(matrices[[4]], [own[4]], [5], METHODS, 3)
    for method in METHODS:
        assert equal(alone[method, 5], together[method, 5], 0, 4)


def test_a_partition_does_not_depend_on_the_threads():
    matrices, own = random_matrices(4, 128, 300), names(4)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(cluster(matrices, own, [4, 9], METHODS, 2))
    for key in found[0]:
        assert all(equal(found[0][key], found[1][key], i, i) for i in range(4))


def test_the_name_of_the_stream_decides_the_starts():
    matrices = random_matrices(1, 60, 60)
    one = cluster(matrices, [("a", 0, "fc1", "network")], [9], ["notebook"], 1)["notebook", 9]
    two = cluster(matrices, [("a", 1, "fc1", "network")], [9], ["notebook"], 1)["notebook", 9]
    assert not equal(one, two, 0, 0)


# --- edge cases --------------------------------------------------------------------------------


def test_dead_units_have_no_cluster():
    matrix, rows, columns = planted()
    padded = np.zeros((len(rows) + 2, len(columns) + 1))
    padded[1:-1, 1:] = matrix
    for method, found in zip(
        METHODS, cluster(padded[None], names(1), [3], METHODS, 3).values(), strict=True
    ):
        assert found.rows[0, [0, -1]].tolist() == [-1, -1], method
        assert found.columns[0, 0] == -1
        assert adjusted_rand_score(rows, found.rows[0, 1:-1]) == 1
        assert adjusted_rand_score(columns, found.columns[0, 1:]) == 1


def test_matrices_with_different_dead_units_go_together():
    matrices = random_matrices(3, 12, 15)
    matrices[1, 3] = 0
    found = cluster(matrices, names(3), [2, 12], ["matched"], 2)
    assert found["matched", 2].rows[1, 3] == -1
    assert (found["matched", 2].rows[[0, 2]] >= 0).all()
    assert found["matched", 12].feasible.tolist() == [True, False, True]
    assert (found["matched", 12].rows[1] == -1).all()


def test_one_cluster_and_as_many_as_the_smaller_side():
    matrices = random_matrices(2, 6, 10)
    found = cluster(matrices, names(2), [1, 6], METHODS, 2)
    for method in METHODS:
        assert (found[method, 1].rows == 0).all()
        assert (found[method, 1].columns == 0).all()
    assert all(len(np.unique(labels)) == 6 for labels in found["matched", 6].rows)


def test_a_matrix_of_zeros_is_infeasible():
    found = cluster(np.zeros((1, 4, 4)), names(1), [2], METHODS, 1)
    assert not any(item.feasible.any() for item in found.values())


def test_block_sums_by_definition():
    matrix = np.arange(12.0).reshape(3, 4)
    labels = np.array([0, 1, -1]), np.array([0, 0, 1, -1])
    (sums,) = all_block_sums(matrix, {("any", 2): labels})
    assert sums.tolist() == [[0 + 1, 2], [4 + 5, 6]]
