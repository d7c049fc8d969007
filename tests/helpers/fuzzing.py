"""Bad input, made by seeded mutation of good input, and what has to come of it.

Each case is either accepted, and then equals what an independent reading of it gives, or refused by
a UserError of clear lines; nothing is written, run or unpickled meanwhile.
tests/security/test_bad_input.py runs hundreds of cases; by hand any number:

    PYTHONPATH=src:tests/helpers python tests/helpers/fuzzing.py --cases 20000 --seed 1
"""

from __future__ import annotations

import argparse
import ast
import copy
import gzip
import hashlib
import io
import itertools
import json
import math
import os
import random
import re
import signal
import struct
import sys
import tempfile
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import onnx
import torch
import yaml
from safetensors.numpy import save as safetensors_bytes
from snakemake.common.configfile import load_configfile

from clusterability.errors import UserError
from clusterability.fields import MOST_WEIGHTS
from clusterability.networks.importing.read_network import read_network
from clusterability.networks.stacked import METADATA_KEY, Networks, load_networks
from clusterability.report.catalogue import figure_items
from clusterability.study.config_files import read_config
from clusterability.study.job_parameters import aggregation_job, training_job, validity_job
from clusterability.study.loading import load_study
from clusterability.study.study import Study
from clusterability.training.download import get_mnist
from clusterability.training.images import read_idx
from fuzzed_tables import TABLES, read_by_hand, text_by_hand
from project import ROOT, committed

SECONDS = 10
"""That one case may take."""
LONGEST_LINE = 700

# --- what a case must not do -------------------------------------------------------------------

_FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect")
_CHANGES = (
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
)
_events: list[str] = []
_watching = False
_allowed = ""


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching:
        return
    if event == "open":
        path, mode, flags = arguments
        writes = flags & (os.O_WRONLY | os.O_RDWR) if isinstance(flags, int) else "w" in str(mode)
        if writes and not _inside(path):
            _events.append(f"open {path!r} to write")
    elif event in _CHANGES and not _inside(_whole(arguments[0], arguments[-1])):
        _events.append(f"{event} {arguments[0]!r}")
    elif event in _FORBIDDEN or event == "pickle.find_class":
        _events.append(f"{event} {arguments!r}")


def _inside(path: Any) -> bool:
    """Where a case may write, and bytecode that an import leaves."""
    text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else str(path)
    return "__pycache__" in text or bool(_allowed and text.startswith(_allowed))


def _whole(path: Any, folder: Any) -> Any:
    """The path, which may be told from the number of an open folder."""
    known = isinstance(folder, int) and folder >= 0 and os.path.exists(f"/proc/self/fd/{folder}")
    return os.path.join(os.readlink(f"/proc/self/fd/{folder}"), path) if known else path


sys.addaudithook(_hook)


