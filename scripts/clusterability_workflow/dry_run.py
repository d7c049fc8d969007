"""List the jobs of a study as Snakemake plans them, without running any."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from snakemake.cli import main as snakemake
from snakemake.io import is_flagged

from clusterability_workflow import lock_and_config
from clusterability_workflow.planning import PlannedJob, parameter_changes
from clusterability_workflow.together import rule_of

from clusterability.errors import UserError
from clusterability.study.config_files import check_configs, named_configs
from clusterability.study.study import Study

QUIET = ["--dry-run", "--quiet", "progress", "rules"]


def planned_jobs(arguments: Sequence[str]) -> tuple[Study, list[PlannedJob], bool]:
    """Plan all jobs behind the targets in Snakemake's arguments; jobs that would run have reasons.

    Returns:
        The study, its jobs in Snakemake's order, and whether these are all jobs of the study.

    If Snakemake cannot plan, this process exits with Snakemake's message.

    Raises:
        UserError: if a config is invalid.
    """
    # Check configs before Snakemake reads them, since it would run code in a template.
    check_configs(named_configs(arguments))
    messages = io.StringIO()
    with contextlib.redirect_stderr(messages), contextlib.redirect_stdout(messages):
        try:
            snakemake([*arguments, *QUIET])
        except SystemExit as end:
            status = end.code
    if status or lock_and_config.parsed is None:
        text = status if isinstance(status, str) else messages.getvalue().strip()
        sys.exit(text or "snakemake could not plan this study")
    workflow, study = lock_and_config.parsed
    dag = workflow.dag
    needed = set(dag.needrun_jobs(exclude_finished=False))
    jobs = [_planned(dag, job, needed) for job in _jobs(dag)]
    whole = any(job.rule.name == "all" for job in dag.jobs)
    return study, jobs, whole


def finished_jobs(arguments: Sequence[str]) -> tuple[Study, list[PlannedJob]]:
    """The study and its jobs, as from `planned_jobs`.

    Raises:
        UserError: if any of the jobs has yet to run.
    """
    study, jobs, _ = planned_jobs(arguments)
    waiting = sum(bool(job.reasons) for job in jobs)
    if waiting:
        raise UserError(
            f"{study.results}: found {waiting} of {len(jobs)} jobs that have yet to run, expected"
            " all results: make study first"
        )
    return study, jobs


def when_run() -> dict[Path, tuple[float | None, float | None]]:
    """Start and end of the jobs that were planned last, in seconds since 1970, by benchmark."""
    assert lock_and_config.parsed is not None
    workflow = lock_and_config.parsed[0]
    times = {}
    for job in _jobs(workflow.dag):
        record = workflow.persistence.metadata(next(iter(job.output)))
        if record:
            times[Path(str(job.benchmark))] = (record.starttime, record.endtime)
    return times


def _jobs(dag: Any) -> list[Any]:
    """Jobs that write results."""
    return [job for job in dag.jobs if job.output and job.rule.benchmark]


def _planned(dag: Any, job: Any, needed: set[Any]) -> PlannedJob:
    passing = [file for file in job.output if is_flagged(file, "temp")]
    read = {
        str(file)
        for reader, files in dag.depending[job].items()
        if reader in needed
        for file in files
    }
    return PlannedJob(
        rule=rule_of(job.rule.name),
        outputs=tuple(map(str, job.output)),
        benchmark=Path(str(job.benchmark)),
        reasons=tuple(_reasons(dag, job)) if job in needed else (),
        threads=job.threads,
        gpus=int(job.resources.get("gpu", 0)),
        params=dict(job.params.items()),
        passing=tuple(map(str, passing)),
        spent=tuple(str(file) for file in passing if str(file) not in read),
        inputs=tuple(map(str, job.input)),
    )


def _reasons(dag: Any, job: Any) -> Iterator[str]:
    """Reasons why a job runs: its changes, or else the jobs that it follows."""
    reason = dag.reason(job)
    has_reason = False
    # Asked here, since Snakemake skips this check if a job has to follow another one anyway.
    changes = dag.workflow.persistence.params_changed(job)
    if changes:
        yield from parameter_changes(sorted(changes.only_old), sorted(changes.only_new))
        has_reason = True
    for file in sorted(map(str, reason.updated_input)):
        yield f"input {file} changed"
        has_reason = True
    if reason.input_changed:
        yield "other input files than before"
        has_reason = True
    if reason.incomplete_output:
        yield "was interrupted"
        has_reason = True
    if reason.forced:
        yield "forced"
        has_reason = True
    if reason.missing_output and not has_reason:
        yield _why_missing(dag, job)
        has_reason = True
    if reason.updated_input_run and not has_reason:
        jobs = filter(dag.needrun, dag.dependencies[job])
        makers = {rule_of(other.rule.name) for other in jobs}
        yield f"after {', '.join(sorted(makers))}"


def _why_missing(dag: Any, job: Any) -> str:
    """Reason why files of a job are missing."""
    known = [bool(dag.workflow.persistence.metadata(file)) for file in job.output]
    if not any(known):
        return "new"
    if any(is_flagged(file, "temp") for file in job.output):
        return "draws went, and are to be scored again"
    return "results were removed"
