"""Keep Snakemake's scheduler from looking for jobs more often than there can be any."""

from __future__ import annotations

from typing import Any

DEFAULT = (100, 1)
"""Snakemake's limit where none was asked for: jobs started, per seconds."""


def look_for_jobs_when_one_ends(scheduler: Any) -> None:
    """Lift Snakemake's default limit on the jobs that start per second.

    With a limit, each look for jobs to start sets a timer for the next, and so does each job that
    ends. No timer replaces another: after a hundred jobs, a hundred threads wait, and the scheduler
    looks a hundred times a second. Without a limit, it looks when a job ends. A limit that a user
    asks for, by `--max-jobs-per-timespan`, stays.

    Args:
        scheduler: Snakemake's JobScheduler, before it starts jobs.
    """
    limit = scheduler.job_rate_limiter
    if limit is not None and (limit.max_jobs, limit.timespan) == DEFAULT:
        scheduler.job_rate_limiter = None
