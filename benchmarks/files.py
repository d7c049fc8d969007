"""Files as users have them: `clusterability score` in a process of its own, with its memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import Row

PROJECT = Path(__file__).resolve().parents[1]

Shapes = dict[str, tuple[int, int]]


def _repeated(blocks: int, shapes: Shapes) -> Shapes:
    return {f"h.{n}.{name}": shape for n in range(blocks) for name, shape in shapes.items()}


ATTENTION = {f"attention.{name}": (384, 384) for name in ("query", "key", "value", "output")}
FILES: dict[str, Shapes] = {
    "MiniLM's 36 matrices": _repeated(6, ATTENTION | {"up": (1536, 384), "down": (384, 1536)}),
    "one of 4096 x 11008": {"mlp": (4096, 11008)},
    "GPT-2 small's 48 matrices": _repeated(
        12,
        {"attn": (2304, 768), "proj": (768, 768), "up": (3072, 768), "down": (768, 3072)},
    ),
}
"""Shapes of published networks; the weights are random, which takes no less time."""
OPTIONS = ("fixed", "adaptive")
"""Numbers of draws: 99 of each null; or as many as decide, at most 99."""


def rows(quick: bool) -> list[Row]:
    """Seconds of each file with k from 2 to 8, by how draws are counted; slow ones once."""
    names = list(FILES)[:1] if quick else list(FILES)
    return [row for name in names for row in _rows_of(name)]


def _rows_of(name: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "weights.npz")
        source = np.random.default_rng(0)
        arrays: dict[str, Any] = {
            layer: source.standard_normal(shape, np.float32) for layer, shape in FILES[name].items()
        }
        np.savez(file, **arrays)
        for draws in OPTIONS:
            wall, cpu, peak = scored(file, "--draws", draws)
            quality = f"{cpu:.0f} CPU s, {peak / 1e9:.1f} GB"
            yield Row("files", f"{name}, {draws} draws", "s", wall, quality=quality)


def scored(file: Path, *options: str) -> tuple[float, float, int]:
    """Seconds, CPU seconds and most bytes in memory of `clusterability score FILE --k 2-8`."""
    command = [sys.executable, "-m", "clusterability", "score", str(file), "--k", "2-8"]
    command += ["--fresh", "--force", "--output", str(file.with_suffix(".csv")), *options]
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "src")}
    started = time.perf_counter()
    watched = subprocess.run(
        [sys.executable, "-c", _WATCH, *command],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    wall = time.perf_counter() - started
    status, said, cpu, kilobytes = json.loads(watched.stdout)
    if status:
        raise RuntimeError(said)
    return wall, cpu, kilobytes * 1024


# A process that is started begins with its parent's peak: so the parent is a small one.
_WATCH = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, done.stderr, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""
