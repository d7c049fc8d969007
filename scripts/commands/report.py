"""`make report`: write Snakemake's report of a finished study, as one HTML file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import project_folders  # noqa: F401

from clusterability_workflow.dry_run import finished_jobs

from clusterability.errors import UserError

TARGET = "report_pages"


def main(arguments: list[str]) -> None:
    """Write the report into the folder of the study's results, and print its path."""
    study, _ = finished_jobs([TARGET, *arguments])
    page = Path(study.results) / "report.html"
    command = [sys.executable, "-m", "snakemake", TARGET, *arguments, "--report", str(page)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"{page}: found {done.stderr.strip()}, expected a report")
    print(f"{page}: {page.stat().st_size / 1e6:.0f} MB, opens without a network")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))
