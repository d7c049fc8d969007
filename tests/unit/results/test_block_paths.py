"""Files of blocks: what is saved block by block is read as a whole, in the order of the seeds."""

from __future__ import annotations

import itertools
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from clusterability.clustering.block_sums import Tables, stack_tables
from clusterability.clustering.summing import tables_of
from clusterability.errors import UserError
from clusterability.networks.partitions import HeldOut, Partitions, Starts
from clusterability.networks.stacked import (
    Networks,
    join_networks,
    load_networks,
    save_networks,
    stored_sizes,
)
from clusterability.results.block_paths import block_key_of, read_blocks, seeds_of
from clusterability.results.npz_files import StoredItems, load_items, load_joined, save_items

M, N = 5, 7


def partitions(seeds, k: int) -> Partitions:
    """Labels that tell seed and k: every block's file must keep its own."""
    rows = np.stack([((13 * seed + k) // k ** np.arange(M) % k).astype(np.int16) for seed in seeds])
    return Partitions(rows, np.repeat(rows[:, :1], N, axis=1), np.full(len(seeds), True))


def starts(seeds, k: int) -> Starts:
    found = partitions(seeds, k)
    return Starts(found.rows[:, None].repeat(3, axis=1), found.columns[:, None].repeat(3, axis=1))


def held_out(seeds, k: int) -> HeldOut:
    found = partitions(seeds, k)
    return HeldOut(found.rows % 2 == 0, found.columns)


def tables(seeds, k: int) -> Tables:
    source = np.random.default_rng(k)
    labels = np.arange(M) % k, np.arange(N) % k
    return stack_tables(
        [tables_of(source.random((M, N)), {("any", k): labels})["any", k] for _ in seeds]
    )


KINDS = pytest.mark.parametrize(
    ("kind", "item_of"),
    [(Partitions, partitions), (Starts, starts), (HeldOut, held_out), (Tables, tables)],
    ids=["Partitions", "Starts", "HeldOut", "Tables"],
)


def save_block(folder: Path, place: str, k_values, item_of, suffix: str = "npz") -> str:
    """Writes the file that the workflow would, and returns its path."""
    path = folder / place / f"{k_values[0]}-{k_values[-1]}.{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    seeds = block_key_of(path)[1]
    save_items(path, {("matched", k): item_of(seeds, k) for k in k_values})
    return str(path)


def equal(one, other) -> bool:
    names = [field.name for field in fields(one)]
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in names
    )


# --- paths -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("results/clusters/trained/0-2/fc1/2-12.npz", ("trained", (0, 1, 2), "fc1")),
        ("a/b/trained/16/network/4.starts.npz", ("trained", (16,), "network")),
        ("results/nulls/lenet/imported/fc3/2-3.shuffle.npz", ("lenet", (-1,), "fc3")),
    ],
)
def test_a_path_says_condition_seeds_and_layer(path, place):
    assert block_key_of(Path(path)) == place


def test_a_block_is_named_by_its_seeds():
    assert seeds_of("10-12") == (10, 11, 12)
    assert seeds_of("7") == (7,)
    assert seeds_of("imported") == (-1,)


# --- items -------------------------------------------------------------------------------------


@KINDS
def test_what_is_written_is_read(tmp_path, kind, item_of):
    methods = "joint", "joint-unit-norm"
    items = {(method, k): item_of((3, 4), k) for method in methods for k in (2, 3)}
    save_items(tmp_path / "items.npz", items)
    read = load_items(tmp_path / "items.npz", kind)
    assert list(read) == list(items)
    for key, item in items.items():
        assert equal(read[key], item)
        for field in fields(kind):
            assert getattr(read[key], field.name).dtype == getattr(item, field.name).dtype


def test_a_file_of_another_kind_is_one_clear_line(tmp_path):
    save_items(tmp_path / "items.npz", {("joint", 2): starts((0,), 2)})
    with pytest.raises(UserError, match=r"items\.npz: expected tables") as error:
        load_items(tmp_path / "items.npz", Tables)
    assert "\n" not in str(error.value)


def test_stored_items_are_read_when_they_are_asked_for(tmp_path):
    files = [str(tmp_path / f"{k}.npz") for k in (2, 3)]
    for file, k in zip(files, (2, 3), strict=True):
        save_items(Path(file), {(name, k): partitions((1, 2), k) for name in ("joint", "matched")})
    stored = StoredItems(files, Partitions)
    assert list(stored) == [("joint", 2), ("matched", 2), ("joint", 3), ("matched", 3)]
    for key in [*stored, ("joint", 2)]:
        assert equal(stored[key], partitions((1, 2), key[1]))
    (tmp_path / "3.npz").write_bytes(b"")
    with pytest.raises(UserError, match=r"3\.npz: expected partitions"):
        stored["joint", 3]
    with pytest.raises(UserError, match=r"3\.npz: expected tables"):
        StoredItems(files[1:], Tables)


