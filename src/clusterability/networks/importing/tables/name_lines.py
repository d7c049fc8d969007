"""Detection of names in the first row and the first column of a table.

Text is recognised as names. Names that are numbers (0, 1, 2, …; years; database keys) are
distinguished from weights by their format, since programs write all numbers of a matrix alike.
Ambiguous tables are refused, because a wrong guess would silently give wrong scores.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isclose, isfinite
from typing import Literal

from clusterability.errors import UserError
from clusterability.networks.importing.tables.table_reading import TableReading, either_way
from clusterability.networks.importing.tables.table_text import Cells, is_number
from clusterability.networks.importing.wording import quoted

Verdict = Literal["names", "open", "numbers"]
"""Verdict on a row or column of numbers: names, ambiguous, or weights."""

NAMES_OF_NAMES = ("id", "ids", "index", "idx", "key", "name", "unit", "row", "rank", "no", "nr")
"""Headings of a column of names."""

_INTEGER = re.compile(r"\s*[-+]?[0-9]{1,18}\s*")
_MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "?", ".")
_FEW = 0.1
"""Maximal share of integers among weights written with a decimal point."""
_EVIDENCE = 2
"""Minimal number of inner cells from which the format is judged."""
_SORTED = 5
"""Numbers that are sorted by chance once in 120 times."""


@dataclass(frozen=True)
class Layout:
    """Position of the numbers in a table.

    Attributes:
        row, column: index of the first number, 0 or 1 each.
        notes: assumptions made from the format of numbers, one line each.
    """

    row: int
    column: int
    notes: tuple[str, ...] = ()


def layout_of(where: str, cells: Cells, reading: TableReading) -> Layout:
    """First row and first column of numbers in a table.

    Args:
        where: the file, for messages.
        cells: at least one row; all rows have equal length.
        reading: options, which take precedence over detection.

    Raises:
        UserError: if the first row or column may be names or weights.

    >>> layout_of("w", [["0", "1"], ["0.5", "0.25"], ["0.1", "2.5"]], TableReading()).row
    1
    """
    assumptions: list[str] = []
    header = reading.header
    if header is None:
        header = _settled(where, "header", cells[0], _first_row(cells, reading.index), assumptions)
    index = reading.index
    if index is None:
        column = [row[0] for row in cells[header:]]
        index = _settled(where, "index", column, _first_column(cells, header), assumptions)
    return Layout(int(header), int(index), tuple(assumptions))


def first_column_of(where: str, cells: Cells) -> tuple[bool, tuple[str, ...]]:
    """Whether the first column contains names, and the assumptions behind the answer.

    The first row contains names of columns.

    Raises:
        UserError: as `layout_of` does.
    """
    assumptions: list[str] = []
    column = [row[0] for row in cells[1:]]
    names = _settled(where, "index", column, _first_column(cells, True), assumptions)
    return names, tuple(assumptions)


def _settled(
    where: str, option: str, line: Sequence[str], verdict: Verdict | bool, assumptions: list[str]
) -> bool:
    """Resolve a verdict to a bool; ambiguity is an error, and names by format are noted."""
    if isinstance(verdict, bool):
        return verdict
    side = "row" if option == "header" else "column"
    shown = ", ".join(quoted(cell.strip()) for cell in line[:4]) + ", …" * (len(line) > 4)
    if verdict == "open":
        or_zero = "" if line[0].strip() else "; or 0 in the first cell, if its weight is missing"
        raise UserError(
            f"{where}: found {shown} in the first {side}, which may be names or weights, expected"
            f" to be told which: {either_way(option)}{or_zero}"
        )
    if verdict == "names":
        assumptions.append(
            f"{where}: the first {side}, {shown}, is read as names ({option}=False or"
            f" --{option} no: as weights)"
        )
    return verdict == "names"


def _first_row(cells: Cells, index: bool | None) -> Verdict | bool:
    corner, names = cells[0][0], cells[0][1:]
    if any(map(_is_text, names)):
        if is_number(corner) and not index:
            return False  # a later error message gives the position of the text
        # A single word in a row of weights does not make them names.
        return "open" if any(is_number(n) and not _is_integer(n) for n in names) else True
    if is_number(corner) and not index:
        return judged(cells[0], lambda: _inner(cells))
    if not names:
        return not is_number(corner)
    verdict = judged(names, lambda: _inner(cells))
    if _is_missing(corner) and not index:
        return _below_empty_corner(cells, verdict)
    if index and verdict == "numbers" and not all(map(_is_integer, names)):
        return False
    return "names" if verdict == "names" else "open"


def _below_empty_corner(cells: Cells, verdict: Verdict) -> Verdict | bool:
    """Verdict for an empty first cell: between names of both sides, or a missing weight."""
    below = [row[0] for row in cells[1:]]
    named = any(map(_is_text, below)) or (_is_count(below) and int(below[0]) in (0, 1))
    if named and all(map(_is_integer, cells[0][1:])):
        return True
    return "open" if verdict != "names" else verdict


def _first_column(cells: Cells, header: bool) -> Verdict | bool:
    """Verdict on the first column, with or without names of columns above it."""
    if len(cells[0]) == 1:
        return False
    column, corner = [row[0] for row in cells[header:]], cells[0][0].strip()
    if any(map(_is_text, column)):
        numbers = [cell for cell in column if is_number(cell)]
        all_integers = all(map(_is_integer, numbers))
        return True if all_integers and (header or not numbers) else "open"
    if header and (not corner or corner.lower() == "unnamed: 0"):
        return True
    verdict = judged(column, lambda: _inner(cells))
    named = header and corner.lower() in NAMES_OF_NAMES
    keys = len(column) > 0 and all(map(_is_integer, column)) and _differ(column)
    if verdict == "numbers" and named and keys:
        return "open"
    return verdict


def judged(line: Sequence[str], inner: Callable[[], Iterable[str]]) -> Verdict:
    """Verdict on a row or column of numbers, given the inner cells of the table.

    - Names: it counts up by one, and all inner numbers have a decimal point.
    - Ambiguous: its numbers are distinct, and are integers while the inner ones are not; or have
      equal positive steps; or are five or more ascending integers; or are integers above all inner
      numbers; or begin with zeros as keys do.
    - Weights otherwise.

    >>> judged(["2015", "2016"], lambda: ["0.5", "1.25"])
    'names'
    >>> judged(["2015", "2020"], lambda: ["0.5", "1.25"])
    'open'
    >>> judged(["3", "1"], lambda: ["5", "4"])
    'numbers'
    """
    if len(line) < 2 or not all(map(is_number, line)) or not _differ(line):
        return "numbers"
    all_integers = all(map(_is_integer, line))
    values = [float(cell) for cell in line]
    inside = (
        [cell for cell in inner() if is_number(cell) and isfinite(float(cell))]
        if all_integers
        else []
    )
    share = sum(map(_is_integer, inside)) / len(inside) if inside else 1.0
    if share == 0 and len(inside) >= _EVIDENCE and _is_count(line):
        return "names"
    if all_integers and share <= _FEW:
        return "open"
    if len(line) < 3:
        return "numbers"
    rises = all(before < after for before, after in pairwise(values))
    open_ = (
        (
            _even(values)
            and (len(values) > 3 or (values[0] in (0, 1) and values[1] - values[0] == 1))
        )
        or (all_integers and rises and len(values) >= _SORTED)
        or (all_integers and min(values) > max((abs(float(cell)) for cell in inside), default=0.0))
        or any(re.fullmatch(r"\s*0[0-9]+\s*", cell) for cell in line)
    )
    return "open" if open_ else "numbers"


def _inner(cells: Cells) -> Iterator[str]:
    return (cell for row in cells[1:] for cell in row[1:])


def _even(values: Sequence[float]) -> bool:
    """Whether values ascend in equal steps."""
    steps = [after - before for before, after in pairwise(values)]
    return steps[0] > 0 and all(isclose(step, steps[0], rel_tol=1e-6) for step in steps)


def _is_count(line: Sequence[str]) -> bool:
    """Whether integers ascend by one."""
    if not line or not all(map(_is_integer, line)):
        return False
    first = int(line[0])
    return [int(cell) for cell in line] == list(range(first, first + len(line)))


def _differ(line: Sequence[str]) -> bool:
    return len({float(cell) for cell in line}) == len(line)


def _is_integer(text: str) -> bool:
    return _INTEGER.fullmatch(text) is not None


def _is_missing(text: str) -> bool:
    return text.strip().lower() in _MISSING


def _is_text(text: str) -> bool:
    return not is_number(text) and not _is_missing(text)
