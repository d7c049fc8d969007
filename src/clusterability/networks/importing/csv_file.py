"""One matrix of numbers as text, with commas between its cells."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from clusterability.errors import UserError
from clusterability.networks.importing.wording import Arrays, quoted

MOST_CSV_BYTES = 2**29
"""Cells are held as text before they are numbers, which takes thirty times as much memory."""


def read_csv(path: Path) -> Arrays:
    """One matrix of numbers, with or without names of columns, or of rows and columns.

    The top left cell decides: a number says that there are no names; nothing, that the first row
    and the first column are names, even if these are numbers; a text, that the first row is names,
    and the first column too where one of its other cells is no number.
    """
    size = path.stat().st_size
    if size > MOST_CSV_BYTES:
        raise UserError(
            f"{path}: found {size} bytes, expected at most {MOST_CSV_BYTES} as text; save a larger"
            " matrix as .npy"
        )
    # Spreadsheets put a byte order mark before the text.
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file, strict=True) if row]
    _check_equal_lengths(path, rows)
    first_row, first_column = _first_numbers(path, rows)
    matrix = [
        [_cell(path, rows, row, column) for column in range(first_column, len(rows[row]))]
        for row in range(first_row, len(rows))
    ]
    if not matrix or not matrix[0]:
        raise UserError(
            f"{path}: found no numbers, expected a matrix with commas between its cells"
        )
    return {path.stem: np.array(matrix)}


def _check_equal_lengths(path: Path, rows: list[list[str]]) -> None:
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise UserError(
                f"{path}: found {len(row)} cells in row {number}, expected {len(rows[0])} as in the"
                " first row, with commas between them"
            )


def _first_numbers(path: Path, rows: list[list[str]]) -> tuple[int, int]:
    """The first row and the first column after the names: 0 or 1 each."""
    if not rows or _is_number(rows[0][0]):
        return 0, 0
    corner, *names = rows[0]
    if not corner.strip():
        return 1, 1
    if names and all(map(_is_number, names)):
        raise UserError(
            f"{path}: found {quoted(corner)} before numbers in the first row, expected names of"
            " columns there (if these numbers are names, leave the first cell empty)"
        )
    return 1, int(not all(_is_number(row[0]) for row in rows[1:]))


def _cell(path: Path, rows: list[list[str]], row: int, column: int) -> float:
    text = rows[row][column]
    if not _is_number(text):
        raise UserError(
            f"{path}: found {quoted(text)} in row {row + 1}, column {column + 1}, expected a"
            " number (0 where there is no weight)"
        )
    return float(text)


def _is_number(text: str) -> bool:
    # Python also takes 1_0 for ten, and the digits of all scripts.
    if "_" in text or not text.isascii():
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True
