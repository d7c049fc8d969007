"""Method `whole` against the full graph of a network: every unit, every edge, no even and odd."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import networkx as nx
import numpy as np
import pytest
import scipy.linalg
from sklearn.cluster import SpectralClustering
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from clusterability.clustering.embedding import embed
from clusterability.clustering.spectral import cluster
from clusterability.clustering.summing import tables_of
from clusterability.measures.structure import ncut, newman_q
from clusterability.networks.graph import layer_matrices, network_matrices, network_units
from clusterability.networks.partitions import labels_of

K_VALUES = range(2, 7)
SIZES = pytest.mark.parametrize(
    "sizes", [(12, 9), (9, 12), (30, 20, 15, 5), (20, 10, 10, 10, 4)], ids=str
)


def random_network(sizes: Sequence[int], seed: int = 0) -> list[np.ndarray]:
    source = np.random.default_rng(seed)
    return [source.uniform(-1, 1, (out, in_)) for in_, out in itertools.pairwise(sizes)]


def modular_network(
    sizes: Sequence[int], k: int, outside: float, seed: int = 0
) -> tuple[list[np.ndarray], np.ndarray]:
    """Weights smaller between modules than inside, and every unit's module; all layers have all."""
    modules = [np.arange(size) % k for size in sizes]
    pairs = zip(random_network(sizes, seed), itertools.pairwise(modules), strict=True)
    weights = [
        np.sign(stack) * (0.5 + np.abs(stack)) * np.where(to[:, None] == of, 1, outside)
        for stack, (of, to) in pairs
    ]
    return weights, np.concatenate(modules)


def full_adjacency(weights: Sequence[np.ndarray]) -> np.ndarray:
    """abs(W) between consecutive layers, [units, units], units counted from the input on."""
    sizes = [weights[0].shape[1], *(len(stack) for stack in weights)]
    ends = np.cumsum(sizes)
    adjacency = np.zeros((ends[-1], ends[-1]))
    for number, stack in enumerate(weights):
        of = slice(ends[number] - sizes[number], ends[number])
        to = slice(ends[number], ends[number + 1])
        adjacency[of, to], adjacency[to, of] = np.abs(stack).T, np.abs(stack)
    return adjacency


def names(count: int) -> list[tuple[str | int, ...]]:
    return [("trained", seed, "network", "network") for seed in range(count)]


