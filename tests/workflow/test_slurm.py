"""A study on a real Slurm: its jobs are stopped and cancelled, and its scores are those made here.

Slurm is set up for these tests, on one node, where this is allowed (slurm_daemons.py).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from slurm_daemons import ask, slurm_daemons, why_not
from slurm_runs import (
    PROFILE,
    STEPS,
    TARGET,
    Run,
    assert_same_scores,
    configure,
    training_log,
)
from workflows import copy_workflow

REASON = why_not()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.network,
    pytest.mark.slurm,
    pytest.mark.release,
    pytest.mark.skipif(REASON is not None, reason=f"no Slurm is set up here: {REASON}"),
]

WITHOUT_ACCOUNTING = ("--slurm-status-command", "squeue")


@dataclass(frozen=True)
class Job:
    """A job as Slurm tells of it. memory: MB. minutes: its time limit."""

    number: str
    comment: str
    state: str
    memory: int
    minutes: int


@dataclass(frozen=True)
class Finished:
    """The study on Slurm and without, and what was done to two of its jobs.

    stopped, cancelled: the jobs' numbers. step: the checkpoint that the stopped one left.
    """

    here: Path
    there: Path
    output: str
    jobs: list[Job]
    stopped: str
    step: int
    cancelled: str

    def tries(self, number: str) -> list[Job]:
        """A job and its retries, in order."""
        comment = next(job.comment for job in self.jobs if job.number == number)
        return [job for job in self.jobs if job.comment == comment]


@pytest.fixture(scope="module")
def slurm() -> Iterator[None]:
    # As much memory as the jobs ask for, which is more than they take.
    with slurm_daemons(cpus=max(os.cpu_count() or 1, 2), memory_mb=64_000):
        yield


@pytest.fixture(scope="module")
def finished(slurm, mnist, tmp_path_factory) -> Finished:
    here, there = (copy_workflow(tmp_path_factory.mktemp(name)) for name in ("here", "there"))
    for workflow in (here, there):
        configure(workflow.folder, mnist)
    # Beside it, since Slurm's jobs wait more than they work.
    beside = here.start(TARGET)
    with Run(there.folder, *WITHOUT_ACCOUNTING) as run:
        stopped, step = stop_training(run)
        cancelled = cancel_a_null(run)
        # Every job reads the config when it starts: here, jobs of the run find none that is sound.
        (there.folder / "config.yaml").write_text("seeds: [[[")
        run.end()
    configure(there.folder, mnist)
    jobs = jobs_of_slurm()
    ran = here.finish(beside)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return Finished(here.folder, there.folder, run.output(), jobs, stopped, step, cancelled)


def jobs_of_slurm() -> list[Job]:
    """All jobs in the order of their submission, those that have ended as well."""
    lines = ask("squeue", "--noheader", "--states=all", "--format=%i|%k|%T|%m|%l").splitlines()
    jobs = []
    for line in lines:
        number, comment, state, memory, limit = line.split("|")
        jobs.append(Job(number, comment, state, int(memory.removesuffix("M")), minutes(limit)))
    return sorted(jobs, key=lambda job: int(job.number))


def minutes(limit: str) -> int:
    """Of a time limit [days-][hours:]minutes:seconds."""
    days, _, clock = limit.rpartition("-")
    hours, minute, _ = ["0", *clock.split(":")][-3:]
    return (int(days or 0) * 24 + int(hours)) * 60 + int(minute)


def running(start: str) -> Job | None:
    """A job that runs now, by the start of its comment."""
    jobs = (job for job in jobs_of_slurm() if job.comment.startswith(start))
    return next((job for job in jobs if job.state == "RUNNING"), None)


def stop_training(run: Run) -> tuple[str, int]:
    """Has Slurm send SIGTERM to the training job, in the midst of it.

    Returns:
        The job's number, and the step of the checkpoint that it leaves.
    """
    run.see_training()
    log = training_log(run.folder)
    job = run.see("the training job", lambda: running("rule_train"))
    ask("scancel", "--signal=TERM", job.number)
    stopped = re.compile(r"training was stopped by a signal; goes on from step (\d+)")
    found = run.see("a checkpoint", lambda: stopped.search(log.read_text()))
    assert list(run.folder.glob("results/checkpoints/trained/0-1/*.checkpoint"))
    return job.number, int(found[1])


def cancel_a_null(run: Run) -> str:
    job = run.see("a null", lambda: running("rule_null_wildcards"))
    ask("scancel", job.number)
    return job.number


def test_the_scores_are_those_made_without_slurm(finished):
    assert_same_scores(finished.here, finished.there)


def test_a_cancelled_job_is_retried_with_more_memory_and_time(finished):
    first, second = finished.tries(finished.cancelled)
    assert (first.state, second.state) == ("CANCELLED", "COMPLETED")
    assert second.memory == 2 * first.memory
    assert second.minutes == 2 * first.minutes
    assert "Trying to restart job" in finished.output


def test_a_stopped_training_goes_on_from_its_checkpoint(finished):
    first, second = finished.tries(finished.stopped)
    assert (first.state, second.state) == ("FAILED", "COMPLETED")
    results = finished.there / "results"
    log = training_log(finished.there).read_text()
    assert 1 <= finished.step < STEPS
    assert f"going on from step {finished.step}," in log
    assert not (results / "checkpoints").exists()


def test_logs_are_kept_of_jobs_that_failed(finished):
    kept = {file.stem: file for file in (finished.there / "results" / "slurm").rglob("*.log")}
    assert set(kept) == {finished.stopped, finished.cancelled}
    text = kept[finished.stopped].read_text()
    assert f"training was stopped by a signal; goes on from step {finished.step}" in text


def test_jobs_that_were_not_touched_run_once(finished):
    others = [j for j in finished.jobs if len(finished.tries(j.number)) == 1]
    assert len(others) == len(finished.jobs) - 4
    assert {job.state for job in others} == {"COMPLETED"}


def test_accounting_without_a_database_is_one_line(finished):
    """The plugin would ask sacct, which is installed, and never see a job end."""
    command = [sys.executable, "-m", "snakemake", *PROFILE, "--forcerun", "aggregate", TARGET]
    asked = subprocess.run(
        command, cwd=finished.there, capture_output=True, text=True, timeout=1200, check=False
    )
    text = asked.stdout + asked.stderr
    assert asked.returncode != 0
    assert "Traceback" not in text
    lines = [line for line in text.splitlines() if line.startswith("slurm-status-command: ")]
    assert len(lines) == 1
    assert "--slurm-status-command squeue" in lines[0]
    assert len(jobs_of_slurm()) == len(finished.jobs)
