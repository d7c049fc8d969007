"""Measurements as the project keeps them: docs/performance.csv, its table and its figure."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

DOCS = Path(__file__).resolve().parents[1] / "docs"
CSV, PAGE = DOCS / "performance.csv", DOCS / "performance.md"
FIGURE = DOCS / "images" / "performance.png"

_TABLE = re.compile(r"(?<=<!-- measured -->\n).*?(?=<!-- end -->)", re.DOTALL)


def record(folder: Path) -> None:
    """Takes the results of one run into the documentation."""
    shutil.copyfile(folder / "bench.csv", CSV)
    shutil.copyfile(folder / "performance.png", FIGURE)
    rows = read_rows(CSV)
    machine = json.loads((folder / "machine.json").read_text())
    description = ", ".join(f"{name} {value}" for name, value in machine.items())
    text = f"{markdown(rows)}\nMachine: {description}.\n"
    PAGE.write_text(_TABLE.sub(lambda _: text, PAGE.read_text()))


def read_rows(file: Path) -> pd.DataFrame:
    """Rows as they were written."""
    rows = pd.read_csv(file, keep_default_na=False, na_values=[""])
    return rows.fillna({"peer": "", "quality": "", "limit_of": ""})


def markdown(rows: pd.DataFrame) -> str:
    """A table with a row for each comparison.

    >>> from benchmarks.timing import Row, table
    >>> row = Row("nulls", "10 x 10", "draws a second", 12.0, "a loop", 3.0, 4.0, 3.9, 4.2, 0.25)
    >>> print(markdown(table([row])).splitlines()[-1])
    | nulls: 10 x 10 | draws a second | 12 | 3 | a loop | 4.0 (3.9 … 4.2) | 25 % |  |
    """
    lines = ["| what | unit | ours | theirs | peer | times as fast | of the limit | result |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in rows.to_dict("records"):
        cells = [
            f"{row['part']}: {row['item']}",
            row["unit"],
            _number(row["ours"]),
            _number(row["theirs"]),
            _text(row["peer"]),
            _ratio(row),
            "" if pd.isna(row["limit"]) else f"{row['limit']:.0%}".replace("%", " %"),
            _text(row["quality"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _ratio(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["ratio"]):
        return ""
    if pd.isna(row["ratio_low"]):
        return f"{row['ratio']:.2f}"
    return f"{row['ratio']:.1f} ({row['ratio_low']:.1f} … {row['ratio_high']:.1f})"
