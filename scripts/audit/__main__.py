"""`python -m audit RESULTS`: recompute random cells of a finished study, and compare them."""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from audit.cells import AuditError, Cell
from audit.kinds import KINDS, shares, spread
from audit.study_files import StudyFiles

_SHOWN = 20
"""Maximum number of differences printed per kind."""


def main(words: Sequence[str]) -> int:
    """Audit a study and print a report; return 0 if there are cells and all agree, else 1."""
    options = _parser().parse_args(words)
    source = np.random.default_rng(options.seed)
    study = StudyFiles(options.results)
    rows = {name: kind.candidates(study) for name, kind in KINDS.items()}
    quota = shares(options.cells, {name: len(each) for name, each in rows.items()})
    print(f"{options.results}: {sum(quota.values())} cells worked out again, --seed {options.seed}")
    cells: list[Cell] = []
    for name, kind in KINDS.items():
        checked: list[Cell] = []
        skipped = 0
        if quota[name]:
            chosen = spread(rows[name], quota[name], kind.strata, kind.together, source)
            checked = list(kind.check(study, chosen, options.draws, source))
            skipped = len(chosen) - len(checked)
        print(line_of(name, kind.says, checked, skipped), flush=True)
        for text in differences(checked):
            print(f"  {text}")
        cells += checked
    if options.out:
        write(options.out, cells)
    return 0 if cells and all(cell.agrees for cell in cells) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m audit", description=__doc__)
    parser.add_argument("results", type=Path, help="folder of the results of a finished study")
    parser.add_argument("--cells", type=_count, default=200, help="cells in all (200)")
    parser.add_argument("--seed", type=int, default=0, help="of their choice and of shuffles (0)")
    parser.add_argument("--draws", type=_count, default=99, help="shuffles a partition (99)")
    parser.add_argument("--out", type=Path, help="CSV file for all numbers that were compared")
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 2:
        raise argparse.ArgumentTypeError(f"found {number}, expected at least 2")
    return number


def line_of(name: str, says: str, cells: Sequence[Cell], skipped: int) -> str:
    """Summary of a kind: its cells, how many differ, the largest difference, and cells skipped
    because the study keeps nothing to recompute them from.
    """
    more = f"; {skipped} skipped: the study keeps nothing to recompute them from" if skipped else ""
    if not cells:
        return f"{name}: nothing to check ({says}){more}"
    numbers = [number for cell in cells for number in cell.numbers]
    differ = sum(not cell.agrees for cell in cells)
    worst = max(numbers, key=lambda number: number.share_of_bound)
    return (
        f"{name}: {len(cells)} cells checked ({says}), {differ} differ; largest difference"
        f" {worst.difference:.2g} in {worst.column}, where {worst.bound:.2g} counts as none{more}"
    )


def differences(cells: Sequence[Cell]) -> list[str]:
    """One line per number that differs: the cell, the study's number and the audit's."""
    lines = [
        f"{cell}: {number.column}: found {_shown(number.study)}, expected"
        f" {_shown(number.audit)}, within {number.bound:.2g}"
        for cell in cells
        for number in cell.numbers
        if not number.agrees
    ]
    more = len(lines) - _SHOWN
    return lines[:_SHOWN] + ([f"… and {more} more: --out FILE has all"] if more > 0 else [])


def _shown(value: float | str) -> str:
    if isinstance(value, str):
        return value or "nothing"
    return "nothing" if math.isnan(value) else f"{value:.12g}"


def write(path: Path, cells: Sequence[Cell]) -> None:
    """Write one row per compared number.

    Raises:
        AuditError: if the file cannot be written.
    """
    names = list(dict.fromkeys(name for cell in cells for name in cell.names))
    columns = ["kind", *names, "column", "study", "audit", "difference", "bound", "agrees"]
    try:
        with path.open("w", newline="") as stream:
            rows = csv.DictWriter(stream, columns, restval="")
            rows.writeheader()
            for cell in cells:
                for number in cell.numbers:
                    fields = {name: getattr(number, name) for name in columns[-6:]}
                    rows.writerow({"kind": cell.kind, **cell.names, **fields})
    except OSError as error:
        raise AuditError(f"{path}: cannot be written ({error.strerror})") from error


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except AuditError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
