"""Plan of a run: reasons of jobs, their expected costs, and orphaned files.

This module knows jobs only by the files that they write, and does not depend on Snakemake.
"""

from __future__ import annotations

import ast
import csv
import math
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from clusterability_workflow.records import LOGS, RECORDS, Record
from clusterability_workflow.together import TOGETHER, number_of_layers, other_layers

from clusterability.blocks import Block
from clusterability.errors import UserError
from clusterability.names import CHECKPOINTS
from clusterability.results.display_names import counted

BENCHMARKS = "benchmarks"
RESULTS = ("networks", "clusters", "nulls", "scores", "tables", "figures")
"""Folders of a study that contain only results."""

_START = {"train": 3.5, "any other": 0.5}
"""Seconds that a job takes to start, by rule: Python and its packages, and PyTorch for training.
They do not grow with the block."""
_MNIST_IMAGES = 60_000

_BLOCK = re.compile(r"\d+(-\d+)?")


@dataclass(frozen=True)
class PlannedJob:
    """A job of the study.

    Attributes:
        rule: name of its rule.
        outputs: files that it writes.
        benchmark: file of its running time; the path names the blocks that it works on.
        reasons: why it runs; empty if it does not.
        threads, gpus: numbers of threads and GPUs that it uses.
        params: parameters that determine its results, as in its record.
        passing: temporary outputs, which are removed once they are read.
        spent: temporary outputs that no job will read any more.
        inputs: files that it reads.
    """

    rule: str
    outputs: tuple[str, ...]
    benchmark: Path
    reasons: tuple[str, ...] = ()
    threads: int = 1
    gpus: int = 0
    params: Mapping[str, Any] = field(default_factory=dict)
    passing: tuple[str, ...] = ()
    spent: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()


MOVED = "code moved to other folders: runs again once (CHANGELOG.md)"
"""Reason why all jobs run again in a study that was computed before the code moved."""

# --- reasons -----------------------------------------------------------------------------------


def parameter_changes(before: Iterable[str], now: Iterable[str]) -> list[str]:
    """Describe the differences between two sets of parameters.

    Args:
        before, now: values of `params` that differ, as Python writes them (`repr`).

    >>> parameter_changes(["{'epochs': 5, 'l1': 0.0}"], ["{'epochs': 8, 'l1': 0.0}"])
    ['parameter epochs: 5 -> 8']
    >>> parameter_changes(["{'a.py': '1', 'b.py': '2'}"], ["{'a.py': '1', 'b.py': '3'}"])
    ['code of b.py']
    >>> parameter_changes(["{'train.py': '1', 'clusterability/recipe.py': '2'}"], [])
    ['code moved to other folders: runs again once (CHANGELOG.md)']
    >>> parameter_changes([], ["{'together': [['mine', 'imported', 'fc1']]}"])
    ['layers taken together: 1 more']
    """
    old, new = [_value(text) for text in before], [_value(text) for text in now]
    changes: list[str] = []
    if any(map(_are_digests_of_the_flat_folder, old)):
        changes.append(MOVED)
        old, new = ([value for value in values if not _are_digests(value)] for values in (old, new))
    for value in new:
        other = _counterpart(value, old)
        if other is not None:
            old.remove(other)
        changes += list(_differences("", other, value))
    changes += [change for value in old for change in _differences("", value, None)]
    return list(dict.fromkeys(changes))


def _are_digests_of_the_flat_folder(value: Any) -> bool:
    """Whether a parameter has digests from before paths of code began with src/ and scripts/."""
    return isinstance(value, dict) and any(str(key).startswith("clusterability/") for key in value)


def _are_digests(value: Any) -> bool:
    """Whether a parameter contains the digests of a job's code."""
    return isinstance(value, dict) and any(str(key).endswith(".py") for key in value)


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _counterpart(value: Any, others: Sequence[Any]) -> Any:
    """Find the corresponding value of the same type: for a dict, the one that shares most keys."""
    same = [other for other in others if type(other) is type(value)]
    if isinstance(value, dict):
        shared = [(len(other.keys() & value.keys()), -i) for i, other in enumerate(same)]
        most, negated_index = max(shared, default=(0, 0))
        return same[-negated_index] if most else None
    return same[0] if same else None


