"""Leases of GPUs: on one machine, one job a GPU.

Snakemake counts the GPUs that jobs ask for, but tells none which one is its own. Here a job takes
the lock file of a GPU before CUDA starts, and shows itself this GPU alone. The locks are the
operating system's: those of a process that dies are free. They lie in a folder of the user on this
machine, so that all studies share them. What a scheduler has given a job stands: a single GPU is
taken as it is, of several the processes of this job take one each.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path

from filelock import FileLock, Timeout

from clusterability.errors import UserError

logger = logging.getLogger(__name__)

VISIBLE = "CUDA_VISIBLE_DEVICES"
SCHEDULERS = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID")
"""Variables in which schedulers tell a job its number. Kubernetes is none of them: a pod sees its
own GPUs and no other's, as a machine does."""

_TEMPORARY = Path("/tmp")
"""Not what TMPDIR says: jobs with different ones share the GPUs of the machine."""
_DEVICE_FILES = Path("/dev")
"""Where NVIDIA's driver shows a file a GPU on Linux; looking at them loads nothing."""
_SECONDS_BETWEEN_TRIES = 0.5


@contextmanager
def leased_gpu(
    device: str,
    visible: Sequence[str] | None = None,
    folder: Path | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[str | None]:
    """Waits for a GPU, and shows this process no other one while the block runs.

    Args:
        device: `training.device` of the config. For `cuda:1` it waits for that very GPU, and
            what is visible stays; `cpu` and `mps` need none.
        visible: GPUs to choose from, by default all that this process may see.
        folder: of the locks, by default one of this user on this machine.
        stopped: whether the job was asked to stop; looked at while waiting.

    Returns:
        The GPU as CUDA_VISIBLE_DEVICES names it; None where none is leased.

    Raises:
        UserError: where the job was asked to stop while it waited; where the folder of the locks
            cannot be written, or others than this user can write to it.
    """
    gpus = _gpus_to_share(device, visible)
    if not gpus:
        yield None
        return
    try:
        gpu, lock = _wait_for_one(gpus, folder or _folder_of_locks(), stopped)
    except OSError as error:
        raise UserError(
            f"{error.filename}: found {error.strerror!r}, expected to lock a GPU there"
        ) from None
    before = {VISIBLE: os.environ[VISIBLE]} if VISIBLE in os.environ else {}
    if _number(device) is None:
        os.environ[VISIBLE] = gpu
    logger.info("training on GPU %s", gpu)
    try:
        yield gpu
    finally:
        lock.release()
        os.environ.pop(VISIBLE, None)
        os.environ.update(before)


def gpus_at_once(device: str) -> int:
    """How many training jobs have a GPU at the same time on this machine; 0 where none needs one.

    Without loading torch: a workflow asks this each time that it is read.
    """
    if not (device == "auto" or device.startswith("cuda")):
        return 0
    files = len(list(_DEVICE_FILES.glob("nvidia[0-9]*")))
    named = os.environ.get(VISIBLE)
    count = files if named is None else min(files, len(named_gpus(named)))
    return min(count, 1) if _number(device) is not None else count


def scheduler_job(environment: Mapping[str, str]) -> str | None:
    """The scheduler's name of the job that this process is part of; None outside of any.

    >>> scheduler_job({"SLURM_JOB_ID": "17"})
    'SLURM_JOB_ID-17'
    """
    found = [f"{name}-{environment[name]}" for name in SCHEDULERS if environment.get(name)]
    return re.sub(r"[^\w.-]", "_", found[0]) if found else None


def visible_gpus(count: int | None = None) -> list[str]:
    """GPUs that this process may see, as CUDA_VISIBLE_DEVICES names them; does not start CUDA.

    Args:
        count: how many of them are there, by default as the driver says: a name in
            CUDA_VISIBLE_DEVICES may be one of none.
    """
    names = named_gpus(os.environ[VISIBLE]) if VISIBLE in os.environ else None
    if names == [] or (names and names[0].startswith("MIG-")):
        return names  # PyTorch counts all MIG instances as one
    if count is None:
        import torch

        count = torch.cuda.device_count()
    return names[:count] if names else [str(number) for number in range(count)]


def named_gpus(names: str) -> list[str]:
    """The GPUs that a value of CUDA_VISIBLE_DEVICES names, as PyTorch reads it.

    It stops at the first that is none or of another kind, and a name twice makes it empty.

    >>> named_gpus("3, 5"), named_gpus("GPU-8932f937,1"), named_gpus("0,-1,2"), named_gpus("1,1")
    (['3', '5'], ['GPU-8932f937'], ['0'], [])
    """
    parts = [part.strip() for part in names.split(",")]
    kinds = (re.compile(kind) for kind in (r"\d+", r"GPU-[\w-]+", r"MIG-[\w/-]+"))
    found = max((list(takewhile(kind.fullmatch, parts)) for kind in kinds), key=len)
    return found if len(set(found)) == len(found) else []


def _gpus_to_share(device: str, visible: Sequence[str] | None) -> list[str]:
    """GPUs of which this process takes one, or none where it need not ask."""
    if not (device == "auto" or device.startswith("cuda")):
        return []
    gpus = visible_gpus() if visible is None else list(visible)
    if scheduler_job(os.environ) and len(gpus) < 2:
        return []
    number = _number(device)
    return gpus if number is None else gpus[number : number + 1]


def _number(device: str) -> int | None:
    """The number of a GPU that the user has chosen."""
    _, _, number = device.partition("cuda:")
    return int(number) if number else None


def _wait_for_one(
    gpus: Sequence[str], folder: Path, stopped: Callable[[], bool]
) -> tuple[str, FileLock]:
    locks = {gpu: FileLock(folder / f"{gpu.replace('/', '_')}.lock", timeout=0) for gpu in gpus}
    told = False
    while not stopped():
        for gpu, lock in locks.items():
            with suppress(Timeout):
                lock.acquire()
                with suppress(OSError):  # it only tells others who waits for whom
                    _holder_file(lock).write_text(str(os.getpid()))
                return gpu, lock
        if not told:
            held = (f"{gpu} is held by {_holder(lock)}" for gpu, lock in locks.items())
            logger.info("waits for a GPU: %s", "; ".join(held))
            told = True
        time.sleep(_SECONDS_BETWEEN_TRIES)
    raise UserError("training was stopped by a signal while it waited for a GPU")


def _holder(lock: FileLock) -> str:
    """Who has taken the lock, which may not have said so yet."""
    file = _holder_file(lock)
    process = file.read_text() if file.exists() else ""
    return f"process {process}" if process else "another process"


def _holder_file(lock: FileLock) -> Path:
    return Path(lock.lock_file).with_suffix(".holder")


def _folder_of_locks() -> Path:
    """The folder of this user on this machine; in it, one for each job of a scheduler.

    GPUs of different jobs of a scheduler may have the same number.
    """
    folder = _own_folder(_TEMPORARY / f"clusterability-gpus-{os.getuid()}")
    job = scheduler_job(os.environ)
    return _own_folder(folder / job) if job else folder


def _own_folder(folder: Path) -> Path:
    """Makes the folder, for this user alone.

    Where all users can write, somebody else may have made it, with links to files of this user.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise UserError(
            f"{folder}: found a folder that other users can write to, expected one of this user's"
            " own; remove it"
        )
    return folder
