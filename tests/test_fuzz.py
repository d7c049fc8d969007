"""Bad input by the hundred: each is accepted and right, or refused in clear lines.

Mutations are drawn from fixed seeds: every run tries the same ones. None may raise anything but a
UserError, none may write outside of its folder.
"""

from __future__ import annotations

import copy
import gzip
import io
import itertools
import json
import os
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors.numpy import save as save_tensors
from test_dataset import CONTENTS, DIGESTS
from workflows import copy_workflow

from clusterability.blocks import LARGEST_BLOCK, Block
from clusterability.checkpoints import Checkpoints, TrainingState
from clusterability.config_files import read_config
from clusterability.dataset import load_mnist, read_idx
from clusterability.errors import UserError
from clusterability.importing import read_network
from clusterability.names import OWN_FOLDERS
from clusterability.networks import Networks, load_networks, save_networks
from clusterability.partitions import Partitions
from clusterability.records import Record
from clusterability.sources import get_mnist
from clusterability.storage import load_items, save_items
from clusterability.study import Study, load_study

ROOT = Path(__file__).parents[1]
CONFIGS = [ROOT / "config.yaml", *sorted((ROOT / "studies").glob("*.yaml"))]

CONFIG_MUTATIONS = 400
TEXT_MUTATIONS = 200
FILE_MUTATIONS = 150  # of each kind of file

NASTY: list[Any] = [
    None, True, False, 0, -1, 1, 7, 10**30, -(10**30), 0.5, 1e308, float("nan"), float("inf"),
    "", " ", "0", "1e400", "nan", "-inf", "0x10", "1_000", "٣", "a" * 5000, "../../etc/passwd",
    "/etc/passwd", "results/../..", "results/data", "a\nb", "a\0b", "\u202egnp", "{seeds}", "$HOME",
    "~", "*", "%s", "!!python/object/apply:os.system ['touch victim']", "0-9", "9-0", "0-99999999",
    [], {}, [[]], [None], [0, 0], ["0-9", "5-7"], {"": 1}, {"a": {}}, [1.5], {"epochs": "five"},
    b"bytes", (1, 2), [[[[[[1]]]]]],
]  # fmt: skip
"""What nobody writes on purpose, or somebody does."""


# --- what every refusal is like ------------------------------------------------------------------


def check_refusal(error: UserError, source: str = "") -> None:
    """Each line says where, what was found and what was expected, and is one line of text."""
    lines = str(error).split("\n")
    assert lines
    for line in lines:
        assert line.isprintable(), line
        assert len(line) < 700
        assert line.startswith(source), line
        assert re.search("expected|cannot be (read|unpacked)|unknown key|too deep", line), line


@contextmanager
def nothing_outside(folder: Path) -> Iterator[None]:
    """The test's folder is all that may change."""
    before = {path: path.stat().st_mtime_ns for path in (Path.cwd(), folder.parent)}
    yield
    assert {path: path.stat().st_mtime_ns for path in before} == before


