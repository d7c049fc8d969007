"""Reader of Matrix Market files (`.mtx`): Boisvert, Pozo & Remington 1996, NISTIR 5935."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from clusterability.errors import UserError
from clusterability.networks.importing.sparse_arrays import check_full
from clusterability.networks.importing.tables.table_text import is_number, read_text
from clusterability.networks.importing.unit_names import NamedArrays, NamedMatrix
from clusterability.networks.importing.wording import quoted, stem

_SYMMETRIES = {"general": 0, "symmetric": 1, "skew-symmetric": -1}
"""Factor of the mirrored entry."""


def read_matrix_market(path: Path) -> NamedArrays:
    """Matrix of a `.mtx` file; absent entries are zero.

    Raises:
        UserError: if the file is too large, its matrix is complex, or an entry is duplicated.
        ValueError, IndexError: if the file is damaged.
    """
    lines = [line.split() for line in read_text(path).splitlines() if line.strip()]
    kind, field, symmetry = _header(path, lines[0])
    body = [line for line in lines[1:] if not line[0].startswith("%")]
    sizes = list(map(_whole, body[0]))
    if kind == "array":
        matrix = _full_matrix(path, sizes, body[1:], symmetry)
    else:
        matrix = _entries(path, sizes, body[1:], field == "pattern", symmetry)
    return NamedArrays({stem(path): NamedMatrix(matrix)})


def _header(path: Path, words: list[str]) -> tuple[str, str, str]:
    lowered = [word.lower() for word in words]
    match lowered:
        case ["%%matrixmarket", "matrix", ("array" | "coordinate") as kind, field, symmetry] if (
            field in ("real", "double", "integer", "pattern")
            and symmetry in _SYMMETRIES
            and (kind, field) != ("array", "pattern")
        ):
            return kind, field, symmetry
    raise UserError(
        f"{path}: found {quoted(' '.join(words))} in the first line, expected %%MatrixMarket matrix"
        " coordinate (or array) real (or integer, pattern) general (or symmetric, skew-symmetric)"
    )


def _full_matrix(path: Path, sizes: list[int], lines: list[list[str]], kind: str) -> np.ndarray:
    """Dense format, column by column; symmetric matrices store the lower triangle."""
    rows, columns = sizes
    check_full(str(path), (rows, columns))
    values = [_real(value) for line in lines for value in line]
    if kind == "general":
        _check_count(len(values), rows * columns)
        return np.array(values).reshape(columns, rows).T
    if rows != columns:
        raise ValueError(f"{rows} rows and {columns} columns of a {kind} matrix")
    below = 0 if kind == "symmetric" else 1
    down = np.tril_indices(rows, -below)
    _check_count(len(values), len(down[0]))
    matrix = np.zeros((rows, rows))
    # The lower triangle by columns is the transposed upper triangle by rows.
    matrix.T[np.triu_indices(rows, below)] = values
    above = np.triu_indices(rows, 1)
    matrix[above] = _SYMMETRIES[kind] * matrix.T[above]
    return matrix


def _entries(
    path: Path, sizes: list[int], lines: list[list[str]], pattern: bool, kind: str
) -> np.ndarray:
    """Coordinate format with row and column indices from 1."""
    rows, columns, count = sizes
    check_full(str(path), (rows, columns))
    _check_count(len(lines), count)
    matrix, seen = np.zeros((rows, columns)), np.zeros((rows, columns), bool)
    for row, column, value in _triples(lines, pattern):
        if not (0 <= row < rows and 0 <= column < columns):
            raise ValueError(f"an entry at {row + 1}, {column + 1} of {rows} x {columns}")
        if seen[row, column]:
            raise UserError(
                f"{path}: found two entries at row {row + 1}, column {column + 1}, expected one;"
                " sum them, or keep one of them"
            )
        seen[row, column], matrix[row, column] = True, value
        if kind != "general" and row != column:
            seen[column, row], matrix[column, row] = True, _SYMMETRIES[kind] * value
    return matrix


def _triples(lines: list[list[str]], pattern: bool) -> Iterator[tuple[int, int, float]]:
    for line in lines:
        if len(line) != (2 if pattern else 3):
            raise ValueError(f"{len(line)} numbers in a line")
        value = 1.0 if pattern else _real(line[2])
        yield _whole(line[0]) - 1, _whole(line[1]) - 1, value


def _check_count(count: int, claimed: int) -> None:
    if count != claimed:
        raise ValueError(f"{count} entries where there should be {claimed}")


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError(f"{quoted(text)} where there should be a whole number")
    return int(text)


def _real(text: str) -> float:
    if not is_number(text):
        raise ValueError(f"{quoted(text)} where there should be a number")
    return float(text)
