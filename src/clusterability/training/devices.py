"""Devices for training: choice, determinism, out-of-memory errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from clusterability.errors import UserError

_OUT_OF_MEMORY = (
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_NOT_INITIALIZED",  # raised when its handle cannot be allocated
    "CUDNN_STATUS_ALLOC_FAILED",
    "DefaultCPUAllocator: can't allocate memory",
    "DefaultCPUAllocator: not enough memory",
    "MPS backend out of memory",
)


def choose_device(name: str) -> torch.device:
    """Device of a given name; `auto` is a CUDA GPU if there is one, else the CPU.

    Raises:
        UserError: if the device does not exist.
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
    """Whether a device or the CPU ran out of memory; some libraries say so only in the message."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(
        words in str(error) for words in _OUT_OF_MEMORY
    )


def first_sentence(error: Exception) -> str:
    """First sentence of an error message, without PyTorch's advice."""
    return str(error).split(". ")[0].splitlines()[0] if str(error) else type(error).__name__


@contextmanager
def deterministic(threads: int) -> Iterator[None]:
    """Context with deterministic algorithms, full float32 products and `threads` CPU threads.

    Denormal numbers count as zero. Adam's first moments of a unit that is never active decay to
    them and stay there, and a CPU takes many times as long on them; weights have the same bits.
    """
    before = torch.get_num_threads()
    flushes = _flushes_denormals()
    torch.set_flush_denormal(True)  # before the first product, since threads inherit it
    fill = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    tf32 = torch.backends.cuda.matmul.allow_tf32
    torch.set_num_threads(threads)
    deterministic = torch.get_deterministic_debug_mode()
    # Not torch.use_deterministic_algorithms(True), which spends a second on loading the compiler.
    torch.set_deterministic_debug_mode("error")
    # No code here reads uninitialised memory, and filling it takes a quarter of the time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.utils.deterministic.fill_uninitialized_memory = fill  # type: ignore[attr-defined]
        torch.set_deterministic_debug_mode(deterministic)
        torch.set_flush_denormal(flushes)
        torch.set_num_threads(before)


def _flushes_denormals() -> bool:
    """Whether denormal numbers count as zero in this thread; PyTorch can set it but not tell."""
    smallest_normal = torch.tensor(torch.finfo(torch.float32).tiny)
    return not (smallest_normal / 2).item()
