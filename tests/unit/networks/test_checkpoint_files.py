"""Checkpoints of PyTorch and Lightning: which mapping is the network, and what tensors hold.

PyTorch writes them, and says what is in them.
"""

from __future__ import annotations

import argparse
import sys
from collections import OrderedDict, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from clusterability.errors import UserError
from clusterability.networks.importing.readers import read_arrays
from clusterability.networks.importing.torch_file import read_torch


def state() -> dict[str, torch.Tensor]:
    """A network 6-4-3, from seed 0."""
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.Linear(4, 3)).state_dict()


def saved(path: Path, content: Any, **options: Any) -> Path:
    torch.save(content, path, **options)
    return path


def assert_read(path: Path, expected: dict[str, torch.Tensor]) -> None:
    arrays = read_arrays(path)
    assert list(arrays) == list(expected)
    for name, tensor in expected.items():
        assert arrays[name].tolist() == tensor.tolist()


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as error:
        read_arrays(path)
    assert "\n" not in str(error.value)
    return str(error.value)


# --- where the state dict is ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "beside",
    [
        {"confusion_matrix": torch.eye(10)},
        {"best_acc1": torch.tensor(71.3), "arch": "resnet18", "epoch": 90},
        {"mean": torch.zeros(3), "std": torch.ones(3, 3)},
    ],
)
@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model", "net", "params"])
def test_tensors_at_the_top_do_not_hide_the_state_dict(tmp_path, key, beside):
    path = saved(tmp_path / "n.pt", beside | {key: state()})
    assert_read(path, state())
    tensors = [name for name, value in beside.items() if isinstance(value, torch.Tensor)]
    assert read_torch(path).notes == (f"{', '.join(tensors)} beside {key!r}",)


def test_a_usual_key_comes_before_others_and_optimisers_are_none(tmp_path):
    module = torch.nn.Linear(3, 2)
    optimiser = torch.optim.Adam(module.parameters())
    module(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    other = {"x.weight": torch.ones(5, 5)}
    content = {"ema": other, "optimizer": optimiser.state_dict(), "state_dict": state()}
    assert_read(saved(tmp_path / "n.pt", content), state())
    content = {"adam": optimiser.state_dict(), "optimizer_states": [1], "weights": state()}
    assert_read(saved(tmp_path / "m.pt", content), state())


def test_a_state_dict_within_a_usual_key_and_mappings_in_mappings(tmp_path):
    assert_read(saved(tmp_path / "n.pt", {"model": {"state_dict": state(), "n": 3}}), state())
    nested = {"params": {"dense": {"kernel": torch.ones(2, 3)}, "head": {"bias": torch.ones(2)}}}
    expected = {"dense.kernel": torch.ones(2, 3), "head.bias": torch.ones(2)}
    assert_read(saved(tmp_path / "m.pt", nested), expected)


def test_two_networks_under_unusual_keys_are_both_read(tmp_path):
    one, two = {"w": torch.ones(2, 3)}, {"w": torch.zeros(3, 2)}
    path = saved(tmp_path / "gan.pt", {"generator": one, "discriminator": two, "epoch": 1})
    assert_read(path, {"generator.w": one["w"], "discriminator.w": two["w"]})


# --- what hinders nothing ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        Path("runs"),
        argparse.Namespace(lr=0.1, layers=[1, 2]),
        np.float64(0.5),
        np.arange(3),
        {"a": {1, 2}, "b": frozenset([3]), "c": b"x", "d": 1j, "e": range(3)},
        defaultdict(list, {"x": [1]}),
        torch.float32,
        torch.device("cpu"),
        OrderedDict(a=torch.Size([2])),
    ],
    ids=lambda value: type(value).__name__,
)
def test_objects_in_hyper_parameters_hinder_nothing(tmp_path, value):
    content = {"hyper_parameters": {"value": value}, "state_dict": state(), "epoch": 3}
    assert_read(saved(tmp_path / "lightning.ckpt", content), state())


class Unimportable:
    """Its pickle names a module that is taken away before it is read."""


def test_a_class_that_is_not_there_is_not_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(Unimportable, "__module__", "no_such_module")
    module = type(sys)("no_such_module")
    module.Unimportable = Unimportable
    monkeypatch.setitem(sys.modules, "no_such_module", module)
    path = saved(tmp_path / "n.pt", {"args": Unimportable(), "state_dict": state()})
    monkeypatch.delitem(sys.modules, "no_such_module")
    assert_read(path, state())
    assert "no_such_module" not in sys.modules


@pytest.mark.parametrize("name", ["a.pt", "a.pth", "a.bin", "a.ckpt", "model_best.pth.tar", "A.PT"])
def test_endings(tmp_path, name):
    assert_read(saved(tmp_path / name, {"state_dict": state()}), state())


def test_a_torchscript_archive(tmp_path):
    module = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
    torch.jit.save(torch.jit.script(module), str(tmp_path / "n.pt"))
    expected = module.state_dict()
    arrays = read_arrays(tmp_path / "n.pt")
    assert set(arrays) == set(expected)
    for name, tensor in expected.items():
        assert arrays[name].tolist() == tensor.tolist()


