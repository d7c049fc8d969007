"""Leases of GPUs: one job per GPU on a machine.

Snakemake counts the GPUs that jobs request, but does not assign them. Here, a job locks the file of
a GPU before CUDA starts, and makes only this GPU visible to itself. The locks are those of the
operating system, which releases them when a process dies. They are in one folder per user and
machine, so that all studies share them. Assignments of a scheduler stand: a job takes a single
assigned GPU as it is; of several, each process of the job takes one.
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
"""Variables in which schedulers pass a job its number. Kubernetes is not among them: like a
machine, a pod sees only its own GPUs."""

_TEMPORARY = Path("/tmp")
"""Folder of the locks, whatever TMPDIR is: jobs with different TMPDIR share the machine's GPUs."""
_DEVICE_FILES = Path("/dev")
"""Folder in which NVIDIA's Linux driver has a file per GPU; listing them loads no library."""
_SECONDS_BETWEEN_TRIES = 0.5


@contextmanager
def leased_gpu(
    device: str,
    visible: Sequence[str] | None = None,
    folder: Path | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[str | None]:
    """Wait for a GPU, and make it the only one that this process sees while the block runs.

    Args:
        device: `training.device` of the config. For `cuda:1`, wait for this particular GPU and
            leave the visible ones unchanged. `cpu` and `mps` need no GPU.
        visible: GPUs to choose from. None: all that this process may see.
        folder: folder of the locks. None: one of this user on this machine.
        stopped: function that says whether the job was asked to stop; called while waiting.

    Yields:
        The GPU, as CUDA_VISIBLE_DEVICES names it; None if none is leased.

    Raises:
        UserError: if the job was asked to stop while it waited, or if the folder of the locks
            cannot be written or is writable by other users.
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
    """Number of training jobs that can have a GPU at a time on this machine; 0 if none needs one.

    Does not load torch, since the workflow calls this each time that it is parsed.
    """
    if not (device == "auto" or device.startswith("cuda")):
        return 0
    files = len(list(_DEVICE_FILES.glob("nvidia[0-9]*")))
    named = os.environ.get(VISIBLE)
    count = files if named is None else min(files, len(named_gpus(named)))
    return min(count, 1) if _number(device) is not None else count


def scheduler_job(environment: Mapping[str, str]) -> str | None:
    """Name of the scheduler's job that this process is part of; None outside of such a job.

    >>> scheduler_job({"SLURM_JOB_ID": "17"})
    'SLURM_JOB_ID-17'
    """
    jobs = [f"{name}-{environment[name]}" for name in SCHEDULERS if environment.get(name)]
    return re.sub(r"[^\w.-]", "_", jobs[0]) if jobs else None


def visible_gpus(count: int | None = None) -> list[str]:
    """GPUs that this process may see, as CUDA_VISIBLE_DEVICES names them; does not start CUDA.

    Args:
        count: number of them that exist, since CUDA_VISIBLE_DEVICES may name others. None: ask the
            driver.
    """
    names = named_gpus(os.environ[VISIBLE]) if VISIBLE in os.environ else None
    if names == [] or (names and names[0].startswith("MIG-")):
        return names  # PyTorch counts all MIG instances as one
    if count is None:
        import torch

        count = torch.cuda.device_count()
    return names[:count] if names else [str(number) for number in range(count)]


def named_gpus(names: str) -> list[str]:
    """Parse a value of CUDA_VISIBLE_DEVICES as PyTorch does.

    The list stops at the first name that is invalid or of another kind; a duplicate makes it empty.

    >>> named_gpus("3, 5"), named_gpus("GPU-8932f937,1"), named_gpus("0,-1,2"), named_gpus("1,1")
    (['3', '5'], ['GPU-8932f937'], ['0'], [])
    """
    parts = [part.strip() for part in names.split(",")]
    kinds = (re.compile(kind) for kind in (r"\d+", r"GPU-[\w-]+", r"MIG-[\w/-]+"))
    gpus = max((list(takewhile(kind.fullmatch, parts)) for kind in kinds), key=len)
    return gpus if len(set(gpus)) == len(gpus) else []


def _gpus_to_share(device: str, visible: Sequence[str] | None) -> list[str]:
    """GPUs of which this process leases one; empty if it needs no lease."""
    if not (device == "auto" or device.startswith("cuda")):
        return []
    gpus = visible_gpus() if visible is None else list(visible)
    if scheduler_job(os.environ) and len(gpus) < 2:
        return []
    number = _number(device)
    return gpus if number is None else gpus[number : number + 1]


def _number(device: str) -> int | None:
    """Number of the GPU that the user has chosen; None without a choice."""
    _, _, number = device.partition("cuda:")
    return int(number) if number else None


def _wait_for_one(
    gpus: Sequence[str], folder: Path, stopped: Callable[[], bool]
) -> tuple[str, FileLock]:
    locks = {gpu: FileLock(folder / f"{gpu.replace('/', '_')}.lock", timeout=0) for gpu in gpus}
    is_logged = False
    while not stopped():
        for gpu, lock in locks.items():
            with suppress(Timeout):
                lock.acquire()
                with suppress(OSError):  # it only tells others who waits for whom
                    _holder_file(lock).write_text(str(os.getpid()))
                return gpu, lock
        if not is_logged:
            held = (f"{gpu} is held by {_holder(lock)}" for gpu, lock in locks.items())
            logger.info("waits for a GPU: %s", "; ".join(held))
            is_logged = True
        time.sleep(_SECONDS_BETWEEN_TRIES)
    raise UserError("training was stopped by a signal while it waited for a GPU")


def _holder(lock: FileLock) -> str:
    """Holder of a lock, which may not have written its number yet."""
    file = _holder_file(lock)
    process = file.read_text() if file.exists() else ""
    return f"process {process}" if process else "another process"


def _holder_file(lock: FileLock) -> Path:
    return Path(lock.lock_file).with_suffix(".holder")


def _folder_of_locks() -> Path:
    """Folder of locks of this user on this machine; in it, one for each job of a scheduler.

    GPUs of different jobs of a scheduler may have the same number.
    """
    folder = _own_folder(_TEMPORARY / f"clusterability-gpus-{os.getuid()}")
    job = scheduler_job(os.environ)
    return _own_folder(folder / job) if job else folder


def _own_folder(folder: Path) -> Path:
    """Create a folder that only this user can write to, or check an existing one.

    Where all users can write, another one may have created it, with links to files of this user.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise UserError(
            f"{folder}: found a folder that other users can write to, expected one of this user's"
            " own; remove it"
        )
    return folder
