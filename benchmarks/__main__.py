"""`make bench`: kernels against what they replace and against the machine; `make bench-check`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import pandas as pd

from benchmarks import clusterings, files, growth, large, machine, scores, training, workflow
from benchmarks.check import KEYS, worse
from benchmarks.figure import draw
from benchmarks.record import CSV, read_rows, record
from benchmarks.timing import Row, table
from clusterability.errors import UserError
from clusterability.training.devices import choose_device
from clusterability.training.download import get_mnist

MNIST = Path("results/data/mnist")
RESULTS = Path("results/bench")
GROWTH = "growth.csv"
RECORDED = CSV.relative_to(workflow.PROJECT)
KERNELS = ("training", "nulls", "scoring")
PARTS = (*KERNELS, "large", "growth", "files", "jobs", "plans", "studies")


def main(words: list[str]) -> int:
    """Measures, prints, writes; returns 1 where `--check` finds something worse."""
    options = _parser().parse_args(words)
    device = str(choose_device(options.device))
    # Nothing but training runs on a GPU.
    usual = ("training",) if device != "cpu" else KERNELS if options.check else PARTS
    parts = options.parts or usual
    folder = RESULTS / (device.replace(":", "") + ("-quick" if options.quick else ""))
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for part in parts:
        print(f"{part} …", flush=True)
        if part == "growth":
            points = growth.measure_all(options.quick)
            points.to_csv(folder / GROWTH, index=False)
            print(growth.slopes(points).round(2).to_string())
        elif part == "jobs":
            times = workflow.startup(1 if options.quick else 3)
            times.to_csv(folder / "startup.csv", index=False)
            print(times.round(2).to_string(index=False))
        else:
            new = _measure(part, device, options)
            rows += new
            print(_readable(table(new)), flush=True)
    _write(folder, table(rows))
    (folder / "machine.json").write_text(json.dumps(machine.describe(device), indent=2) + "\n")
    print(f"written to {folder}")
    if options.record:
        record(folder)
    return _check(table(rows)) if options.check else 0


def _write(folder: Path, new: pd.DataFrame) -> None:
    """Writes rows and figure; what was measured before and not again stays."""
    file = folder / "bench.csv"
    rows = pd.concat([read_rows(file), new]) if file.is_file() else new
    rows = rows.drop_duplicates(KEYS, keep="last")
    rows.to_csv(file, index=False)
    growing = folder / GROWTH
    if len(rows):
        draw(rows, pd.read_csv(growing) if growing.is_file() else None, folder / "performance")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--device", default="cpu", help="what is trained on (cpu)")
    parser.add_argument(
        "--threads", type=_positive, default=os.cpu_count(), help="of training (all)"
    )
    parser.add_argument("--rounds", type=_positive, default=5, help="how often each is timed (5)")
    parser.add_argument("--quick", action="store_true", help="less of everything, roughly")
    parser.add_argument("--check", action="store_true", help=f"compare ratios with {RECORDED}")
    parser.add_argument("--record", action="store_true", help="take the results into docs/")
    parser.add_argument("--parts", nargs="+", choices=PARTS, help="what to measure (all)")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a whole number from 1 on")
    return int(text)


def _measure(part: str, device: str, options: argparse.Namespace) -> list[Row]:
    rounds = 2 if options.quick else options.rounds
    if part == "training":
        get_mnist(MNIST)
        return training.rows(MNIST, device, options.threads, min(rounds, 3), options.quick)
    if part == "nulls":
        return clusterings.rows(rounds, options.quick)
    if part == "scoring":
        return scores.rows(rounds, options.quick)
    if part == "large":
        return large.rows(min(rounds, 3), options.quick)
    if part == "files":
        return files.rows(options.quick)
    if part == "plans":
        return workflow.plans(min(rounds, 3), (1000,) if options.quick else (1000, 10_000))
    get_mnist(MNIST)
    return workflow.studies(min(rounds, 3))


def _readable(rows: pd.DataFrame) -> str:
    shown = rows.drop(columns=["part", "limit_of", "rounds"]).dropna(axis=1, how="all")
    return shown.to_string(index=False, float_format=lambda value: f"{value:.3g}")


def _check(rows: pd.DataFrame) -> int:
    lines = worse(read_rows(CSV), rows)
    print("\n".join(lines) if lines else f"no ratio is worse than those of {RECORDED}")
    return 1 if lines else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        sys.exit(str(error))