@contextmanager
def harmless(allowed: Path | None = None) -> Iterator[None]:
    """Fails where the block runs, unpickles or writes anything (but in `allowed`), or hangs."""
    global _watching, _allowed

    def stop(number: int, frame: Any) -> None:
        raise AssertionError(f"not finished after {SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    _events.clear()
    _watching, _allowed = True, str(allowed or "")
    try:
        yield
    finally:
        _watching = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert not _events, _events


Outcome = tuple[Any, str]
"""What came of a case: a value, or the text of its refusal."""


def attempt(call: Callable[[], Any], allowed: Path | None = None) -> Outcome:
    """What came of it; any other error than a UserError is the case's failure."""
    with harmless(allowed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call(), ""
        except UserError as error:
            return None, str(error) or "an error without a text"


def check_clear(refusal: str, source: str, several: bool = False) -> None:
    """One line a fault, each printable, naming the file, what was found and what was expected."""
    lines = refusal.split("\n")
    assert several or len(lines) == 1, refusal
    for line in lines:
        assert line.isprintable(), line
        assert len(line) <= LONGEST_LINE, line
        assert source in line, line
        assert "expected" in line, line
        assert "found" in line or "unknown key" in line or "cannot be read" in line, line


# --- mutations of bytes and of values ----------------------------------------------------------


def mutate_bytes(source: random.Random, content: bytes, odd: list[bytes]) -> bytes:
    """Flips, truncations, insertions, removals, repetitions and overwritten numbers."""
    data = bytearray(content)
    for _ in range(source.choice([1, 1, 1, 2, 4])):
        place = source.randrange(len(data) + 1)
        # Most of a file's meaning is at its start.
        place = min(place, source.choice([16, 120, 10**9]))
        match source.randrange(7):
            case 0 if place < len(data):
                data[place] ^= 1 << source.randrange(8)
            case 1:
                del data[place:]
            case 2:
                data[place:place] = source.choice(odd)
            case 3:
                del data[place : place + source.randrange(1, 20)]
            case 4:
                data[place:place] = data[place : place + source.randrange(1, 50)]
            case 5:
                huge = source.choice(
                    [0, 1, 10**9, 10**12, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1]
                )
                form = source.choice(["<Q", ">Q", "<I", ">I"])
                packed = struct.pack(form, huge % 2 ** (64 if form[1] == "Q" else 32))
                data[place : place + len(packed)] = packed
            case _:
                data[place:place] = source.randbytes(source.randrange(1, 9))
    return bytes(data)


ODD_BYTES = [b"\0", b"\xff\xfe", b"\x80", b"\n", b"}", b"PK\x03\x04", b"\x1f\x8b", b"999999999999"]

ODD_NUMBERS: list[Any] = [
    0, -1, 1, 2, 10**3, 10**6, 10**9, 10**12, 2**63, 2**64, 10**400, -(10**400), 0.0, -0.0,
    0.5, 1.5, math.nan, math.inf, -math.inf, 5e-324, 1e308, 1e-3,
]  # fmt: skip
ODD_TEXTS: list[Any] = [
    "", " ", "nan", "inf", "1e400", "1e-3", "1_0", "0x10", "١٢", "².", "true", "null", "~", "a\nb",
    "a\0b", "\x1b[31m", "\u202eevil", "ü", "A", "../up", "/etc/passwd", "results/../x", "a/b", "..",
    "results/networks", "results/a/tables", "results/-rf", "results/ok", "{condition}", "<results>",
    "x" * 300, "9" * 5000, "$(touch pwned)", "; touch pwned", "%s", "__use_yte__", "__class__",
    "784-10", "784-1٢-10", "784-999999-999999-10", "784-" + "1-" * 500 + "10", "fc2", "fc٢", "0-9",
    "5-2", "0-999999999", "cuda:1", "cuda:٢", "http://a.b/c.npz", "s3://a/b.npz",
]  # fmt: skip


def _deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


ODD_VALUES: list[Any] = [
    *ODD_NUMBERS, *ODD_TEXTS, None, True, False, [], {}, [[]], [None], {"": None}, {1: 2},
    {None: 1}, {(1, 2): 3}, {"a": {"b": {}}}, [0, 0], ["0-9", "5-12"], [2, 3, 4], ["0-9999"] * 3,
    [f"{n}0000-{n}9999" for n in range(1, 200)], (1, 2), {1, 2}, b"bytes", 1j, _deep(50),
]  # fmt: skip


# --- configs -----------------------------------------------------------------------------------

EXTRA_CONFIG = {
    "results": "results/extra",
    "seeds": ["0-2", 7],
    "k_grid": ["2-3", 5],
    "dataset": {"path": "/data/mnist", "train_images": 1000, "test_images": 500},
    "conditions": {"untrained": {"epochs": 0}, "baseline": None, "wide": {"l1": "1e-4"}},
    "synthetic": {"planted": {"rows": 30, "columns": 40, "clusters": 3, "contrast": 0.5}},
    "networks": {
        "mine": {"path": "data/mine.npz", "layers": ["a", "b"], "normalise": False},
        "table": {"path": "data/table.csv", "header": True, "index": False, "edges": ["a", "b"]},
        "matrix": {"path": "data/matrix.csv", "edges": False, "covariate": "data/ages.csv"},
        "kernels": {"path": "data/cnn.pt", "convolutions": "norm"},
    },
    "strata": {"covariate": "pixel_deviation", "number": 5},
    "nulls": {"shuffle": 9, "labels": 9, "untrained": 20},
    "calibration": ["untrained"],
    "training": {"device": "cuda:1", "threads": 1},
    "probe": {"k": [2, 5], "images": 400},
    "equal_size": {"draws": 19, "submatrices": 5, "k": [2], "methods": ["joint"]},
}


@cache
def base_configs() -> list[dict[str, Any]]:
    """Good configs: those of the repository, and one with what they do not say."""
    studies = [file.read_text() for file in sorted((ROOT / "studies").glob("*.yaml"))]
    return [*map(yaml.safe_load, [committed("config.yaml"), *studies]), EXTRA_CONFIG]


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a config with each of its keys."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def mutate_config(source: random.Random, config: dict[str, Any]) -> dict[str, Any]:
    """Values replaced, keys renamed, removed, added and exchanged."""
    config = copy.deepcopy(config)
    for _ in range(source.choice([1, 1, 1, 2, 3])):
        places = list(_places(config))
        if not places:
            break
        holder, key = source.choice(places)
        other_holder, other = source.choice(places)
        match source.randrange(8):
            case 0 | 1 | 2:
                holder[key] = copy.deepcopy(source.choice(ODD_VALUES))
            case 3 if isinstance(holder, dict):
                renamed = source.choice([*ODD_TEXTS, str(key)[:-1], str(key).upper(), 3, None])
                holder[renamed] = holder.pop(key)
            case 4:
                del holder[key]
            case 5 if isinstance(holder, dict):
                odd_key = source.choice([*ODD_TEXTS, 1, None, 2.5, True])
                holder[odd_key] = copy.deepcopy(source.choice(ODD_VALUES))
            case 6:
                holder[key] = copy.deepcopy(other_holder[other])
            case _:
                if isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
                    holder[key] = source.choice(ODD_NUMBERS)
                elif isinstance(holder[key], list):
                    holder[key].append(copy.deepcopy(source.choice(ODD_VALUES)))
                else:
                    holder[key] = [holder[key]]
    return config


ODD_YAML = [
    "\t", "seeds: [1]\n", "a: &a [*a]\n", "x: *nothing\n", "<<: {seeds: [3]}\n", "? [1]\n: 2\n",
    "!!python/object/apply:os.system [touch pwned]", "!!python/name:os.system", "!!binary aGk=",
    "!!set {a, b}", "2026-02-31", "2026-01-01 10:00:00", "1:30", "0o17", "0b1", ".nan", ".inf", "~",
    "'", '"', '"\\0"', '"\\x1b"', "|\n  text\n", "--- \n", "...\n", "%YAML 1.1\n", "#", "{", "}",
    "[", "]", ": ", "- ", "&", "*", "\ufeff", "\u2028", "\x07", "1e400", "9" * 5000,
    "0x" + "f" * 5000, "[" * 200, "__use_yte__: true\n", "?print(1)", "\r", "\r\n", "@", "`",
]  # fmt: skip


def laughs(levels: int = 12) -> str:
    """Aliases of aliases: some lines that stand for 10^12 values."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join([*lines, f"seeds: *a{levels - 1}", ""])


def merges(levels: int = 12) -> str:
    """The same with merge keys."""
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, levels)]
    return "\n".join([*lines, ""])


def mutate_text(source: random.Random, text: str) -> bytes:
    """A config's text with odd YAML in it, lines removed, repeated or moved, or damaged bytes."""
    if source.random() < 0.3:
        return mutate_bytes(source, text.encode(), [*ODD_BYTES, *(o.encode() for o in ODD_YAML)])
    lines = text.splitlines(keepends=True)
    for _ in range(source.choice([1, 1, 2, 3])):
        place = source.randrange(len(lines)) if lines else 0
        odd = source.choice([*ODD_YAML, laughs(), merges()])
        match source.randrange(7):
            case 0:
                lines.insert(place, odd)
            case 1:
                lines[place : place + 1] = lines[place : place + 1] * 2
            case 2:
                del lines[place : place + source.randrange(1, 4)]
            case 3 if lines:
                lines[place] = " " * source.randrange(1, 5) + lines[place]
            case 4 if lines:
                key = lines[place].partition(":")[0]
                lines[place] = f"{key}: {odd}\n"
            case 5 if lines:
                lines[place] = lines[place].lstrip()
            case _ if lines:
                at = source.randrange(len(lines[place]) + 1)
                lines[place] = lines[place][:at] + odd + lines[place][at:]
    return "".join(lines).encode("utf-8", "surrogatepass")


BELOW_1 = math.nextafter(1, 0)

# Least and greatest value of each whole number and each number of a config, written by hand.
OF_NAMES = ("draws_at_most", "snapshots")
"""Keys whose values have names of the user's."""

BOUNDS: dict[str, tuple[float, float]] = {
    "train_images": (1, 60_000), "test_images": (1, 10_000), "batch_size": (1, 1e9),
    "epochs": (0, 1e9), "steps": (0, 1e9), "snapshots": (0, 1e9),
    "learning_rate": (5e-324, sys.float_info.max), "dropout": (0, BELOW_1),
    "l1": (0, sys.float_info.max), "l2": (0, sys.float_info.max), "data_order": (0, 1e9),
    "epsilon": (5e-324, sys.float_info.max),
    "sparsity": (0, BELOW_1), "sparsity_start": (0, BELOW_1), "pruning_start": (0, 1e9),
    "pruning_every": (1, 1e9),
    "clusterability": (0, sys.float_info.max), "planted_clusters": (1, 1e9),
    "pixel_deviation": (0, sys.float_info.max), "rows": (1, 1e8), "columns": (1, 1e8),
    "clusters": (1, 1e8), "contrast": (0, 1), "heterogeneity": (0, 5),
    "unequal": (0, BELOW_1), "density": (5e-324, 1), "threads": (1, 1e9), "shapes": (0, 1),
    "rank": (0, 1e9), "rank_share": (0, 1), "degrees": (1, 1e9),
    "rotated_u": (1, 1e9), "rotated_v": (1, 1e9),
    "checkpoint_every": (1, 60), "draws_at_most": (0, 1e9),
    "history_every": (1, 1e9), "restarts": (1, 1e9), "draws": (0, 1e9), "images": (1, 1e9),
    "groups": (1, 1e9), "resamples": (1, 1e9), "k": (1, 1e9), "pixel_k": (1, 1e9),
    "shuffle": (1, 1e9), "shuffle_nonzero": (1, 1e9), "strength": (1, 1e9), "labels": (1, 1e9),
    "untrained": (1, 1e9), "submatrices": (1, 1e9), "within": (1, 1e9), "number": (1, 1e9),
    "weights_per_job": (0, 1e9),
}  # fmt: skip

FOLDERS = {"networks", "clusters", "nulls", "scores", "tables", "figures", "data", "logs"}
FOLDERS |= {"benchmarks", "checkpoints", "records", "paper", "report"}


def check_study(study: Study, config: dict[str, Any]) -> None:
    """The typed model says what the config says, within bounds, and its paths stay inside."""
    _check_same(config, study, "")
    _check_bounds(study.model_dump(exclude_unset=True), "")
    said = study.model_dump(exclude_unset=True)
    assert load_study(said) == study
    assert load_study(yaml.safe_load(yaml.safe_dump(said))) == study
    _check_paths(study)
    for name in study.conditions:
        json.dumps(asdict(training_job(study, name)))
        assert all(out * in_ <= MOST_WEIGHTS for out, in_ in study.layers_of(name).values())
    for name in study.synthetic:
        assert math.prod(study.layers_of(name)["fc1"]) <= MOST_WEIGHTS
    json.dumps([asdict(aggregation_job(study)), asdict(validity_job(study))])


def _check_same(said: Any, typed: Any, key: str) -> None:
    if said is None:
        return  # the default
    if key == "layers" and isinstance(said, str):
        said = [said]
    if key in ("seeds", "k_grid"):
        wanted = [_numbers(block) for block in said]
        assert [_numbers(block) for block in typed] == wanted
        every = list(itertools.chain.from_iterable(wanted))
        assert len(every) == len(set(every)) <= 10**6
    elif isinstance(said, dict):
        for name, value in said.items():
            attribute = "origin" if name == "from" else name
            found = typed[name] if isinstance(typed, dict) else getattr(typed, attribute)
            _check_same(value, found, name)
    elif isinstance(said, list | tuple | set):
        assert len(said) == len(typed)
        for value, found in zip(said, typed, strict=True):
            _check_same(value, found, "")
    elif isinstance(typed, bool):
        assert said is typed
    elif key == "labels" and said is True:  # as YAML reads the word
        assert typed == "true"
    elif isinstance(typed, int | float):
        assert not isinstance(said, bool)
        assert float(said) == typed
    else:
        assert said == typed


def _numbers(block: Any) -> range:
    first, _, last = str(block).strip().partition("-")
    return range(int(first), int(last or first) + 1)


def _check_bounds(value: Any, key: str) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            _check_bounds(item, key if key in OF_NAMES else name)
    elif isinstance(value, list):
        for item in value:
            _check_bounds(item, key)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        least, most = BOUNDS[key]
        assert least <= value <= most, (key, value)


def _check_paths(study: Study) -> None:
    first, *others = study.results.split("/")
    assert first == "results"
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,59}", part) for part in others)
    assert not FOLDERS & set(others)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name, re.ASCII) for name in study.names)
    assert all(re.fullmatch(r"fresh-[0-9-]{1,120}", n, re.ASCII) for n in study.fresh_conditions)
    blocks = [*study.seeds, *study.k_grid]
    assert all(re.fullmatch(r"[0-9]+(-[0-9]+)?", block, re.ASCII) for block in blocks)
    items = [item for found in figure_items(study).values() for item in found]
    assert all(re.fullmatch(r"[a-z0-9_-]+", item, re.ASCII) for item in items)
    paths = [study.dataset.path, *(network.path for network in study.networks.values())]
    paths += [network.covariate for network in study.networks.values()]
    for path in filter(None, paths):
        assert path.isprintable()
        assert not set(path) & set("{}<>*")