def test_parameters_are_tensors(tmp_path):
    weight = torch.nn.Parameter(torch.arange(6.0).reshape(2, 3))
    path = saved(tmp_path / "n.pt", {"w": weight})
    assert_read(path, {"w": weight.detach()})


def test_a_whole_module_is_refused(tmp_path):
    assert "found a whole pickled module" in refusal(saved(tmp_path / "n.pt", torch.nn.ReLU()))


# --- numbers -------------------------------------------------------------------------------------

DTYPES = [
    torch.float16, torch.float32, torch.float64, torch.bfloat16, torch.int8, torch.int16,
    torch.int32, torch.int64, torch.uint8, torch.bool, torch.float8_e4m3fn, torch.float8_e5m2,
    torch.uint16,
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_tensors_of_any_type(tmp_path, dtype):
    tensor = torch.tensor([[0, 1, 1], [2, 0, 3]]).to(dtype)
    assert_read(saved(tmp_path / "n.pt", {"w": tensor}), {"w": tensor.to(torch.float64)})


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_views_of_one_storage(tmp_path, dtype):
    whole = torch.arange(24, dtype=dtype).reshape(4, 6)
    views = {
        "transposed": whole.T,
        "part": whole[1:3, 2:5],
        "steps": whole[::2, ::3],
        "repeated": whole[:1].expand(5, 6),
        "empty": whole[:0],
        "number": whole[2, 3],
    }
    assert_read(saved(tmp_path / "n.pt", views), views)


def test_a_big_endian_file(tmp_path):
    """As PyTorch writes it on such a machine: the archive says so, and bytes are swapped."""
    path = saved(tmp_path / "n.pt", {"w": torch.tensor([[1.5, -2.0]])})
    content = path.read_bytes()
    import zipfile

    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(tmp_path / "b.pt", "w") as other:
        for info in archive.infolist():
            data = archive.read(info)
            if info.filename.endswith("byteorder"):
                data = b"big"
            if info.filename.endswith("data/0"):
                data = np.frombuffer(data, "<f4").astype(">f4").tobytes()
            other.writestr(info.filename, data)
    assert content
    assert_read(tmp_path / "b.pt", {"w": torch.tensor([[1.5, -2.0]])})


# --- before PyTorch 1.6 --------------------------------------------------------------------------


def old(path: Path, content: Any) -> Path:
    return saved(path, content, _use_new_zipfile_serialization=False)


def test_old_checkpoints_are_read(tmp_path):
    module = torch.nn.Linear(3, 2)
    whole = torch.arange(12, dtype=torch.float64).reshape(3, 4)
    content = {
        **module.state_dict(),
        "view": whole[1:, ::2],
        "turned": whole.T,
        "half": torch.ones(2, 2, dtype=torch.bfloat16),
        "parameter": torch.nn.Parameter(torch.ones(2, 3)),
    }
    assert_read(old(tmp_path / "n.pth", content), content)
    path = old(tmp_path / "m.pt", {"epoch": 3, "args": Path("x"), "model_state": state()})
    assert_read(path, state())
    assert_read(old(tmp_path / "t.pt", whole), {"t": whole})


def test_old_checkpoints_that_are_damaged_are_told_in_one_line(tmp_path):
    path = old(tmp_path / "n.pth", state())
    content = path.read_bytes()
    for cut in (10, 14, 100, 400, len(content) - 1):
        path.write_bytes(content[:cut])
        assert "expected a" in refusal(path)
    old(path, torch.nn.Linear(2, 2))
    assert "found objects that are no checkpoint" in refusal(path)


# --- sparse and quantised ------------------------------------------------------------------------


@pytest.mark.parametrize("save", [saved, old])
@pytest.mark.parametrize("kind", ["to_sparse", "to_sparse_csr", "to_sparse_csc"])
def test_sparse_tensors_are_read_as_full_ones(tmp_path, kind, save):
    full = torch.tensor([[0, 1.5, 0], [2, 0, 0]], dtype=torch.float64)
    path = save(tmp_path / "n.pt", {"w": getattr(full, kind)(), "v": torch.ones(2, 2)})
    assert_read(path, {"w": full, "v": torch.ones(2, 2)})


def test_entries_that_are_there_twice_are_summed_and_wide_ones_refused(tmp_path):
    twice = torch.sparse_coo_tensor([[0, 0], [1, 1]], [1.0, 2.0], (2, 3))
    assert_read(saved(tmp_path / "n.pt", {"w": twice}), {"w": twice.to_dense()})
    wide = torch.sparse_coo_tensor([[0], [1]], [1.0], (10**6, 10**6))
    with pytest.raises(UserError, match=r"tensor 'w': found \[1000000, 1000000\] units"):
        read_arrays(saved(tmp_path / "m.pt", {"w": wide}))["w"]


def test_quantised_tensors_are_refused_by_their_type(tmp_path):
    codes = torch.quantize_per_tensor(torch.eye(3), 0.1, 2, torch.qint8)
    for save in (saved, old):
        arrays = read_arrays(save(tmp_path / "n.pt", {"w": codes, "v": torch.ones(2, 2)}))
        assert arrays["v"].tolist() == [[1, 1], [1, 1]]
        with pytest.raises(UserError, match="tensor 'w': found qint8, expected booleans"):
            arrays["w"]
