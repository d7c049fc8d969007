"""ONNX models: the package writes them, and what a node does says which axis is which."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import clusterability as cl
from clusterability.__main__ import main
from clusterability.errors import UserError
from clusterability.networks.importing.read_network import read_network, selected
from clusterability.networks.importing.readers import model_files, read_arrays
from clusterability.networks.importing.selection import Reading, Selection

Node = Any


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def model(
    nodes: Sequence[Node], tensors: dict[str, np.ndarray | TensorProto], version: int = 21
) -> onnx.ModelProto:
    initial = [
        tensor if isinstance(tensor, TensorProto) else numpy_helper.from_array(tensor, name)
        for name, tensor in tensors.items()
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "g", [value("x", TensorProto.FLOAT, None)], [value("y", TensorProto.FLOAT, None)],
        initial,
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)])


def saved(path: Path, nodes: Sequence[Node], tensors: dict[str, Any], **options: Any) -> Path:
    onnx.save(model(nodes, tensors), path, **options)
    return path


def node(operator: str, *inputs: str, output: str = "y", **attributes: Any) -> Node:
    return helper.make_node(operator, inputs, [output], **attributes)


def selection(path: Path, **reading: Any) -> Selection:
    return selected("mine", path, Reading(**reading))


W = numbers(5, 3)
"""[out, in] where it is stored as PyTorch would."""


@pytest.mark.parametrize(
    ("made", "tensors"),
    [
        (node("Gemm", "x", "w", transB=1), {"w": W}),
        (node("Gemm", "x", "w"), {"w": W.T.copy()}),
        (node("Gemm", "w", "x"), {"w": W}),
        (node("Gemm", "w", "x", transA=1), {"w": W.T.copy()}),
        (node("MatMul", "x", "w"), {"w": W.T.copy()}),
        (node("MatMul", "w", "x"), {"w": W}),
    ],
    ids=str,
)
def test_a_product_says_which_axis_is_the_output(tmp_path, made, tensors):
    """What the network computes with one input on, by ONNX's own evaluator, is a column of W."""
    path = saved(tmp_path / "n.onnx", [made], tensors)
    assert read_arrays(path)["w"].tolist() == W.tolist()
    assert selection(path).shapes == {"w": (5, 3)}
    first = made.input[0] == "x"
    one = np.eye(3, dtype=np.float32)[:1] if first else np.eye(3, dtype=np.float32)[:, :1]
    (y,) = ReferenceEvaluator(onnx.load(path)).run(None, {"x": one})
    assert np.allclose(y.ravel(), W[:, 0])


def test_a_matrix_is_followed_through_what_only_passes_it_on(tmp_path):
    nodes = [
        node("Cast", "w", output="wide", to=TensorProto.FLOAT),
        node("Transpose", "wide", output="turned", perm=[1, 0]),
        node("Identity", "turned", output="same"),
        node("MatMul", "x", "same"),
    ]
    path = saved(tmp_path / "n.onnx", nodes, {"w": W.astype(np.float16)})
    assert read_arrays(path)["w"].tolist() == W.astype(np.float16).tolist()
    assert "without a word" not in selection(path).told()


def test_what_the_graph_does_not_say_is_told(tmp_path):
    nodes = [
        node("Slice", "w", "from", "to", output="part"),
        node("MatMul", "x", "part", output="z"),
        node("MatMul", "z", "v"),
    ]
    ends = {"from": np.array([0]), "to": np.array([2])}
    path = saved(tmp_path / "n.onnx", nodes, {"w": W, "v": numbers(4, 6), **ends})
    assert read_arrays(path)["w"].tolist() == W.tolist()
    told = selection(path).told()
    assert "as stored, without a word on axes: w;" in told
    assert selection(path).shapes == {"w": (5, 3), "v": (6, 4)}
    assert selection(path, layers=["w"], transpose=True).shapes == {"w": (3, 5)}
    with pytest.raises(
        UserError, match=r"^networks\.mine\.transpose: found true, expected nothing"
    ):
        selection(path, transpose=True)