def config_case(source: random.Random, folder: Path) -> bool:
    """A config as Python values; whether it was accepted."""
    config = mutate_config(source, source.choice(base_configs()))
    study, refusal = attempt(lambda: load_study(config, source="study.yaml"))
    if refusal:
        check_clear(refusal, "study.yaml: ", several=True)
        return False
    check_study(study, config)
    return True


SMALL_CONFIGS = [
    (ROOT / "studies" / name).read_text()
    for name in ("smoke.yaml", "southern_women.yaml", "controls.yaml")
] + [yaml.safe_dump(EXTRA_CONFIG, sort_keys=False), json.dumps(EXTRA_CONFIG, indent=1)]


def text_case(source: random.Random, folder: Path) -> bool:
    """A config as a file, read here first and, if accepted, by Snakemake to the same values."""
    file = folder / "study.yaml"
    file.write_bytes(mutate_text(source, source.choice(SMALL_CONFIGS)))
    config, refusal = attempt(lambda: read_config(file))
    if refusal:
        check_clear(refusal, f"{file}: ", several=True)
        return False
    assert _equal(load_configfile(file), config)
    study, refusal = attempt(lambda: load_study(config, source=str(file)))
    if refusal:
        check_clear(refusal, f"{file}: ", several=True)
        return False
    check_study(study, config)
    return True


