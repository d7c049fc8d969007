"""Networks from elsewhere: every format, every error, and the published example of the docs."""

from __future__ import annotations

import io
import os
import pickle
import re
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import save_file

from clusterability.clustering.summing import tables_of
from clusterability.errors import UserError
from clusterability.files import write_csv
from clusterability.measures.structure import barber_q
from clusterability.names import IMPORTED_SEED
from clusterability.networks.importing.read_network import layer_shapes, read_network
from clusterability.networks.importing.selection import Reading
from clusterability.networks.network_table import network_rows
from clusterability.networks.stacked import (
    Networks,
    load_networks,
    network_digest,
    save_networks,
)
from clusterability.results.summary import read_networks
from clusterability.training.history import NetworkRow, TrainingResult, network_table
from project import DOCS

SOUTHERN_WOMEN = DOCS / "examples" / "southern_women.csv"

MATRIX = np.array([[1.5, 0, -2], [0.25, 3, 4]], dtype=np.float32)


def arrays() -> dict[str, np.ndarray]:
    """A network 4-3-5-2 whose names are in natural order, with a bias and a kernel."""
    source = np.random.default_rng(0)
    shapes = {"fc10.weight": (2, 5), "fc2.weight": (5, 3), "fc1.weight": (3, 4)}
    shapes |= {"fc1.bias": (3,), "conv.weight": (2, 1, 3, 3), "steps": ()}
    return {name: source.standard_normal(shape, np.float32) for name, shape in shapes.items()}


def write(path: Path, content: dict[str, np.ndarray]) -> Path:
    if path.suffix == ".safetensors":
        save_file(content, path)
    elif path.suffix == ".npz":
        np.savez(path, **content)
    else:
        torch.save({name: torch.from_numpy(array) for name, array in content.items()}, path)
    return path


def write_text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def only_layer(path: Path) -> np.ndarray:
    """The one layer of a file that holds one matrix."""
    weights = read_network("mine", path).weights
    assert list(weights) == ["fc1"]
    assert weights["fc1"].shape[0] == 1
    return weights["fc1"][0]


def refusal(path: Path, layers: list[str] | None = None) -> str:
    with pytest.raises(UserError) as error:
        read_network("mine", path, Reading(layers))
    assert "\n" not in str(error.value)
    assert "expected" in str(error.value)
    return str(error.value)


# --- networks of many arrays ---------------------------------------------------------------------


@pytest.mark.parametrize("file", ["n.safetensors", "n.npz", "n.pt", "n.pth"])
def test_matrices_are_layers_in_natural_order(tmp_path, file):
    content = arrays()
    networks = read_network("mine", write(tmp_path / file, content))
    origin = {"path": str(tmp_path / file), "layers": ["fc1.weight", "fc2.weight", "fc10.weight"]}
    assert (networks.condition, networks.seeds) == ("mine", (IMPORTED_SEED,))
    assert networks.recipe == origin
    assert list(networks.weights) == ["fc1", "fc2", "fc3"]
    for layer, name in zip(
        networks.weights, ["fc1.weight", "fc2.weight", "fc10.weight"], strict=True
    ):
        assert networks.weights[layer].dtype == np.float32
        assert np.array_equal(networks.weights[layer], content[name][None])


def test_layers_say_which_arrays_and_in_which_order(tmp_path):
    source = np.random.default_rng(0)
    content = {"decoder": source.random((4, 3)), "encoder": source.random((3, 4))}
    path = write(tmp_path / "n.npz", content | {"labels": source.random((9, 9))})
    weights = read_network(
        "mine", path, Reading(["encoder", "decoder"], chain=True, transpose=False)
    ).weights
    assert np.array_equal(weights["fc1"][0], content["encoder"].astype(np.float32))
    assert np.array_equal(weights["fc2"][0], content["decoder"].astype(np.float32))


def test_what_is_imported_is_saved_and_loaded_as_a_study_does(tmp_path):
    networks = read_network("mine", write(tmp_path / "n.npz", arrays()))
    save_networks(tmp_path / "n.safetensors", networks)
    read = load_networks(tmp_path / "n.safetensors")
    assert (read.condition, read.seeds, read.recipe) == ("mine", (-1,), networks.recipe)
    assert network_digest(read, 0) == network_digest(networks, 0)


def test_biases_are_those_of_their_layers_and_what_is_left_out_is_told(tmp_path, caplog):
    caplog.set_level("INFO")
    given = arrays() | {"fc2.bias": np.ones((1, 1, 1)), "scale": np.ones(3)}
    networks = read_network("mine", write(tmp_path / "n.npz", given))
    assert list(networks.biases) == ["fc1"]
    assert np.array_equal(networks.biases["fc1"][0], given["fc1.bias"].astype(np.float32))
    (said,) = [text for text in caplog.messages if "left out" in text]
    assert "scale [3]" in said
    assert "fc2.bias [1, 1, 1]" in said
    assert "fc1.bias" not in said
    caplog.clear()
    read_network("mine", write(tmp_path / "n.npz", {"fc1.weight": MATRIX}))
    assert not [text for text in caplog.messages if "left out" in text]


