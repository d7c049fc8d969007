"""`make plan`: list jobs of a run, with reasons; `make clean-orphans`: remove files of no job."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import project_folders  # noqa: F401

from clusterability_workflow.cleaning import EVERYTHING
from clusterability_workflow.dry_run import planned_jobs
from clusterability_workflow.lock_and_config import hold
from clusterability_workflow.planning import Costs, find_orphans, plan_lines, readable

from clusterability.errors import UserError

CLEAN = "--clean-orphans"


def main(arguments: list[str]) -> None:
    """Print the plan, or remove the orphans; the other arguments go to Snakemake."""
    cleaning = CLEAN in arguments
    study, jobs, whole = planned_jobs([word for word in arguments if word != CLEAN])
    results = Path(study.results)
    orphans = find_orphans(results, jobs) if whole else None
    if not cleaning:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        existing = next(path for path in (results, *results.absolute().parents) if path.is_dir())
        free = shutil.disk_usage(existing).free
        costs = Costs.of_earlier_jobs(results, EVERYTHING)
        print("\n".join(plan_lines(results, jobs, costs, orphans, cores or 1, free)))
    elif orphans is None:
        sys.exit("clean-orphans: found targets, expected none: orphans are told from whole studies")
    elif results.is_dir():
        hold(results)
        orphans.remove(results)
        print(f"{results}: removed {len(orphans.results)} orphans, {readable(orphans.size)}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))
