"""Leases of GPUs: on one machine, one job a GPU.

Snakemake counts the GPUs that jobs ask for, but tells none which one is its own. Here a job takes
the lock file of a GPU before CUDA starts, and shows itself this GPU alone. The locks are the
operating system's: those of a process that dies are free. They lie in a folder of the user on this
machine, so that all studies share them. Under a scheduler its own assignment stands.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

logger = logging.getLogger(__name__)

VISIBLE = "CUDA_VISIBLE_DEVICES"
SCHEDULERS = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "KUBERNETES_SERVICE_HOST")
"""Variables by which schedulers tell a job that it is theirs."""
LEASED_DEVICES = ("auto", "cuda")
"""Devices of the config that leave the choice of a GPU to us."""

_DRIVER = Path("/dev/nvidiactl")
"""What NVIDIA's driver shows on Linux; looking at it loads nothing."""

_SECONDS_BETWEEN_TRIES = 0.5


@contextmanager
def leased_gpu(
    device: str, visible: Sequence[str] | None = None, folder: Path | None = None
) -> Iterator[str | None]:
    """Waits for a GPU, and shows this process no other one while the block runs.

    Args:
        device: `training.device` of the config. `cuda:1` is the user's own choice, `cpu` and `mps`
            need none.
        visible: GPUs to choose from, by default all that this process may see.
        folder: of the locks, by default one of this user on this machine.

    Returns:
        The GPU as CUDA_VISIBLE_DEVICES names it; None where none is leased.
    """
    if device not in LEASED_DEVICES or under_scheduler(os.environ):
        yield None
        return
    gpus = visible_gpus() if visible is None else list(visible)
    if not gpus:
        yield None
        return
    gpu, lock = _wait_for_one(gpus, folder or _default_folder())
    before = os.environ.get(VISIBLE)
    os.environ[VISIBLE] = gpu
    logger.info("training on GPU %s of %s", gpu, ", ".join(gpus))
    try:
        yield gpu
    finally:
        lock.release()
        if before is None:
            del os.environ[VISIBLE]
        else:
            os.environ[VISIBLE] = before


def gpus_to_ask_for(device: str) -> int:
    """How many GPUs a training job asks Snakemake for: one, where there is one to be had.

    On a cluster whose login node has no GPU, `auto` asks for none, unless the profile does.
    """
    return int(device.startswith("cuda") or (device == "auto" and _DRIVER.exists()))


def under_scheduler(environment: Mapping[str, str]) -> bool:
    """Whether a scheduler has started this process, and so has assigned its GPUs."""
    return any(environment.get(name) for name in SCHEDULERS)


def visible_gpus() -> list[str]:
    """GPUs that this process may see, as CUDA_VISIBLE_DEVICES names them; does not start CUDA."""
    named = os.environ.get(VISIBLE)
    if named is not None:
        return named_gpus(named)
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]


def named_gpus(names: str) -> list[str]:
    """The GPUs that a value of CUDA_VISIBLE_DEVICES names; CUDA stops at the first that is none.

    >>> named_gpus("3, 5"), named_gpus("GPU-8932f937,1"), named_gpus("0,-1,2"), named_gpus("")
    (['3', '5'], ['GPU-8932f937', '1'], ['0'], [])
    """
    found: list[str] = []
    for name in (part.strip() for part in names.split(",")):
        if not (name.isdecimal() or name.startswith(("GPU-", "MIG-"))):
            break
        found.append(name)
    return list(dict.fromkeys(found))


def _wait_for_one(gpus: Sequence[str], folder: Path) -> tuple[str, FileLock]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    told = False
    while True:
        for gpu in gpus:
            path = folder / f"{gpu.replace('/', '_')}.lock"
            lock = FileLock(path)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            path.with_suffix(".holder").write_text(str(os.getpid()))
            return gpu, lock
        if not told:
            logger.info("waits for a GPU: %s", "; ".join(_holders(gpus, folder)))
            told = True
        time.sleep(_SECONDS_BETWEEN_TRIES)


def _holders(gpus: Sequence[str], folder: Path) -> list[str]:
    found = []
    for gpu in gpus:
        file = folder / f"{gpu.replace('/', '_')}.holder"
        holder = file.read_text() if file.exists() else "another one"
        found.append(f"{gpu} is held by process {holder}")
    return found


def _default_folder() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"clusterability-gpus-{user}"