def test_a_chain_that_would_fit_both_ways_needs_no_word(tmp_path):
    names = ["up", "down"]
    nodes = [node("MatMul", "x", "up", output="z"), node("MatMul", "z", "down")]
    path = saved(tmp_path / "n.onnx", nodes, {"up": numbers(4, 16), "down": numbers(16, 4)})
    found = selection(path, layers=names, chain=True)
    assert found.shapes == {"fc1": (16, 4), "fc2": (4, 16)}
    assert not found.transposed
    assert read_network("mine", path, Reading(names, chain=True)).chain


def test_names_that_an_exporter_made_up_give_way_to_those_of_nodes(tmp_path):
    nodes = [
        node("MatMul", "x", "onnx::MatMul_123", output="a", name="/encoder/layer.0/query/MatMul"),
        node("MatMul", "a", "77", output="b", name="/encoder/layer.1/query/MatMul"),
        node("MatMul", "b", "val_3", output="c"),
        node("MatMul", "c", "head.weight", name="/head/MatMul"),
    ]
    tensors = {name: numbers(4, 4, seed=n) for n, name in enumerate("0123")}
    names = ["onnx::MatMul_123", "77", "val_3", "head.weight"]
    stored = dict(zip(names, tensors.values(), strict=True))
    path = saved(tmp_path / "n.onnx", nodes, stored)
    expected = [
        "encoder/layer.0/query/MatMul", "encoder/layer.1/query/MatMul", "val_3", "head.weight",
    ]  # fmt: skip
    arrays = read_arrays(path)
    assert list(arrays) == expected
    for name, matrix in zip(expected, tensors.values(), strict=True):
        assert arrays[name].tolist() == matrix.T.tolist()


def test_embeddings_and_biases_are_left_out_by_what_the_graph_does_with_them(tmp_path):
    nodes = [
        node("Gather", "table", "x", output="a"),
        node("Add", "a", "shift", output="b"),
        node("MatMul", "b", "w", output="c"),
        node("Gemm", "c", "table", transB=1),
    ]
    tensors = {"table": numbers(9, 4), "shift": numbers(1, 4), "w": numbers(4, 4)}
    found = selection(saved(tmp_path / "n.onnx", nodes, tensors))
    assert list(found.shapes) == ["w"]
    assert found.left == {"table": "embeddings", "shift": "added or multiplied entry by entry"}
    everything = selection(tmp_path / "n.onnx", layers=["*"])
    assert list(everything.shapes) == ["table", "w"]


def test_recurrent_layers_are_a_matrix_a_direction(tmp_path):
    made = node("LSTM", "x", "onnx::LSTM_1", "r", "b", name="/rnn/LSTM", hidden_size=2)
    tensors = {"onnx::LSTM_1": numbers(2, 8, 3), "r": numbers(2, 8, 2), "b": numbers(2, 16)}
    path = saved(tmp_path / "n.onnx", [made], tensors)
    arrays = read_arrays(path)
    assert list(arrays) == [
        "rnn/LSTM.W.forward", "rnn/LSTM.W.backward", "r.forward", "r.backward", "b",
    ]  # fmt: skip
    assert arrays["rnn/LSTM.W.backward"].tolist() == tensors["onnx::LSTM_1"][1].tolist()
    assert list(selection(path).left) == ["b"]


def test_weights_in_branches_and_constants_are_found(tmp_path):
    def branch(name: str, matrix: np.ndarray) -> Any:
        made = node("Constant", output="w", value=numpy_helper.from_array(matrix))
        return helper.make_graph(
            [made, node("MatMul", "x", "w", output=name)], name, [],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)],
        )  # fmt: skip

    branches = {"then_branch": branch("a", W.T.copy()), "else_branch": branch("b", 2 * W.T)}
    nodes = [node("Constant", output="yes", value=numpy_helper.from_array(np.array(True)))]
    path = saved(tmp_path / "n.onnx", [*nodes, node("If", "yes", **branches)], {})
    arrays = read_arrays(path)
    assert list(arrays) == ["w", "w.2"]
    assert sorted(arrays[name].sum().round(4) for name in arrays) == sorted(
        [W.sum().round(4), (2 * W).sum().round(4)]
    )