# --- configs -------------------------------------------------------------------------------------


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """All places in a config that a value stands at."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(inner):
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from places(item, (*path, key))


def mutate(config: Any, source: random.Random) -> Any:
    """One to three changes: another value, a key renamed, removed, doubled or from elsewhere."""
    config = copy.deepcopy(config)
    for _ in range(source.randint(1, 3)):
        found = list(places(config))
        if not found:
            return config
        *path, key = source.choice(found)
        parent = config
        for step in path:
            parent = parent[step]
        kind = source.randrange(6)
        if kind < 3:
            parent[key] = copy.deepcopy(source.choice(NASTY))
        elif kind == 3:
            del parent[key]
        elif isinstance(parent, dict):
            name = source.choice([f"{key}x", str(key).upper(), f"../{key}", 3, None, "ключ", "a-b"])
            parent[name] = parent.pop(key) if kind == 4 else parent[key]
        else:
            parent.insert(0, copy.deepcopy(parent[key]))
    return config


def check_study(study: Study, config: dict[str, Any]) -> None:
    """A config that is accepted says what the study does, and no path of it leaves results/."""
    again = json.loads(study.model_dump_json(exclude_unset=True))
    assert Study.model_validate(again) == study
    assert re.fullmatch(r"results(/[A-Za-z0-9_-]+)*", study.results)
    assert set(study.results.split("/")).isdisjoint(OWN_FOLDERS)
    if isinstance(config.get("results"), str):
        assert study.results == config["results"]
    for blocks in (study.seeds, study.k_grid):
        numbers = [number for block in blocks for number in Block.parse(block)]
        assert len(numbers) == len(set(numbers)) <= LARGEST_BLOCK * len(blocks)
        assert min(numbers) >= 0
    for name in study.names:
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name)
    for name in study.conditions:
        recipe = study.recipe_of(name)
        changes = (config.get("conditions") or {}).get(name) or {}
        said = (config.get("recipe") or {}) | changes
        for key, value in said.items():
            if isinstance(value, int | float) and value is not None:
                assert getattr(recipe, key) == type(getattr(recipe, key))(value)
        assert 0 <= recipe.dropout < 1
        assert recipe.epochs >= 0
        assert np.isfinite(recipe.learning_rate)
        json.dumps(study.training_parameters(name))
    items = [f"{figure}.{item}" for figure, found in study.figure_items().items() for item in found]
    assert all(re.fullmatch(r"[a-z_]+\.[a-z0-9_-]+", item) for item in items)


def test_mutated_configs(tmp_path):
    source, accepted = random.Random(0), 0
    configs = [yaml.safe_load(path.read_text()) for path in CONFIGS]
    with nothing_outside(tmp_path):
        for number in range(CONFIG_MUTATIONS):
            config = mutate(configs[number % len(configs)], source)
            try:
                study = load_study(config, "config.yaml")
            except UserError as error:
                check_refusal(error, "config.yaml: ")
            else:
                accepted += 1
                check_study(study, config)
    assert CONFIG_MUTATIONS * 0.05 < accepted < CONFIG_MUTATIONS * 0.6


def damage(content: bytes, source: random.Random) -> bytes:
    """Bits flipped, bytes put in, taken out or repeated, or the end cut off."""
    changed = bytearray(content)
    for _ in range(source.choice([1, 1, 1, 2, 8])):
        place = source.randrange(len(changed) + 1)
        kind = source.randrange(6)
        if kind == 0 and place < len(changed):
            changed[place] ^= 1 << source.randrange(8)
        elif kind == 1:
            changed[place:place] = bytes(source.randrange(256) for _ in range(source.randint(1, 9)))
        elif kind == 2:
            del changed[place : place + source.randint(1, 40)]
        elif kind == 3:
            del changed[place:]
        elif kind == 4:
            changed[place : place + 8] = source.choice(
                [b"\xff" * 8, b"\0" * 8, b"\x7f" + b"\xff" * 7]
            )
        else:
            changed[place:place] = changed[max(0, place - 30) : place]
    return bytes(changed)


def test_mutated_texts_of_configs(tmp_path):
    source, file, accepted = random.Random(1), tmp_path / "config.yaml", 0
    texts = [path.read_bytes() for path in CONFIGS]
    with nothing_outside(tmp_path):
        for number in range(TEXT_MUTATIONS):
            file.write_bytes(damage(texts[number % len(texts)], source))
            try:
                config = read_config(file)
                assert repr(config) == repr(yaml.safe_load(file.read_text()))
                study = load_study(config, str(file))
            except UserError as error:
                check_refusal(error, str(file))
            else:
                accepted += 1
                check_study(study, config)
    assert 0 < accepted < TEXT_MUTATIONS


LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
)
TEXTS = {
    "seeds: [[[": "expected",
    "- a list": "found a list",
    "": "found nothing",
    "just a text": "found a str",
    'seeds: ["0-9"]\nseeds: ["0-1"]': "the key 'seeds' twice in line 2, column 1",
    "recipe:\n  epochs: 1\n  epochs: 2": "the key 'epochs' twice in line 3, column 3",
    "seeds: [0]\n\tk_grid: [2]": "found character '\\t'",
    "seeds: !!python/object/apply:os.system ['touch victim']": "could not determine a constructor",
    "a: &a [*a]": "expected at most",
    LAUGHS: "more than 100000 values",
    "[" * 20_000: "too deep",
    "seeds: *nowhere": "found undefined alias",
    "seeds: [0]\0": "special characters are not allowed",
    "__use_yte__: true\n?if True:\n  seeds: [0]": "by which a config runs code",
    "? {a: 1}\n: 2": "found unhashable key",
    "seeds: 2026-99-99": "month must be",
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.items(), ids=range(len(TEXTS)))
def test_texts_that_are_no_config(tmp_path, text, expected):
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(UserError) as error:
        read_config(file)
    assert expected in str(error.value)
    check_refusal(error.value, str(file))
    file.write_bytes(b"seeds: [\xff\xfe]")
    with pytest.raises(UserError, match="no UTF-8"):
        read_config(file)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "seeds: [[[",
        LAUGHS,
        'seeds: ["0-9"]\nseeds: ["0-1"]',
        "__use_yte__: true\nseeds: [0]",
        "results: results/../../elsewhere",
        "results: results/networks",
        'conditions: {"../up": {}}',
        "networks: {mine: {path: /dev/null}}",
    ],
    ids=lambda text: text[:20],
)
def test_snakemake_refuses_in_one_line(tmp_path, text):
    workflow = copy_workflow(tmp_path)
    (tmp_path / "config.yaml").write_text(text)
    found = workflow.snakemake("--dry-run", "--quiet", "progress", "rules")
    assert found.returncode != 0
    assert "Traceback" not in found.stdout
    lines = [line for line in found.stdout.splitlines() if "expected" in line]
    assert len(lines) == 1, found.stdout
    assert lines[0].startswith(("config.yaml", "networks.mine.path"))
    assert not (tmp_path / "results").exists()


# --- files ---------------------------------------------------------------------------------------


def small_networks() -> Networks:
    source = np.random.default_rng(0)
    shapes = {"fc1": (2, 3, 5), "fc2": (2, 4, 3)}
    weights = {name: source.standard_normal(shape, np.float32) for name, shape in shapes.items()}
    return Networks("trained", (4, 5), {"epochs": 1}, weights)


def try_all(
    folder: Path, content: bytes, name: str, seed: int, read: Callable[[Path], Any]
) -> list[tuple[bytes, Any]]:
    """Reads a file damaged in many ways; gives what was accepted, with the file's content."""
    source, file, accepted = random.Random(seed), folder / name, []
    with nothing_outside(folder):
        for _ in range(FILE_MUTATIONS):
            damaged = damage(content, source)
            file.write_bytes(damaged)
            try:
                found = read(file)
            except UserError as error:
                check_refusal(error, str(file))
            else:
                accepted.append((damaged, found))
    assert len(accepted) < FILE_MUTATIONS
    return accepted