@pytest.mark.parametrize("file", ["w.npy", "w.npz", "w.pt"])
def test_a_matrix_that_was_saved_transposed_is_stored_as_it_reads(tmp_path, file):
    """NumPy and PyTorch keep the order of a transposed matrix in memory, in files, too."""
    path = tmp_path / file
    if path.suffix == ".npy":
        np.save(path, np.ascontiguousarray(MATRIX).T)
    else:
        write(path, {"fc1.weight": MATRIX.T})
    save_networks(tmp_path / "n.safetensors", read_network("mine", path))
    stored = load_networks(tmp_path / "n.safetensors").weights["fc1"][0]
    assert np.array_equal(stored, MATRIX.T)


@pytest.mark.parametrize("key", [None, "state_dict", "model_state_dict", "model"])
def test_state_dict_of_a_module_alone_or_in_a_checkpoint(tmp_path, key):
    module = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
    optimiser = torch.optim.Adam(module.parameters())
    module(torch.ones(2, 5)).sum().backward()
    optimiser.step()
    saved = module.state_dict()
    if key:
        saved = {"epoch": 3, "optimizer_state_dict": optimiser.state_dict(), key: saved}
    torch.save(saved, tmp_path / "n.pt")
    weights = read_network("mine", tmp_path / "n.pt").weights
    assert list(weights) == ["fc1", "fc2"]
    assert np.array_equal(weights["fc1"][0], module[0].weight.detach().numpy())
    assert np.array_equal(weights["fc2"][0], module[2].weight.detach().numpy())


# --- single matrices and types -------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "int64", "uint8", "?"])
def test_real_numbers_of_any_type_become_float32(tmp_path, dtype):
    matrix = np.array([[1, 0, 1], [0, 1, 1]]).astype(dtype)
    np.save(tmp_path / "w.npy", matrix)
    assert only_layer(tmp_path / "w.npy").tolist() == [[1, 0, 1], [0, 1, 1]]
    assert only_layer(tmp_path / "w.npy").dtype == np.float32


def test_single_tensor_and_floats_that_numpy_lacks(tmp_path):
    torch.save(torch.tensor(MATRIX, dtype=torch.bfloat16), tmp_path / "w.pt")
    assert np.array_equal(only_layer(tmp_path / "w.pt"), MATRIX)


@pytest.mark.parametrize(
    "text",
    [
        "1.5,0,-2\n0.25,3,4\n",
        "a,b,c\n1.5,0,-2\n0.25,3,4\n",
        "name,a,b,c\nx,1.5,0,-2\ny,0.25,3,4\n",
        ",a,b,c\nx,1.5,0,-2\ny,0.25,3,4\n",
        ",0,1,2\n0,1.5,0,-2\n1,0.25,3,4\n",
        '"","V1","V2","V3"\r\n"1",1.5,0,-2\r\n"2",0.25,3,4\r\n',
        "\ufeff1.5, 0,-2e0\n.25,3,4\n\n",
    ],
    ids=["numbers", "header", "both", "corner", "numeric names", "R", "spreadsheet"],
)
def test_csv_with_and_without_names(tmp_path, text):
    assert np.array_equal(only_layer(write_text(tmp_path / "w.csv", text)), MATRIX)


@pytest.mark.parametrize("options", [{}, {"index": False}, {"index": False, "header": False}])
@pytest.mark.parametrize("named", [True, False])
def test_csv_as_pandas_writes_it(tmp_path, options, named):
    names = {"index": ["x", "y"], "columns": ["a", "b", "c"]} if named else {}
    pd.DataFrame(MATRIX, **names).to_csv(tmp_path / "w.csv", **options)
    assert np.array_equal(only_layer(tmp_path / "w.csv"), MATRIX)


@pytest.mark.parametrize("file", ["w.NPY", "w.Csv"])
def test_endings_in_capitals(tmp_path, file):
    np.save(tmp_path / "w.npy", MATRIX)
    (tmp_path / "w.npy").rename(tmp_path / "w.NPY")
    write_text(tmp_path / "w.Csv", "1.5,0,-2\n0.25,3,4\n")
    assert np.array_equal(only_layer(tmp_path / file), MATRIX)


# --- what is refused -----------------------------------------------------------------------------


