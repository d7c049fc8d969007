"""Connected components by spreading, against SciPy's of the whole graph."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse import csgraph

from clusterability.networks.components import connected_components
from clusterability.networks.network_table import network_rows
from clusterability.networks.stacked import Networks


def by_scipy(matrix: np.ndarray) -> tuple[list[int], int]:
    """Components of rows then columns, named by their first live row; -1 for dead units."""
    graph = sparse.bmat([[None, matrix != 0], [(matrix != 0).T, None]])
    _, labels = csgraph.connected_components(graph, directed=False)
    alive = np.concatenate([(matrix != 0).any(axis=1), (matrix != 0).any(axis=0)])
    names = {label: number for number, label in enumerate(dict.fromkeys(labels[alive]))}
    return [names[x] if live else -1 for x, live in zip(labels, alive, strict=True)], len(names)


@pytest.mark.parametrize("density", [0, 0.01, 0.03, 0.06, 0.2, 1])
@pytest.mark.parametrize("shape", [(40, 60), (60, 40), (1, 5), (5, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_components_are_those_of_the_graph(density, shape, dtype):
    source = np.random.default_rng(0)
    matrix = np.where(source.random(shape) < density, source.normal(size=shape), 0).astype(dtype)
    found, (labels, count) = connected_components(matrix), by_scipy(matrix)
    assert [*found.rows, *found.columns] == labels
    assert found.count == count


def test_a_path_is_one_component():
    """Each unit leads to the next one alone: as many steps as there are units."""
    matrix = np.eye(50) + np.eye(50, k=1)
    assert connected_components(matrix).count == 1
    matrix[20, 21] = 0
    found = connected_components(matrix)
    assert found.rows.tolist() == [0] * 21 + [1] * 29
    assert found.columns.tolist() == [0] * 21 + [1] * 29


def test_the_table_of_networks_counts_them():
    weights = {"fc1": np.stack([np.ones((4, 6)), np.kron(np.eye(2), np.ones((2, 3)))])}
    weights["fc1"][1, 0] = 0
    rows = network_rows(Networks("any", (0, 1), {}, weights))
    assert rows["fc1_components"].tolist() == [1, 2]
    assert rows["fc1_dead_u"].tolist() == [0, 1]
