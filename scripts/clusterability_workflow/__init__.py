"""Workflow code beside the library: jobs, records, plans, verification, GPUs, Slurm.

Importing this package checks that `clusterability` is the copy next to it, since records of jobs
contain the digests of that code.
"""

import os
import sys
from pathlib import Path

import clusterability

PROJECT = Path(__file__).resolve().parents[2]
"""Root folder of the project."""

if Path(clusterability.__file__).resolve().parents[1] != PROJECT / "src":
    sys.exit(
        f"{Path(clusterability.__file__).parent}: found this copy of clusterability first on the"
        f" path, expected the study's own in {PROJECT / 'src'}; take the copy out of PYTHONPATH"
    )


def let_jobs_find_library() -> None:
    """Put the project's packages first on the path of all jobs of this process.

    Snakemake appends the folder of a rule's script to the path, so that another copy of the
    library, installed or on PYTHONPATH, would take precedence. Jobs inherit PYTHONPATH. On a
    cluster, each job sets it again when it parses the workflow.
    """
    folders = [str(PROJECT / "src"), str(PROJECT / "scripts")]
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    others = [folder for folder in others if folder and folder not in folders]
    os.environ["PYTHONPATH"] = os.pathsep.join([*folders, *others])
