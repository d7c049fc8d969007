"""Leading singular vectors by each algorithm, against NumPy's full decomposition."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.linalg

from clusterability.clustering import leading_vectors as module
from clusterability.clustering.embedding import embed
from clusterability.clustering.leading_vectors import leading_vectors
from project import ROOT


def normalised(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    """What is left of random weights without their trivial part: no gap between its values."""
    weights = np.abs(np.random.default_rng(seed).standard_normal(shape))
    rows, columns = weights.sum(axis=1), weights.sum(axis=0)
    return (
        weights / np.sqrt(np.outer(rows, columns)) - np.sqrt(np.outer(rows, columns)) / rows.sum()
    )


def assert_triplets(matrix: np.ndarray, count: int, tolerance: float = 1e-9) -> None:
    left, values, right = leading_vectors(matrix.copy(), count)
    expected_left, expected, expected_right = np.linalg.svd(matrix, full_matrices=False)
    assert values == pytest.approx(expected[:count], abs=1e-11)
    for ours, theirs in ((left, expected_left), (right, expected_right.T)):
        assert np.abs((ours * theirs[:, :count]).sum(axis=0)) == pytest.approx(1, abs=tolerance)
    assert left * values == pytest.approx(matrix @ right, abs=1e-11)


@pytest.mark.parametrize(
    "shape",
    [(10, 30), (30, 10), (112, 112), (120, 130), (400, 300), (300, 900), (950, 1000)],
    ids=lambda shape: "x".join(map(str, shape)),
)
def test_triplets_are_those_of_the_full_decomposition(shape):
    assert_triplets(normalised(shape), 8)


@pytest.mark.parametrize("wide", [1, 2], ids=["by panels", "by the Gram matrix"])
@pytest.mark.parametrize("count", [1, 7, 16])
def test_lanczos_finds_as_many_as_are_asked_for(monkeypatch, count, wide):
    for name in ("_LANCZOS_FROM", "_WIDE_LANCZOS_FROM", "_LANCZOS_SHARE"):
        monkeypatch.setattr(module, name, 2)
    monkeypatch.setattr(module, "_WIDE", 3 - wide)
    # What it cannot find would be decomposed as a whole.
    monkeypatch.delattr(scipy.linalg, "eigh")
    assert_triplets(normalised((1000, 900), count), count)


def test_which_vectors_come_first_does_not_depend_on_how_many_there_are():
    matrix = normalised((90, 70))
    few, many = (leading_vectors(matrix.copy(), count) for count in (3, 20))
    for ours, theirs in zip(few, many, strict=True):
        assert ours == pytest.approx(theirs[..., :3], abs=1e-12)


def with_values(values: list[float], shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    """A matrix of random singular vectors with these singular values."""
    source, rank = np.random.default_rng(seed), len(values)
    left, right = (np.linalg.qr(source.standard_normal((side, rank)))[0] for side in shape)
    return (left * values) @ right.T


@pytest.mark.parametrize("side", [20, 130, 910])
def test_small_singular_values_keep_their_digits(side):
    """Squares of 1e-6 and less are rounding in the Gram matrix of one with the value 1."""
    values = [0.9, 0.3, 1e-4, 1e-6, 1e-8]
    left, found, right = leading_vectors(with_values(values, (side + 5, side)), 5)
    assert found == pytest.approx(values, rel=1e-6)
    assert left.T @ left == pytest.approx(np.eye(5), abs=1e-5)
    assert right.T @ right == pytest.approx(np.eye(5), abs=1e-5)


@pytest.mark.parametrize("side", [20, 130, 910])
def test_beyond_the_rank_there_is_nothing(side):
    left, values, right = leading_vectors(with_values([0.5, 0.2], (side, side + 3)), 6)
    assert values == pytest.approx([0.5, 0.2, 0, 0, 0, 0], abs=1e-12)
    assert not values[2:].any()
    assert not left[:, 2:].any()
    assert not right[:, 2:].any()
    assert not any(part.any() for part in leading_vectors(np.zeros((side, side)), 4))


@pytest.mark.parametrize("side", [20, 130, 910])
@pytest.mark.parametrize("count", [2, 3, 6])
def test_equal_singular_values_have_vectors_of_a_fixed_turn(side, count):
    """Rounding alone decides which basis a library returns: here two matrices differ by it."""
    matrix = with_values([0.5, 0.4, 0.4, 0.4, 0.4, 0.1, 0.05], (side, side))
    changed = matrix * (1 + 1e-15 * np.random.default_rng(1).standard_normal(matrix.shape))
    first, second = (leading_vectors(each.copy(), count) for each in (matrix, changed))
    for ours, theirs in zip(first, second, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-8)
    more = leading_vectors(matrix.copy(), 7)
    assert first[0] == pytest.approx(more[0][:, :count], abs=1e-8)


def test_more_equal_values_than_a_block_has_vectors_are_all_found():
    """Copies beyond the fourth come late, in products of float32: they are looked for otherwise."""
    source = np.random.default_rng(0)
    matrix = np.kron(np.ones((56, 56)) + 30 * np.eye(56), source.uniform(0.2, 1.8, (17, 17)))
    found = embed(matrix, 16)
    scaled = matrix / np.sqrt(np.outer(matrix.sum(axis=1), matrix.sum(axis=0)))
    assert found.singular_values == pytest.approx(np.linalg.svd(scaled)[1][:16], abs=1e-11)
    assert found.left.T @ found.left == pytest.approx(np.eye(16), abs=1e-9)
    noise = 1 + 1e-15 * source.standard_normal(matrix.shape)
    assert embed(matrix * noise, 16).right == pytest.approx(found.right, abs=1e-7)


def test_what_a_small_value_lost_is_no_direction_of_its_own():
    for side in (20, 130):
        left, values, _ = leading_vectors(with_values([0.9, 2e-5], (side, side)), 5)
        assert values == pytest.approx([0.9, 2e-5, 0, 0, 0], rel=1e-6)
        assert not left[:, 2:].any()


KERNELS = ("Nehalem", "Sandybridge", "Haswell", "")
"""Of OpenBLAS; the last is the one that it chooses for this processor."""
LABELS = """
import sys
import numpy as np
from clusterability.clustering.spectral import cluster
same = np.kron(np.eye(8), np.ones((5, 7)))
inside = np.kron(np.eye(4), np.kron(np.eye(2) + 1, np.ones((4, 6))))
pairs = np.kron(np.eye(3) * 2 + 1, np.ones((9, 6)))
for matrix in (same, inside, pairs, np.outer(np.arange(1, 9), np.arange(1, 12))):
    found = cluster(matrix[None], [("any", 0)], range(2, 9), ["notebook", "matched", "joint"], 3)
    for labels in found.values():
        sys.stdout.write(str((labels.rows.tolist(), labels.columns.tolist())))
"""


@pytest.mark.slow
def test_labels_are_the_same_on_all_kernels_of_the_library():
    """Of matrices whose singular values are equal, in many ways."""
    said = set()
    for kernel in KERNELS:
        chosen = {"OPENBLAS_CORETYPE": kernel} if kernel else {}
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")} | chosen
        command = [sys.executable, "-c", LABELS]
        run = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
        said.add(run.stdout)
    assert len(said) == 1
    assert said != {""}


def test_the_embedding_of_a_float32_matrix_is_that_of_its_numbers():
    weights = np.abs(np.random.default_rng(0).standard_normal((70, 90))).astype(np.float32)
    assert np.array_equal(embed(weights, 9).left, embed(weights.astype(float), 9).left)
