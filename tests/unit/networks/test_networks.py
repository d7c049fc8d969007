"""Files of networks: the same bytes, the contract's names, and clear words for damage."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from safetensors import safe_open

from clusterability.errors import UserError
from clusterability.files import whole_file, write_whole
from clusterability.networks.stacked import Networks, load_networks, network_digest, save_networks

LAYERS = [f"fc{number}" for number in range(1, 11)]
"""So many that their names as text are in another order."""


def networks(value: float = 1.0) -> Networks:
    source = np.random.default_rng(0)
    weights = {layer: source.random((2, 4, 4), dtype=np.float32) for layer in LAYERS}
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
    assert list(read.weights) == LAYERS
    for layer, stack in networks().weights.items():
        assert np.array_equal(read.weights[layer], stack)


def test_transposed_weights_are_written_as_they_read(tmp_path):
    """The memory of a transposed array lies in another order than its entries are read in."""
    weights = {layer: stack.transpose(0, 2, 1) for layer, stack in networks().weights.items()}
    assert not weights["fc1"].flags.c_contiguous
    save_networks(tmp_path / "n.safetensors", Networks("trained", (4, 7), {}, weights))
    read = load_networks(tmp_path / "n.safetensors").weights
    for layer, stack in networks().weights.items():
        assert np.array_equal(read[layer], stack.transpose(0, 2, 1))


def test_file_keeps_the_contract_and_its_bytes(tmp_path):
    for name in ("a", "b"):
        save_networks(tmp_path / name, networks())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with safe_open(tmp_path / "a", framework="numpy") as file:
        assert set(file.keys()) == {f"{layer}.weight" for layer in LAYERS}
        assert file.get_tensor("fc1.weight").dtype == np.float32
        metadata = file.metadata()
    assert list(metadata) == ["clusterability"]
    description = json.loads(metadata["clusterability"])
    assert sorted(description) == list(description) == ["condition", "recipe", "seeds"]


def test_digest_is_of_one_network():
    one, two = (network_digest(networks(), number) for number in (0, 1))
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


def stacks(**changes) -> dict[str, np.ndarray]:
    return {"fc1": np.ones((2, 3, 4), np.float32), "fc2": np.ones((2, 5, 3), np.float32)} | changes


@pytest.mark.parametrize(
    ("seeds", "weights", "found"),
    [
        ((4,), stacks(), "fc1.weight of shape [2, 3, 4] for 1 seeds"),
        ((4, 4), stacks(), "seeds that are none or there twice: [4, 4]"),
        ((), stacks(), "seeds that are none or there twice: []"),
        ((4, 1.5), stacks(), "seeds that are no whole numbers: [4, 1.5]"),
        ((4, 7), stacks(fc2=np.ones((2, 5, 9), np.float32)), "which do not fit"),
        ((4, 7), stacks(fc1=np.ones((2, 3, 4))), "fc1.weight of F64 [2, 3, 4]"),
        ((4, 7), stacks(fc2=np.ones((2, 5), np.float32)), "fc2.weight of F32 [2, 5]"),
        ((4, 7), stacks(fc2=np.ones((2, 0, 3), np.float32)), "[2, 0, 3]"),
        ((4, 7), {"fc2": np.ones((2, 5, 3), np.float32)}, "the arrays fc2.weight"),
        ((4, 7), stacks(fc4=np.ones((2, 5, 5), np.float32)), "fc2.weight, fc4.weight"),
        ((4, 7), {}, "the arrays (none)"),
    ],
)
def test_weights_that_do_not_belong_together_are_refused(tmp_path, seeds, weights, found):
    save_networks(tmp_path / "n", Networks("trained", seeds, {}, weights))
    with pytest.raises(UserError) as error:
        load_networks(tmp_path / "n")
    assert found in str(error.value)
    assert "expected weights of this study; remove the file" in str(error.value)


def test_a_file_in_another_ones_place_is_refused(tmp_path):
    for place in ("trained/0-1", "l1/4-7", "trained/imported", "trained/4"):
        file = tmp_path / "networks" / f"{place}.safetensors"
        save_networks(file, Networks("trained", (4, 7), {}, stacks()))
        with pytest.raises(UserError, match=r"found networks of (seeds|condition)"):
            load_networks(file)


@pytest.mark.parametrize("content", ['"text"', "[]", "{}", '{"seeds": 3}', "null", "{"])
def test_a_description_of_another_kind_is_refused(tmp_path, content):
    from safetensors.numpy import save_file

    arrays = {"fc1.weight": np.ones((1, 3, 4), np.float32)}
    save_file(arrays, tmp_path / "n", {"clusterability": content})
    with pytest.raises(UserError, match="expected weights of this study"):
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
