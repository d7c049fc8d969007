"""Runs of a small study on the Slurm of a test, to which the test does things while they go on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
import yaml

from project import ROOT
from workflows import put_another_copy

# Each job costs some seconds, for the three Snakemakes that it starts: of the smoke study, one
# condition of two layers without probing, and no figures. Its training lasts long enough to be
# stopped.
STEPS = 10 * 94  # epochs x batches
SMALLER = {
    "conditions": {"trained": {"epochs": 10, "architecture": "784-256-10"}},
    "nulls": {"shuffle": 9, "labels": 9},
    "probe": {"k": []},
}
# Two threads are slower than one where other jobs run beside.
THREADS = {"threads": 1}
TARGET = "tables"

PROFILE = ("--workflow-profile", "profiles/slurm")
QUICK = ("--slurm-init-seconds-before-status-checks", "6", "--latency-wait", "5")
SECONDS = 3600  # where others work on the machine, too

T = TypeVar("T")


def configure(folder: Path, mnist: Path) -> None:
    study = yaml.safe_load((ROOT / "studies" / "smoke.yaml").read_text())
    study["dataset"]["path"] = str(mnist)
    del study["results"]
    study["training"] |= THREADS
    (folder / "config.yaml").write_text(yaml.safe_dump(study | SMALLER))


def training_log(folder: Path) -> Path:
    return folder / "results" / "logs" / "train" / "trained" / "0-1.log"


def assert_same_scores(*folders: Path) -> None:
    """Two studies have the same scores, byte for byte, and not just a heading."""
    here, there = (folder / "results" / "tables" / "scores.csv" for folder in folders)
    assert here.read_bytes() == there.read_bytes()
    assert len(here.read_text().splitlines()) > 100


class Run:
    """A run of the study on Slurm, while it goes on."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.arguments = arguments
        self.deadline = time.monotonic() + SECONDS

    def __enter__(self) -> Run:
        command = [
            sys.executable,
            "-m",
            "snakemake",
            *PROFILE,
            *QUICK,
            *self.arguments,
            "--",
            TARGET,
        ]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SNAKEMAKE")}
        # A job that took this for the library would end.
        environment["PYTHONPATH"] = str(put_another_copy(self.folder / "another"))
        with (self.folder / "run.out").open("w") as output:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()

    def output(self) -> str:
        return (self.folder / "run.out").read_text()

    def see(self, what: str, found: Callable[[], T | None]) -> T:
        """The first thing found, looked for until the run ends or takes too long."""
        while (result := found()) is None:
            if self.process.poll() is not None or time.monotonic() > self.deadline:
                pytest.fail(f"did not see {what}\n{self.output()}")
            time.sleep(0.05)
        return result

    def see_training(self) -> None:
        log = training_log(self.folder)
        self.see("training", lambda: (log.exists() and " step 1 of " in log.read_text()) or None)

    def end(self) -> None:
        assert self.process.wait(self.deadline - time.monotonic()) == 0, self.output()
