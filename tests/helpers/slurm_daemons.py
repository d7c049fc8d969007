"""A real Slurm on this machine, for a test; nothing of it is left afterwards.

Of one node or several, without accounting or with a database of its own. Only as root: jobs look
for their configuration in /etc/slurm, whatever SLURM_CONF says, since the executor plugin removes
SLURM_* from their environment. All else lies in a folder for the moment.
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
OF_ACCOUNTING = ("slurmdbd", "sacct", "sacctmgr", "mariadbd", "mariadb-install-db")
ACCOUNT = "tests"

TEMPLATE = """\
# Of a test of slurm_daemons.py, which removes it. Where no test runs: a killed one left it here.
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/{storage}
AccountingStorageHost=127.0.0.1
AccountingStoragePort={database_port}
AccountingStoragePass={folder}/munge.socket
AccountingStoreFlags=job_comment
# A job whose processes hold more memory than it asked for is killed within some seconds. Clusters
# limit memory by cgroups, which a container may not make.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherParams=OverMemoryKill
JobAcctGatherFrequency=task=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,batch_sched_delay=0
ReturnToService=2
# Tests ask for jobs that have ended; the plugin would take 0, for ever, for too short.
MinJobAge=86400
{node_lines}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=first Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=2
"""

NODE = """\
NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus} \
RealMemory={memory_mb} State=UNKNOWN"""

DATABASE = """\
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={database_port}
SlurmUser=root
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={storage_port}
StorageUser=slurm
StoragePass={password}
StorageLoc=slurm
"""


def why_not(*, accounting: bool = False) -> str | None:
    """Why no Slurm may be set up on this machine; None where it may."""
    if os.environ.get("CI") != "true" and os.environ.get("SLURM_TEST") != "1":
        return "it writes /etc/slurm: CI=true or SLURM_TEST=1 allows it"
    if os.geteuid() != 0:
        return "it writes /etc/slurm, and this user is not root"
    needed = PROGRAMS + (OF_ACCOUNTING if accounting else ())
    missing = [name for name in needed if _program(name) is None]
    if missing:
        packages = "slurm-wlm and munge" + (", slurmdbd and mariadb-server" if accounting else "")
        return f"not installed: {', '.join(missing)} (Debian's {packages})"
    if CONFIGURATION.exists():
        return f"{CONFIGURATION} exists: this machine may be of a cluster"
    return None


@contextmanager
def slurm_daemons(
    cpus: int, memory_mb: int, *, nodes: int = 1, accounting: bool = False
) -> Iterator[None]:
    """Slurm's daemons, as children of this process.

    Jobs of the partition `first` preempt those of `all`, the default: these are requeued.

    Args:
        cpus: of each node, for Slurm to give away.
        memory_mb: of each node, whether or not it has as much.
        nodes: `node1` and so on, each a slurmd.
        accounting: whether slurmdbd keeps all jobs in a database, and root has an account.

    Raises:
        RuntimeError: where a daemon ends or a node does not come up; with the end of its log.
    """
    with ExitStack() as undo:
        folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        names = [f"node{number}" for number in range(1, nodes + 1)]
        database_port = _free_port()
        _configure(folder, names, cpus, memory_mb, database_port if accounting else None, undo)
        _start(_munge_command(folder), folder, undo)
        _wait_for((folder / "munge.socket").exists, folder, "munged did not come up")
        if accounting:
            _start_accounting(folder, database_port, undo)
        _start(["slurmctld", "-D"], folder, undo)
        for name in names:
            _start(["slurmd", "-D", "-N", name], folder, undo)
        _wait_for(lambda: _idle_nodes() == names, folder, "the nodes did not come up")
        undo.callback(_cancel_all_jobs)
        yield


def ask(*command: str) -> str:
    """What one of Slurm's commands prints; an empty text where it fails."""
    return subprocess.run(command, capture_output=True, text=True, timeout=1200).stdout.strip()


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _configure(
    folder: Path,
    names: list[str],
    cpus: int,
    memory_mb: int,
    database_port: int | None,
    undo: ExitStack,
) -> None:
    for name in ("state", *(f"spool-{name}" for name in names)):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    if not CONFIGURATION.parent.exists():
        CONFIGURATION.parent.mkdir(parents=True)
        undo.callback(CONFIGURATION.parent.rmdir)
    host = _host()
    node_lines = [
        NODE.format(name=name, host=host, port=_free_port(), cpus=cpus, memory_mb=memory_mb)
        for name in names
    ]
    with CONFIGURATION.open("x") as file:
        undo.callback(CONFIGURATION.unlink)
        file.write(
            TEMPLATE.format(
                host=host,
                folder=folder,
                controller_port=_free_port(),
                storage="none" if database_port is None else "slurmdbd",
                database_port=database_port or 0,
                node_lines="\n".join(node_lines),
            )
        )


