"""Cells of text tables separated by commas, semicolons, tabs or blanks."""

from __future__ import annotations

import csv
import gzip
import io
import re
from pathlib import Path

from clusterability.errors import UserError
from clusterability.networks.importing.wording import quoted

MOST_TEXT_BYTES = 2**29
"""Bound on the size of a text; its parsed cells take thirty times as much memory."""

Cells = list[list[str]]

_DECIMAL_COMMA = re.compile(r"\s*[-+]?[0-9]*,[0-9]+([eE][-+]?[0-9]+)?\s*")
_DECIMAL_POINT = re.compile(r"\s*[-+]?[0-9]*\.[0-9]+([eE][-+]?[0-9]+)?\s*")
_PERHAPS_THOUSANDS = re.compile(r"\s*[-+]?[1-9][0-9]{0,2},[0-9]{3}\s*")


def read_text(path: Path) -> str:
    """Text of a file, decompressed if its name ends in `.gz`.

    Raises:
        UserError: if it is larger than `MOST_TEXT_BYTES`.
        Exception: of any kind if it is damaged or not UTF-8.
    """
    packed = path.suffix.lower() == ".gz"
    # The read is bounded, since a few bytes can decompress to a terabyte.
    with gzip.open(path) if packed else path.open("rb") as file:
        content = file.read(MOST_TEXT_BYTES + 1)
    if len(content) > MOST_TEXT_BYTES:
        size = f"more than {MOST_TEXT_BYTES}" if packed else f"{path.stat().st_size}"
        raise UserError(
            f"{path}: found {size} bytes, expected at most {MOST_TEXT_BYTES} as text; save a larger"
            " matrix as .npy"
        )
    # Spreadsheets write a byte order mark.
    return bytes(content).decode("utf-8-sig")


def read_cells(path: Path) -> Cells:
    """Cells by row, with rows of equal length and decimal points.

    The first row determines the separator: a semicolon, else a tab, else a comma, else blanks. A
    comma is the decimal sign if it is not the separator. If the first row is one cell shorter than
    all others, as in tables written by R, it gets an empty cell above the names of rows.

    Raises:
        UserError: if rows differ in length, or it is unclear whether commas are decimal signs.
    """
    text = read_text(path)
    separator = _separator(text)
    if separator == " ":
        text = "\n".join(line.strip(" \t") for line in re.split(r"\r\n|\n|\r", text))
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=separator == " ", strict=True)
    cells = [row for row in reader if row]
    _complete_first_row(cells)
    _check_equal_lengths(path, cells)
    return cells if separator == "," else _with_points(path, cells)


def _separator(text: str) -> str:
    """Separator of the cells in the first non-empty row.

    >>> _separator("a;b"), _separator('"a;b",c'), _separator("1 2"), _separator("1")
    (';', ',', ' ', ',')
    """
    first = next((line for line in re.split(r"\r\n|\n|\r", text[:100_000]) if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "x", first)
    return next((each for each in (";", "\t", ",", " ") if each in bare.strip(" ")), ",")


def _complete_first_row(cells: Cells) -> None:
    shorter = len(cells) > 1 and all(len(row) == len(cells[0]) + 1 for row in cells[1:])
    if shorter and not all(map(is_number, cells[0])):
        cells[0].insert(0, "")


def _check_equal_lengths(path: Path, cells: Cells) -> None:
    for number, row in enumerate(cells, start=1):
        if len(row) != len(cells[0]):
            raise UserError(
                f"{path}: found {len(row)} cells in row {number}, expected {len(cells[0])} as in"
                " the first row, with commas, semicolons, tabs or blanks between all cells"
            )


def _with_points(path: Path, cells: Cells) -> Cells:
    """Replace decimal commas by decimal points."""
    commas = [cell for row in cells for cell in row if _DECIMAL_COMMA.fullmatch(cell)]
    if not commas:
        return cells
    inner = (cell for row in cells[1:] for cell in row[1:])
    point = next(filter(_DECIMAL_POINT.fullmatch, inner), None)
    if point is not None or all(map(_PERHAPS_THOUSANDS.fullmatch, commas)):
        contrast = f" beside {quoted(point)}" if point is not None else ""
        raise UserError(
            f"{path}: found {quoted(commas[0])}{contrast}, whose comma may be a decimal sign or set"
            " off thousands, expected points as decimal signs and nothing between thousands"
        )
    return [
        [cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell for cell in row]
        for row in cells
    ]


def is_number(text: str) -> bool:
    """Whether a cell is a number in common notation.

    >>> is_number(" -1e3"), is_number("1_0"), is_number("")
    (True, False, False)
    """
    # `float` also accepts 1_0, and digits of other scripts.
    if "_" in text or not text.isascii():
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True
