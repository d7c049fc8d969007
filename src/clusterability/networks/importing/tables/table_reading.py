"""Options for tables: which lines contain names, and which columns are edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from clusterability.errors import UserError, shorten

Edges = Sequence[str] | Literal[False]
"""Columns of sources, targets and optionally weights; False for a matrix."""


@dataclass(frozen=True)
class TableReading:
    """Options for reading a table; None leaves an option to detection.

    Attributes:
        header: whether the first row contains names of columns.
        index: whether the first column contains names of rows.
        edges: names of columns, or their numbers from 1; False if the table is not an edge list.
    """

    header: bool | None = None
    index: bool | None = None
    edges: tuple[str, ...] | Literal[False] | None = None

    @property
    def says(self) -> list[str]:
        """Names of the options that are set.

        >>> TableReading(header=False, edges=("user", "item")).says
        ['header', 'edges']
        """
        return [name for name, value in vars(self).items() if value is not None]


AS_IT_SHOWS = TableReading()
"""All options are left to detection."""


def table_reading(
    header: bool | None = None, index: bool | None = None, edges: Edges | None = None
) -> TableReading:
    """Validate options for a table.

    Raises:
        UserError: if `edges` is not two or three distinct columns, or another option is not a bool.

    >>> table_reading(edges=["user", "item", "rating"]).edges
    ('user', 'item', 'rating')
    """
    for name, value in {"header": header, "index": index}.items():
        if value is not None and not isinstance(value, bool):
            raise UserError(f"{name}: found {shorten(value)}, expected True, False or nothing")
    if edges is None or edges is False:
        return TableReading(header, index, edges)
    if isinstance(edges, str) or not isinstance(edges, Sequence):
        columns: tuple[str, ...] = ()
    else:
        columns = tuple(map(str, edges))
    if len(columns) not in (2, 3) or len(set(columns)) < len(columns):
        raise UserError(
            f"edges: found {shorten(edges)}, expected two or three columns (source, target and"
            " weight), or False for a matrix"
        )
    return TableReading(header, index, columns)


def either_way(option: str) -> str:
    """Advice on setting an option in Python, on the command line and in a config.

    >>> either_way("header")
    'header=True or header=False (--header yes or no; in a config header: true or false)'
    """
    return (
        f"{option}=True or {option}=False (--{option} yes or no; in a config {option}: true or"
        " false)"
    )