def _differences(key: str, before: Any, now: Any) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted(before.keys() | now.keys(), key=str):
            if before.get(name) != now.get(name) or (name in before) != (name in now):
                yield from _differences(
                    f"{key}.{name}".lstrip("."), before.get(name), now.get(name)
                )
    elif isinstance(before or now, dict) and not key:
        yield from _differences("", before or {}, now or {})
    elif key == TOGETHER:
        yield other_layers(before or [], now or [])
    elif key.endswith(".py"):
        kind = "new import of" if before is None else "no more import of" if now is None else ""
        yield f"{kind or 'code of'} {key}"
    else:
        yield f"parameter {key or 'values'}: {_shown(before)} -> {_shown(now)}"


def _shown(value: Any, width: int = 40) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= width else text[: width - 1] + "…"


# --- costs -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """Cost of a job: seconds, and bytes of its files; None if the files are gone."""

    seconds: float
    size: int | None


@dataclass(frozen=True)
class _Sample:
    """A job that has run; its time grows with `work`, and the size of its files with `content`."""

    work: float
    content: float
    cost: Cost

    def brought_to(self, work: float, content: float, start: float) -> Cost:
        """Scale the cost to a job of another size; `start` seconds do not grow."""
        size = None if self.cost.size is None else round(self.cost.size * content / self.content)
        if math.isclose(work, self.work):
            return Cost(self.cost.seconds, size)
        # Even of a quick job, count a tenth of the time as work.
        working = max(self.cost.seconds - start, 0.1 * self.cost.seconds)
        return Cost(start + working * work / self.work, size)


@dataclass
class Costs:
    """Costs of earlier jobs, by the paths of their benchmarks; those of `study` take precedence."""

    study: Path
    _samples: dict[tuple[bool, str], list[_Sample]] = field(default_factory=dict)

    @classmethod
    def of_earlier_jobs(cls, study: Path, everything: Path) -> Costs:
        """Read all benchmarks below `everything`, of this study and of others."""
        costs = cls(study)
        for file in sorted(everything.rglob("*.tsv")):
            seconds = seconds_of(file) if BENCHMARKS in file.parts else None
            if seconds is not None:
                record = _record(file)
                size = _size_of_all(map(Path, record.files)) if record else 0
                params = record.params if record else {}
                sample = _Sample(_work(file, params), _content(file, params), Cost(seconds, size))
                is_own = file.is_relative_to(study / BENCHMARKS)
                for kind in _kinds(file):
                    costs._samples.setdefault((is_own, kind), []).append(sample)
        return costs

    def expected(self, job: PlannedJob) -> tuple[Cost | None, bool]:
        """Expected cost of a job, None if unknown; also whether it is based on jobs of this study.

        The estimate uses the most similar jobs. The order is: the same condition, layer and null at
        other blocks, other conditions, other layers; jobs of this study come before all others. The
        size is estimated in the same way, from jobs whose files still exist.
        """
        samples, is_own = self._like(job)
        if not samples:
            return None, False
        sized, _ = self._like(job, sized=True)
        return Cost(_expected(samples, job).seconds, _expected(sized or samples, job).size), is_own

    def _like(self, job: PlannedJob, sized: bool = False) -> tuple[list[_Sample], bool]:
        """Most similar jobs, and whether they are of this study; if `sized`, jobs with files."""
        for is_own in (True, False):
            for kind in _kinds(job.benchmark):
                samples = self._samples.get((is_own, kind), [])
                if matches := [one for one in samples if not sized or one.cost.size is not None]:
                    return matches, is_own
        return [], False


def _expected(samples: Sequence[_Sample], job: PlannedJob) -> Cost:
    """Median cost of the samples with the most similar work, scaled to this job."""
    work, content = _work(job.benchmark, job.params), _content(job.benchmark, job.params)
    distances = [abs(math.log(work / sample.work)) for sample in samples]
    nearest = min(distances) + 1e-9
    start = _START.get(job.rule, _START["any other"])
    costs = [
        sample.brought_to(work, content, start)
        for sample, distance in zip(samples, distances, strict=True)
        if distance <= nearest
    ]
    seconds = statistics.median(cost.seconds for cost in costs)
    sizes = [cost.size for cost in costs if cost.size is not None]
    return Cost(seconds, round(statistics.median(sizes)) if sizes else None)


