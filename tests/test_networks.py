"""Files of networks: the same bytes, the contract's names, and clear words for damage."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from safetensors import safe_open

from clusterability.errors import UserError
from clusterability.files import whole_file, write_whole
from clusterability.networks import Networks, load_networks, save_networks, weights_digest


def networks(value: float = 0.5) -> Networks:
    source = np.random.default_rng(0)
    weights = {f"fc{n}": source.standard_normal((2, 4, 4), np.float32) for n in range(1, 11)}
    weights["fc2"][1, 2, 3] = value
    return Networks("trained", (4, 7), {"epochs": 3, "architecture": "4-3"}, weights)


def test_what_is_written_is_read(tmp_path):
    save_networks(tmp_path / "n.safetensors", networks())
    read = load_networks(tmp_path / "n.safetensors")
    assert (read.condition, read.seeds, read.recipe) == (
        "trained",
        (4, 7),
        {"epochs": 3, "architecture": "4-3"},
    )
    assert list(read.weights) == [f"fc{n}" for n in range(1, 11)]
    for layer, stack in networks().weights.items():
        assert np.array_equal(read.weights[layer], stack)


def test_file_keeps_the_contract_and_its_bytes(tmp_path):
    for name in ("a", "b"):
        save_networks(tmp_path / name, networks())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with safe_open(tmp_path / "a", framework="numpy") as file:
        assert set(file.keys()) == {f"fc{n}.weight" for n in range(1, 11)}
        assert file.get_tensor("fc1.weight").dtype == np.float32
        metadata = file.metadata()
    assert list(metadata) == ["clusterability"]
    description = json.loads(metadata["clusterability"])
    assert sorted(description) == list(description) == ["condition", "recipe", "seeds"]


def test_digest_is_of_one_network():
    one, two = (weights_digest(networks().weights, number) for number in (0, 1))
    assert one != two
    digest = hashlib.sha256()
    for layer, stack in networks().weights.items():
        digest.update(layer.encode() + stack[0].tobytes())
    assert one == digest.hexdigest()


@pytest.mark.parametrize("damage", ["truncated", "other", "missing"])
def test_damaged_file_is_one_clear_line(tmp_path, damage):
    file = tmp_path / "n.safetensors"
    save_networks(file, networks())
    if damage == "truncated":
        file.write_bytes(file.read_bytes()[:-10])
    elif damage == "other":
        file.write_text("no weights")
    else:
        file.unlink()
    with pytest.raises(UserError) as error:
        load_networks(file)
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_weight_that_is_not_finite_is_refused(tmp_path):
    save_networks(tmp_path / "n", networks(value=np.nan))
    with pytest.raises(UserError, match="not finite in fc2 of seed 7"):
        load_networks(tmp_path / "n")


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "folder" / "file.txt"
    write_whole(target, b"first")

    def fail_half_way() -> None:
        with whole_file(target) as temporary:
            temporary.write_bytes(b"sec")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    assert target.read_bytes() == b"first"
    assert [path.name for path in target.parent.iterdir()] == ["file.txt"]