# --- numbers -------------------------------------------------------------------------------------


def test_half_and_short_floats_are_read_exactly(tmp_path):
    values = np.array([[1.5, -2.0], [0.25, 3.0]])
    kinds = {
        "half": TensorProto.FLOAT16,
        "short": TensorProto.BFLOAT16,
        "double": TensorProto.DOUBLE,
        "tiny": TensorProto.FLOAT8E4M3FN,
    }
    tensors = {
        name: helper.make_tensor(name, kind, (2, 2), values.ravel().tolist())
        for name, kind in kinds.items()
    }
    nodes = [node("MatMul", name, "x", output=f"{name}_y") for name in kinds]
    arrays = read_arrays(saved(tmp_path / "n.onnx", nodes, tensors))
    assert {name: arrays[name].tolist() for name in arrays} == dict.fromkeys(kinds, values.tolist())


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_quantised_weights_are_those_of_the_reference(tmp_path, axis):
    codes = np.random.default_rng(1).integers(-128, 128, (4, 3), np.int8)
    count = () if axis is None else codes.shape[axis]
    scale = np.linspace(0.1, 0.4, 5)[: count or 1].astype(np.float32).reshape(count)
    zero = np.arange(5, dtype=np.int8)[: count or 1].reshape(count)
    scaled = node("DequantizeLinear", "w", "s", "z", output="f", axis=axis or 0)
    nodes = [scaled, node("MatMul", "x", "f")]
    path = saved(tmp_path / "n.onnx", nodes, {"w": codes, "s": scale, "z": zero})
    (expected,) = ReferenceEvaluator(onnx.load(path)).run(None, {"x": np.eye(4, dtype=np.float32)})
    assert np.allclose(read_arrays(path)["w"], expected.T, rtol=1e-6)
    assert list(selection(path).shapes) == ["w"]


def test_scales_of_blocks(tmp_path):
    codes = np.arange(12, dtype=np.int8).reshape(4, 3)
    scale = np.array([[1, 2, 3], [10, 20, 30]], np.float32)
    nodes = [
        node("DequantizeLinear", "w", "s", output="f", axis=0, block_size=2),
        node("MatMul", "x", "f"),
    ]
    path = saved(tmp_path / "n.onnx", nodes, {"w": codes, "s": scale})
    expected = codes * np.repeat(scale, 2, axis=0)
    assert read_arrays(path)["w"].tolist() == expected.T.tolist()
    assert list(selection(path).shapes) == ["w"]


def test_products_of_integers_have_scales_by_name_or_as_inputs(tmp_path):
    codes = np.array([[1, 2], [3, 4], [5, 6]], np.uint8)
    scale, zero = np.array([0.5, 2], np.float32), np.array([1, 2], np.uint8)
    nodes = [node("MatMulInteger", "x", "w_quantized", "xz", "w_zero_point")]
    tensors = {"w_quantized": codes, "w_scale": scale, "w_zero_point": zero}
    expected = ((codes - zero.astype(float)) * scale).T.tolist()
    assert (
        read_arrays(saved(tmp_path / "a.onnx", nodes, tensors))["w_quantized"].tolist() == expected
    )
    nodes = [node("QLinearMatMul", "x", "xs", "xz", "q", "s", "z", "ys", "yz")]
    path = saved(tmp_path / "b.onnx", nodes, {"q": codes, "s": scale, "z": zero})
    assert read_arrays(path)["q"].tolist() == expected
    path = saved(tmp_path / "c.onnx", [node("MatMulInteger", "x", "q")], {"q": codes})
    with pytest.raises(UserError, match="quantised numbers without a stored scale"):
        read_arrays(path)["q"]


