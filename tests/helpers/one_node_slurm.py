"""A real Slurm of one node on this machine, for a test; nothing of it is left afterwards.

Only as root: jobs look for their configuration in /etc/slurm, whatever SLURM_CONF says, since the
executor plugin removes SLURM_* from their environment. All else lies in a folder for the moment.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

CONFIGURATION = Path("/etc/slurm/slurm.conf")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol")

TEMPLATE = """\
# Of a test of one_node_slurm.py, which removes it. Where no test runs: a killed one left it here.
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,batch_sched_delay=0
ReturnToService=2
# Tests ask for jobs that have ended; the plugin would take 0, for ever, for too short.
MinJobAge=86400
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory_mb} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def why_not() -> str | None:
    """Why no Slurm may be set up on this machine; None where it may."""
    if os.environ.get("CI") != "true" and os.environ.get("SLURM_TEST") != "1":
        return "it writes /etc/slurm: CI=true or SLURM_TEST=1 allows it"
    if os.geteuid() != 0:
        return "it writes /etc/slurm, and this user is not root"
    missing = [name for name in PROGRAMS if _program(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)} (Debian's slurm-wlm and munge)"
    if CONFIGURATION.exists():
        return f"{CONFIGURATION} exists: this machine may be of a cluster"
    return None


@contextmanager
def one_node_slurm(cpus: int, memory_mb: int) -> Iterator[None]:
    """Slurm's daemons without accounting, as children of this process.

    Args:
        cpus: of the node, for Slurm to give away.
        memory_mb: of the node, whether or not it has as much.

    Raises:
        RuntimeError: where a daemon ends or the node does not come up; with the end of its log.
    """
    with ExitStack() as undo:
        folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        _configure(folder, cpus, memory_mb, undo)
        _start(_munge_command(folder), folder, undo)
        _wait_for((folder / "munge.socket").exists, folder, "munged did not come up")
        _start(["slurmctld", "-D"], folder, undo)
        _start(["slurmd", "-D"], folder, undo)
        _wait_for(_node_is_idle, folder, "the node did not come up")
        undo.callback(_cancel_all_jobs)
        yield


def ask(*command: str) -> str:
    """What one of Slurm's commands prints; an empty text where it fails."""
    return subprocess.run(command, capture_output=True, text=True, timeout=1200).stdout.strip()


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _configure(folder: Path, cpus: int, memory_mb: int, undo: ExitStack) -> None:
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    if not CONFIGURATION.parent.exists():
        CONFIGURATION.parent.mkdir(parents=True)
        undo.callback(CONFIGURATION.parent.rmdir)
    with CONFIGURATION.open("x") as file:
        undo.callback(CONFIGURATION.unlink)
        file.write(
            TEMPLATE.format(
                host=platform.node().partition(".")[0],
                folder=folder,
                cpus=cpus,
                memory_mb=memory_mb,
                controller_port=_free_port(),
                node_port=_free_port(),
            )
        )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _munge_command(folder: Path) -> list[str]:
    """Munge with a key and a socket of its own: that of the machine is left alone."""
    files = {
        "key-file": "munge.key",
        "socket": "munge.socket",
        "pid-file": "munge.pid",
        "log-file": "munge.log",
        "seed-file": "munge.seed",
    }
    # By force: the folder lies in /tmp, which everybody may write.
    return ["munged", "--foreground", "--force"] + [
        f"--{option}={folder / name}" for option, name in files.items()
    ]


def _start(command: list[str], folder: Path, undo: ExitStack) -> None:
    name, *options = command
    with (folder / f"{name}.out").open("w") as output:
        daemon = subprocess.Popen(
            [_program(name) or name, *options], stdout=output, stderr=subprocess.STDOUT
        )
    undo.callback(_stop, daemon)


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(timeout=1200)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _node_is_idle() -> bool:
    return ask("sinfo", "--noheader", "--format=%T") == "idle"


def _cancel_all_jobs() -> None:
    """Ends what runs, so that no process of a job outlives the daemons."""
    ask("scancel", "--user=root")
    with suppress(RuntimeError):
        _wait_for(lambda: not ask("squeue", "--noheader"), Path(), "jobs did not end", 40)
    for job in ask("squeue", "--noheader", "--format=%i").split():
        ask("scancel", "--signal=KILL", "--full", job)


def _wait_for(
    condition: Callable[[], bool], folder: Path, failure: str, seconds: float = 30
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{failure} in {seconds:.0f} s\n{_ends_of_logs(folder)}")
        time.sleep(0.1)


def _ends_of_logs(folder: Path) -> str:
    files = sorted([*folder.glob("*.log"), *folder.glob("*.out")])
    return "\n".join(f"--- {file.name}\n{file.read_text()[-1500:]}" for file in files)
