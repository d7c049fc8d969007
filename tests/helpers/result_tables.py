"""What docs/results.md says of tables and figures: their columns, types, and which are never empty.

A row of a table describes one column or several; `value`± stands for `value`, `value_low` and
`value_high`. Where it has no type, its columns are those of `scores`, which is described in full.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from project import DOCS

RESULTS = DOCS / "results.md"
TEXT = RESULTS.read_text()
HEADER = "| column | type | meaning | empty when |"


@dataclass(frozen=True)
class Column:
    """A column as the document describes it.

    Attributes:
        name: in the table.
        type: text, integer, number or boolean.
        never_empty: whether every row has a value.
    """

    name: str
    type: str
    never_empty: bool


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


def columns_of(table: str) -> list[Column]:
    """Columns of a table, in the order of the document."""
    found = []
    for names, kind, _, empty in cells(section(f"`{table}`")):
        for name in names_of(names):
            type_ = kind.partition(" ")[0].strip(",:") or type_in_scores(name)
            found.append(Column(name, type_, never_empty=not empty))
    return found


def names_of(cell: str) -> list[str]:
    """Names of columns in a cell, with their bounds where it has them.

    >>> names_of("`value`±, `p`")
    ['value', 'value_low', 'value_high', 'p']
    """
    found = []
    for name, bounds in re.findall("`([^`]+)`(\N{PLUS-MINUS SIGN}?)", cell):
        found += [name, f"{name}_low", f"{name}_high"] if bounds else [name]
    return found


def type_in_scores(name: str) -> str:
    """The type that `scores` gives a column, or the one that bounds of a mean have from it."""
    of = re.sub(r"_(low|high)$", "", name)
    (found,) = (column.type for column in columns_of("scores") if column.name == of)
    assert found
    return found


def described_columns(table: str) -> list[str]:
    """Names of a table's columns, in the order of the document."""
    return [column.name for column in columns_of(table)]


def never_empty(table: str) -> list[str]:
    """Columns that the document says are never empty."""
    return [column.name for column in columns_of(table) if column.never_empty]


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