@KINDS
def test_blocks_of_seeds_and_of_k_are_joined(tmp_path, kind, item_of):
    paths = [
        save_block(tmp_path, f"trained/{seeds}/fc1", k_values, item_of)
        for k_values in ([2, 3], [4, 5])
        for seeds in ("0-1", "2", "5-6")
    ]
    found = load_joined(paths, kind)
    assert list(found) == [("matched", k) for k in (2, 3, 4, 5)]
    for (_, k), item in found.items():
        blocks = [item_of(seeds, k) for seeds in ((0, 1), (2,), (5, 6))]
        for field in fields(kind):
            expected = np.concatenate([getattr(block, field.name) for block in blocks])
            assert np.array_equal(getattr(item, field.name), expected, equal_nan=True)


def test_networks_stand_in_the_order_of_the_files(tmp_path):
    paths = [save_block(tmp_path, f"trained/{s}/fc1", [2, 3], partitions) for s in ("4-5", "0")]
    assert equal(load_joined(paths, Partitions)["matched", 3], partitions((4, 5, 0), 3))
    assert load_joined([], Partitions) == {}


# --- blocks ------------------------------------------------------------------------------------


def test_blocks_hold_their_layers_in_order_and_all_k(tmp_path):
    paths = [
        save_block(tmp_path, f"{block}/{layer}", k_values, partitions)
        for block in ("trained/0-1", "trained/2-3", "lenet/imported")
        for layer in ("fc2", "fc1", "network")
        for k_values in ([2, 3], [4])
    ]
    found = read_blocks(paths)
    assert [(block.condition, block.seeds) for block in found] == [
        ("trained", (0, 1)),
        ("trained", (2, 3)),
        ("lenet", (-1,)),
    ]
    for block in found:
        assert list(block.partitions) == ["fc2", "fc1", "network"]
        assert block.layers == ["fc2", "fc1"]
        for layer in block.partitions.values():
            assert list(layer) == [("matched", 2), ("matched", 3), ("matched", 4)]
            assert all(equal(item, partitions(block.seeds, k)) for (_, k), item in layer.items())


def test_starts_join_the_partitions_of_their_own_block(tmp_path):
    blocks = ["trained/0-1", "dropout/0-1"]
    paths = [save_block(tmp_path, f"{block}/fc1", [2, 3], partitions) for block in blocks]
    of_first = save_block(tmp_path, f"{blocks[0]}/fc1", [2, 3], starts, "starts.npz")
    first, second = read_blocks(paths, [of_first])
    assert equal(first.starts["fc1"]["matched", 3], starts((0, 1), 3))
    assert second.starts == {}


def test_planted_partitions_are_told_by_layer(tmp_path):
    path = save_block(tmp_path, "planted/0-1/fc1", [2, 3], partitions)
    save_items(tmp_path / "planted.npz", {("fc1", 4): partitions((0, 1), 4)})
    (block,) = read_blocks([path], planted=[str(tmp_path / "planted.npz")])
    assert equal(block.planted["fc1"], partitions((0, 1), 4))


# --- networks ----------------------------------------------------------------------------------


def networks(seeds) -> Networks:
    """Weights that tell the seed; layers beyond the ninth, whose names do not sort by letter."""
    sizes = [6, 5, *[4] * 8, 3]
    weights = {
        f"fc{number}": np.stack([np.full((out, in_), seed + number / 100, "f") for seed in seeds])
        for number, (in_, out) in enumerate(itertools.pairwise(sizes), start=1)
    }
    return Networks("trained", tuple(seeds), {"epochs": 2}, weights)


def test_blocks_of_networks_are_joined_in_their_order():
    joined, whole = join_networks([networks((4, 5)), networks((0,))]), networks((4, 5, 0))
    assert (joined.condition, joined.seeds, joined.recipe) == ("trained", (4, 5, 0), {"epochs": 2})
    assert list(joined.weights) == list(whole.weights)
    for layer, stack in whole.weights.items():
        assert np.array_equal(joined.weights[layer], stack)


def test_one_block_joined_is_itself(tmp_path):
    save_networks(tmp_path / "block", networks((1, 2)))
    joined = join_networks([load_networks(tmp_path / "block")])
    save_networks(tmp_path / "joined", joined)
    assert (tmp_path / "joined").read_bytes() == (tmp_path / "block").read_bytes()


def test_sizes_of_stored_networks_are_those_of_their_layers(tmp_path):
    save_networks(tmp_path / "block", networks((1, 2)))
    assert stored_sizes(tmp_path / "block") == [6, 5, 4, 4, 4, 4, 4, 4, 4, 4, 3]