def _equal(one: Any, other: Any) -> bool:
    """Whether two configs say the same; not a number is itself here."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) is type(other) and (one == other or (one != one and other != other))


# --- files read by hand ------------------------------------------------------------------------

SAFETENSORS_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip


def safetensors_by_hand(content: bytes) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Arrays and metadata, by the format's definition."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        data = content[8 + length + start : 8 + length + end]
        if entry["dtype"] in SAFETENSORS_TYPES:
            kind = SAFETENSORS_TYPES[entry["dtype"]]
            arrays[name] = np.frombuffer(data, kind).reshape(entry["shape"])
    return arrays, metadata


def npy_by_hand(content: bytes) -> np.ndarray:
    """The array of a `.npy`, by the format's definition."""
    assert content[:6] == b"\x93NUMPY"
    size = 2 if content[6] == 1 else 4
    length = int.from_bytes(content[8 : 8 + size], "little")
    header = ast.literal_eval(content[8 + size : 8 + size + length].decode("latin1").strip())
    data = np.frombuffer(content[8 + size + length :], header["descr"])
    return data.reshape(header["shape"], order="F" if header["fortran_order"] else "C")


def npz_by_hand(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of a `.npz`."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    return {
        name.removesuffix(".npy"): npy_by_hand(archive.read(name)) for name in archive.namelist()
    }


