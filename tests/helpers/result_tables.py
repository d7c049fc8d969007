"""What docs/results.md says of tables and figures: their columns, and which are never empty."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from project import DOCS

RESULTS = DOCS / "results.md"
TEXT = RESULTS.read_text()
HEADER = "| column | type | unit or range | meaning | empty |"


def section(heading: str) -> str:
    """The text below a heading, up to the next one of its level."""
    (found,) = re.findall(rf"^## {re.escape(heading)}\n(.+?)(?=\n## |\Z)", TEXT, re.M | re.S)
    return found


def cells(text: str) -> list[list[str]]:
    """Rows of the only Markdown table of a text, without its header."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def described_tables() -> list[str]:
    """Names of the tables whose columns are described."""
    return re.findall(rf"^## `([^`]+)`\n(?:(?!^## ).*\n)*?{re.escape(HEADER)}", TEXT, re.M)


def described_columns(table: str) -> list[str]:
    """Columns of a table, in the order of the document."""
    return [row[0].strip("`") for row in cells(section(f"`{table}`"))]


def never_empty(table: str) -> list[str]:
    """Columns that the document says are never empty."""
    return [row[0].strip("`") for row in cells(section(f"`{table}`")) if row[4].startswith("never")]


def described_figures() -> dict[str, list[str]]:
    """Columns of the rows beside each figure."""
    return {row[0].strip("`"): re.findall(r"`(\w+)`", row[3]) for row in cells(section("Figures"))}


def described_statuses() -> list[str]:
    """Statuses with a meaning."""
    return [row[0].strip("`") for row in cells(section("Status"))]


def of_any_layer(columns: Sequence[str]) -> list[str]:
    """Columns as the document names them: those of all layers once."""
    return list(dict.fromkeys(re.sub(r"^fc\d+_", "fc<n>_", column) for column in columns))


def assert_is_described(name: str, table: pd.DataFrame) -> None:
    """That a table which a study wrote has the columns of the document, and values where it says.

    Args:
        name: as in the document.
        table: as it was read.
    """
    assert of_any_layer(list(table)) == described_columns(name), name
    empty = [column for column in never_empty(name) if table[column].isna().any()]
    assert empty == [], f"{name}: empty, but never so in the document"
