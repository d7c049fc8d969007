"""A study on a Slurm as clusters have it: two nodes, accounting, preemption and memory limits.

Slurm is set up for these tests where this is allowed (slurm_daemons.py). The run asks `sacct` for
the state of jobs, as the profile does by itself.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from slurm_daemons import ACCOUNT, ask, slurm_daemons, why_not
from slurm_runs import PROFILE, STEPS, TARGET, Run, assert_same_scores, configure, training_log
from workflows import copy_workflow

REASON = why_not(accounting=True)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.network,
    pytest.mark.slurm,
    pytest.mark.release,
    pytest.mark.skipif(REASON is not None, reason=f"no Slurm is set up here: {REASON}"),
]

NODES = ["node1", "node2"]
# MB of a null's first and second try. Snakemake and a script together take more than the first.
TOO_LITTLE, ENOUGH = 200, 800
MEMORY = ("--set-resources", f"null:mem_mb={TOO_LITTLE}*attempt**2")
WITH_ACCOUNT = ("--default-resources", f"slurm_account={ACCOUNT}", "mem_mb=1000", "runtime=60")


@dataclass(frozen=True)
class Job:
    """A start of a job as the database tells of it. memory: MB."""

    number: str
    state: str
    node: str
    account: str
    memory: int
    comment: str


@dataclass(frozen=True)
class Finished:
    """The study on Slurm and without. starts: of all jobs. preempted, first: numbers of jobs."""

    here: Path
    there: Path
    output: str
    starts: list[Job]
    preempted: str
    first: str

    def of_study(self) -> dict[str, list[Job]]:
        """Starts of each job of the run, in order."""
        jobs: dict[str, list[Job]] = {}
        for start in self.starts:
            if start.number != self.first:
                jobs.setdefault(start.number, []).append(start)
        return jobs

    def nulls(self) -> list[list[Job]]:
        """Tries of each job of the rule `null`."""
        tries: dict[str, list[Job]] = {}
        for starts in self.of_study().values():
            if starts[0].comment.startswith("rule_null_wildcards"):
                tries.setdefault(starts[0].comment, []).extend(starts)
        return list(tries.values())


@pytest.fixture(scope="module")
def slurm() -> Iterator[None]:
    with slurm_daemons(cpus=2, memory_mb=64_000, nodes=len(NODES), accounting=True):
        yield


@pytest.fixture(scope="module")
def finished(slurm, mnist, tmp_path_factory) -> Finished:
    here, there = (copy_workflow(tmp_path_factory.mktemp(name)) for name in ("here", "there"))
    for workflow in (here, there):
        configure(workflow.folder, mnist)
    with Run(there.folder, *MEMORY, *WITH_ACCOUNT) as run:
        preempted, first = preempt_training(run)
        run.end()
    starts = starts_of_jobs()
    ran = here.snakemake(TARGET)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return Finished(here.folder, there.folder, run.output(), starts, preempted, first)


def preempt_training(run: Run) -> tuple[str, str]:
    """Takes the node of the training job until it runs again.

    Returns:
        The job's number, and that of the job that took its node.
    """
    run.see_training()
    number, node = run.see("the training job", training_job)
    first = ask(
        "sbatch",
        "--parsable",
        "--partition=first",
        f"--nodelist={node}",
        "--exclusive",
        "--output=/dev/null",
        "--wrap=sleep infinity",
    )
    again = run.see(
        "the training job again",
        lambda: found if (found := training_job()) and found[1] != node else None,
    )
    assert again[0] == number
    ask("scancel", first)
    return number, first


def training_job() -> tuple[str, str] | None:
    """Number and node of the job that trains now."""
    lines = ask("squeue", "--noheader", "--states=RUNNING", "--format=%i|%N|%k").splitlines()
    jobs = (line.split("|") for line in lines)
    return next((job[:2] for job in jobs if job[2].startswith("rule_train")), None)


def starts_of_jobs() -> list[Job]:
    """All jobs in the database by number and time; a requeued one has several."""
    fields = "JobIDRaw,State,NodeList,Account,ReqMem,Comment"
    options = ("--allocations", "--duplicates", "--parsable2", "--noheader")
    starts = []
    for line in ask("sacct", *options, f"--format={fields}").splitlines():
        number, state, node, account, memory, comment = line.split("|")
        starts.append(Job(number, state, node, account, megabytes(memory), comment))
    return starts


def megabytes(memory: str) -> int:
    """Of an amount with its unit.

    >>> megabytes("800M"), megabytes("2G")
    (800, 2048)
    """
    return round(float(memory[:-1]) * 1024 ** "MG".index(memory[-1]))


def test_the_scores_are_those_made_without_slurm(finished):
    assert_same_scores(finished.here, finished.there)


def test_jobs_ran_on_both_nodes(finished):
    jobs = finished.of_study().values()
    assert {starts[-1].node for starts in jobs} == set(NODES)


def test_the_database_has_every_job_with_its_state(finished):
    """Compared with what the run says that it submitted, and with the controller's states."""
    submitted = re.findall(r"submitted with SLURM jobid '?(\d+)", finished.output)
    jobs = finished.of_study()
    assert sorted(submitted) == sorted(jobs)
    assert {start.account for starts in jobs.values() for start in starts} == {ACCOUNT}
    states = ask("squeue", "--noheader", "--states=all", "--format=%i|%T").splitlines()
    of_controller = dict(line.split("|") for line in states)
    assert {number: starts[-1].state for number, starts in jobs.items()} == {
        number: state for number, state in of_controller.items() if number != finished.first
    }


def test_a_preempted_training_goes_on_from_its_checkpoint_on_the_other_node(finished):
    first, second = finished.of_study()[finished.preempted]
    assert (first.state, second.state) == ("PREEMPTED", "COMPLETED")
    assert {first.node, second.node} == set(NODES)
    log = training_log(finished.there).read_text()
    found = re.search(r"going on from step (\d+),", log)
    assert found, log
    assert 1 <= int(found[1]) < STEPS
    assert not (finished.there / "results" / "checkpoints").exists()


def test_the_run_leaves_a_preempted_job_to_slurm(finished):
    trainings = [j for j in finished.starts if j.comment.startswith("rule_train")]
    assert {job.number for job in trainings} == {finished.preempted}
    assert "preemption" in finished.output


def test_a_job_that_takes_more_memory_than_asked_is_killed_and_retried_with_more(finished):
    nulls = finished.nulls()
    assert len(nulls) == 2  # layers
    logs = {file.stem: file for file in (finished.there / "results" / "slurm").rglob("*.log")}
    for killed, done in nulls:
        assert (killed.memory, done.memory) == (TOO_LITTLE, ENOUGH)
        assert killed.state == "FAILED"
        assert "memory limit" in logs[killed.number].read_text()
        assert done.state == "COMPLETED"


def test_jobs_that_were_not_touched_run_once(finished):
    killed = {tries[0].number for tries in finished.nulls()}
    others = [
        starts
        for number, starts in finished.of_study().items()
        if number not in killed | {finished.preempted}
    ]
    assert {start.state for starts in others for start in starts} == {"COMPLETED"}
    assert {len(starts) for starts in others} == {1}


def test_a_second_run_does_nothing(finished):
    command = [sys.executable, "-m", "snakemake", *PROFILE, *MEMORY, *WITH_ACCOUNT, "--", TARGET]
    again = subprocess.run(
        command, cwd=finished.there, capture_output=True, text=True, timeout=3600, check=False
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Nothing to be done" in again.stdout + again.stderr
    assert len(starts_of_jobs()) == len(finished.starts)
