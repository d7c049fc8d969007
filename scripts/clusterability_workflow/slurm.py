"""Whether Slurm can be asked for the state of jobs in the way that a run is about to ask it."""

from __future__ import annotations

import subprocess

from clusterability.errors import UserError


def check_accounting(status_command: str | None) -> None:
    """Sees that `sacct` answers, where the state of jobs is asked of it.

    The executor plugin takes `sacct` wherever it is installed. Without a database behind it every
    question fails, the plugin goes on asking, and the run would never see a job end.

    Args:
        status_command: what the run asks with; None where it runs on no Slurm.

    Raises:
        UserError: where `sacct` does not answer.
    """
    if status_command != "sacct":
        return
    try:
        asked = subprocess.run(
            ["sacct", "--noheader", "--allocations"], capture_output=True, text=True, timeout=60
        )
    except FileNotFoundError:
        return  # the plugin asks squeue then
    except subprocess.TimeoutExpired:
        told = "nothing within 60 s"
    else:
        if asked.returncode == 0:
            return
        told = (asked.stderr or asked.stdout).strip().replace("\n", "; ")
    raise UserError(
        f"slurm-status-command: sacct says {told!r}, expected an accounting that answers; where the"
        " cluster has none, add --slurm-status-command squeue"
    )