def idx_by_hand(content: bytes) -> np.ndarray:
    """The array of an IDX file of bytes."""
    zero, kind, axes = struct.unpack(">HBB", content[:4])
    assert (zero, kind) == (0, 8)
    shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
    return np.frombuffer(content[4 + 4 * axes :], np.uint8).reshape(shape)


# --- weight files ------------------------------------------------------------------------------


def own_weights(source: random.Random) -> bytes:
    """A weight file of a study with its arrays or its description at fault, or sound."""
    draw = np.random.default_rng(source.randrange(2**32))
    shapes: list[tuple[int, ...]] = [(2, 4, 6), (2, 3, 4)]
    arrays = {f"fc{n}.weight": draw.standard_normal(s, np.float32) for n, s in enumerate(shapes, 1)}
    description: Any = {"condition": "trained", "recipe": {"epochs": 1}, "seeds": [0, 1]}
    name = source.choice(list(arrays))
    match source.randrange(12):
        case 0:
            arrays[name][source.randrange(2), 0, 0] = source.choice([np.nan, np.inf, -np.inf])
        case 1:
            arrays[name] = arrays[name].astype(source.choice(["f8", "f2", "i4", "i8", "?"]))
        case 2:
            shape = source.choice(
                [(2, 5, 5), (1, 4, 6), (4, 6), (2, 0, 4), (3, 4, 6), (2, 4, 6, 1), ()]
            )
            arrays[name] = np.ones(shape, np.float32)
        case 3:
            del arrays[name]
        case 4:
            arrays[source.choice(["fc2", "fc4.weight", "fcx.weight", "bias", "fc1.weight\n"])] = (
                arrays.pop(name)
            )
        case 5:
            odd = source.choice([[0, 0], [0], [], [0, "1"], [0, 1.0], [True, 2], [-7, 1], None, 3])
            description["seeds"] = odd
        case 6:
            key = source.choice(list(description))
            description[key] = source.choice([None, 3, [], {}, "", {"a": 1}])
        case 7:
            description = source.choice([None, [], "text", 3, {}])
        case 8:
            arrays["fc3.weight"] = draw.standard_normal((2, 2, 3), np.float32)
        case _:
            pass
    return safetensors_bytes(arrays, {METADATA_KEY: json.dumps(description)})


def own_weights_case(source: random.Random, folder: Path) -> bool:
    """A weight file of a study; where it lies in a study's folder, its place is checked, too."""
    content = own_weights(source)
    if source.random() < 0.6:
        content = mutate_bytes(source, content, ODD_BYTES)
    place = source.choice(["n.safetensors", "networks/trained/0-1.safetensors"])
    wrong = source.choice(["networks/trained/0-2.safetensors", "networks/other/0-1.safetensors"])
    file = folder / (wrong if source.random() < 0.1 else place)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    networks, refusal = attempt(lambda: load_networks(file))
    if refusal:
        check_clear(refusal, f"{file}: ")
        assert "remove the file" in refusal
        return False
    arrays, metadata = safetensors_by_hand(content)
    description = json.loads(metadata[METADATA_KEY])
    assert networks.condition == description["condition"]
    assert list(networks.seeds) == description["seeds"]
    assert networks.recipe == description["recipe"]
    assert {f"{layer}.weight" for layer in networks.weights} == set(arrays)
    inputs = None
    for layer, stack in networks.weights.items():
        wanted = arrays[f"{layer}.weight"]
        assert stack.dtype == wanted.dtype == np.float32
        assert np.array_equal(stack, wanted)
        assert np.isfinite(stack).all()
        assert len(stack) == len(set(networks.seeds)) == len(networks.seeds)
        assert inputs in (None, stack.shape[2])
        inputs = stack.shape[1]
    if "networks" in file.parts:
        assert (file.parent.name, file.stem) == ("trained", "0-1")
        assert (networks.condition, networks.seeds) == ("trained", (0, 1))
    return True


