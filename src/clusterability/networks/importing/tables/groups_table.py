"""Tables of the group of each unit: columns `side`, `unit`, `group` and `layer`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clusterability.errors import UserError, reason
from clusterability.networks.importing.tables.table_text import Cells, read_cells
from clusterability.networks.importing.wording import listed, quoted

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("layer", "side", "unit", "group")
"""Columns of the table; `layer` and `side` may be omitted if they are unambiguous."""

SIDES = dict.fromkeys(("u", "row", "rows", "output", "outputs", "out"), "U")
SIDES |= dict.fromkeys(("v", "column", "columns", "input", "inputs", "in"), "V")
"""Side by lower-case word."""


class GroupOfUnit(NamedTuple):
    """One row of a table of groups.

    Attributes:
        layer: name in the table; None without such a column.
        side: "U" or "V"; None without such a column.
        unit: name, or number from 0.
        group: name; "" if there is none.
    """

    layer: str | None
    side: str | None
    unit: str
    group: str


def read_groups(path: Path) -> list[GroupOfUnit]:
    """Rows of a text table with a header; columns other than COLUMNS are ignored.

    Raises:
        UserError: if the file is missing or not a table, or columns are missing.
    """
    if not path.is_file():
        raise UserError(f"groups: found no file {path}, expected a table of units and their groups")
    try:
        cells = read_cells(path)
    except UserError:
        raise
    # Binary content raises errors of several kinds.
    except Exception as error:
        raise UserError(
            f"{path}: found a file that cannot be read ({reason(error)}), expected a text table of"
            " units and their groups"
        ) from error
    return rows_of_cells(str(path), cells)


def frame_groups(frame: pd.DataFrame) -> list[GroupOfUnit]:
    """Rows of a data frame; missing values mean no group."""
    rows = [[text_of(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    return rows_of_cells("groups", [list(map(str, frame.columns)), *rows])


def text_of(value: Any) -> str:
    """Convert a name or number to text; a missing value becomes "", and 3.0 becomes "3".

    >>> text_of(3.0), text_of("a "), text_of(float("nan")), text_of(None)
    ('3', 'a', '', '')
    """
    if value is None or value != value or type(value).__name__ == "NAType":
        return ""
    integral = isinstance(value, float) and value.is_integer()
    return str(int(value) if integral else value).strip()


def rows_of_cells(where: str, cells: Cells) -> list[GroupOfUnit]:
    """Rows below the header."""
    heading = [cell.strip().lower() for cell in cells[0]] if cells else []
    position = {name: heading.index(name) for name in COLUMNS if name in heading}
    if not {"unit", "group"} <= set(position) or any(heading.count(name) > 1 for name in position):
        raise UserError(
            f"{where}: found the columns {listed(heading)}, expected unit and group in the first"
            " row, with side (U or V) and layer where these are not clear"
        )
    rows = [
        {name: row[number].strip() for name, number in position.items()}
        for row in cells[1:]
        if any(cell.strip() for cell in row)
    ]
    return [_row(where, number, row) for number, row in enumerate(rows, start=2)]


def _row(where: str, number: int, row: dict[str, str]) -> GroupOfUnit:
    side = row.get("side")
    if side is not None and side.lower() not in SIDES:
        raise UserError(
            f"{where}: found the side {quoted(side)} in row {number}, expected U (rows, output"
            " units) or V (columns, input units)"
        )
    known = None if side is None else SIDES[side.lower()]
    return GroupOfUnit(row.get("layer"), known, row["unit"], row["group"])


def units_listed(units: Sequence[str]) -> str:
    """The first few units, for messages."""
    return listed([quoted(unit) for unit in units], 3)
