"""Arrays are read when they are asked for; types that NumPy lacks; models in several files."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from clusterability.errors import UserError
from clusterability.networks.importing import safetensors_file
from clusterability.networks.importing.read_network import read_network
from clusterability.networks.importing.readers import model_files, read_arrays
from clusterability.networks.importing.selection import Reading
from clusterability.networks.importing.small_floats import STORED_AS, as_float32
from project import ROOT

# --- types ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", STORED_AS)
def test_every_number_of_the_small_floats_is_that_of_pytorch(kind):
    stored = np.dtype(STORED_AS[kind])
    codes = np.arange(2 ** (8 * stored.itemsize), dtype=stored)
    expected = torch.from_numpy(codes.view(f"i{stored.itemsize}").copy())
    expected = expected.view(getattr(torch, kind)).float().numpy()
    assert np.array_equal(as_float32(codes, kind), expected, equal_nan=True)


@pytest.mark.parametrize(
    "dtype", [torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.float16, torch.int8]
)
def test_types_of_safetensors(tmp_path, dtype):
    tensor = torch.tensor([[0, 1, -2], [3, 0.5, 4]]).to(dtype)
    save_file({"w": tensor}, tmp_path / "n.safetensors")
    read = read_arrays(tmp_path / "n.safetensors")["w"]
    assert read.tolist() == tensor.double().tolist()


def test_a_type_that_is_not_read_stops_nothing_else(tmp_path):
    """E8M0 holds scales; written by hand, as the header says what it is."""
    entries = {
        "fc1.weight": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
        "scales": {"dtype": "F8_E8M0", "shape": [2, 2], "data_offsets": [16, 20]},
    }
    header = json.dumps(entries).encode()
    content = len(header).to_bytes(8, "little") + header + np.eye(2, dtype="<f4").tobytes()
    (tmp_path / "n.safetensors").write_bytes(content + bytes(4))
    network = read_network("mine", tmp_path / "n.safetensors", Reading(["fc1.weight"]))
    assert network.weights["fc1.weight"][0].tolist() == [[1, 0], [0, 1]]
    with pytest.raises(UserError, match="array 'scales': found F8_E8M0, expected booleans"):
        read_network("mine", tmp_path / "n.safetensors")


def test_objects_beside_a_layer_stop_nothing(tmp_path):
    np.savez(tmp_path / "n.npz", w=np.ones((2, 3)), meta=np.array({"a": 1}, dtype=object))
    assert list(read_network("mine", tmp_path / "n.npz").weights) == ["w"]
    with pytest.raises(UserError, match="array 'meta': found shape"):
        read_network("mine", tmp_path / "n.npz", Reading(["meta"]))


# --- how much is read ----------------------------------------------------------------------------


def sparse_file(path: Path, numbers: int) -> None:
    """A file whose second array of float32 is a hole of so many numbers; no disk is taken."""
    end = 16384 + 4 * numbers
    entries = {
        "small": {"dtype": "F32", "shape": [64, 64], "data_offsets": [0, 16384]},
        "large": {"dtype": "F32", "shape": [numbers, 1], "data_offsets": [16384, end]},
    }
    header = json.dumps(entries).encode()
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.write(np.ones((64, 64), "<f4").tobytes())
        file.truncate(8 + len(header) + 16384 + 4 * numbers)


def test_one_small_array_of_a_large_file_takes_no_memory(tmp_path):
    sparse_file(tmp_path / "n.safetensors", 400_000_000)
    code = f"""
import resource
from pathlib import Path
from clusterability.networks.importing.read_network import read_network
from clusterability.networks.importing.selection import Reading
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = read_network("mine", Path({str(tmp_path / "n.safetensors")!r}), Reading(["small"]))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(found.weights["small"].sum(), (after - before) // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": ""},
    )
    total, megabytes = done.stdout.split()
    assert float(total) == 4096
    assert int(megabytes) < 200, done.stderr
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0


def test_only_the_bytes_of_what_is_asked_for_are_read(tmp_path, monkeypatch):
    sparse_file(tmp_path / "n.safetensors", 10_000)
    counts: list[int] = []
    read = safetensors_file._read
    monkeypatch.setattr(
        safetensors_file, "_read", lambda *given: (counts.append(given[-1]), read(*given))[1]
    )
    arrays = read_arrays(tmp_path / "n.safetensors")
    assert counts == []
    assert arrays["small"].shape == (64, 64)
    assert counts == [16384]