def _imported_arrays(source: random.Random) -> dict[str, np.ndarray]:
    """Arrays of a network from elsewhere, one of them odd in half of the cases."""
    draw = np.random.default_rng(source.randrange(2**32))
    arrays: dict[str, np.ndarray] = {
        "fc1.weight": draw.standard_normal((4, 6), np.float32),
        "fc1.bias": draw.standard_normal(4),
        "fc2.weight": draw.standard_normal((3, 4)),
    }
    name = source.choice(list(arrays))
    odd: list[Callable[[np.ndarray], np.ndarray]] = [
        lambda a: a * np.nan, lambda a: a * 1e300, lambda a: a.T.copy(), lambda a: a[..., None],
        lambda a: a[:0], lambda a: (10 * a).astype("i8"), lambda a: a > 0,
        lambda a: a.astype(np.float16), lambda a: np.asfortranarray(a), lambda a: a * 0 + 1e-60,
    ]  # fmt: skip
    if source.random() < 0.5:
        with np.errstate(all="ignore"):
            arrays[name] = source.choice(odd)(arrays[name])
    if source.random() < 0.15:
        arrays[source.choice(["9" * 5000, "a\nb", "x" * 300, "\x1b[0m"])] = arrays.pop(name)
    return arrays


ENDINGS = (".safetensors", ".npz", ".npy", ".csv", ".pt")


def imported(source: random.Random, ending: str) -> tuple[bytes, dict[str, np.ndarray]]:
    """A file of arrays of this kind, and the arrays."""
    arrays = _imported_arrays(source)
    stream = io.BytesIO()
    if ending == ".safetensors":
        arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        return safetensors_bytes(arrays), arrays
    if ending == ".npz":
        arrays = {name: array for name, array in arrays.items() if len(name) < 1000}
        source.choice([np.savez, np.savez_compressed])(stream, **arrays)
        return stream.getvalue(), arrays
    if ending == ".pt":
        tensors = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
        beside = {"epoch": 3, "args": argparse.Namespace(x=Path("a")), "seen": torch.eye(9)}
        kinds = [tensors, {"state_dict": tensors, "epoch": 3}, beside | {"net": tensors}]
        torch.save(source.choice(kinds), stream)
        return stream.getvalue(), arrays
    matrix = next(iter(arrays.values()))
    if ending == ".npy":
        np.save(stream, matrix)
        return stream.getvalue(), {"mine": matrix}
    rows = [
        ",".join(map(repr, map(float, row)))
        for row in np.atleast_2d(matrix.reshape(len(matrix), matrix[0].size if len(matrix) else 1))
    ]
    if source.random() < 0.4:
        rows = (
            [",".join(["", *(f"v{n}" for n in range(rows[0].count(",") + 1))])]
            + [f"u{n},{row}" for n, row in enumerate(rows)]
            if rows
            else []
        )
    return "\n".join([*rows, ""]).encode(), {}


def read_or_refuse(file: Path) -> Networks | None:
    """The network of a file; None where it is refused, in a clear line."""
    networks, refusal = attempt(lambda: read_network("mine", file))
    if refusal:
        check_clear(refusal, str(file))
    return networks


def imported_case(ending: str) -> Callable[[random.Random, Path], bool]:
    def case(source: random.Random, folder: Path) -> bool:
        """A network from elsewhere."""
        content, arrays = imported(source, ending)
        if source.random() < 0.7:
            content = mutate_bytes(
                source, content, [*ODD_BYTES, b"1_0", b"nan", b",", b'"', b"1e999"]
            )
        file = folder / f"mine{ending}"
        file.write_bytes(content)
        networks = read_or_refuse(file)
        if networks is None:
            return False
        found = [stack[0] for stack in networks.weights.values()]
        wanted = _by_hand(ending, content, arrays, networks)
        assert len(found) == len(wanted)
        for matrix, other in zip(found, wanted, strict=True):
            assert matrix.dtype == np.float32
            assert np.isfinite(matrix).all()
            assert np.array_equal(matrix, other.astype(np.float32))
        return True

    return case


