"""Draws of large matrices: against an earlier commit of this project, and against scikit-learn.

Each measurement is a process of its own, so that its memory is its own, too.
`python -m benchmarks.large ROWS COLUMNS DRAWS THREADS NULL`, with the `src` of whichever tree on
PYTHONPATH, measures one and prints it as JSON.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import Pair, Row, paired

PROJECT = Path(__file__).resolve().parents[1]
BEFORE = "7e70cbb"
"""The commit before embeddings by Lanczos, one draw at a time, and draws in threads."""

SHAPES = ((128, 128), (128, 784), (1024, 1024), (2048, 2048), (1024, 4096), (4096, 4096))
K_VALUES, STARTS, THREADS = list(range(2, 13)), 3, 2
DRAWS = {128: 300, 1024: 16, 2048: 8, 4096: 4}
"""By the smaller side."""
COCLUSTERED_K = 4


def rows(rounds: int, quick: bool) -> list[Row]:
    """Each shape against the commit before, then against scikit-learn's co-clustering."""
    shapes = SHAPES[:3] if quick else SHAPES
    with earlier_tree() as tree:
        results = [_before_row(tree, shape, rounds) for shape in shapes]
    large = [shape for shape in shapes if min(shape) >= 1024]
    methods = ("arpack", "randomized")
    return results + [_coclustering_row(*each, rounds) for each in product(large, methods)]


def _before_row(tree: Path, shape: tuple[int, int], rounds: int) -> Row:
    arguments = (*shape, DRAWS[min(shape)], THREADS, "shuffle")
    runs: list[list[dict[str, Any]]] = []
    for number in range(rounds):
        trees = (PROJECT, tree) if number % 2 == 0 else (tree, PROJECT)
        both = [measured(each, *arguments) for each in trees]
        runs.append(both if number % 2 == 0 else both[::-1])
    seconds = np.array([[each["seconds"] for each in both] for both in runs])
    ours, theirs = runs[0]
    cuts = np.mean(np.array(ours["ncut"]) / np.array(theirs["ncut"]))
    return Row(
        part="large", item=f"{shape[0]} x {shape[1]}, k = 2 ... 12, two cores", unit="s a draw",
        peer=f"commit {BEFORE}", **Pair(*seconds.T).columns(1, rate=False),
        quality=f"{ours['bytes'] / 1e6:.0f} MB for {theirs['bytes'] / 1e6:.0f} MB,"
        f" n-cut {cuts:.4f} of theirs",
    )  # fmt: skip


def _coclustering_row(shape: tuple[int, int], method: str, rounds: int) -> Row:
    from benchmarks.clusterings import names
    from benchmarks.peers import coclusters
    from clusterability.clustering.block_sums import Tables
    from clusterability.clustering.spectral import cluster
    from clusterability.clustering.summing import tables_of
    from clusterability.measures.structure import FUNCTIONS
    from clusterability.networks.partitions import labels_of

    matrix = np.abs(np.random.default_rng(0).standard_normal(shape))
    key = ("joint", COCLUSTERED_K)

    def ours() -> Any:
        return cluster(matrix[None], names(1), [COCLUSTERED_K], ["joint"], STARTS)

    def theirs() -> Any:
        return coclusters(matrix, COCLUSTERED_K, STARTS, method)

    def cut(labels: Any) -> float:
        tables: Tables = tables_of(matrix, {key: labels})[key]
        return float(FUNCTIONS["ncut"](tables))

    columns = paired(ours, theirs, rounds).columns(1, rate=False)
    share = cut(labels_of(ours(), 0)[key]) / cut(theirs())
    return Row(
        part="large", item=f"{shape[0]} x {shape[1]}, joint, k = {COCLUSTERED_K}", unit="s",
        peer=f"SpectralCoclustering, {method}", **columns, quality=f"n-cut {share:.4f} of theirs",
    )  # fmt: skip


def measure(rows: int, columns: int, draws: int, threads: int, null: str) -> dict[str, Any]:
    """Seconds a draw, bytes at most, and scores by which results are compared.

    The base of memory is what the process had after a draw of a small matrix, which compiles, too.
    """
    from benchmarks.growth import peak
    from clusterability.jobs.clustering_job import NullJob
    from clusterability.measures.structure import FUNCTIONS
    from clusterability.networks.scaled_layer import scaled_layers
    from clusterability.networks.stacked import Networks
    from clusterability.nulls.clustered_again import block_redrawn_tables

    options = {}
    if "threads" in inspect.signature(block_redrawn_tables).parameters:
        from clusterability.numerics import Workers

        options = {"threads": Workers(threads).at_once(rows * columns)}

    def tables(m: int, n: int, count: int) -> Any:
        weights = np.random.default_rng(0).standard_normal((1, m, n)).astype(np.float32)
        layers = scaled_layers(Networks("bench", (0,), {}, {"fc1": weights}), "fc1", ["none"])
        job = NullJob(["matched"], STARTS, ["none"], count)
        return block_redrawn_tables(null, layers, K_VALUES, job, **options)

    tables(16, 16, 2)
    before, started = peak(), time.perf_counter()
    results = tables(rows, columns, draws)
    seconds = (time.perf_counter() - started) / draws
    cut = [float(np.nanmean(FUNCTIONS["ncut"](table))) for table in results.values()]
    return {"seconds": seconds, "bytes": peak() - before, "ncut": cut}


@contextmanager
def earlier_tree() -> Iterator[Path]:
    """The project as it was, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "before")
        git = ["git", "-C", str(PROJECT), "worktree"]
        subprocess.run(
            [*git, "add", "--detach", str(tree), BEFORE], check=True, capture_output=True
        )
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", tree], check=True)


def measured(tree: Path, *amounts: object) -> dict[str, Any]:
    """As `measure`, in a process of its own with the library of a tree."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tree / "src"), str(PROJECT)])}
    command = [sys.executable, "-m", "benchmarks.large", *map(str, amounts)]
    run = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr)
    return json.loads(run.stdout)


if __name__ == "__main__":
    m, n, count, at_once = map(int, sys.argv[1:5])
    print(json.dumps(measure(m, n, count, at_once, sys.argv[5])))
