"""Copies of the workflow in folders of their own, run by Snakemake as a user runs them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import yaml

from clusterability_workflow.together import rule_of

from everything import MICRO
from project import ROOT

OURS = ("SNAKEMAKE", "CLUSTERABILITY")
"""Variables that a run that tests may be part of gives to its jobs."""
RULE = re.compile(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", re.MULTILINE)

LIMIT = 3600
"""Seconds after which a command hangs: far more than it takes on a slow machine."""


class Workflow:
    """A copy of the workflow in a folder of its own, with a config of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.finish(self.start(*arguments))

    def command(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command such as `plan.py`, as its target of the Makefile does."""
        return self.finish(self._start(sys.executable, f"scripts/commands/{script}", *arguments))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts Snakemake, in a process group of its own."""
        return self._start(sys.executable, "-m", "snakemake", "--cores", "2", *arguments)

    def _start(self, *command: str) -> subprocess.Popen[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @staticmethod
    def finish(started: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
        """Waits for what was started, and kills it and its jobs if it hangs."""
        try:
            said, _ = started.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(started.args, started.returncode, said, "")

    def configure(self, **changes) -> None:
        (self.folder / "config.yaml").write_text(yaml.safe_dump(MICRO | changes))

    def edit(self, file: str) -> None:
        """Add a line at the end: to a module one that is code, since comments rerun nothing."""
        path = self.folder / file
        assert path.resolve().is_relative_to(self.folder.resolve()), f"{file} is the project's own"
        with path.open("a") as stream:
            stream.write("\nEDITED = True\n" if path.suffix == ".py" else "\n# edited\n")

    def planned(self, *targets: str) -> list[dict[str, str]]:
        """Jobs that a dry run lists: the rule and its wildcards."""
        found = self.snakemake("--dry-run", *targets)
        assert found.returncode == 0, found.stdout + found.stderr
        text = found.stdout + found.stderr
        jobs = []
        for name, body in RULE.findall(text):
            wildcards = re.search(r"wildcards: (.*)", body)
            pairs = [pair.split("=", 1) for pair in wildcards[1].split(", ")] if wildcards else []
            jobs.append({"rule": rule_of(name), **dict(pairs)})
        return jobs

    def planned_rules(self) -> dict[str, int]:
        return dict(Counter(job["rule"] for job in self.planned() if job["rule"] != "all"))


def copy_workflow(target: Path, *, edited: bool = False) -> Workflow:
    """The workflow in a folder of its own.

    Its code is linked; copied where a test edits it, with what Numba has compiled of the rest.
    """
    target.mkdir(parents=True, exist_ok=True)
    for name in ("rules", "scripts", "src", "envs", "profiles"):
        if edited:
            shutil.copytree(ROOT / name, target / name)
        else:
            (target / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "Snakefile", target / "Snakefile")
    return Workflow(target)


def put_another_copy(folder: Path) -> Path:
    """A package `clusterability` that ends whatever imports it, as another release might."""
    (folder / "clusterability").mkdir(parents=True)
    (folder / "clusterability" / "__init__.py").write_text("raise SystemExit('another copy')\n")
    return folder
