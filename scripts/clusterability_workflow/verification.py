"""Verify results: compare files with the records of jobs, and remake a block to compare it.

Records show whether files are unchanged. Remaking a block in another folder shows whether the code
still produces the same results.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from clusterability_workflow.planning import PlannedJob, beside
from clusterability_workflow.records import RECORDS, Record

from clusterability.errors import UserError
from clusterability.files import file_digest
from clusterability.networks.stacked import Networks, load_networks
from clusterability.results.reading import read_csv, read_parquet
from clusterability.training.images import DATA_SETS, digest_problem
from clusterability.training.recipe import Recipe

DAMAGED = ".damaged"
"""Suffix appended to the name of a damaged file, so that the next run makes it again."""

ACCURACY_TOLERANCE = 0.02
"""Tolerated difference in test accuracy between networks trained on different kinds of devices.

Weights cannot be compared then: kinds of devices round differently, and training amplifies the
difference. A difference of one unit in the last place of the initial weights grew to a relative
distance of 0.2 to 0.6 in eight epochs of Adam (0.0001 in five epochs of SGD), and the test accuracy
then differed by at most 0.005.
"""


class State(Enum):
    """State of a file compared with its record."""

    SOUND = "as recorded"
    DAMAGED = "damaged"
    MISSING = "missing"
    UNRECORDED = "without a record"


@dataclass(frozen=True)
class Checked:
    """A file of a job with its state, and a description of the problem, empty without one."""

    file: Path
    state: State
    problem: str = ""


# --- against the records -----------------------------------------------------------------------


def check_records(jobs: Iterable[PlannedJob]) -> list[Checked]:
    """Compare every file of these jobs with its record.

    Left out are jobs that have never run, with neither a record nor files, and temporary files that
    were removed after use. MNIST needs no record.
    """
    return [checked for job in jobs for checked in _check_job(job)]


def _check_job(job: PlannedJob) -> list[Checked]:
    path = beside(job.benchmark, RECORDS, ".json")
    files = [Path(name) for name in job.outputs if name not in job.passing or Path(name).exists()]
    if job.rule == "mnist":  # known by its checksums, whoever made it
        return [_check_images(file) for file in files if file.exists()]
    if not path.exists() and not any(file.exists() for file in files):
        return []
    try:
        digests = Record.read(path).files
    except UserError as error:
        return [Checked(file, State.UNRECORDED, str(error)) for file in files]
    return [_check_file(file, digests.get(str(file)), path) for file in files]


def _check_images(file: Path) -> Checked:
    """Check a file of MNIST, or of a data set in its format; its folder has the data set's name."""
    problem = digest_problem(file, DATA_SETS[file.parent.name].digests[file.name])
    if problem is None:
        return Checked(file, State.SOUND)
    return Checked(file, State.DAMAGED, f"{file.parent}/{problem}")


def _check_file(file: Path, digest: str | None, record: Path) -> Checked:
    if digest is None:
        return Checked(file, State.UNRECORDED, f"{file}: found nothing of it in {record}")
    if not file.is_file():
        return Checked(file, State.MISSING, f"{file}: found no file, expected SHA-256 {digest}")
    try:
        sha256 = file_digest(file)
    except OSError as error:
        return Checked(file, State.DAMAGED, f"{file}: cannot be read: {error.strerror}")
    if sha256 != digest:
        problem = f"{file}: found SHA-256 {sha256[:16]}…, expected {digest[:16]}…"
        return Checked(file, State.DAMAGED, problem)
    return Checked(file, State.SOUND)


def set_aside(file: Path) -> Path:
    """Rename a damaged file, so that the next run makes it again and nothing is lost."""
    return file.rename(file.with_name(file.name + DAMAGED))


