"""Which arrays of a file are layers: each by itself, a chain, patterns, and what is left out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from clusterability.__main__ import main
from clusterability.errors import UserError
from clusterability.names import NETWORK
from clusterability.networks.importing.read_network import layer_shapes, read_network, selected
from clusterability.networks.importing.selection import Reading, Selection, select
from clusterability.networks.layer_names import file_names, in_chain, tensor_name
from clusterability.networks.network_table import network_rows
from clusterability.networks.stacked import (
    load_networks,
    save_networks,
    stored_shapes,
)
from clusterability.study.loading import load_study

SHAPES = {
    "transformer": {
        "wte.weight": (50, 8),
        "h.0.attn.weight": (8, 8),
        "h.0.mlp.up.weight": (32, 8),
        "h.0.mlp.up.bias": (32,),
        "h.0.mlp.down.weight": (8, 32),
        "h.0.ln.weight": (8,),
        "patch.weight": (8, 3, 4, 4),
    },
    "autoencoder": {
        "encoder.0.weight": (8, 20),
        "encoder.2.weight": (6, 8),
        "decoder.0.weight": (8, 6),
        "decoder.2.weight": (20, 8),
    },
}


def arrays(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    source = np.random.default_rng(0)
    return {name: source.standard_normal(shape, np.float32) for name, shape in shapes.items()}


def found(shapes: dict[str, tuple[int, ...]], **reading) -> Selection:
    return select("mine", arrays(shapes), Reading(**reading))


def refusal(shapes: dict[str, tuple[int, ...]], **reading) -> str:
    with pytest.raises(UserError) as error:
        found(shapes, **reading)
    assert "\n" not in str(error.value)
    assert "expected" in str(error.value)
    return str(error.value)


# --- each by itself ------------------------------------------------------------------------------


def test_matrices_keep_their_names_and_the_order_of_the_file():
    selection = found(SHAPES["autoencoder"])
    assert list(selection.arrays) == list(SHAPES["autoencoder"])
    assert selection.arrays == {name: name for name in SHAPES["autoencoder"]}
    assert selection.shapes == SHAPES["autoencoder"]
    assert not selection.chain
    assert selection.told() == "read as 4 matrices [out, in], each by itself"


def test_what_is_left_out_is_told_in_one_line():
    selection = select(
        "mine",
        arrays(SHAPES["transformer"]) | {"ids": np.ones((2, 3), int), "text": np.array([["a"]])},
        Reading(["*.mlp.*", "*.attn.*"]),
    )
    assert list(selection.arrays) == ["h.0.mlp.up.weight", "h.0.mlp.down.weight", "h.0.attn.weight"]
    told = selection.told()
    assert "\n" not in told
    for part in (
        "embeddings (wte.weight [50, 8])",
        "of less than two dimensions (h.0.ln.weight [8])",
        "convolutions or stacks of matrices (patch.weight [8, 3, 4, 4])",
        "of integers (ids [2, 3])",
        "of no real numbers, <U1 (text [1, 1])",
    ):
        assert part in told
    assert "up.bias" not in told  # the biases of a layer


def test_integers_and_embeddings_are_layers_where_there_is_nothing_else():
    assert list(select("mine", {"counts": np.ones((2, 3), int)}, Reading()).arrays) == ["counts"]
    assert list(found({"embed.weight": (9, 4)}).arrays) == ["embed.weight"]
    assert list(found({"embed.weight": (9, 4), "x.weight": (3, 4)}).arrays) == ["x.weight"]
    assert list(found({"embed.weight": (9, 4), "x.weight": (3, 4)}, layers=["emb*"]).arrays) == [
        "embed.weight"
    ]


@pytest.mark.parametrize(
    ("name", "embedding"),
    [
        ("model.embed_tokens.weight", True),
        ("embeddings.word_embeddings.weight", True),
        ("transformer.wpe.weight", True),
        ("tok_emb.weight", True),
        ("time_embedding.linear_1.weight", False),
        ("member.weight", False),
        ("newt.weight", False),
    ],
)
def test_names_of_embeddings(name, embedding):
    selection = found({name: (6, 4), "other.weight": (6, 4)})
    assert (name not in selection.arrays) == embedding


def test_patterns_take_matrices_in_the_order_of_the_file_and_names_go_first():
    names = {"a[0]": (2, 3), "a0": (2, 3), "b.x": (2, 3), "b.bias": (2,), "c": (2, 3)}
    assert list(found(names, layers=["a[0]"]).arrays) == ["a[0]"]
    assert list(found(names, layers=["?[[]0]", "a?"]).arrays) == ["a[0]", "a0"]
    assert list(found(names, layers=["b.*", "a*"]).arrays) == ["b.x", "a[0]", "a0"]
    text = refusal(names, layers=["*.mpl.*"])
    assert "layers: found '*.mpl.*', expected names of arrays in mine, or a pattern" in text
    assert "'c' more than once" in refusal(names, layers=["c", "c"])


# --- chains --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shapes", "order"),
    [
        ({"fc1.weight": (3, 4), "fc2.weight": (2, 3)}, ["fc1.weight", "fc2.weight"]),
        ({"l.10": (2, 3), "l.0": (5, 4), "l.2": (3, 5)}, ["l.0", "l.2", "l.10"]),
        ({"0.weight": (9, 9), "2.weight": (3, 9)}, ["0.weight", "2.weight"]),
        ({"fc1": (8, 6)}, ["fc1"]),
    ],
)
def test_a_plain_mlp_is_a_chain_unasked(shapes, order):
    selection = found(shapes)
    assert selection.chain
    assert list(selection.arrays.values()) == order
    assert list(selection.arrays) == [f"fc{n + 1}" for n in range(len(order))]
    assert selection.told().startswith("read as ")
    assert not found(shapes, layers=list(order)).chain
    assert not found(shapes, chain=False).chain


@pytest.mark.parametrize(
    "shapes",
    [
        {"fc1.weight": (8, 8), "fc2.weight": (8, 8)},  # fits both ways
        {"fc1.weight": (32, 8), "fc2.weight": (8, 32)},
        {"fc1.weight": (3, 4), "fc2.weight": (2, 5)},  # does not fit
        {"fc1.weight": (4, 3), "fc2.weight": (3, 2)},  # fits as [in, out] only
        {"a1.weight": (3, 4), "b2.weight": (2, 3)},  # two names
        {"fc1.weight": (3, 4), "fc2.weight": (2, 3), "head": (7, 2)},
        {"h.0.w1": (3, 4), "h.1.w2": (2, 3)},  # two numbers
        {"fc7.weight": (3, 4), "fc8.weight": (2, 3)},  # the end of something longer
    ],
)
def test_nothing_else_is_a_chain_unasked(shapes):
    assert not found(shapes).chain
    assert list(found(shapes).arrays) == list(shapes)


def test_a_chain_that_is_asked_for_has_to_fit():
    order = list(SHAPES["autoencoder"])
    selection = found(SHAPES["autoencoder"], layers=order, chain=True)
    assert selection.told() == "read as a chain 20-8-6-8-20, arrays [out, in]"
    text = refusal(SHAPES["autoencoder"], layers=[order[1], order[0]], chain=True)
    assert "found 'encoder.2.weight' [6, 8] before 'encoder.0.weight' [8, 20]" in text
    assert text.endswith("and chain: false takes each by itself; transpose: true would fit")
    keras = {"dense": (784, 32), "dense_1": (32, 10)}
    assert "transpose: true would fit" in refusal(keras, chain=True)
    assert found(keras, chain=True, transpose=True).shapes == {"fc1": (32, 784), "fc2": (10, 32)}


@pytest.mark.parametrize("shapes", [{"a": (32, 8), "b": (8, 32)}, {"a": (8, 8), "b": (8, 8)}])
def test_a_chain_that_fits_both_ways_has_to_say_which(shapes):
    text = refusal(shapes, chain=True)
    assert text.startswith("transpose: found nothing, expected true ([in, out]")
    straight = found(shapes, chain=True, transpose=False)
    turned = found(shapes, chain=True, transpose=True)
    assert straight.shapes == {"fc1": shapes["a"], "fc2": shapes["b"]}
    assert turned.shapes == {"fc1": shapes["a"][::-1], "fc2": shapes["b"][::-1]}


@pytest.mark.parametrize(("size", "transposed"), [(32, False), (8, True)])
def test_biases_say_which_way_a_chain_fits(size, transposed):
    shapes = {"a.weight": (32, 8), "a.bias": (size,), "b.weight": (8, 32)}
    assert found(shapes, layers=["a.weight", "b.weight"], chain=True).transposed == transposed


def test_transposed_arrays_are_read_as_out_in(tmp_path):
    kernel = np.arange(6.0).reshape(2, 3)
    np.savez(tmp_path / "k.npz", **{"x.weight": kernel, "x.bias": np.ones(3)})
    network = read_network("mine", tmp_path / "k.npz", Reading(transpose=True))
    assert np.array_equal(network.weights["x.weight"][0], kernel.T)
    assert network.biases["x.weight"].tolist() == [[1, 1, 1]]
    assert network.recipe["transpose"] is True


# --- names in files ------------------------------------------------------------------------------

ODD = ["a/b", "..", ".", "A", "a", "Ä", "fc1", NETWORK, "-x", "a b", "~2F", "x\ny", "\ud800", "~"]


def test_names_in_files_are_safe_different_and_say_the_tensors():
    names = file_names(ODD)
    assert list(names) == ODD
    assert len({name.lower() for name in names.values()}) == len(ODD)
    for layer, name in names.items():
        assert tensor_name(name) == layer
        assert name.isascii()
        assert not set(name) & set("/\\\n {}*<>'\"")
        assert not name.startswith((".", "-"))
        assert name != NETWORK
        assert not in_chain(name)
    assert file_names(["h.0.mlp.c_fc.weight"]) == {"h.0.mlp.c_fc.weight": "h.0.mlp.c_fc.weight"}
    with pytest.raises(UserError, match=r"found an array 'aaa.* with a name of 201 characters"):
        file_names(["a" * 201])


def test_separate_matrices_are_stored_and_read_under_their_names(tmp_path):
    names = ["z/w", "a", "A", "..", "fc1"]
    shapes = {name: (n + 2, 3) for n, name in enumerate(names)}
    save_file(arrays(shapes), tmp_path / "n.safetensors")
    order = list(json.loads((tmp_path / "n.safetensors").read_bytes()[8:].split(b"}}")[0] + b"}}"))
    network = read_network("mine", tmp_path / "n.safetensors")
    assert [tensor_name(layer) for layer in network.weights] == order
    assert layer_shapes("mine", tmp_path / "n.safetensors") == {
        layer: stack.shape[1:] for layer, stack in network.weights.items()
    }
    save_networks(tmp_path / "s.safetensors", network)
    again = load_networks(tmp_path / "s.safetensors")
    assert not again.chain
    assert list(again.weights) == list(network.weights)
    for layer, stack in network.weights.items():
        assert np.array_equal(again.weights[layer], stack)
    assert list(stored_shapes(tmp_path / "s.safetensors")) == list(network.weights)
    (row,) = network_rows(again).to_dict("records")
    assert json.loads(row["layers"]) == {layer: tensor_name(layer) for layer in network.weights}
    assert row["z/w_dead_u"] == 0


# --- as users ask --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "reading"),
    [
        ({}, {"layers": None, "chain": None, "transpose": None}),
        ({"layers": "*.mlp.*"}, {"layers": ["*.mlp.*"], "chain": None, "transpose": None}),
        ({"layers": ["a", "b"]}, {"layers": ["a", "b"], "chain": True, "transpose": None}),
        ({"layers": ["a", "b*"]}, {"layers": ["a", "b*"], "chain": None, "transpose": None}),
        (
            {"layers": ["a", "b"], "chain": False, "transpose": True},
            {"layers": ["a", "b"], "chain": False, "transpose": True},
        ),
    ],
)
def test_a_list_of_names_in_a_config_is_a_chain(given, reading):
    study = load_study({"networks": {"mine": {"path": "n.npz", **given}}})
    assert study.networks["mine"].reading == reading | {"convolutions": None}


def test_the_command_lists_arrays_and_what_becomes_of_them(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = arrays(SHAPES["transformer"])
    content["h.0.attn.weight"][:2] = 0
    np.savez("t.npz", **content)
    assert main(["layers", "t.npz"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in lines if line}
    assert rows["h.0.attn.weight"] == "[8, 8] float32 25.0 % scored"
    assert rows["wte.weight"] == "[50, 8] float32 0.0 % left out: embeddings"
    assert rows["h.0.mlp.up.bias"] == "[32] float32 0.0 % biases of h.0.mlp.up.weight"
    assert lines[-1].startswith("read as 3 matrices [out, in], each by itself; left out: ")
    assert main(["layers", "t.npz", "--layers", "*.mlp.*", "--chain"]) == 0
    assert "not read: transpose: found nothing" not in capsys.readouterr().out  # biases decide
    assert main(["layers", "t.npz", "--layers", "wte*,*.attn*", "--chain"]) == 0
    assert (
        "not read: t.npz: found 'wte.weight' [50, 8] before 'h.0.attn.weight' [8, 8]"
        in capsys.readouterr().out
    )
    assert list(Path().iterdir()) == [Path("t.npz")]


def test_shapes_are_known_without_reading_numbers(tmp_path):
    path, shapes = tmp_path / "n.npz", {"a": (80, 90), "b": (4, 5)}
    np.savez(path, **arrays(shapes))
    content = bytearray(path.read_bytes())
    content[content.find(b"\x93NUMPY") + 20_000] ^= 1  # a number of the first array
    path.write_bytes(content)
    assert selected("mine", path).shapes == shapes
    with pytest.raises(UserError, match=r"'a' that cannot be read .*Bad CRC"):
        read_network("mine", path)
    assert list(read_network("mine", path, Reading(["b"])).weights) == ["b"]