def seconds_of(benchmark: Path) -> float | None:
    """Seconds that a job took, read from its benchmark; None if it cannot be read."""
    try:
        with benchmark.open(newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        return float(rows[-1]["s"])
    except (OSError, ValueError, KeyError, IndexError):
        return None


def _record(benchmark: Path) -> Record | None:
    try:
        return Record.read(beside(benchmark, RECORDS, ".json"))
    except UserError:
        return None


def _asked(params: Mapping[str, Any]) -> Any:
    """Parameter that describes a job's work; records of old studies call it `study`."""
    return params.get("job", params.get("study"))


def _work(benchmark: Path, params: Mapping[str, Any]) -> float:
    """Work of a job, to which its time is proportional: blocks times draws, groups or training."""
    job = _asked(params)
    work = _blocks(benchmark)
    if not isinstance(job, dict):
        return work
    work *= float(job.get("draws") or 1) * float(job.get("groups") or 1)
    if "recipe" in job:
        images = job.get("train_images") or _MNIST_IMAGES
        # Untrained networks are still evaluated.
        recipe = job["recipe"]
        shown = images * recipe["epochs"]
        if recipe.get("steps") is not None:
            shown = min(shown, recipe["steps"] * recipe["batch_size"])
        work *= max(shown, 0.1 * images)
    return work


def _content(benchmark: Path, params: Mapping[str, Any]) -> float:
    """Content of a job's files, to which their size is proportional: blocks times draws."""
    job = _asked(params)
    draws = job.get("draws") if isinstance(job, dict) else None
    return _blocks(benchmark) * float(draws or 1 if _place(benchmark)[0] == "null" else 1)


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _size_of_all(files: Iterable[Path]) -> int | None:
    """Bytes of all files that exist; None if none does."""
    existing_files = [file for file in files if file.is_file()]
    return sum(map(_size, existing_files)) if existing_files else None


def beside(benchmark: Path, folder: str, ending: str) -> Path:
    """File of the same job in another folder of the study, such as its log."""
    index = benchmark.parts.index(BENCHMARKS)
    parts = (*benchmark.parts[:index], folder, *benchmark.parts[index + 1 :])
    return Path(*parts).with_suffix(ending)


def _place(benchmark: Path) -> list[str]:
    """Split the path of a job: rule, then condition, blocks and layer, as far as it has them.

    The last part is split at its dots: `2-12.shuffle` is a block of k and a null.
    """
    parts = benchmark.with_suffix("").parts
    *folders, last = parts[parts.index(BENCHMARKS) + 1 :]
    return [*folders, *last.split(".")]


def _blocks(benchmark: Path) -> float:
    """Product of the sizes of a job's blocks and the number of its layers."""
    blocks = [part for part in _place(benchmark) if _BLOCK.fullmatch(part)]
    layers = max(map(number_of_layers, _place(benchmark)))
    return float(layers * math.prod(len(Block.parse(block)) for block in blocks))


def _kinds(benchmark: Path) -> list[str]:
    """Kinds of jobs that resemble this one, the most similar first, regardless of blocks."""
    rule, *rest = ["*" if _BLOCK.fullmatch(part) else part for part in _place(benchmark)]
    places = [rest, ["", *rest[1:]], ["", "", *rest[-1:]], []]
    return ["/".join([rule, *names]) for names in places]


# --- orphans -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Orphans:
    """Files of a study that no job of its config writes any more, and draws that no job reads.

    Attributes:
        results: result files and checkpoints.
        others: their records, benchmarks and logs.
    """

    results: tuple[Path, ...]
    others: tuple[Path, ...]

    @cached_property
    def size(self) -> int:
        """Bytes of all orphans."""
        return sum(_size(file) for file in (*self.results, *self.others))

    def remove(self, study: Path) -> None:
        """Remove all orphans, and the folders that are then empty."""
        for file in (*self.results, *self.others):
            file.unlink(missing_ok=True)
        for folder in sorted((path for path in study.rglob("*") if path.is_dir()), reverse=True):
            if not any(folder.iterdir()):
                folder.rmdir()


def find_orphans(study: Path, jobs: Iterable[PlannedJob]) -> Orphans:
    """Find files in the folders of a study that none of its jobs writes or keeps."""
    jobs = list(jobs)
    wanted = {Path(file) for job in jobs for file in job.outputs if file not in job.spent}
    paths = [file for name in RESULTS for file in _files(study / name)]
    results = [file for file in paths if file not in wanted]
    results += _checkpoints_without_job(study, wanted)
    kept = {job.benchmark for job in jobs}
    others: list[Path] = []
    for folder, ending in ((BENCHMARKS, ".tsv"), (RECORDS, ".json")):
        wanted_here = {beside(benchmark, folder, ending) for benchmark in kept}
        gone = [file for file in _files(study / folder) if file not in wanted_here]
        others += gone
        # Only logs of these jobs: the folder of logs also holds other files.
        log = [Path(study, LOGS, *f.relative_to(study / folder).parts) for f in gone]
        others += [file.with_suffix(".log") for file in log if file.with_suffix(".log").is_file()]
    return Orphans(tuple(results), tuple(dict.fromkeys(others)))


def _checkpoints_without_job(study: Path, wanted: set[Path]) -> list[Path]:
    """Checkpoints of blocks that the study no longer trains, and kept draws of nulls it dropped."""
    return [file for file in _files(study / CHECKPOINTS) if _made_from(study, file) not in wanted]


def _made_from(study: Path, checkpoint: Path) -> Path:
    """File that a job makes from a checkpoint or from kept draws.

    These are `…/{condition}/{seeds}/*.checkpoint` and `…/nulls/{...}/{k}.{null}/{key}/*.npz`.
    """
    folder = checkpoint.parent.relative_to(study / CHECKPOINTS)
    if checkpoint.suffix == ".npz":
        return study / folder.parent.with_name(f"{folder.parent.name}.npz")
    return study / "networks" / folder.with_name(f"{folder.name}.safetensors")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def trained_again(orphans: Orphans, jobs: Iterable[PlannedJob]) -> list[str]:
    """Warnings on enlarged blocks, whose networks are trained again."""
    warnings = []
    trained = [file for file in orphans.results if file.suffix == ".safetensors"]
    for job in (job for job in jobs if job.rule == "train" and job.reasons):
        networks = Path(job.outputs[0])
        for old in (file for file in trained if file.parent == networks.parent):
            if _BLOCK.fullmatch(old.stem) and set(Block.parse(old.stem)) <= set(
                Block.parse(networks.stem)
            ):
                warnings.append(
                    f"{old.parent.name} {old.stem} is trained again as a part of {networks.stem}:"
                    " append a block to keep it"
                )
    return warnings


# --- the plan in words -------------------------------------------------------------------------


def plan_lines(
    study: Path,
    jobs: Sequence[PlannedJob],
    costs: Costs,
    orphans: Orphans | None,
    cores: int,
    free: int,
) -> list[str]:
    """Format the plan, line by line.

    Args:
        study: folder of the results.
        jobs: all jobs of the study; those with reasons run.
        costs: costs of earlier jobs.
        orphans: orphaned files; None if unknown, since only a part of the study is planned.
        cores: number of cores of the run.
        free: free bytes on the disk.
    """
    running = [job for job in jobs if job.reasons]
    lines = [f"{study}: {len(running)} of {len(jobs)} jobs to run"]
    if running:
        expected = [(job, *costs.expected(job)) for job in running]
        lines += _table(expected) + _totals(expected, cores, free)
    if orphans is not None:
        lines += trained_again(orphans, running)
        lines += _orphan_lines(orphans)
    return lines


_Expected = tuple[PlannedJob, Cost | None, bool]
"""A job with its expected cost, and whether that is based on jobs of its own study."""


def _table(expected: Sequence[_Expected]) -> list[str]:
    by_rule: dict[str, list[_Expected]] = {}
    for item in expected:
        by_rule.setdefault(item[0].rule, []).append(item)
    lines = [f"  {'rule':<15}{'jobs':>6}{'minutes':>10}  why"]
    for rule, members in by_rule.items():
        minutes = _minutes([cost for _, cost, _ in members])
        shown = "unknown" if minutes is None else f"{minutes:.1f}"
        first, *more = _reasons([job for job, _, _ in members])
        lines.append(f"  {rule:<15}{len(members):>6}{shown:>10}  {first}")
        lines += [f"  {'':<15}{'':>6}{'':>10}  {reason}" for reason in more]
    return lines


def _reasons(jobs: Sequence[PlannedJob], most: int = 6) -> list[str]:
    """Reasons with the number of jobs that have them, the most frequent first."""
    counts: dict[str, int] = {}
    for reason in (reason for job in jobs for reason in job.reasons):
        counts[reason] = counts.get(reason, 0) + 1
    ordered = sorted(counts, key=lambda reason: -counts[reason])
    lines = [
        reason if counts[reason] == len(jobs) else f"{reason} ({counted(counts[reason], 'job')})"
        for reason in ordered[:most]
    ]
    more = len(ordered) - most
    return [*lines, f"and {more} more reasons"] if more > 0 else lines


def _minutes(costs: Sequence[Cost | None]) -> float | None:
    """Minutes of all jobs; None if the cost of any is unknown."""
    known = [cost.seconds for cost in costs if cost is not None]
    return sum(known) / 60 if len(known) == len(costs) else None


def _totals(expected: Sequence[_Expected], cores: int, free: int) -> list[str]:
    known = [(job, cost, is_own) for job, cost, is_own in expected if cost is not None]
    core_seconds = sum(cost.seconds * min(job.threads, cores) for job, cost, _ in known)
    on_gpus = sum(cost.seconds * job.gpus for job, cost, _ in known)
    unknown = sorted({job.rule for job, cost, _ in expected if cost is None})
    others = sorted({job.rule for job, _, is_own in known if not is_own})
    lines = []
    if known:
        lines.append(
            f"Time: {core_seconds / 3600:.2f} core hours, so at least"
            f" {core_seconds / 60 / cores:.1f} minutes on {cores} cores;"
            f" {on_gpus / 3600:.2f} GPU hours"
        )
        lines += _disk([(job, cost) for job, cost, _ in known], free)
    if others:
        lines.append(f"Guessed from jobs of other studies, so roughly: {', '.join(others)}")
    if unknown:
        lines.append(f"Not in these numbers, since no such job has run: {', '.join(unknown)}")
    return lines


def _disk(known: Sequence[tuple[PlannedJob, Cost]], free: int) -> list[str]:
    """Lines on the disk space of files that jobs write: lasting ones, and temporary ones."""
    passing = [cost.size for job, cost in known if job.passing]
    staying = [(job.rule, cost.size) for job, cost in known if not job.passing]
    size, draws = sum(size or 0 for _, size in staying), sum(size or 0 for size in passing)
    beside = f", and {readable(draws) if draws else 'some'} of draws that go once they are scored"
    lines = [
        f"Disk: {readable(size)} to be written{beside if passing else ''}; {readable(free)} free"
    ]
    gone = sorted({rule for rule, size in staying if size is None})
    if gone:
        lines.append(f"Not in what is to be written, since such files are gone: {', '.join(gone)}")
    return lines


def _orphan_lines(orphans: Orphans, most: int = 10) -> list[str]:
    if not orphans.results and not orphans.others:
        return []
    number = len(orphans.results)
    lines = [
        f"Orphans: {number} results that the config does not ask for any more"
        f" ({readable(orphans.size)} with logs; make clean-orphans removes them)"
    ]
    lines += [f"  {file}" for file in orphans.results[:most]]
    return [*lines, f"  and {number - most} more"] if number > most else lines


def readable(size: float) -> str:
    """Format a number of bytes with a unit.

    >>> readable(3_400_000)
    '3.4 MB'
    """
    if size < 1000:
        return f"{size:.0f} bytes"
    unit = min(int(math.log10(size)) // 3, 4)
    return f"{size / 1000**unit:.1f} {('bytes', 'kB', 'MB', 'GB', 'TB')[unit]}"
