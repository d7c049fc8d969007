"""The workflow around the kernels: start-up of jobs, a whole study, doing nothing, planning."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from benchmarks.timing import Row, fastest, seconds

PROJECT = Path(__file__).resolve().parents[1]
SCRIPTS = PROJECT / "scripts"
FOLDER = Path("results/bench")
"""Folder of the studies that are timed, relative to the project."""

JOBS = (
    "mnist", "train", "cluster", "null", "null_labels", "score", "probe", "choose_k", "agree",
    "aggregate", "plot", "validate", "find",
)  # fmt: skip
THREE = ("untrained", "baseline", "trained")
"""Conditions of the smaller study."""
HEAVY = ("torch", "sklearn", "scipy.stats", "numba", "pandas", "matplotlib", "torchvision")
_DONE = re.compile(r"done: ([\d.]+) s, ([\d.]+) CPU s, after ([\d.]+) CPU s")


# --- jobs --------------------------------------------------------------------------------------


def startup(rounds: int) -> pd.DataFrame:
    """Imports of each script and the time they take: `script`, `seconds`, `imports`."""
    rows = []
    for name in JOBS:
        program = _imports(SCRIPTS / f"{name}.py")
        command = [sys.executable, "-c", program]
        took = fastest(partial(run, command, SCRIPTS), rounds)
        listing = f"{program}\nimport sys\nprint(*[m for m in {HEAVY} if m in sys.modules])"
        loaded = run([sys.executable, "-c", listing], SCRIPTS)
        rows.append({"script": name, "seconds": took, "imports": " ".join(loaded.split())})
    return pd.DataFrame(rows)


def _imports(file: Path) -> str:
    """The import statements at the top of a script, as a program."""
    tree = ast.parse(file.read_text())
    kept = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(map(ast.unparse, kept))


def run(command: Sequence[str], folder: Path = PROJECT) -> str:
    path = os.pathsep.join([str(PROJECT / "src"), str(SCRIPTS)])
    environment = os.environ | {"PYTHONPATH": path}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")
    return done.stdout


# --- studies -----------------------------------------------------------------------------------


def studies(rounds: int) -> list[Row]:
    """The default study and the one of three conditions, from nothing but MNIST; then again."""
    rows = []
    for title, conditions in (("default study", None), ("three conditions", THREE)):
        config = _config(title.replace(" ", "-"), conditions)
        shutil.rmtree(PROJECT / config["results"], ignore_errors=True)
        command = _snakemake(config)
        took = seconds(partial(run, command))
        kernels, started = kernel_seconds(PROJECT / config["results"] / "logs")
        cores = os.cpu_count() or 1
        rows += [
            Row("workflow", f"{title}: all jobs", "s", took),
            Row(
                "workflow", f"{title}: work of its jobs over the cores", "s", kernels / cores,
                peer="wall time", theirs=took, ratio=took * cores / kernels,
            ),
            Row("workflow", f"{title}: packages of its jobs over the cores", "s", started / cores),
            Row(
                "workflow", f"{title}: again", "s",
                fastest(partial(run, command), rounds), rounds=rounds,
            ),
        ]  # fmt: skip
    return rows


def kernel_seconds(logs: Path) -> tuple[float, float]:
    """CPU seconds of all jobs: of their work, and of Python and its packages before it."""
    matches = [match for log in logs.rglob("*.log") for match in _DONE.finditer(log.read_text())]
    return sum(float(match[2]) for match in matches), sum(float(match[3]) for match in matches)


def plans(rounds: int, amounts: Sequence[int]) -> list[Row]:
    """`make plan` for a study of about so many jobs, nothing of which is there."""
    results = []
    for amount in amounts:
        config = _config(f"plan-{amount}", None)
        # About 113 jobs a block of seeds.
        blocks = max(1, -(-amount // 113))
        config["seeds"] = [f"{10 * number}-{10 * number + 9}" for number in range(blocks)]
        command = [sys.executable, "scripts/commands/plan.py", "--configfile", _write(config)]
        took, plan = _fastest(command, rounds)
        jobs = re.search(r"of (\d+) jobs", plan)
        count = jobs[1] if jobs else "?"
        results.append(Row("workflow", f"plan of {count} jobs", "s", took, rounds=rounds))
    return results


def _fastest(command: Sequence[str], rounds: int) -> tuple[float, str]:
    """The least time of some runs, and what the last one printed."""
    printed: list[str] = []
    return fastest(lambda: printed.append(run(command)), rounds), printed[-1]


def _config(name: str, conditions: Sequence[str] | None) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((PROJECT / "config.yaml").read_text())
    config["results"] = str(FOLDER / name)
    if conditions:
        config["conditions"] = {name: config["conditions"][name] for name in conditions}
    return config


def _write(config: dict[str, Any]) -> str:
    file = PROJECT / f"{config['results']}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    return str(file)


def _snakemake(config: dict[str, Any]) -> list[str]:
    return [str(Path(sys.executable).with_name("snakemake")), "--configfile", _write(config)]
