"""Workflow code beside the library: jobs, records, plans, verification, GPUs, Slurm.

Importing this package makes sure that the library is the one next to it, since jobs' results are
recorded with the digests of that code.
"""

import os
import sys
from pathlib import Path

import clusterability

PROJECT = Path(__file__).resolve().parents[2]
"""Folder of the project's code."""

if Path(clusterability.__file__).resolve().parents[1] != PROJECT / "src":
    sys.exit(
        f"{Path(clusterability.__file__).parent}: found this copy of clusterability first on the"
        f" path, expected the study's own in {PROJECT / 'src'}; take the copy out of PYTHONPATH"
    )


def let_jobs_find_library() -> None:
    """Put the project's packages first on the path of all jobs of this process.

    Snakemake appends the folder of a rule's script to the path, where another copy of the library,
    installed or on PYTHONPATH, would win. Jobs inherit PYTHONPATH; on a cluster, each job sets it
    again when it parses the workflow.
    """
    folders = [str(PROJECT / "src"), str(PROJECT / "scripts")]
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    others = [place for place in others if place and place not in folders]
    os.environ["PYTHONPATH"] = os.pathsep.join([*folders, *others])