# --- remade blocks -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """Results that are remade together: the networks of a block, and the results on them.

    Attributes:
        name: condition and seeds.
        networks: file of weights.
        results: files of partitions, nulls and scores.
    """

    name: str
    networks: Path
    results: tuple[Path, ...]


def blocks(jobs: Sequence[PlannedJob]) -> list[Block]:
    """All existing blocks of networks, each with its partitions, nulls and scores."""
    of_networks = {
        file: job
        for job in jobs
        for file in map(Path, job.outputs)
        if file.suffix == ".safetensors" and file.is_file()
    }
    all_blocks = []
    for networks in of_networks:
        condition, seeds = networks.parent.name, networks.stem
        part = f"/{condition}/{seeds}/"
        results = tuple(
            file
            for job in jobs
            if job.rule != "agree"
            for file in map(Path, job.outputs)
            if part in file.as_posix() and file.is_file()
        )
        all_blocks.append(Block(f"{condition} {seeds}", networks, results))
    return all_blocks


def compare_weights(ours: Path, again: Path) -> str | None:
    """Describe a difference between two files of weights, to the bit; None without one."""
    first, second = load_networks(ours), load_networks(again)
    shapes = [{layer: w.shape for layer, w in item.weights.items()} for item in (first, second)]
    if shapes[0] != shapes[1] or _description(first) != _description(second):
        return f"{ours}: found other networks than are made now"
    for layer, stack in first.weights.items():
        distance = _relative_distance(stack, second.weights[layer])
        if distance:
            return (
                f"{ours}: {layer}: found weights at a relative distance of {distance:.2g} from"
                " those made again, expected the same bits"
            )
    return None


def _description(networks: Networks) -> tuple[str, tuple[int, ...], dict[str, Any]]:
    """Condition, seeds and recipe; an earlier version's recipe is converted to the current form."""
    recipe = networks.recipe
    if "architecture" in recipe:  # else no training made them
        recipe = Recipe.keys_of_file(recipe)
    return networks.condition, tuple(networks.seeds), recipe


def compare_accuracy(ours: Path, again: Path) -> str | None:
    """Describe a difference between two blocks trained on different kinds of devices.

    Args:
        ours, again: files `{seeds}.safetensors`, with a `{seeds}.networks.csv` beside each.

    Returns:
        None if all test accuracies agree within ACCURACY_TOLERANCE.
    """
    first, second = (_rows(file).set_index("seed").sort_index() for file in (ours, again))
    if list(first.index) != list(second.index):
        return f"{ours}: found other networks than are made now"
    difference = (first["test_accuracy"] - second["test_accuracy"]).abs()
    if (difference <= ACCURACY_TOLERANCE).all():
        return None
    worst = int(difference.to_numpy().argmax())
    value, expected = (table["test_accuracy"].iloc[worst] for table in (first, second))
    return (
        f"{ours}: found a test accuracy of {value:.3f} for seed {first.index[worst]}, expected that"
        f" of the other device, {expected:.3f}, within {ACCURACY_TOLERANCE}"
    )


def trained_on(networks: Path) -> set[str]:
    """Kinds of devices on which a file's networks were trained; empty if they were not trained."""
    table = _rows(networks)
    if "device" not in table:
        return set()
    return {str(device).split(":")[0] for device in table["device"].dropna()}


def _rows(networks: Path) -> pd.DataFrame:
    file = networks.with_suffix(".networks.csv")
    return read_csv(file) if file.is_file() else pd.DataFrame()


def _relative_distance(ours: np.ndarray, again: np.ndarray) -> float:
    """Largest L2 distance of a network's weights from the remade ones, divided by their norm."""
    if np.array_equal(ours, again):
        return 0.0
    axes = tuple(range(1, ours.ndim))
    difference = np.sqrt(np.square(ours.astype(float) - again).sum(axis=axes))
    size = np.sqrt(np.square(again.astype(float)).sum(axis=axes))
    return float(np.max(difference / np.maximum(size, np.finfo(float).tiny)))


def compare_results(ours: Path, again: Path) -> str | None:
    """Describe a difference between two files of partitions or of rows; None without one."""
    if not again.is_file():
        return f"{ours}: was not made again"
    if file_digest(ours) == file_digest(again):
        return None
    # Different bytes may hold equal values, as releases of a library write files differently.
    same = _same_arrays if ours.suffix == ".npz" else _same_rows
    return None if same(ours, again) else f"{ours}: found other values than are made now"


def _same_arrays(ours: Path, again: Path) -> bool:
    with np.load(ours, allow_pickle=False) as first, np.load(again, allow_pickle=False) as second:
        if sorted(first.files) != sorted(second.files):
            return False
        return all(_same_array(first[name], second[name]) for name in first.files)


def _same_array(ours: np.ndarray, again: np.ndarray) -> bool:
    return np.array_equal(ours, again, equal_nan=ours.dtype.kind == "f")


def _same_rows(ours: Path, again: Path) -> bool:
    read = read_parquet if ours.suffix == ".parquet" else read_csv
    return bool(read(ours).equals(read(again)))