def old_checkpoint(source: random.Random, folder: Path) -> bytes:
    """As PyTorch wrote them before 1.6."""
    stream = io.BytesIO()
    tensors = {name: torch.from_numpy(a.copy()) for name, a in _imported_arrays(source).items()}
    torch.save(tensors, stream, _use_new_zipfile_serialization=False)
    return stream.getvalue()


def onnx_model(source: random.Random, folder: Path) -> bytes:
    """A product and a quantised one, with whatever arrays there are."""
    make, codes = onnx.helper.make_node, np.arange(12, dtype=np.int8).reshape(4, 3)
    arrays = _imported_arrays(source)
    stored = arrays | {"q": codes, "s": np.ones(3, np.float32)}
    nodes = [
        *(make("MatMul", ["x", name], [f"y{n}"], f"/l/{n}") for n, name in enumerate(arrays)),
        make("DequantizeLinear", ["q", "s"], ["f"], axis=1),
        make("Gemm", ["x", "f"], ["z"], transB=source.randrange(2)),
    ]
    initial = [onnx.numpy_helper.from_array(array, name) for name, array in stored.items()]
    graph = onnx.helper.make_graph(nodes, "g", [], [], initial)
    return bytes(onnx.helper.make_model(graph).SerializeToString())


def gguf_model(source: random.Random, folder: Path) -> bytes:
    """Plain and quantised numbers, and a list of words."""
    path = folder / "written.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_array("words", ["a", "b"])
    draw = np.random.default_rng(source.randrange(2**32))
    for name, kind in {"a": "F32", "b": "F16", "c": "Q8_0", "d": "Q4_0"}.items():
        numbers = draw.standard_normal((3, 64)).astype(np.float32)
        raw = gguf.GGMLQuantizationType[kind]
        writer.add_tensor(name, gguf.quants.quantize(numbers, raw), raw_dtype=raw)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


def summless_case(
    ending: str, write: Callable[[random.Random, Path], bytes]
) -> Callable[[random.Random, Path], bool]:
    def case(source: random.Random, folder: Path) -> bool:
        """A file without sums, in which a flipped bit of a number is another number."""
        content = write(source, folder)
        if source.random() < 0.8:
            content = mutate_bytes(source, content, ODD_BYTES)
        file = folder / f"mine{ending}"
        file.write_bytes(content)
        return _is_sound(read_or_refuse(file))

    return case


def _is_sound(networks: Networks | None) -> bool:
    """Whether a file was read; its numbers are then such as can be scored."""
    for stack in networks.weights.values() if networks else ():
        assert stack.dtype == np.float32
        assert np.isfinite(stack).all()
        assert stack.size < 10**7
    return networks is not None


def checkpoint_case(source: random.Random, folder: Path) -> bool:
    """A checkpoint whose pickle is damaged, and whose sums are right: what no sum tells."""
    content, _ = imported(source, ".pt")
    file = folder / "mine.ckpt"
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(file, "w") as other:
        for info in archive.infolist():
            member = archive.read(info)
            if info.filename.endswith("/data.pkl"):
                member = mutate_bytes(source, member, ODD_PICKLES)
            other.writestr(info.filename, member)
    return _is_sound(read_or_refuse(file))


ODD_PICKLES = [
    b"cos\nsystem\n(U\x0atouch pwnedtR", b"cbuiltins\neval\n", b"\x93", b"b", b"}b", b"(lb", b"R",
    b"\x81", b"2", b"0", b"Q", b"\x96" + b"\xff" * 8, b"\x8a\xff" + b"\x7f" * 255,
    b"r\xff\xff\xff\x7f",
]  # fmt: skip
"""Parts of pickles that call, build and repeat."""


def _by_hand(
    ending: str, content: bytes, arrays: dict[str, np.ndarray], networks: Networks
) -> list[np.ndarray]:
    """The matrices of the file, read independently.

    Those of a chain are in the order in which people count, and fit; others in that of the file.
    """
    stacks = list(networks.weights.values())
    if ending == ".csv":
        return [text_by_hand(content, stacks[0][0].shape)]
    if ending == ".npy":
        return [npy_by_hand(content)]
    if ending == ".npz":
        arrays = npz_by_hand(content)
    elif ending == ".safetensors":
        arrays = safetensors_by_hand(content)[0]
    # A damaged .pt is refused by its sums: one that is accepted holds what was saved.
    matrices = {name: array for name, array in arrays.items() if array.ndim == 2}
    floats = {name: array for name, array in matrices.items() if array.dtype.kind == "f"}
    matrices = floats or matrices  # integers beside floats are left out
    if networks.chain:
        sides = [(stack.shape[2], stack.shape[1]) for stack in stacks]
        assert all(first[1] == second[0] for first, second in itertools.pairwise(sides))
    names = sorted(matrices, key=_counted) if networks.chain else list(matrices)
    assert networks.recipe["layers"] == names
    return [matrices[name] for name in names]


