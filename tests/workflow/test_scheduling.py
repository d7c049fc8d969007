"""How often Snakemake's scheduler looks for jobs to start."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import psutil
import pytest
from snakemake.scheduling.job_scheduler import JobRateLimiter
from snakemake.settings.types import MaxJobsPerTimespan

from clusterability_workflow.scheduling import look_for_jobs_when_one_ends

from workflows import copy_workflow


@pytest.mark.parametrize(
    ("limit", "stays"), [("100/1s", False), ("5/1m", True), ("100/1m", True), ("7/1s", True)]
)
def test_the_default_limit_is_lifted_and_one_that_was_asked_for_stays(limit, stays):
    limiter = JobRateLimiter(MaxJobsPerTimespan.parse_choice(limit))
    scheduler = SimpleNamespace(job_rate_limiter=limiter)
    look_for_jobs_when_one_ends(scheduler)
    assert scheduler.job_rate_limiter is (limiter if stays else None)


def test_without_a_limit_nothing_changes():
    scheduler = SimpleNamespace(job_rate_limiter=None)
    look_for_jobs_when_one_ends(scheduler)
    assert scheduler.job_rate_limiter is None


@pytest.mark.slow
@pytest.mark.release
def test_threads_do_not_grow_with_the_jobs_that_have_ended(tmp_path):
    workflow = copy_workflow(tmp_path / "workflow")
    matrices = {f"matrix_{number}": {"rows": 8, "columns": 8} for number in range(12)}
    workflow.configure(conditions={}, synthetic=matrices)
    started = workflow.start("--jobs", "2", "--until", "cluster")
    threads: list[int] = []
    watcher = threading.Thread(target=_watch, args=(started.pid, threads), daemon=True)
    watcher.start()
    ran = workflow.finish(started)
    watcher.join()
    assert ran.returncode == 0, ran.stdout
    ended = ran.stdout.count("Finished jobid")
    assert ended >= 24  # each matrix is made and clustered
    # Two jobs, with a worker and a timer of its benchmark each, the log and the main thread.
    assert max(threads) < 15


def _watch(process: int, threads: list[int]) -> None:
    """Append how many threads the process has, until it ends."""
    try:
        snakemake = psutil.Process(process)
        while snakemake.status() != psutil.STATUS_ZOMBIE:
            threads.append(snakemake.num_threads())
            time.sleep(0.1)
    except psutil.NoSuchProcess:
        pass