def test_missing_file_and_unknown_ending(tmp_path):
    missing = f"networks.mine.path: found no file {tmp_path}/w.npy"
    assert refusal(tmp_path / "w.npy").startswith(missing)
    with pytest.raises(UserError, match=re.escape(missing)):
        layer_shapes("mine", tmp_path / "w.npy", Reading(["a", "b"]))
    text = refusal(tmp_path / "w.xlsx")
    assert "'.xlsx'" in text
    assert "one of .safetensors, .npz, .npy, .pt, .pth, .bin, .ckpt" in text
    assert ".mtx, .csv, .tsv, .txt, .csv.gz, .tsv.gz, .parquet, .index.json, or a folder" in text


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("ending", [".safetensors", ".npz", ".npy", ".pt", ".csv"])
@pytest.mark.parametrize("damage", ["truncated", "other", "empty"])
def test_damaged_files(tmp_path, ending, damage):
    path = tmp_path / f"w{ending}"
    if ending == ".npy":
        np.save(path, MATRIX)
    elif ending == ".csv":
        write_text(path, "1,2,3\n4,5,6")
    else:
        write(path, arrays())
    whole = path.read_bytes()
    damaged = {"truncated": whole[: len(whole) - 3], "other": b"\x80\x81 no weights", "empty": b""}
    path.write_bytes(damaged[damage])
    assert refusal(path).startswith(f"{path}: found ")


def test_file_without_a_matrix_says_what_is_there(tmp_path):
    stack = {"fc1.weight": np.ones((10, 3, 4)), "fc1.bias": np.ones(3)}
    text = refusal(write(tmp_path / "n.npz", stack))
    assert "found fc1.weight [10, 3, 4], fc1.bias [3], expected at least one 2-D array" in text
    np.savez(tmp_path / "none.npz")
    assert "found nothing" in refusal(tmp_path / "none.npz")


def test_layers_that_are_not_there_or_not_matrices(tmp_path):
    path = write(tmp_path / "n.npz", {"a": np.ones((2, 3)), "b": np.ones(2)})
    text = refusal(path, ["a", "c"])
    assert text.startswith("networks.mine.layers: found 'c', expected names of arrays in ")
    assert text.endswith("n.npz, or a pattern of some: a, b")
    assert "array 'b': found shape [2], expected [out, in]" in refusal(path, ["a", "b"])


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_matrix_without_units(tmp_path, shape):
    text = refusal(write(tmp_path / "n.npz", {"a": np.ones((2, 3)), "b": np.ones(shape)}))
    assert f"array 'b': found shape {list(shape)}" in text


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(tmp_path, value):
    matrix = MATRIX.copy()
    matrix[1, 2] = value
    text = refusal(write(tmp_path / "n.safetensors", {"a": matrix}))
    assert f"array 'a': found {value} at [1, 2], expected a finite number" in text


@pytest.mark.parametrize("value", [1e39, -1e300, 1e-60])
def test_values_that_float32_cannot_hold(tmp_path, value):
    text = refusal(write(tmp_path / "n.npz", {"a": np.array([[1.0, 0.0, value]])}))
    assert f"array 'a': found {value} at [0, 2], expected a number that float32 can hold" in text


@pytest.mark.parametrize(
    ("matrix", "found"),
    [
        (np.ones((2, 2), dtype=complex), "complex128"),
        (np.array([["a", "b"]]), "<U1"),
        (np.array([["2026-01-01"]], dtype="datetime64[D]"), "datetime64[D]"),
        (np.array([[1, None]], dtype=object), "objects, which are pickled"),
    ],
    ids=["complex", "text", "dates", "objects"],
)
def test_types_that_are_no_real_numbers(tmp_path, matrix, found):
    text = refusal(write(tmp_path / "n.npz", {"a": matrix}))
    assert f"array 'a': found {found}" in text


def test_consecutive_layers_of_a_chain_that_do_not_fit_are_both_named(tmp_path):
    path = write(tmp_path / "n.npz", {"a": np.ones((3, 4)), "b": np.ones((2, 5))})
    with pytest.raises(UserError) as error:
        read_network("mine", path, Reading(chain=True))
    text = str(error.value)
    assert "found 'a' [3, 4] before 'b' [2, 5]" in text
    assert "networks.mine.layers" in text
    assert "networks.mine.chain: false takes each by itself" in text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,2\n3,x\n", "found 'x' in row 2, column 2, expected a number"),
        ("name,a,b\nx,1,\n", "found '' in row 2, column 3, expected a number"),
        ("1,2\n3\n", "found 1 cells in row 2, expected 2"),
        ("x,1,2\ny,3,4\n", "found 'x', '1', '2' in the first row, which may be names or weights"),
        ("id,2019,2020\n7,1,2\n", "header=True or header=False"),
        ("a;b\n", "found no numbers, expected a matrix with commas"),
        ("name,a,b\n", "found no numbers"),
        ("", "found no numbers"),
        ("1,nan\n2,3\n", "found nan at [0, 1], expected a finite number"),
    ],
)
def test_csv_that_is_no_matrix(tmp_path, text, found):
    assert found in refusal(write_text(tmp_path / "w.csv", text))