def _counted(name: str) -> list[Any]:
    """Names as people count; numbers are padded with zeros."""
    return [
        p.lstrip("0").rjust(9999, "0") if n % 2 else p
        for n, p in enumerate(re.split(r"([0-9]+)", name))
    ]


def table_case(kind: str) -> Callable[[random.Random, Path], bool]:
    name, write = TABLES[kind]

    def case(source: random.Random, folder: Path) -> bool:
        """A table or a sparse matrix from elsewhere."""
        content = write(source)
        if source.random() < 0.6:
            content = mutate_bytes(source, content, [*ODD_BYTES, b"1_0", b"nan", b",", b";", b" "])
        file = folder / name
        file.write_bytes(content)
        networks, refusal = attempt(lambda: read_network("mine", file))
        if refusal:
            check_clear(refusal, str(file))
            return False
        (stack,) = networks.weights.values()
        assert np.isfinite(stack).all()
        wanted = read_by_hand(kind, content, (stack.shape[1], stack.shape[2]))
        assert np.array_equal(stack[0], wanted.astype(np.float32))
        return True

    return case


# --- IDX files ---------------------------------------------------------------------------------


def idx_case(source: random.Random, folder: Path) -> bool:
    """An IDX file as it lies in results."""
    count = source.randrange(1, 5)
    shape = source.choice([(count,), (count, 28, 28)])
    content = struct.pack(f">I{len(shape)}I", 0x800 + len(shape), *shape)
    content += source.randbytes(math.prod(shape))
    content = mutate_bytes(source, content, ODD_BYTES)
    file = folder / "train-labels-idx1-ubyte"
    file.write_bytes(content)
    found, refusal = attempt(lambda: read_idx(file))
    if refusal:
        check_clear(refusal, f"{file}: ")
        return False
    assert np.array_equal(found, idx_by_hand(content))
    assert found.ndim in (1, 3)
    return True


def given_mnist_case(source: random.Random, folder: Path) -> bool:
    """A file of a user's own MNIST folder, plain or gzipped: its sum alone decides."""
    content = struct.pack(">II", 0x801, 50) + source.randbytes(50)
    digest = {"labels-idx1-ubyte": hashlib.sha256(content).hexdigest()}
    packed = source.random() < 0.7
    given = gzip.compress(content, mtime=0) if packed else content
    if source.random() < 0.8:
        given = mutate_bytes(source, given, ODD_BYTES)
    theirs, ours = folder / "theirs", folder / "results"
    for place in (theirs, ours):
        place.mkdir(exist_ok=True)
    for old in (*theirs.iterdir(), *ours.iterdir()):
        old.unlink()
    (theirs / f"labels-idx1-ubyte{'.gz' if packed else ''}").write_bytes(given)
    _, refusal = attempt(lambda: get_mnist(ours, theirs, digests=digest), ours)
    if refusal:
        assert refusal.isprintable()
        assert refusal.startswith(f"dataset.path: {theirs}: ")
        assert not list(ours.iterdir())
        return False
    assert (ours / "labels-idx1-ubyte").read_bytes() == content
    return True


CASES: dict[str, Callable[[random.Random, Path], bool]] = {
    "config": config_case,
    "text": text_case,
    "own": own_weights_case,
    **{ending.removeprefix("."): imported_case(ending) for ending in ENDINGS},
    "checkpoint": checkpoint_case,
    "old checkpoint": summless_case(".pth", old_checkpoint),
    "onnx": summless_case(".onnx", onnx_model),
    "gguf": summless_case(".gguf", gguf_model),
    **{kind: table_case(kind) for kind in TABLES},
    "idx": idx_case,
    "mnist": given_mnist_case,
}


def run_case(kind: str, seed: int, folder: Path) -> bool:
    """One case; the same seed gives the same one. Whether it was accepted."""
    return CASES[kind](random.Random(f"{kind} {seed}"), folder)


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs many cases, and shows those that fail.")
    parser.add_argument("--cases", type=int, default=1000, help="of each kind")
    parser.add_argument("--seed", type=int, default=1, help="of the first")
    parser.add_argument("--kinds", nargs="+", default=list(CASES), choices=list(CASES))
    options = parser.parse_args()
    failures = 0
    for kind in options.kinds:
        counts: Counter[str] = Counter()
        with tempfile.TemporaryDirectory() as folder:
            for seed in range(options.seed, options.seed + options.cases):
                try:
                    accepted = run_case(kind, seed, Path(folder))
                    counts["accepted" if accepted else "refused"] += 1
                except Exception as error:
                    counts["failed"] += 1
                    if counts["failed"] <= 5:
                        last = traceback.extract_tb(error.__traceback__)[-1]
                        print(
                            f"  {kind} {seed}: {type(error).__name__}: {str(error)[:300]!r} {last}"
                        )
        failures += counts["failed"]
        print(kind, dict(counts), flush=True)
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