def test_numbers_beside_the_model_are_read_when_asked_for(tmp_path):
    matrix = numbers(40, 30)
    path = saved(
        tmp_path / "n.onnx", [node("MatMul", "x", "w")], {"w": matrix},
        save_as_external_data=True, location="n.onnx.data", size_threshold=0,
    )  # fmt: skip
    assert read_arrays(path)["w"].tolist() == matrix.T.tolist()
    assert model_files(path) == [path, tmp_path / "n.onnx.data"]
    assert read_arrays(tmp_path)["w"].tolist() == matrix.T.tolist()
    (tmp_path / "n.onnx.data").unlink()
    assert model_files(path) == [path]
    assert selection(path).shapes == {"w": (30, 40)}
    with pytest.raises(UserError, match=r"n\.onnx: found an array 'w' that cannot be read"):
        cl.load(path)


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd"])
def test_numbers_outside_the_folder_are_not_read(tmp_path, location):
    (tmp_path / "secret.bin").write_bytes(bytes(16))
    folder = tmp_path / "in"
    folder.mkdir()
    tensor = numpy_helper.from_array(np.ones((2, 2), np.float32), "w")
    onnx.external_data_helper.set_external_data(tensor, location)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    made = model([node("MatMul", "x", "w")], {"w": tensor})
    (folder / "n.onnx").write_bytes(made.SerializeToString())
    with pytest.raises(UserError, match="cannot be read"):
        cl.load(folder / "n.onnx")


# --- convolutions --------------------------------------------------------------------------------


def test_kernels_are_out_in_and_those_in_groups_left_out(tmp_path):
    nodes = [
        node("Conv", "x", "a", output="1"),
        node("ConvTranspose", "1", "b", output="2"),
        node("Conv", "2", "c", group=3),
    ]
    tensors = {"a": numbers(4, 2, 3), "b": numbers(4, 3, 5), "c": numbers(3, 2, 3)}
    path = saved(tmp_path / "n.onnx", nodes, tensors)
    found = selection(path, convolutions="sum")
    assert found.shapes == {"a": (4, 2), "b": (3, 4)}
    assert found.left == {"c": "convolutions in groups"}
    loaded = cl.load(path, convolutions="sum")
    assert np.allclose(loaded["b"], np.abs(tensors["b"]).sum(axis=2).T)


# --- what hinders --------------------------------------------------------------------------------


def test_without_the_package_the_line_names_the_extra(tmp_path, monkeypatch, capsys):
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.split(".")[0] in ("onnx", "gguf"):
            raise ModuleNotFoundError(name)
        return real(name, *more)

    monkeypatch.chdir(tmp_path)
    for package in ("onnx", "gguf"):
        Path(f"n.{package}").write_bytes(b"x")
        with monkeypatch.context() as patched:
            patched.setattr(builtins, "__import__", without)
            assert main(["layers", f"n.{package}"]) == 1
        assert capsys.readouterr().err == (
            f"clusterability: n.{package}: found no package {package}, expected it to read a"
            f' .{package} file: pip install "clusterability[{package}]"\n'
        )


def test_a_damaged_file_is_told_in_one_line(tmp_path):
    path = saved(tmp_path / "n.onnx", [node("MatMul", "x", "w")], {"w": W})
    content = path.read_bytes()
    for cut in (0, 1, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:cut])
        with pytest.raises(UserError) as error:
            cl.load(path)
        assert "\n" not in str(error.value)


def test_a_graph_that_goes_in_circles_ends(tmp_path):
    circle = [node("Identity", "w", output="w") for _ in range(40)]
    path = saved(tmp_path / "n.onnx", [*circle, node("MatMul", "x", "w")], {"w": W.T.copy()})
    assert read_arrays(path)["w"].tolist() == W.tolist()


def test_a_name_that_is_no_text_stops_nothing(tmp_path):
    path = saved(tmp_path / "n.onnx", [node("MatMul", "x", "wwww")], {"wwww": W.T.copy()})
    path.write_bytes(path.read_bytes().replace(b"wwww", b"\xff\xfeww"))
    assert read_arrays(path)["\\xff\\xfeww"].tolist() == W.tolist()
