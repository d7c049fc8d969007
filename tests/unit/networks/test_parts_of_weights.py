"""Weights in parts: PyTorch's own pruning and weight norm, and 8-bit numbers with their scales."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune, weight_norm

from clusterability.errors import UserError
from clusterability.networks.importing.parts_of_weights import put_together
from clusterability.networks.importing.selection import Reading, select


def arrays(module: nn.Module) -> dict[str, np.ndarray]:
    return {name: tensor.detach().numpy() for name, tensor in module.state_dict().items()}


def module() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3, bias=False))


def assert_whole(found: dict[str, np.ndarray], expected: nn.Sequential) -> None:
    whole = put_together("mine", found)
    assert set(whole) == {"0.weight", "0.bias", "2.weight"}
    for number in (0, 2):
        weight = expected[number].weight.detach().numpy()
        assert np.allclose(whole[f"{number}.weight"], weight, rtol=1e-6, atol=0)
    assert select("mine", whole, Reading()).shapes == {"fc1": (4, 5), "fc2": (3, 4)}


def test_pruned_weights_are_those_that_pytorch_computes_with():
    pruned = module()
    for layer in (pruned[0], pruned[2]):
        prune.l1_unstructured(layer, "weight", amount=0.5)
    assert (put_together("mine", arrays(pruned))["0.weight"] == 0).sum() == 10
    assert_whole(arrays(pruned), pruned)


@pytest.mark.parametrize("dim", [0, 1, None])
def test_normalised_weights_are_those_that_pytorch_computes_with(dim):
    normalised = module()
    for number in (0, 2):
        normalised[number] = parametrizations.weight_norm(normalised[number], dim=dim)
        parameters = normalised[number].parametrizations.weight
        parameters.original0.data *= 3
    if dim is None:  # one size of all, which has no axes
        sizes = {name for name in arrays(normalised) if name.endswith("original0")}
        assert {arrays(normalised)[name].ndim for name in sizes} == {0}
    assert_whole(arrays(normalised), normalised)


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
def test_weights_normalised_in_the_old_way():
    normalised = module()
    for layer in (normalised[0], normalised[2]):
        weight_norm(layer)
        layer.weight_g.data *= 2
        layer(torch.ones(1, layer.in_features))  # computes the weight
    assert_whole(arrays(normalised), normalised)


def test_int8_of_bitsandbytes_by_hand():
    """W = q · SCB / 127, row by row: a row's largest weight is its SCB."""
    weight = np.array([[127, -64, 0], [0, 127, 1]], np.int8)
    found = put_together("mine", {"a.SCB": np.array([2.0, 0.5]), "a.weight": weight})
    expected = [[2.0, -128 / 127, 0], [0, 0.5, 0.5 / 127]]
    assert list(found) == ["a.weight"]
    assert np.allclose(found["a.weight"], expected, rtol=1e-12)


@pytest.mark.parametrize("shape", [(), (1,), (2,), (2, 1)])
@pytest.mark.parametrize("name", ["w.weight_scale", "w.weight.scale", "w.weight_scale_inv"])
def test_scales_of_all_or_of_each_row(shape, name):
    weight = np.array([[1, -2], [3, 4]], np.int8)
    scale = np.arange(1.0, 1 + np.prod(shape, dtype=int)).reshape(shape)
    found = put_together("mine", {"w.weight": weight, name: scale})
    rows = [1.0, 2.0] if scale.size == 2 else [1.0, 1.0]
    assert found["w.weight"].tolist() == (weight * np.array(rows)[:, None]).tolist()


def test_scales_of_blocks_of_128():
    weight = np.ones((200, 130), np.int8)
    scale = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = put_together("mine", {"w": weight, "w_scale_inv": scale})["w"]
    assert found[127, 127] == 1
    assert found[127, 128] == 2
    assert found[128, 127] == 3
    assert found[199, 129] == 4
    assert found.shape == (200, 130)


def test_scales_that_do_not_fit_and_zero_points_are_refused_when_asked_for():
    weight, scale = np.ones((4, 6), np.int8), np.ones((4, 3))
    found = put_together("mine", {"w": weight, "w_scale": scale})
    with pytest.raises(UserError, match=r"'w_scale' \[4, 3\], which does not fit 'w' \[4, 6\]"):
        found["w"]
    zero = {"w": weight, "w_scale": np.ones(4), "w_zero_point": np.ones(4, np.int8)}
    with pytest.raises(UserError, match="8-bit weights with a zero point"):
        put_together("mine", zero)["w"]


def test_arrays_that_only_look_like_parts_stay_as_they_are():
    given = {
        "a_orig": np.ones((2, 2)),
        "b_mask": np.ones((2, 2)),
        "c_g": np.ones(3),
        "c_v": np.ones((2, 2)),
        "d_orig": np.ones((2, 2)),
        "d_mask": np.ones((3, 2)),
        "e": np.ones((2, 2), np.float32),
        "e_scale": np.ones(2),
    }
    found = put_together("mine", given)
    assert list(found) == list(given)
    for name, array in given.items():
        assert np.array_equal(found[name], array)
