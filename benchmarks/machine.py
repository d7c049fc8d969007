"""Description of the machine and its speed: products of large matrices, in GFLOP a second."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from benchmarks.timing import fastest

_SIZE = 3072


def product_rate(dtype: str, threads: int, device: str = "cpu") -> float:
    """Floating-point operations a second of the product of two large square matrices.

    On the CPU by PyTorch or, in float64, by numpy, as the kernels do.
    """
    operations = 2 * _SIZE**3
    if device == "cpu" and dtype == "float64":
        a, b = np.random.default_rng(0).random((2, _SIZE, _SIZE))
        with threadpool_limits(threads):
            return operations / fastest(lambda: a @ b, 4)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    allowed = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        x, y = torch.rand(2, _SIZE, _SIZE, dtype=getattr(torch, dtype), device=device)
        return operations / fastest(lambda: finished(x @ y), 6)
    finally:
        torch.backends.cuda.matmul.allow_tf32 = allowed
        torch.set_num_threads(before)


def finished(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor, when its device has computed it."""
    if tensor.is_cuda:
        torch.cuda.synchronize(tensor.device)
    return tensor


def describe(device: str) -> dict[str, Any]:
    """Processor, device and versions."""
    packages = ("torch", "numpy", "scipy", "scikit-learn", "numba", "snakemake")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "device": torch.cuda.get_device_name(device) if device.startswith("cuda") else device,
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
