"""Files as users have them: `clusterability score` in a process of its own, with its memory.

`python -m benchmarks.files score FILE …` is the command, and prints CPU seconds and bytes last.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.growth import peak
from benchmarks.timing import Row
from benchmarks.workflow import run

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
            wall, cpu, most = scored(file, "--draws", draws)
            quality = f"{cpu:.0f} CPU s, {most / 1e9:.1f} GB"
            yield Row("files", f"{name}, {draws} draws", "s", wall, quality=quality)


def scored(file: Path, *options: str) -> tuple[float, float, int]:
    """Seconds, CPU seconds and most bytes in memory of `clusterability score FILE --k 2-8`."""
    words = ["score", str(file), "--k", "2-8", "--fresh", "--force"]
    words += ["--output", str(file.with_suffix(".csv")), *options]
    started = time.perf_counter()
    output = run([sys.executable, "-m", "benchmarks.files", *words])
    wall = time.perf_counter() - started
    cpu, most = json.loads(output.splitlines()[-1])
    return wall, cpu, most


if __name__ == "__main__":
    from clusterability.__main__ import main

    status = main(sys.argv[1:])
    print(json.dumps([time.process_time(), peak()]))
    sys.exit(status)
