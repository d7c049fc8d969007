"""Kernels of convolutions as matrices."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import clusterability as cl
from clusterability.__main__ import main
from clusterability.errors import UserError
from clusterability.networks.importing.read_network import asked_reading, read_network, selected
from clusterability.networks.importing.selection import Reading
from clusterability.study.job_parameters import import_job
from clusterability.study.loading import load_study

TAPS = {1: (5,), 2: (3, 2), 3: (2, 3, 2)}


def by_hand(kernel: np.ndarray, how: str) -> np.ndarray:
    """The matrix of a kernel, one pair of channels at a time."""
    out, in_ = kernel.shape[:2]
    found = np.zeros((out, in_))
    for row in range(out):
        for column in range(in_):
            taps = kernel[row, column].ravel().astype(float)
            found[row, column] = (
                sum(abs(tap) for tap in taps)
                if how == "sum"
                else sum(tap**2 for tap in taps) ** 0.5
            )
    return found


@pytest.mark.parametrize("how", ["sum", "norm"])
@pytest.mark.parametrize("dimensions", TAPS)
def test_kernels_of_one_to_three_dimensions(tmp_path, dimensions, how):
    torch.manual_seed(0)
    module = {1: torch.nn.Conv1d, 2: torch.nn.Conv2d, 3: torch.nn.Conv3d}[dimensions]
    layer = module(4, 6, TAPS[dimensions])
    torch.save(torch.nn.Sequential(layer).state_dict(), tmp_path / "n.pt")
    found = cl.load(tmp_path / "n.pt", convolutions=how)
    assert list(found.arrays.values()) == ["0.weight"]
    expected = by_hand(layer.weight.detach().numpy(), how)
    assert np.allclose(found["fc1"], expected, rtol=1e-6)
    of_module = cl.load(torch.nn.Sequential(layer), convolutions=how)
    assert of_module["fc1"].tolist() == found["fc1"].tolist()


def test_a_norm_with_one_tap_is_the_matrix_and_tiny_taps_are_not_lost(tmp_path):
    matrix = np.array([[1e-30, -2], [3, 0]])
    np.savez(tmp_path / "n.npz", kernel=matrix[:, :, None])
    for how in ("sum", "norm"):
        assert cl.load(tmp_path / "n.npz", convolutions=how)["kernel"].tolist() == (
            np.abs(matrix).astype(np.float32).tolist()
        )


def test_kernels_of_keras_have_their_channels_last(tmp_path):
    """[height, width, in, out], as tf.keras.layers.Conv2D.kernel has it."""
    kernel = np.random.default_rng(0).normal(size=(3, 3, 4, 6))
    np.savez(tmp_path / "k.npz", **{"conv/kernel": kernel, "dense/kernel": np.ones((6, 2))})
    found = cl.load(tmp_path / "k.npz", convolutions="sum", transpose=True)
    assert {name: matrix.shape for name, matrix in found.items()} == {
        "conv/kernel": (6, 4), "dense/kernel": (2, 6),
    }  # fmt: skip
    assert np.allclose(found["conv/kernel"], np.abs(kernel).sum(axis=(0, 1)).T)


SHAPES = {
    "conv1.weight": (8, 3, 3, 3),
    "conv1.bias": (8,),
    "depthwise.weight": (8, 1, 3, 3),
    "pos_embed": (1, 9, 16),
    "fc.weight": (4, 8),
    "steps": (2, 2, 2, 2, 2, 2),
}


@pytest.fixture
def network(tmp_path):
    source = np.random.default_rng(0)
    path = tmp_path / "net.npz"
    np.savez(path, **{name: source.normal(size=shape) for name, shape in SHAPES.items()})
    return path


def test_they_are_left_out_unless_asked_for(network):
    found = selected("mine", network)
    assert list(found.shapes) == ["fc.weight"]
    assert found.left["conv1.weight"] == "convolutions or stacks of matrices"


def test_what_was_taken_and_what_was_not_is_told(network, capsys):
    found = selected("mine", network, Reading(convolutions="norm"))
    assert found.shapes == {"conv1.weight": (8, 3), "fc.weight": (4, 8)}
    assert set(found.left) == {"depthwise.weight", "pos_embed", "steps"}  # and not the biases
    assert "; of convolutions, the norm over taps: conv1.weight [8, 3, 3, 3]; left" in found.told()
    assert main(["layers", str(network), "--convolutions", "sum"]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert rows["conv1.weight"].split()[1:] == ["[8,", "3]", "float64", "0.0", "%", "scored"]
    assert rows["conv1.bias"].endswith("biases of conv1.weight")


def test_a_kernel_that_is_named_without_the_option_is_refused_with_it(network):
    expected = (
        r"'conv1\.weight': found shape \[8, 3, 3, 3\], expected \[out, in\] with at least one of"
        r" each; convolutions \(--convolutions\) sum or norm takes kernels$"
    )
    with pytest.raises(UserError, match=expected):
        cl.load(network, ["conv1.weight"])


def test_a_study_reads_them_as_the_function_does(network):
    asked = {"path": str(network), "layers": ["conv1.weight", "fc.weight"], "convolutions": "sum"}
    job = import_job(load_study({"networks": {"mine": asked}}), "mine")
    read = read_network("mine", network, asked_reading(job))
    assert read.chain
    assert read.recipe["convolutions"] == "sum"
    found = cl.load(network, asked["layers"], chain=True, convolutions="sum")
    for layer, matrix in found.items():
        assert read.weights[layer][0].tolist() == matrix.tolist()
    with pytest.raises(UserError, match=r"networks\.mine\.convolutions"):
        load_study({"networks": {"mine": asked | {"convolutions": "max"}}})
