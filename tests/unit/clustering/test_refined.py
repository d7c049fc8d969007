"""Method `refined`: Barber's Q against published values, leidenalg and all single moves."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from benchmarks.peers import barber_q, leiden_partition
from clusterability.api import load
from clusterability.clustering.refining import Shares
from clusterability.clustering.spectral import cluster, cluster_with_starts
from project import DOCS

WOMEN = load(DOCS / "examples/southern_women.csv")["fc1"]


def refined(matrix: np.ndarray, k: int, restarts: int = 3):
    found = cluster(matrix[None], [("any", 0)], [k], ["refined"], restarts)["refined", k]
    return found.rows[0], found.columns[0]


def test_southern_women_have_the_published_q_at_four_clusters():
    """0.34554, the best that Barber 2007 and leidenalg know."""
    rows, columns = refined(WOMEN, 4)
    assert barber_q(WOMEN, rows, columns) == pytest.approx(0.34554, abs=5e-6)
    assert set(rows) == set(columns) == {0, 1, 2, 3}


def low_rank(source) -> np.ndarray:
    return abs(source.standard_normal((60, 3)) @ source.standard_normal((3, 90)))


def unequal(source) -> np.ndarray:
    strengths = np.exp(source.standard_normal((80, 1)) + source.standard_normal((1, 50)))
    return abs(source.standard_normal((80, 50))) * strengths


@pytest.mark.parametrize(
    "matrix",
    [
        WOMEN,
        load_digits().data[:300],
        abs(np.random.default_rng(0).standard_normal((40, 60))),
        low_rank(np.random.default_rng(1)),
        unequal(np.random.default_rng(2)),
    ],
    ids=["women", "digits", "noise", "low rank", "strengths"],
)
def test_it_is_within_two_percent_of_ten_runs_of_leidenalg(matrix):
    matrix = matrix[matrix.any(axis=1)][:, matrix.any(axis=0)]
    best = barber_q(matrix, *leiden_partition(matrix, 10))
    assert max(barber_q(matrix, *refined(matrix, k)) for k in range(2, 9)) > 0.98 * best


def test_no_single_move_raises_q():
    matrix = abs(np.random.default_rng(0).standard_normal((12, 15)))
    rows, columns = refined(matrix, 3)
    best = barber_q(matrix, rows, columns)
    for labels in (rows, columns):
        for unit, kept in enumerate(labels):
            for other in range(3):
                labels[unit] = other
                assert barber_q(matrix, rows, columns) <= best + 1e-12
            labels[unit] = kept


def test_each_number_of_clusters_has_the_q_of_its_labels():
    matrix = abs(np.random.default_rng(3).standard_normal((20, 30)))
    start = np.random.default_rng(4).integers(0, 6, 30)
    found = Shares(matrix).descend(start, 6)
    known = np.flatnonzero(np.isfinite(found.values))
    assert known[0] == 1
    for k in known:
        labels = found.rows[k], found.columns[k]
        assert len(set(np.concatenate(labels))) == k
        assert found.values[k] == pytest.approx(barber_q(matrix, *labels), abs=1e-12)


def test_more_clusters_never_have_a_smaller_q_than_merging_gives():
    matrix = abs(np.random.default_rng(5).standard_normal((30, 24)))
    found = cluster(matrix[None], [("any", 0)], range(1, 9), ["matched", "refined"], 3)
    for k in range(1, 9):
        q = {
            method: barber_q(matrix, found[method, k].rows[0], found[method, k].columns[0])
            for method in ("matched", "refined")
        }
        assert q["refined"] >= q["matched"] - 1e-12


def test_labels_depend_on_neither_block_nor_neighbours():
    stack = abs(np.random.default_rng(6).standard_normal((2, 18, 22)))
    names = [("any", 0), ("any", 1)]
    together, starts = cluster_with_starts(stack, names, [2, 3, 17], ["joint", "refined"], 2)
    alone = cluster(stack[1:], names[1:], [17], ["refined"], 2)["refined", 17]
    assert np.array_equal(together["refined", 17].rows[1], alone.rows[0])
    assert np.array_equal(together["refined", 17].columns[1], alone.columns[0])
    assert starts["refined", 3].rows.shape == (2, 4, 18)
