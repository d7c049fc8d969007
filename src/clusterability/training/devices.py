"""What training runs on: the choice of a device, determinism, lack of memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from clusterability.errors import UserError

_OUT_OF_MEMORY = (
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_NOT_INITIALIZED",  # its handle takes memory, too
    "CUDNN_STATUS_ALLOC_FAILED",
    "DefaultCPUAllocator: can't allocate memory",
    "DefaultCPUAllocator: not enough memory",
    "MPS backend out of memory",
)


def choose_device(name: str) -> torch.device:
    """The device of that name; `auto` is a CUDA GPU where there is one, else the CPU.

    Raises:
        UserError: where the named device is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise UserError(f"training.device: found {name!r}, expected one of {count} CUDA devices")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise UserError(f"training.device: found {name!r}, but this machine has no such device")
    return device


def is_out_of_memory(error: Exception) -> bool:
    """Whether a device or the CPU had no memory left; some libraries say so in words alone."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(
        words in str(error) for words in _OUT_OF_MEMORY
    )


def first_sentence(error: Exception) -> str:
    """The first sentence of what a library says; PyTorch adds a paragraph of advice."""
    return str(error).split(". ")[0].splitlines()[0] if str(error) else type(error).__name__


@contextmanager
def deterministic(threads: int) -> Iterator[None]:
    """Deterministic algorithms, full float32 products, and so many CPU threads."""
    before = torch.get_num_threads()
    fill = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    tf32 = torch.backends.cuda.matmul.allow_tf32
    torch.set_num_threads(threads)
    deterministic = torch.get_deterministic_debug_mode()
    # As torch.use_deterministic_algorithms(True) does, which loads torch's compiler for a second.
    torch.set_deterministic_debug_mode("error")
    # Nothing here reads memory before it writes it; filling it first takes a quarter of the time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.utils.deterministic.fill_uninitialized_memory = fill  # type: ignore[attr-defined]
        torch.set_deterministic_debug_mode(deterministic)
        torch.set_num_threads(before)