def units_of(weights: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return network_units([weights[0].shape[1], *(len(stack) for stack in weights)])


def all_labels(weights, rows, columns) -> np.ndarray:
    """Labels of the units of even and of odd layers, put together again."""
    even, odd = units_of(weights)
    labels = np.empty(len(even) + len(odd), int)
    labels[even], labels[odd] = rows, columns
    return labels


def whole_labels(weights, k_values=K_VALUES, restarts: int = 10) -> dict[int, np.ndarray]:
    """Every unit's label by k."""
    found = cluster(network_matrices(weights)[None], names(1), k_values, ["whole"], restarts)
    return {
        k: all_labels(weights, rows, columns)
        for (_, k), (rows, columns) in labels_of(found, 0).items()
    }


def normalised_cut(adjacency: np.ndarray, labels: np.ndarray) -> float:
    """Sum over clusters of cut / volume (Shi & Malik 2000), by networkx."""
    graph = nx.from_numpy_array(adjacency)
    clusters = [np.flatnonzero(labels == name).tolist() for name in np.unique(labels)]
    volumes = [nx.volume(graph, units, weight="weight") for units in clusters]
    cuts = [nx.cut_size(graph, units, weight="weight") for units in clusters]
    return sum(cut / volume for cut, volume in zip(cuts, volumes, strict=True))


# --- the graph ---------------------------------------------------------------------------------


@SIZES
def test_even_and_odd_layers_hold_the_whole_graph(sizes):
    weights = random_network(sizes)
    even, odd = network_units(sizes)
    adjacency = full_adjacency(weights)
    assert np.array_equal(np.abs(network_matrices(weights)), adjacency[np.ix_(even, odd)])
    assert not adjacency[np.ix_(even, even)].any()
    assert not adjacency[np.ix_(odd, odd)].any()
    assert sorted([*even, *odd]) == list(range(sum(sizes)))


def test_networks_of_a_block_have_the_matrices_they_have_alone():
    blocks = [random_network((7, 5, 4, 3), seed) for seed in range(3)]
    stacks = [np.stack(layer) for layer in zip(*blocks, strict=True)]
    together = network_matrices(stacks)
    for matrix, weights in zip(together, blocks, strict=True):
        assert np.array_equal(matrix, network_matrices(weights))


def test_a_layer_by_name_is_its_weights_and_network_is_all_of_them():
    stacks = [np.stack([stack, 2 * stack]) for stack in random_network((7, 5, 4))]
    weights = {"fc1": stacks[0], "fc2": stacks[1]}
    assert np.array_equal(layer_matrices(weights, "fc2"), stacks[1])
    assert np.array_equal(layer_matrices(weights, "network"), network_matrices(stacks))


# --- the embedding and the measures ------------------------------------------------------------


@SIZES
def test_singular_values_are_the_largest_eigenvalues_of_the_full_graph(sizes):
    weights = random_network(sizes)
    matrix, adjacency = np.abs(network_matrices(weights)), full_adjacency(weights)
    degrees = adjacency.sum(axis=0)
    eigenvalues = scipy.linalg.eigvalsh(adjacency / np.sqrt(np.outer(degrees, degrees)))[::-1]
    count = min(matrix.shape)
    found = embed(matrix, count).singular_values
    assert found == pytest.approx(eigenvalues[:count], abs=1e-10)


@SIZES
def test_measures_are_those_of_the_full_graph(sizes):
    weights = random_network(sizes, seed=1)
    adjacency, matrix = full_adjacency(weights), network_matrices(weights)
    graph = nx.from_numpy_array(adjacency)
    even, odd = network_units(sizes)
    for k, labels in whole_labels(weights, restarts=3).items():
        tables = tables_of(matrix, {("whole", k): (labels[even], labels[odd])})["whole", k]
        communities = [set(np.flatnonzero(labels == name).tolist()) for name in range(k)]
        modularity = nx.community.modularity(graph, filter(None, communities), weight="weight")
        assert float(newman_q(tables)) == pytest.approx(modularity, abs=1e-9)
        assert float(ncut(tables)) == pytest.approx(normalised_cut(adjacency, labels), abs=1e-9)


# --- the partition -----------------------------------------------------------------------------


def cut_against_scikit_learn(weights, k_values=K_VALUES, restarts: int = 10) -> list[float]:
    """n-cut by k, as a share of that of scikit-learn's normalised spectral clustering."""
    adjacency, ours = full_adjacency(weights), whole_labels(weights, k_values, restarts)
    shares = []
    with threadpool_limits(1):  # scikit-learn's threads wait for each other longer than they work
        for k in k_values:
            other = SpectralClustering(k, affinity="precomputed", n_init=restarts, random_state=0)
            theirs = normalised_cut(adjacency, other.fit(adjacency).labels_)
            shares.append(normalised_cut(adjacency, ours[k]) / theirs)
    return shares


def test_random_networks_are_cut_as_well_as_by_scikit_learn():
    """On average: without clusters, ten starts of either often end in different local minima."""
    networks = [random_network((20, 10, 10, 10, 6), seed) for seed in range(4)]
    networks += [random_network((24, 15, 10, 6), seed) for seed in range(4)]
    shares = np.array([cut_against_scikit_learn(weights) for weights in networks])
    assert (shares.mean(axis=0) <= 1.01).all()
    assert (shares <= 1.05).all()


@pytest.mark.parametrize("k", K_VALUES)
def test_modular_networks_are_cut_as_well_as_by_scikit_learn(k):
    """So many starts that either finds the least inertia: fewer often do not, for k = 6."""
    for seed in range(4):
        weights, _ = modular_network((24, 15, 12, 6), k, 0.2, seed)
        assert cut_against_scikit_learn(weights, [k], restarts=100)[0] <= 1.01


@pytest.mark.parametrize("k", [2, 3, 5])
def test_modules_through_all_layers_are_found(k):
    weights, modules = modular_network((30, 20, 15, 10), k, 0.1)
    assert adjusted_rand_score(modules, whole_labels(weights)[k]) == 1


def test_units_without_edges_have_no_cluster_wherever_they_are():
    sizes = (30, 20, 15, 6)
    weights, modules = modular_network(sizes, 3, 0.1)
    pixel, first, second, output = 4, 30 + 7, 50 + 2, 65 + 5
    weights[0][:, pixel] = 0
    weights[0][first - 30], weights[1][:, first - 30] = 0, 0
    weights[1][second - 50], weights[2][:, second - 50] = 0, 0
    weights[2][output - 65] = 0
    labels = whole_labels(weights)[3]
    assert np.flatnonzero(labels == -1).tolist() == [pixel, first, second, output]
    live = labels >= 0
    assert adjusted_rand_score(modules[live], labels[live]) == 1


def test_a_unit_without_input_has_a_cluster_by_its_output():
    weights, modules = modular_network((30, 20, 15, 6), 3, 0.1)
    weights[0][7] = 0
    assert adjusted_rand_score(modules, whole_labels(weights)[3]) == 1


# --- the same partition whatever it is computed with -------------------------------------------


def networks_with_dead_units() -> np.ndarray:
    """Matrices [networks, even units, odd units]; a pixel and a hidden unit are dead in most."""
    networks = [random_network((40, 33, 21, 10), seed) for seed in range(5)]
    for weights in networks[1:]:
        weights[0][:, 3] = 0
        weights[0][5], weights[1][:, 5] = 0, 0
    return network_matrices([np.stack(layer) for layer in zip(*networks, strict=True)])


def whole_bytes(matrices, own, k_values, k: int, index: int) -> tuple[bytes, bytes]:
    found = cluster(matrices, own, k_values, ["whole"], 3)["whole", k]
    return found.rows[index].tobytes(), found.columns[index].tobytes()


def test_a_partition_does_not_depend_on_the_block_the_threads_or_the_other_k():
    matrices, own = networks_with_dead_units(), names(5)
    for index in range(5):
        expected = whole_bytes(matrices, own, [2, 4, 9], 4, index)
        assert whole_bytes(matrices[[index]], [own[index]], [4], 4, 0) == expected
        assert whole_bytes(matrices, own, range(3, 20), 4, index) == expected
        with threadpool_limits(2):
            assert whole_bytes(matrices, own, [4], 4, index) == expected
