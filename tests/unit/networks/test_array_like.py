"""What a notebook hands in: right, or refused in one line."""

from __future__ import annotations

import subprocess
import sys
import warnings
from decimal import Decimal

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch

import clusterability as cl
from clusterability.errors import UserError
from clusterability.networks.importing.selection import Reading
from clusterability.networks.importing.unit_names import UnitNames
from clusterability.networks.weights import as_weights

MATRIX = np.arange(24).reshape(4, 6) % 7 + 0.5


def network() -> torch.nn.Sequential:
    return torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))


def loaded(given, **said) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR|torch.quantize|.*quantized")
        return cl.load(given, **said)["fc1"]


def refusal(given, **said) -> str:
    with pytest.raises(cl.UserError) as error:
        cl.load(given, **said)
    text = str(error.value)
    assert "\n" not in text
    assert "expected" in text
    return text


@pytest.mark.parametrize(
    "make",
    [
        np.asarray,
        np.ma.array,
        lambda m: m.astype(object),
        lambda m: np.array([[Decimal(str(x)) for x in row] for row in m]),
        pd.DataFrame,
        lambda m: pd.DataFrame(m).astype("Float64"),
        lambda m: pd.DataFrame(m).astype(object),
        lambda m: pd.DataFrame(m).astype(pd.SparseDtype(float)),
        torch.tensor,
        lambda m: torch.tensor(m, requires_grad=True),
        lambda m: torch.tensor(m).to_sparse(),
        lambda m: torch.tensor(m).to_sparse_csr(),
        lambda m: torch.tensor(m).to_sparse_csc(),
        lambda m: torch.quantize_per_tensor(torch.tensor(m).float(), 0.5, 0, torch.qint8),
        sp.csr_matrix, sp.coo_array, sp.lil_array, sp.dok_array, sp.dia_array,
        lambda m: m.tolist(),
    ],
)  # fmt: skip
def test_matrices_of_all_libraries(make):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = make(MATRIX)
    assert np.array_equal(loaded(given), MATRIX)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (layer,) = cl.score(given, 2, nulls={})["layer"].unique()
    assert layer == "fc1"


def test_entries_of_a_sparse_tensor_that_are_there_twice_are_summed():
    tensor = torch.sparse_coo_tensor([[0, 0, 1], [1, 1, 0]], [1.0, 2.0, 4.0], (2, 2))
    assert loaded(tensor).tolist() == [[0, 3], [4, 0]]


class Readable:
    def read(self) -> bytes:
        return b""


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (np.ma.masked_greater(MATRIX, 6), "found 3 masked entries"),
        (pd.DataFrame(MATRIX).astype("Float64").mask(MATRIX > 6), "found nan at [0, 6]"),
        (np.array([[1, None], [2, 3]], object), "found None at [0, 1]"),
        (np.array([[1, "2"], [2, 3]], object), "found '2' at [0, 1]"),
        (pd.DataFrame({"a": [1, 2], "b": [1j, 2]}), "found complex128 in column 'b'"),
        (pd.DataFrame({"a": [1.5, 2], "b": ["x", "y"]}), "in column 'b', expected numbers"),
        (pd.DataFrame({"a": [1.5, 2], "b": pd.Categorical([1, 2])}), "found category"),
        (sp.eye_array(10**6), "units of few weights"),
        (torch.eye(3, device="meta"), "expected a matrix"),
        (
            torch.sparse_coo_tensor(size=(10**6, 10**6), check_invariants=True),
            "units of few weights",
        ),
        (Readable(), "found an open file, expected a matrix, or the path of a file"),
        (None, "found nothing, expected a matrix"),
        ([[1, 2], [3]], "expected a matrix"),
        (pd.Series([1, 2]), "expected at least one 2-D array"),
        ({"a": {"w": MATRIX}, "b": {"w": MATRIX}}, "found matrices in each of 'a', 'b'"),
    ],
)  # fmt: skip
def test_what_is_no_matrix_is_one_line(given, found):
    if found == "found nan at [0, 6]":
        found = "expected a finite number"
    assert found in refusal(given)


def test_a_real_file_that_is_open(tmp_path):
    (tmp_path / "w.csv").write_text("1.5,2\n3,4\n")
    for mode in ("r", "rb"):
        with (tmp_path / "w.csv").open(mode) as file:
            assert "found an open file" in refusal(file)


# --- names ---------------------------------------------------------------------------------------


def test_names_of_a_frame():
    frame = pd.DataFrame(MATRIX, list("wxyz"), range(2015, 2021))
    years = tuple(map(str, range(2015, 2021)))
    assert cl.load(frame).units == {"fc1": UnitNames(tuple("wxyz"), years)}
    assert cl.load({"a": frame}).units["a"].rows == tuple("wxyz")
    assert cl.load(pd.DataFrame(MATRIX)).units == {}


