"""Check that Slurm answers queries on the state of jobs in the way that a run will send them."""

from __future__ import annotations

import subprocess

from clusterability.errors import UserError


def check_accounting(status_command: str | None) -> None:
    """Check that `sacct` answers, if the run queries it for the state of jobs.

    The executor plugin uses `sacct` wherever it is installed. Without an accounting database, every
    query fails, the plugin keeps asking, and the run would never see a job end.

    Args:
        status_command: command that the run queries; None if it does not use Slurm.

    Raises:
        UserError: if `sacct` does not answer.
    """
    if status_command != "sacct":
        return
    try:
        process = subprocess.run(
            ["sacct", "--noheader", "--allocations"], capture_output=True, text=True, timeout=60
        )
    except FileNotFoundError:
        return  # the plugin asks squeue then
    except subprocess.TimeoutExpired:
        answer = "nothing within 60 s"
    else:
        if process.returncode == 0:
            return
        answer = (process.stderr or process.stdout).strip().replace("\n", "; ")
    raise UserError(
        f"slurm-status-command: sacct says {answer!r}, expected an accounting that answers; where"
        " the cluster has none, add --slurm-status-command squeue"
    )
