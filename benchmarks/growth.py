"""Growth of time and memory with networks, draws, k and units: each point a process of its own.

`python -m benchmarks.growth KIND AMOUNT` measures one point and prints it as JSON.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

K_GRID = list(range(2, 13))
METHODS = ["notebook", "matched", "joint"]
STARTS = 3


def _train(networks: int) -> None:
    """Networks of one block, one epoch of 6,000 images; pixels are random."""
    from clusterability.training.images import Mnist
    from clusterability.training.recipe import Recipe
    from clusterability.training.train import train

    source = np.random.default_rng(0)
    images = source.integers(0, 256, (6000, 784)).astype(np.uint8)
    labels = source.integers(0, 10, 6000)
    mnist = Mnist(images, labels, images[:1000], labels[:1000])
    train("growth", Recipe(epochs=1), range(networks), mnist, device="cpu", threads=2)


def _null(draws: int, units: int, k_values: list[int]) -> None:
    from clusterability.nulls.clustered_again import redrawn_tables
    from clusterability.nulls.redrawing import RandomModel

    weights = {"fc1": np.random.default_rng(0).uniform(-1, 1, (units, units)).astype(np.float32)}
    arguments = (range(draws), k_values, METHODS, STARTS)
    list(redrawn_tables(RandomModel.named("shuffle"), weights, "fc1", ("growth", 0), *arguments))


KINDS: dict[str, tuple[Callable[[int], None], tuple[int, ...]]] = {
    "networks trained": (_train, (2, 5, 10, 20, 50)),
    "draws of a null": (lambda draws: _null(draws, 128, K_GRID), (25, 50, 100, 200, 400)),
    "k": (lambda k: _null(50, 128, [k]), (4, 8, 16, 32, 64)),
    "units a side": (lambda units: _null(20, units, K_GRID), (64, 128, 256, 512)),
    "units of a large side": (lambda units: _null(4, units, K_GRID), (512, 1024, 2048, 4096)),
}
"""Quantities that grow, and the amounts that are measured."""


def measure(kind: str, amount: int) -> dict[str, float]:
    """Seconds, and bytes that the process needs more than after the least amount."""
    work, amounts = KINDS[kind]
    work(min(amounts))
    before = peak()
    started = time.perf_counter()
    work(amount)
    return {"seconds": time.perf_counter() - started, "bytes": peak() - before}


def peak() -> int:
    """Most bytes that this process had in memory.

    Linux hands `ru_maxrss` on from the process that started this one; VmHWM it does not.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure_all(quick: bool) -> pd.DataFrame:
    """One row a point: `kind`, `amount`, `seconds`, `bytes`."""
    rows = []
    for kind, (_, amounts) in KINDS.items():
        for amount in amounts[:2] if quick else amounts:
            process = subprocess.run(
                [sys.executable, "-m", "benchmarks.growth", kind, str(amount)],
                cwd=Path(__file__).resolve().parents[1],
                capture_output=True,
                check=True,
                text=True,
            )
            rows.append({"kind": kind, "amount": amount} | json.loads(process.stdout))
    return pd.DataFrame(rows)


def slopes(points: pd.DataFrame) -> pd.Series:
    """Slope of log seconds over log amount, by kind: 1 is linear."""
    fits = {}
    for kind, group in points.groupby("kind", sort=False):
        fits[str(kind)] = float(np.polyfit(np.log(group["amount"]), np.log(group["seconds"]), 1)[0])
    return pd.Series(fits)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