def test_only_the_storage_of_what_is_asked_for_is_read(tmp_path, monkeypatch):
    from clusterability.networks.importing import torch_file

    torch.save({"a": torch.ones(100, 100), "b": torch.ones(2, 3)}, tmp_path / "n.pt")
    names: list[str] = []
    read = torch_file._content
    monkeypatch.setattr(
        torch_file, "_content", lambda *given: (names.append(given[2]), read(*given))[1]
    )
    assert read_arrays(tmp_path / "n.pt")["b"].shape == (2, 3)
    assert names == ["n/data.pkl", "n/data/1"]


# --- several files -------------------------------------------------------------------------------


def sharded(folder: Path, ending: str = ".safetensors") -> dict[str, torch.Tensor]:
    """A model in three shards with an index; returns all of its tensors in the index's order."""
    tensors = {f"fc{n}.weight": torch.full((n + 1, 3), float(n)) for n in (3, 1, 2)}
    names = {name: f"model-0000{n}-of-00003{ending}" for n, name in enumerate(sorted(tensors), 1)}
    for name, file in names.items():
        write = save_file if ending == ".safetensors" else torch.save
        write({name: tensors[name]}, folder / file)
    index = {"metadata": {}, "weight_map": {name: names[name] for name in tensors}}
    (folder / f"model{ending}.index.json").write_text(json.dumps(index))
    return tensors


@pytest.mark.parametrize("ending", [".safetensors", ".bin"])
def test_an_index_or_its_folder_is_the_model(tmp_path, ending):
    tensors = sharded(tmp_path, ending)
    for path in (tmp_path, tmp_path / f"model{ending}.index.json"):
        arrays = read_arrays(path)
        assert list(arrays) == list(tensors)
        assert all(arrays[name].tolist() == tensors[name].tolist() for name in tensors)
        assert len(model_files(path)) == 4
    (tmp_path / f"model{ending}.index.json").unlink()
    assert set(read_arrays(tmp_path)) == set(tensors)


def test_a_shard_says_that_there_are_others_and_a_missing_one_stops_nothing(tmp_path):
    sharded(tmp_path)
    alone = tmp_path / "model-00002-of-00003.safetensors"
    assert read_arrays(alone).notes == ("the arrays of 2 other shards of model.safetensors",)
    alone.unlink()
    arrays = read_arrays(tmp_path)
    assert list(arrays) == ["fc3.weight", "fc1.weight"]
    assert arrays.notes == ("arrays of missing files (fc2.weight)",)
    for file in tmp_path.glob("*.safetensors"):
        file.unlink()
    with pytest.raises(UserError, match=r"found none of its files .*, expected them beside it"):
        read_arrays(tmp_path / "model.safetensors.index.json")


@pytest.mark.parametrize(
    "content",
    [
        "{}", "[]", "{", '{"weight_map": 3}', '{"weight_map": {"a": "../n.safetensors"}}',
        '{"weight_map": {"a": "/n.safetensors"}}', '{"weight_map": {"a": 3}}',
        '{"weight_map": {"a": "n.csv"}}', "[" * 100_000, "\x00", '{"weight_map": {"a": null}}',
    ],
)  # fmt: skip
def test_an_index_that_is_damaged_or_leads_elsewhere_is_refused(tmp_path, content):
    (tmp_path / "m.index.json").write_text(content)
    with pytest.raises(UserError, match=r"m\.index\.json: found .*, expected ") as error:
        read_arrays(tmp_path / "m.index.json")
    assert str(error.value).isprintable()


def test_a_folder_without_a_model_or_with_several_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"path: found the folder .* with nothing, expected one"):
        read_arrays(tmp_path)
    for name in ("a.pt", "b.pt"):
        torch.save({"w": torch.ones(2, 2)}, tmp_path / name)
    with pytest.raises(UserError, match=r"with a\.pt, b\.pt, expected one model in it"):
        read_arrays(tmp_path)
    (tmp_path / "b.pt").unlink()
    assert read_arrays(tmp_path)["w"].shape == (2, 2)
