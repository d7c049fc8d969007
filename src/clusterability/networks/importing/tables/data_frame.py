"""Data frames of pandas as matrices with names, and Parquet files, which hold such tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clusterability.errors import UserError
from clusterability.networks.importing.tables.edge_list import edge_matrix, refuse_likely_edges
from clusterability.networks.importing.tables.name_lines import first_column_of
from clusterability.networks.importing.tables.table_reading import (
    AS_IT_SHOWS,
    TableReading,
    either_way,
)
from clusterability.networks.importing.tables.table_text import Cells
from clusterability.networks.importing.unit_names import (
    NamedArrays,
    NamedMatrix,
    UnitNames,
    printable_names,
)
from clusterability.networks.importing.wording import quoted, stem
from clusterability.networks.safe_arrays import MOST_BYTES

if TYPE_CHECKING:
    import pandas as pd

_FEW_COLUMNS = 5
"""More are no list of edges."""
_ENOUGH = 500
"""Rows and columns that are looked at for names which are numbers."""


def read_parquet(path: Path, reading: TableReading = AS_IT_SHOWS) -> NamedArrays:
    """The matrix of a Parquet file, whose columns have names.

    Raises:
        UserError: as `frame_matrix` does.
        Others of any kind: where the file is damaged, or claims more than may be in memory.
    """
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        # A few bytes can stand for many equal numbers.
        claimed = 8 * file.metadata.num_rows * file.metadata.num_columns
        if claimed > MOST_BYTES:
            raise ValueError(f"{claimed} bytes of content, more than {MOST_BYTES}")
        frame = file.read().to_pandas()
    return NamedArrays({stem(path): frame_matrix(str(path), frame, reading)})


def frame_matrix(
    where: str, frame: pd.DataFrame, reading: TableReading = AS_IT_SHOWS
) -> NamedMatrix:
    """The matrix of a data frame; its index and columns are the names, unless they only count.

    Args:
        where: what it is, for messages.
        frame: numbers of any type, nullable ones and objects included; its first column may be
            names of rows, as `index` says or as in `name_lines`.
        reading: `index` is whether the first column is names of rows, `edges` as for files.

    Raises:
        UserError: where a column is no numbers, or where the frame may be read in two ways.
    """
    if reading.header is not None:
        raise UserError(
            f"{where}: found header={reading.header} for a table whose columns have names,"
            " expected header for text files only"
        )
    few = frame.shape[1] <= _FEW_COLUMNS
    if reading.edges:
        return edge_matrix(where, _cells(frame), reading.edges, True)
    if few and not reading.says and len(frame):
        refuse_likely_edges(where, _cells(frame))
    told: tuple[str, ...] = ()
    rows = None if _only_counts(frame.index) else printable_names(frame.index)
    index = reading.index
    if index is None:
        index, told = (False, ()) if rows is not None else _names_first(where, frame)
    if index:
        rows, frame = printable_names(frame.iloc[:, 0]), frame.iloc[:, 1:]
    columns = None if _only_counts(frame.columns) else printable_names(frame.columns)
    values = [_numbers(where, frame, number) for number in range(frame.shape[1])]
    matrix = np.stack(values, axis=1) if values else np.empty(frame.shape)
    return NamedMatrix(matrix, UnitNames(rows, columns), told)


def _names_first(where: str, frame: pd.DataFrame) -> tuple[bool, tuple[str, ...]]:
    """Whether the first column of a frame without an index is names of rows."""
    if frame.shape[1] < 2 or not len(frame):
        return False, ()
    if str(frame.dtypes.iloc[0]).lower().startswith(("float", "bool", "sparse", "complex")):
        return False, ()
    # Enough to tell keys from weights, of a frame of any size.
    return first_column_of(where, _cells(frame.iloc[:_ENOUGH, :_ENOUGH]))


def _cells(frame: pd.DataFrame) -> Cells:
    """The frame as text, its columns' names first: whole numbers without, others with a point."""
    columns = [[_text(value) for value in frame.iloc[:, n]] for n in range(frame.shape[1])]
    return [[str(name) for name in frame.columns], *map(list, zip(*columns, strict=True))]


def _text(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return repr(float(value))
    return str(value)


def _only_counts(names: Any) -> bool:
    """Whether names are 0, 1, 2, …, as pandas numbers what has no names."""
    counted: Iterator[int] = iter(range(len(names)))
    return all(type(name) is int and name == next(counted) for name in names.tolist())


def _numbers(where: str, frame: pd.DataFrame, number: int) -> np.ndarray:
    """A column as float64; NaN where pandas has no number."""
    column, name = frame.iloc[:, number], quoted(str(frame.columns[number]))
    kind = str(column.dtype)
    if kind == "object":
        return np.array([_real(where, name, value) for value in column], float)
    if getattr(column.dtype, "kind", "O") not in "biuf":
        raise UserError(
            f"{where}: found {kind} in column {name}, expected numbers; names of rows are said by"
            f" {either_way('index')}"
        )
    return np.asarray(column.to_numpy(dtype=float, na_value=math.nan))


def _real(where: str, name: str, value: Any) -> float:
    from numbers import Real

    try:
        if isinstance(value, Real | np.bool_) or hasattr(value, "as_integer_ratio"):
            return float(value)
        if value is None or value != value or type(value).__name__ == "NAType":
            return math.nan
    except (TypeError, ValueError, OverflowError):
        pass
    raise UserError(
        f"{where}: found {quoted(str(value))} in column {name}, expected numbers; names of rows are"
        f" said by {either_way('index')}"
    )
