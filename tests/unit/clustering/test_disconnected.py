"""Matrices in parts that no weight joins: the parts are found, and cut nowhere."""

from __future__ import annotations

import numpy as np
import pytest

from clusterability.clustering.embedding import embed
from clusterability.clustering.spectral import cluster
from clusterability.clustering.summing import tables_of
from clusterability.measures.structure import FUNCTIONS
from clusterability.networks.partitions import labels_of

METHODS = ["matched", "joint"]
BLOCKS, ROWS, COLUMNS = 8, 8, 10


def blocks(links: float = 0.0, seed: int = 0) -> np.ndarray:
    """Eight separate blocks of random weights, or joined by such links."""
    source = np.random.default_rng(seed)
    inside = np.kron(np.eye(BLOCKS), np.ones((ROWS, COLUMNS)))
    weights = source.uniform(0.5, 1.5, inside.shape)
    order = source.permutation(len(inside))
    return np.where(inside == 1, weights, links * weights)[order]


def value(measure: str, matrix: np.ndarray, method: str, k: int) -> float:
    labels = labels_of(cluster(matrix[None], [("any", 0)], [k], [method], 3), 0)
    return float(FUNCTIONS[measure](tables_of(matrix, labels)[method, k]))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("links", [0, 1e-4])
def test_eight_blocks_are_found_whether_or_not_weak_links_join_them(method, links):
    assert value("mi", blocks(links), method, BLOCKS) == pytest.approx(np.log(8), abs=0.02)
    assert value("ncut", blocks(links), method, BLOCKS) == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("k", range(2, BLOCKS + 1))
def test_up_to_the_number_of_components_nothing_is_cut(method, k):
    assert value("ncut", blocks(), method, k) == 0
    # Groups of nearly equal strength: the information is near that of k equal clusters.
    sizes = np.bincount(np.arange(BLOCKS) % k) / BLOCKS
    assert value("mi", blocks(), method, k) == pytest.approx(
        -(sizes * np.log(sizes)).sum(), abs=0.05
    )


def test_beyond_it_components_are_cut_within():
    labels = labels_of(cluster(blocks()[None], [("any", 0)], [12], METHODS, 5), 0)
    found = embed(blocks(), 16).components
    for method in METHODS:
        for own, parts in zip(labels[method, 12], (found.rows, found.columns), strict=True):
            assert len(set(own)) > BLOCKS
            # Each cluster lies in one component.
            assert len({*zip(own, parts, strict=True)}) == len(set(own))


@pytest.mark.parametrize("method", METHODS)
def test_units_of_very_different_strengths_are_not_cut_either(method):
    source = np.random.default_rng(2)
    matrix = np.zeros((70, 80))
    matrix[:10, :10] = source.uniform(0.5, 1.5, (10, 10))
    matrix[10:, 10:] = source.uniform(0.5, 1.5, (60, 70))
    matrix *= np.exp(source.normal(size=(70, 1)) * 1.5) * np.exp(source.normal(size=80) * 1.5)
    assert value("ncut", matrix, method, 2) == 0


@pytest.mark.parametrize("method", METHODS)
def test_groups_of_crumbs_are_not_empty_however_weak_they_are(method):
    matrix = np.zeros((60, 70))
    matrix[:40, :50] = np.random.default_rng(3).uniform(0.5, 1.5, (40, 50))
    matrix[np.arange(40, 60), np.arange(50, 70)] = 1e-10
    labels = labels_of(cluster(matrix[None], [("any", 0)], [5], [method], 3), 0)[method, 5]
    assert len(set(labels[0])) == len(set(labels[1])) == 5
    assert value("ncut", matrix, method, 5) == 0


def test_a_giant_component_and_crumbs():
    """As pruning leaves them. The crumbs come together where there are more of them than k."""
    source = np.random.default_rng(1)
    matrix = np.zeros((44, 54))
    matrix[:40, :50] = source.uniform(0.5, 1.5, (40, 50))
    matrix[np.arange(40, 44), np.arange(50, 54)] = 0.01
    for k in (2, 3, 4, 5):
        assert value("ncut", matrix, "joint", k) == 0
    assert embed(matrix, 8).components.count == 5
    assert embed(matrix, 8).singular_values[:5].tolist() == [1] * 5
    assert embed(matrix, 8).singular_values[5] < 0.9


def test_vectors_of_groups_are_singular_vectors():
    matrix = blocks()
    scaled = matrix / np.sqrt(np.outer(matrix.sum(axis=1), matrix.sum(axis=0)))
    found = embed(matrix, 16)
    pairs = [found.leading(k) for k in (2, 3, 8, 12)]
    pairs += [found.nontrivial(int(np.ceil(np.log2(k))), k) for k in (2, 3, 8, 12)]
    for left, right in pairs:
        count = left.shape[1]
        assert left.T @ left == pytest.approx(np.eye(count), abs=1e-12)
        values = (left * (scaled @ right)).sum(axis=0)
        assert scaled @ right == pytest.approx(left * values, abs=1e-12)
        assert (values[: min(count, 3)] > 1 - 1e-12).all()
    # The trivial one of the whole matrix is in none of the second kind.
    for left, _ in pairs[4:]:
        assert np.sqrt(matrix.sum(axis=1)) @ left == pytest.approx(0, abs=1e-12)