def test_matrices_by_themselves_keep_their_names_and_those_of_their_units():
    frames = {
        "u/1": pd.DataFrame(MATRIX, list("wxyz"), list("abcdef")),
        "v": pd.DataFrame(MATRIX, list("stuv")),
    }
    weights = cl.load(frames, transpose=True)
    assert {name: list(matrix.shape) for name, matrix in weights.items()} == {
        "u/1": [6, 4],
        "v": [6, 4],
    }
    assert weights.units == {
        "u/1": UnitNames(tuple("abcdef"), tuple("wxyz")),
        "v": UnitNames(None, tuple("stuv")),
    }
    turned = cl.cluster(weights, 2, name="mine")
    other = cl.cluster(frames, 2, name="mine", transpose=True)
    assert list(turned) == list(frames)
    for name, partition in turned.items():
        assert partition.rows.tolist() == other[name].rows.tolist()
    again = as_weights(weights, Reading(transpose=True))
    assert again.units["u/1"] == UnitNames(tuple("wxyz"), tuple("abcdef"))


def test_one_matrix_alone_is_fc1_whatever_is_asked():
    for asked in ({}, {"chain": False}, {"layers": "weights"}, {"chain": True}):
        assert list(cl.load(MATRIX, **asked)) == ["fc1"]
    assert np.array_equal(loaded(MATRIX, transpose=True), MATRIX.T)
    with pytest.raises(UserError, match="layers: found 'a', expected names of arrays"):
        cl.load(MATRIX, "a")


def test_a_frame_that_may_be_read_in_two_ways():
    frame = pd.DataFrame({"id": [7, 3, 9, 4]} | {f"c{n}": MATRIX[:, n] for n in range(6)})
    assert "index=True or index=False" in refusal(frame)
    assert np.array_equal(loaded(frame, index=True), MATRIX)
    assert np.array_equal(loaded(frame, index=False), frame.to_numpy())
    assert "found header=True for a table whose columns have names" in refusal(frame, header=True)
    assert "found header for ndarray, expected these for tables" in refusal(MATRIX, header=True)
    table = pd.DataFrame({"user": [1, 1, 2], "item": [5, 6, 5], "rating": [3, 4, 5]})
    assert "edges=('user', 'item', 'rating')" in refusal(table)
    assert loaded(table, edges=("user", "item", "rating")).tolist() == [[3, 4], [5, 0]]


# --- graphs --------------------------------------------------------------------------------------


def test_a_bipartite_graph_is_its_two_sides():
    graph = nx.davis_southern_women_graph()
    women = [node for node, side in graph.nodes(data="bipartite") if side == 0]
    events = [node for node, side in graph.nodes(data="bipartite") if side == 1]
    expected = nx.bipartite.biadjacency_matrix(graph, women, events).toarray()
    found = cl.load(graph)
    assert np.array_equal(found["fc1"], expected)
    assert found.units["fc1"] == UnitNames(tuple(women), tuple(events))


@pytest.mark.parametrize("kind", [nx.DiGraph, nx.MultiDiGraph])
def test_a_directed_graph_is_all_nodes_by_all(kind):
    edges = [("a", "b", 2.0), ("b", "c", 3.0), ("a", "b", 4.0), ("c", "c", 1.5)]
    graph = kind()
    graph.add_weighted_edges_from(edges)
    assert np.array_equal(loaded(graph), nx.to_numpy_array(graph))


def test_graphs_that_leave_it_open():
    assert "no attribute bipartite" in refusal(nx.karate_club_graph())
    graph = nx.Graph([(0, 1), (1, 2)])
    nx.set_node_attributes(graph, {0: 0, 1: 1, 2: 1}, "bipartite")
    assert "an edge between 1 and 2, both on side 1" in refusal(graph)


# --- modules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrap",
    [
        lambda net: net,
        lambda net: net.state_dict(),
        lambda net: {"state_dict": net.state_dict(), "epoch": 3},
        lambda net: {"net": net.state_dict(), "optimizer": {"state": {}, "param_groups": []}},
    ],
)
def test_a_module_and_its_state_dict_alone_or_in_a_checkpoint(wrap):
    net = network()
    weights = cl.load(wrap(net))
    assert list(weights) == ["fc1", "fc2"]
    assert np.array_equal(weights["fc1"], net[0].weight.detach().numpy())
    expected = cl.score(weights, 2, nulls={"shuffle": 3})
    pd.testing.assert_frame_equal(cl.score(wrap(net), 2, nulls={"shuffle": 3}), expected)


def test_clusters_are_those_of_each_layer_of_a_module_and_of_one_sparse_matrix():
    net = network()
    found = cl.cluster(net, 2)
    assert list(found) == ["fc1", "fc2"]
    assert len(found["fc2"].columns) == 4
    assert cl.cluster(sp.dok_array(MATRIX), 2).rows.shape == (4,)


def test_matrices_by_layer_keep_their_names():
    given = {"first": torch.tensor(MATRIX), "second": np.ones((3, 4)) + np.eye(3, 4)}
    assert cl.score(given, 2, nulls={})["layer"].unique().tolist() == ["first", "second"]


def test_no_library_is_imported_for_what_others_bring():
    code = (
        "import sys, clusterability as cl; cl.load([[1.5, 2], [3, 4]]);"
        "print([m for m in ('torch', 'networkx') if m in sys.modules])"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.stdout.strip() == "[]", done.stderr
