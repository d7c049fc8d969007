"""Reader of text tables: a matrix with or without names, or an edge list."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from clusterability.errors import UserError
from clusterability.networks.importing.tables.edge_list import edge_matrix, refuse_likely_edges
from clusterability.networks.importing.tables.name_lines import Layout, layout_of
from clusterability.networks.importing.tables.table_reading import AS_IT_SHOWS, TableReading
from clusterability.networks.importing.tables.table_text import Cells, is_number, read_cells
from clusterability.networks.importing.unit_names import (
    NamedArrays,
    NamedMatrix,
    UnitNames,
    printable_names,
)
from clusterability.networks.importing.wording import quoted, stem


def read_csv(path: Path, reading: TableReading = AS_IT_SHOWS) -> NamedArrays:
    """Matrix of a text table, with or without names of columns or of rows and columns.

    Args:
        path: text separated by commas, semicolons, tabs or blanks; `.gz` is decompressed.
        reading: options; by default, names are detected as `name_lines` describes.

    Raises:
        UserError: if a cell is not a number, or the table is ambiguous.
    """
    return NamedArrays({stem(path): matrix_of_cells(str(path), read_cells(path), reading)})


def matrix_of_cells(where: str, cells: Cells, reading: TableReading) -> NamedMatrix:
    """Matrix of a table, with the names of rows and columns if it has some."""
    if cells and reading.edges:
        return edge_matrix(where, cells, reading.edges, reading.header)
    if cells and not reading.says:
        refuse_likely_edges(where, cells)
    layout = layout_of(where, cells, reading) if cells else Layout(0, 0)
    matrix = [
        [_cell(where, cells, row, column) for column in range(layout.column, len(cells[row]))]
        for row in range(layout.row, len(cells))
    ]
    if not matrix or not matrix[0]:
        raise UserError(
            f"{where}: found no numbers, expected a matrix with commas, semicolons, tabs or blanks"
            " between its cells"
        )
    rows = printable_names(row[0] for row in cells[layout.row :]) if layout.column else None
    columns = printable_names(cells[0][layout.column :]) if layout.row else None
    return NamedMatrix(np.array(matrix), UnitNames(rows, columns), layout.notes)


def _cell(where: str, cells: Cells, row: int, column: int) -> float:
    text = cells[row][column]
    if not is_number(text):
        raise UserError(
            f"{where}: found {quoted(text)} in row {row + 1}, column {column + 1}, expected a"
            " number (0 where there is no weight)"
        )
    return float(text)