def plain_tensors(content: bytes) -> dict[str, np.ndarray]:
    """What a .safetensors file holds, read by its published format alone."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    found = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            data = content[8 + size + first : 8 + size + last]
            kind = {"F32": "<f4", "F64": "<f8"}[entry["dtype"]]
            found[name] = np.frombuffer(data, kind).reshape(entry["shape"])
    return found


def test_damaged_weights_of_a_study(tmp_path):
    save_networks(tmp_path / "whole.safetensors", small_networks())
    content = (tmp_path / "whole.safetensors").read_bytes()
    for damaged, found in try_all(tmp_path, content, "weights.safetensors", 2, load_networks):
        for name, array in plain_tensors(damaged).items():
            assert np.array_equal(found.weights[name.removesuffix(".weight")], array)
        assert all(np.isfinite(stack).all() for stack in found.weights.values())
        assert all(len(stack) == len(found.seeds) for stack in found.weights.values())


def test_damaged_partitions(tmp_path):
    labels = np.array([[0, 1, -1]], dtype=np.int16)
    partitions = Partitions(rows=labels, columns=labels, feasible=np.array([True]))
    save_items(tmp_path / "whole.npz", {("matched", 2): partitions})
    content = (tmp_path / "whole.npz").read_bytes()
    for damaged, found in try_all(
        tmp_path, content, "partitions.npz", 3, lambda file: load_items(file, Partitions)
    ):
        with np.load(io.BytesIO(damaged), allow_pickle=False) as plain:
            for (method, k), item in found.items():
                for field in Partitions.__dataclass_fields__:
                    expected = plain[f"{method}/{k}/{field}"]
                    assert np.array_equal(getattr(item, field), expected)


def imported(ending: str) -> bytes:
    arrays = {name: stack[0] for name, stack in small_networks().weights.items()}
    target = io.BytesIO()
    if ending == "safetensors":
        return save_tensors(arrays)
    if ending == "npz":
        np.savez(target, **arrays)
    elif ending == "npy":
        np.save(target, arrays["fc1"])
    elif ending == "pt":
        torch.save({name: torch.from_numpy(array) for name, array in arrays.items()}, target)
    else:
        np.savetxt(target, arrays["fc1"], delimiter=",")
    return target.getvalue()


@pytest.mark.parametrize("ending", ["safetensors", "npz", "npy", "pt", "csv"])
def test_damaged_networks_from_elsewhere(tmp_path, ending):
    def read(file: Path) -> Networks:
        return read_network("mine", file, None)

    for damaged, found in try_all(tmp_path, imported(ending), f"theirs.{ending}", 4, read):
        assert all(np.isfinite(stack).all() for stack in found.weights.values())
        assert all(
            stack.ndim == 3 and stack.dtype == np.float32 for stack in found.weights.values()
        )
        stacks = list(found.weights.values())
        for before, after in itertools.pairwise(stacks):
            assert before.shape[1] == after.shape[2]
        if ending == "npy":
            plain = np.load(io.BytesIO(damaged), allow_pickle=False)
            assert np.array_equal(stacks[0][0], plain.astype(np.float32))
        if ending == "csv":
            # A damaged first cell may be taken for the name of a column: then the rest counts.
            rows = damaged.decode("utf-8-sig").splitlines()
            last = [float(cell) for cell in rows[-1].split(",")]
            assert np.array_equal(stacks[0][0][-1], np.float32(last[-stacks[0].shape[2] :]))


def test_damaged_images(tmp_path):
    """Read alone, an IDX file is what its header says; as MNIST, only the very files pass."""
    images, labels = (CONTENTS[name] for name in list(CONTENTS)[:2])
    for content in (images, labels):
        for damaged, found in try_all(tmp_path, content, "images", 5, read_idx):
            sizes = [int.from_bytes(damaged[n : n + 4], "big") for n in range(4, 16, 4)]
            assert list(found.shape) == sizes[: damaged[3]]
            assert found.tobytes() == damaged[4 + 4 * damaged[3] :]


@pytest.mark.parametrize("packed", [False, True])
def test_damaged_images_never_reach_training(tmp_path, packed):
    source, whole, given = random.Random(6), tmp_path / "whole", tmp_path / "given"
    given.mkdir()
    for number in range(FILE_MUTATIONS // 3):
        target = tmp_path / f"data-{number}"
        for name, content in CONTENTS.items():
            content = gzip.compress(content, mtime=0) if packed else content
            (given / (f"{name}.gz" if packed else name)).write_bytes(content)
        file = source.choice(sorted(given.iterdir()))
        before = file.read_bytes()
        file.write_bytes(damage(before, source))
        try:
            get_mnist(target, given, digests=DIGESTS)
            load_mnist(target, digests=DIGESTS)
        except UserError as error:
            check_refusal(error)
            assert not target.exists() or not list(target.iterdir())
        else:
            for name, content in CONTENTS.items():
                assert (target / name).read_bytes() == content
        file.write_bytes(before)
    assert not whole.exists()


def test_damaged_records(tmp_path):
    file = tmp_path / "whole.csv"
    file.write_text("1\n")
    record = Record.of_files("train", {"seeds": "0"}, {"study": {"epochs": 5}}, [str(file)])
    record.write(tmp_path / "whole.json")
    content = (tmp_path / "whole.json").read_bytes()
    for damaged, found in try_all(tmp_path, content, "record.json", 7, Record.read):
        assert json.loads(damaged) == found.__dict__


def test_damaged_checkpoints_are_not_gone_on_from(tmp_path):
    checkpoints, cpu = Checkpoints(tmp_path, "key"), torch.device("cpu")
    tensors = {"parameter.0": torch.arange(6.0).reshape(2, 3), "watch": torch.zeros(2).long()}
    checkpoints.keep([0, 1], cpu, TrainingState(7, 1.5, [[0, 1, 1, 2.3, 0.1]], tensors))
    (file,) = tmp_path.iterdir()
    content, source = file.read_bytes(), random.Random(8)
    assert checkpoints.find([0, 1], cpu).step == 7
    for _ in range(FILE_MUTATIONS):
        damaged = damage(content, source)
        file.write_bytes(damaged)
        assert damaged == content or checkpoints.find([0, 1], cpu) is None


# --- sizes that a header only claims -------------------------------------------------------------


def npy_header(shape: str) -> bytes:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (len(header) + 10) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + b"\0" * 80


def safetensors_header(shape: list[int], last: int) -> bytes:
    entry = {"dtype": "F32", "shape": shape, "data_offsets": [0, last]}
    header = json.dumps({"fc1.weight": entry}).encode()
    return len(header).to_bytes(8, "little") + header + b"\0" * 80


@pytest.mark.parametrize("size", [10**9, 10**12, 2**63 - 1, 2**64])
def test_claimed_sizes_take_no_memory(tmp_path, size):
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("matched/2/rows.npy", npy_header(f"({size}, 2)"))
    contents = {
        "a.npy": npy_header(f"({size}, 2)"),
        "a.npz": packed.getvalue(),
        "a.safetensors": safetensors_header([size, 2], size * 8),
        "b.safetensors": (2**62).to_bytes(8, "little") + b"{}",
    }
    for name, content in contents.items():
        file = tmp_path / name
        file.write_bytes(content)
        for read in (
            lambda path: read_network("mine", path, None),
            load_networks if name.endswith("s") else lambda path: load_items(path, Partitions),
        ):
            with pytest.raises(UserError) as error:
                read(file)
            check_refusal(error.value)
    idx = tmp_path / "images"
    idx.write_bytes(bytes([0, 0, 8, 3]) + b"\xff" * 12 + b"\0" * 100)
    with pytest.raises(UserError, match="expected 7922816"):
        read_idx(idx)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 200_000  # kilobytes


def test_the_numbers_of_mutations_add_up():
    kinds = 2 + 5 + 2 + 2  # weights and partitions, imports, images twice, records, checkpoints
    assert CONFIG_MUTATIONS + TEXT_MUTATIONS + kinds * FILE_MUTATIONS >= 500
    assert os.sep not in "".join(OWN_FOLDERS)