def _start_accounting(folder: Path, port: int, undo: ExitStack) -> None:
    """MariaDB with data of its own, slurmdbd in front of it, and an account for root."""
    storage_port = _free_port()
    password = os.urandom(16).hex()
    data = folder / "data"
    options = ["--no-defaults", f"--datadir={data}", "--user=root"]
    _do(["mariadb-install-db", *options])
    first = folder / "first.sql"
    first.touch(0o600)
    first.write_text(
        f"CREATE USER 'slurm'@'127.0.0.1' IDENTIFIED BY '{password}';\n"
        "GRANT ALL ON slurm.* TO 'slurm'@'127.0.0.1';\n"
    )
    _start(
        [
            "mariadbd",
            *options,
            f"--socket={folder}/mariadb.socket",
            f"--pid-file={folder}/mariadb.pid",
            f"--port={storage_port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            f"--init-file={first}",
        ],
        folder,
        undo,
    )
    _wait_for(lambda: _answers(storage_port), folder, "mariadbd did not come up")
    configuration = folder / "slurmdbd.conf"
    configuration.touch(0o600)
    configuration.write_text(
        DATABASE.format(
            host=_host(),
            folder=folder,
            database_port=port,
            storage_port=storage_port,
            password=password,
        )
    )
    # It looks for slurmdbd.conf beside this file.
    _start(["slurmdbd", "-D"], folder, undo, SLURM_CONF=str(folder / "slurm.conf"))
    _wait_for(lambda: _answers(port), folder, "slurmdbd did not come up")
    for what in (
        ["cluster", "test"],
        ["account", ACCOUNT, "cluster=test"],
        ["user", "root", f"account={ACCOUNT}"],
    ):
        _do(["sacctmgr", "--immediate", "add", *what])


def _host() -> str:
    return platform.node().partition(".")[0]


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=60).close()
    except ConnectionRefusedError:
        return False
    return True


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


def _do(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def _start(command: list[str], folder: Path, undo: ExitStack, **environment: str) -> None:
    name, *options = command
    with (folder / f"{name}.out").open("a") as output:
        daemon = subprocess.Popen(
            [_program(name) or name, *options],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | environment,
        )
    undo.callback(_stop, daemon)


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(timeout=1200)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _idle_nodes() -> list[str]:
    return sorted(
        ask(
            "sinfo", "--noheader", "--Node", "--states=idle", "--partition=all", "--format=%N"
        ).split()
    )


def _cancel_all_jobs() -> None:
    """Ends what runs, so that no process of a job outlives the daemons."""
    ask("scancel", "--user=root")
    with suppress(RuntimeError):
        _wait_for(lambda: not ask("squeue", "--noheader"), Path(), "jobs did not end", 40)
    for job in ask("squeue", "--noheader", "--format=%i").split():
        ask("scancel", "--signal=KILL", "--full", job)


def _wait_for(
    condition: Callable[[], bool], folder: Path, failure: str, seconds: float = 300
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{failure} in {seconds:.0f} s\n{_ends_of_logs(folder)}")
        time.sleep(0.1)


def _ends_of_logs(folder: Path) -> str:
    files = sorted([*folder.glob("*.log"), *folder.glob("*.out")])
    return "\n".join(f"--- {file.name}\n{file.read_text()[-1500:]}" for file in files)
