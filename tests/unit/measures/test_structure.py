"""Structural measures against published values, hand calculations, and other implementations."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score

from clusterability.clustering.block_sums import Tables, mutual_information
from clusterability.clustering.methods.matched import pair_clusters
from clusterability.clustering.summing import all_block_sums, tables_of
from clusterability.measures import structure as measures
from clusterability.measures.asked import asked_of_method
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.structure import FUNCTIONS
from clusterability.study import sections


def tables(matrix, rows, columns, k: int) -> Tables:
    labels = np.array(rows), np.array(columns)
    return tables_of(np.array(matrix, dtype=float), {("any", k): labels})["any", k]


def values(matrix, rows, columns, k: int) -> dict[str, float]:
    found = tables(matrix, rows, columns, k)
    known = {name: FUNCTIONS[name] for name in asked_of_method("any") if name != "held_out"}
    return {name: float(function(found)) for name, function in known.items()}


def blocks(k: int, size: int, inside: float, outside: float, columns: int | None = None):
    """A matrix of k x k blocks with one value inside and one outside, and its labels."""
    rows, columns = np.arange(k).repeat(size), np.arange(k).repeat(columns or size)
    return np.where(rows[:, None] == columns, inside, outside), rows, columns


DHILLON = np.array(
    [
        [0.05, 0.05, 0.05, 0, 0, 0],
        [0.05, 0.05, 0.05, 0, 0, 0],
        [0, 0, 0, 0.05, 0.05, 0.05],
        [0, 0, 0, 0.05, 0.05, 0.05],
        [0.04, 0.04, 0, 0.04, 0.04, 0.04],
        [0.04, 0.04, 0.04, 0, 0.04, 0.04],
    ]
)


def test_example_of_dhillon_mallela_modha_2003():
    found = values(DHILLON, [0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 1], 3)
    bit = np.log(2)
    assert found["mi_total"] / bit == pytest.approx(0.69570, abs=5e-6)
    assert found["mi"] / bit == pytest.approx(0.6, abs=1e-10)
    assert (found["mi_total"] - found["mi"]) / bit == pytest.approx(0.0957, abs=5e-5)


@pytest.mark.parametrize("k", [2, 3, 7])
def test_equal_diagonal_blocks(k):
    matrix, rows, columns = blocks(k, 4, 1, 0, columns=6)
    found = values(matrix, rows, columns, k)
    assert found["mi"] == pytest.approx(np.log(k), abs=1e-10)
    assert found["mi_total"] == pytest.approx(np.log(k), abs=1e-10)
    assert found["mi_preserved"] == pytest.approx(1, abs=1e-10)
    assert found["barber_q"] == pytest.approx(1 - 1 / k, abs=1e-10)
    assert found["newman_q"] == pytest.approx(1 - 1 / k, abs=1e-10)
    assert found["ncut"] == pytest.approx(0, abs=1e-10)
    assert found["clusterability"] == pytest.approx(1, abs=1e-10)
    assert found["clusterability_adjusted"] == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize("k", [2, 3, 7])
def test_shifted_pairing_hides_blocks_from_the_diagonal_but_not_from_mi(k):
    matrix, rows, columns = blocks(k, 4, 1, 0)
    found = values(matrix, rows, (columns + 1) % k, k)
    assert found["mi"] == pytest.approx(np.log(k), abs=1e-10)
    assert found["barber_q"] == pytest.approx(-1 / k, abs=1e-10)
    assert found["clusterability"] == pytest.approx(0, abs=1e-10)
    assert found["ncut"] == pytest.approx(k, abs=1e-10)


@pytest.mark.parametrize("k", [2, 3, 7])
def test_pairing_again_restores_all_measures(k):
    matrix, rows, columns = blocks(k, 4, 1, 0, columns=6)
    shifted = (columns + 1) % k
    again = pair_clusters(tables(matrix, rows, shifted, k).weights)[shifted]
    assert again.tolist() == columns.tolist()
    expected = values(matrix, rows, columns, k)
    assert values(matrix, rows, again, k) == pytest.approx(expected, abs=1e-12)


def test_constant_matrix():
    k = 4
    matrix, rows, columns = blocks(k, 5, 1, 1, columns=3)
    found = values(matrix, rows, columns, k)
    assert found["mi_total"] == pytest.approx(0, abs=1e-10)
    assert np.isnan(found["mi_preserved"])
    assert found["barber_q"] == pytest.approx(0, abs=1e-10)
    assert found["clusterability"] == pytest.approx(1 / k, abs=1e-10)
    assert found["clusterability_adjusted"] == pytest.approx(0, abs=1e-10)
    assert found["ncut"] == pytest.approx(k - 1, abs=1e-10)


@pytest.mark.parametrize(("inside", "outside", "k"), [(3, 1, 2), (5, 0.5, 4), (1, 3, 4)])
def test_planted_blocks(inside, outside, k):
    r = inside / (inside + (k - 1) * outside)
    found = values(*blocks(k, 5, inside, outside), k)
    assert found["within_weight"] == pytest.approx(r, abs=1e-10)
    assert found["barber_q"] == pytest.approx(r - 1 / k, abs=1e-10)
    assert found["ncut"] == pytest.approx(k * (1 - r), abs=1e-10)
    expected = np.log(k) + r * np.log(r) + (1 - r) * np.log((1 - r) / (k - 1))
    assert found["mi"] == pytest.approx(expected, abs=1e-10)
    assert found["mi_preserved"] == pytest.approx(1, abs=1e-10)


def test_mi_sees_disassortative_structure_and_q_does_not():
    found = values(*blocks(4, 5, 1, 3), 4)
    assert found["barber_q"] == pytest.approx(-0.15, abs=1e-10)
    assert found["mi_preserved"] == pytest.approx(1, abs=1e-10)


def test_two_units_a_side():
    found = values(np.diag([3, 1]), [0, 1], [0, 1], 2)
    assert found["mi"] == pytest.approx(0.56234, abs=5e-6)
    assert found["barber_q"] == pytest.approx(0.375, abs=1e-10)


def test_single_cluster():
    matrix = np.arange(1, 7).reshape(2, 3)
    found = values(matrix, [0, 0], [0, 0, 0], 1)
    assert found["mi"] == 0
    assert found["ncut"] == pytest.approx(0, abs=1e-12)
    assert found["clusterability"] == pytest.approx(1)
    assert np.isnan(found["clusterability_adjusted"])


def test_matrix_of_zeros_has_no_values():
    found = values(np.zeros((3, 3)), [0, 1, 1], [0, 0, 1], 2)
    assert all(np.isnan(value) for value in found.values())


def test_empty_clusters_count_for_nothing():
    matrix, rows, columns = blocks(2, 4, 1, 0)
    three = tables(matrix, rows, columns, 3)
    assert measures.effective_clusters(three) == 2
    assert measures.ncut(three) == pytest.approx(0, abs=1e-12)
    assert measures.ncut_per_cluster(tables(np.ones((2, 2)), [0, 1], [0, 1], 5)) == (
        pytest.approx(0.5)
    )


def test_dead_units_are_left_out():
    matrix, rows, columns = blocks(2, 4, 2, 1)
    padded = np.zeros((9, 10))
    padded[:8, 1:9] = matrix
    with_dead = values(padded, [*rows, -1], [-1, *columns, -1], 2)
    without = values(matrix, rows, columns, 2)
    assert with_dead == pytest.approx(without, abs=1e-12)


def test_identifiers_are_those_that_the_config_draws():
    assert tuple(name for name in MEASURES if MEASURES[name].direction) == sections.DIRECTED


# --- against other implementations, on random matrices -----------------------------------------


@st.composite
def partitioned(draw):
    """A weight matrix with some zeros, and labels of both sides."""
    k = draw(st.integers(1, 4))
    m, n = draw(st.integers(2, 8)), draw(st.integers(2, 8))
    source = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    matrix = source.standard_normal((m, n)) * (source.random((m, n)) < 0.8)
    matrix[0, 0] = 1.0
    return matrix, source.integers(0, k, m), source.integers(0, k, n), k


def plain_graph(matrix, rows, columns, k):
    """The bipartite graph as networkx sees it, with its communities."""
    m = len(rows)
    graph = nx.Graph()
    graph.add_nodes_from(range(m + len(columns)))
    for i, j in zip(*np.nonzero(matrix), strict=True):
        graph.add_edge(int(i), m + int(j), weight=abs(matrix[i, j]))
    labels = [*rows, *columns]
    return graph, [{u for u in graph if labels[u] == a} for a in range(k) if a in labels]


@given(partitioned())
@settings(max_examples=60, deadline=None)
def test_newman_q_is_the_modularity_of_networkx(case):
    graph, communities = plain_graph(*case)
    expected = nx.community.modularity(graph, communities, weight="weight")
    assert values(*case)["newman_q"] == pytest.approx(expected, abs=1e-9)


@given(partitioned())
@settings(max_examples=60, deadline=None)
def test_ncut_is_the_sum_of_normalised_cuts(case):
    graph, communities = plain_graph(*case)
    expected = 0.0
    for community in communities:
        if nx.volume(graph, community, weight="weight") > 0:
            cut = nx.cut_size(graph, community, weight="weight")
            expected += cut / nx.volume(graph, community, weight="weight")
    assert values(*case)["ncut"] == pytest.approx(expected, abs=1e-9)


@given(partitioned())
@settings(max_examples=60, deadline=None)
def test_mi_is_that_of_scikit_learn_on_counts(case):
    matrix, rows, columns, k = case
    counts = np.rint(10 * np.abs(matrix)).astype(int)
    counts[0, 0] = 3
    (sums,) = all_block_sums(counts.astype(float), {("any", k): (rows, columns)})
    expected = mutual_info_score(None, None, contingency=sums)
    assert values(counts, rows, columns, k)["mi"] == pytest.approx(expected, abs=1e-9)
    total = mutual_info_score(None, None, contingency=counts)
    assert mutual_information(counts / counts.sum()) == pytest.approx(total, abs=1e-9)


@given(partitioned())
@settings(max_examples=60, deadline=None)
def test_barber_q_by_definition(case):
    matrix, rows, columns, _ = case
    edges = np.abs(matrix)
    total = edges.sum()
    expected = edges - np.outer(edges.sum(1), edges.sum(0)) / total
    same = rows[:, None] == columns
    assert values(*case)["barber_q"] == pytest.approx((expected * same).sum() / total, abs=1e-9)


def test_clusterability_adjusted_is_zero_on_average_over_permuted_labels():
    source = np.random.default_rng(0)
    matrix = source.standard_normal((12, 9))
    rows, columns = source.integers(0, 3, 12), source.integers(0, 3, 9)
    found = [
        values(matrix, source.permutation(rows), source.permutation(columns), 3)
        for _ in range(3000)
    ]
    adjusted = [value["clusterability_adjusted"] for value in found]
    assert np.mean(adjusted) == pytest.approx(0, abs=4 * np.std(adjusted) / np.sqrt(3000))


# --- properties --------------------------------------------------------------------------------


@given(partitioned(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_unchanged_by_renaming_transposing_and_scaling(case, random):
    matrix, rows, columns, k = case
    names = list(range(k))
    random.shuffle(names)
    renaming = np.array(names)
    expected = pytest.approx(values(*case), abs=1e-9, nan_ok=True)
    assert values(matrix, renaming[rows], renaming[columns], k) == expected
    assert values(matrix.T, columns, rows, k) == expected
    assert values(7.5 * matrix, rows, columns, k) == expected
    assert values(-matrix, rows, columns, k) == expected


@given(partitioned(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_mi_is_unchanged_by_any_renaming(case, random):
    matrix, rows, columns, k = case
    of_rows, of_columns = (np.array(random.sample(range(k), k)) for _ in range(2))
    found, before = values(matrix, of_rows[rows], of_columns[columns], k), values(*case)
    for name in ("mi", "mi_preserved"):
        assert found[name] == pytest.approx(before[name], abs=1e-9, nan_ok=True)


@given(partitioned())
@settings(max_examples=60, deadline=None)
def test_bounds(case):
    found, k = values(*case), case[3]
    slack = 1e-9
    assert -slack <= found["mi"] <= min(np.log(k), found["mi_total"]) + slack
    assert found["newman_q"] <= found["barber_q"] + slack
    assert -0.5 - slack <= found["barber_q"] <= 1 - 1 / k + slack
    assert -slack <= found["ncut"] <= k + slack
    assert -slack <= found["clusterability"] <= 1 + slack


@given(partitioned(), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_mi_never_falls_when_a_partition_is_refined(case, seed):
    matrix, rows, columns, k = case
    half = np.random.default_rng(seed).integers(0, 2, len(rows))
    refined = values(matrix, 2 * rows + half, columns, 2 * k)
    assert refined["mi"] >= values(*case)["mi"] - 1e-9


@given(partitioned())
@settings(max_examples=60, deadline=None)
def test_terms_of_clusters_sum_to_the_measures(case):
    found = tables(*case)
    assert measures.barber_terms(found).sum() == pytest.approx(float(measures.barber_q(found)))
    assert measures.ncut_terms(found).sum() == pytest.approx(float(measures.ncut(found)))
    assert measures.mi_terms(found).sum() == pytest.approx(float(measures.mi(found)), abs=1e-9)
