"""Files that a study writes for itself, damaged by the hundred: refused, or what their bytes say.

Configs, weights and images are damaged by tests/helpers/fuzzing.py. Mutations are drawn from
fixed seeds.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from clusterability_workflow.records import Record

from clusterability.errors import UserError
from clusterability.networks.partitions import Partitions
from clusterability.results.npz_files import load_items, save_items
from clusterability.training.checkpoints import Checkpoints, TrainingState

FILE_MUTATIONS = 150  # of each kind of file


def check_refusal(error: UserError, start: str) -> None:
    """One line of text that names the file and says what was expected."""
    text = str(error)
    assert text.startswith(start)
    assert text.isprintable()
    assert "expected" in text
    assert len(text) < 700


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


def try_all(
    folder: Path, content: bytes, name: str, seed: int, read: Callable[[Path], Any]
) -> list[tuple[bytes, Any]]:
    """Reads a file damaged in many ways; gives what was accepted, with the file's content."""
    source, file, accepted = random.Random(seed), folder / name, []
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


def test_damaged_records(tmp_path):
    file = tmp_path / "whole.csv"
    file.write_text("1\n")
    record = Record.of_files("train", {"seeds": "0"}, {"job": {"epochs": 5}}, [str(file)])
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