class Malicious:
    """Unpickling it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("ending", [".pt", ".pth", ".npy", ".npz", ".safetensors"])
@pytest.mark.parametrize("writer", ["pickle", "torch"])
def test_code_in_a_pickle_never_runs(tmp_path, ending, writer):
    path, proof = tmp_path / f"n{ending}", tmp_path / "proof"
    if writer == "torch":
        torch.save({"fc1.weight": Malicious(proof)}, path)
    else:
        path.write_bytes(pickle.dumps({"fc1.weight": Malicious(proof)}))
    assert refusal(path).startswith(f"{path}: ")
    assert not proof.exists()
    # Whoever unpickles it does run it.
    content = io.BytesIO(path.read_bytes())
    torch.load(content, weights_only=False) if writer == "torch" else pickle.load(content)
    assert proof.exists()


def test_whole_module_says_how_to_save_a_state_dict(tmp_path):
    torch.save(torch.nn.Linear(3, 2), tmp_path / "n.pt")
    assert "expected a state dict: torch.save(model.state_dict(), path)" in refusal(
        tmp_path / "n.pt"
    )


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({"epoch": 3, "net": {}}, "found no tensors but epoch, net"),
        ([1, 2], "list"),
        ({}, "nothing"),
    ],
)
def test_pytorch_file_without_a_state_dict(tmp_path, content, found):
    torch.save(content, tmp_path / "n.pt")
    text = refusal(tmp_path / "n.pt")
    assert found in text
    assert "expected a state dict, alone or as 'state_dict' or 'model_state_dict'" in text


# --- the row of the network ----------------------------------------------------------------------


def small_network() -> Networks:
    fc1 = np.array([[[1, 0, 0], [0, 0, 0]]], dtype=np.float32)
    return Networks("mine", (IMPORTED_SEED,), {}, {"fc1": fc1, "fc2": np.ones((1, 1, 2), "f4")})


def test_row_of_an_imported_network_by_hand():
    (row,) = network_rows(small_network()).to_dict("records")
    assert (row["condition"], row["seed"], row["parameters"]) == ("mine", -1, 8)
    dead = {name: value for name, value in row.items() if "dead" in name}
    assert dead == {"fc1_dead_u": 1, "fc1_dead_v": 2, "fc2_dead_u": 0, "fc2_dead_v": 0}
    assert row["digest"] == network_digest(small_network(), 0)


def test_row_stands_in_one_table_with_those_of_trained_networks(tmp_path):
    networks = small_network()
    trained = Networks("trained", (3,), {}, networks.weights)
    measured = NetworkRow(3, 0.9, 0.3, 0.8, 0.4, 1.5, "cpu")
    rows = {
        "trained": network_table(TrainingResult(trained, [], [measured])),
        "imported": network_rows(networks),
    }
    assert list(rows["imported"]) == list(rows["trained"])
    for name, row in rows.items():
        write_csv(tmp_path / name, row)
    table = read_networks([str(tmp_path / name) for name in rows]).set_index("condition")
    unknown = ["train_accuracy", "train_loss", "test_accuracy", "test_loss", "seconds", "device"]
    never = ["planted_clusterability", "test_accuracy_head1", "test_accuracy_head2"]
    assert table.loc["mine", unknown].isna().all()
    assert table.loc["trained", unknown].notna().all()
    known = table.drop(columns=[*unknown, *never, "seed", "layers"])
    assert known.loc["mine"].tolist() == known.loc["trained"].tolist()


# --- the example of the docs ---------------------------------------------------------------------


def test_southern_women_are_those_of_networkx():
    graph = nx.davis_southern_women_graph()
    table = pd.read_csv(SOUTHERN_WOMEN, index_col=0)
    expected = nx.bipartite.biadjacency_matrix(graph, table.index, table.columns).toarray()
    assert np.array_equal(only_layer(SOUTHERN_WOMEN), expected)
    assert expected.shape == (18, 14)
    assert expected.sum() == graph.number_of_edges() == 89


def test_southern_women_have_the_q_that_barber_2007_reports():
    # The largest Q that he finds is 0.34554. The labels are where his algorithm, BRIM, ends from
    # the best of 3000 random starts with four clusters.
    women = np.array([0, 0, 0, 0, 0, 0, 1, 2, 1, 1, 3, 3, 3, 3, 3, 2, 2, 2])
    events = np.array([0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 2, 3, 3, 3])
    tables = tables_of(only_layer(SOUTHERN_WOMEN), {("published", 4): (women, events)})
    assert float(barber_q(tables["published", 4])) == pytest.approx(0.34554, abs=5e-6)
