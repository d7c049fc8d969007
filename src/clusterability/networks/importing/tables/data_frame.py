"""Conversion of pandas data frames, including those from Parquet files, to named matrices."""

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
"""Maximal number of columns of an edge list."""
_ENOUGH = 500
"""Rows and columns inspected to detect names that are numbers."""


def read_parquet(path: Path, reading: TableReading = AS_IT_SHOWS) -> NamedArrays:
    """Matrix of a Parquet file, whose columns have names.

    Raises:
        UserError: as `frame_matrix` does.
        Exception: of any kind if the file is damaged, or its content exceeds the bound on memory.
    """
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        # Compression can hide a huge table in a few bytes.
        claimed = 8 * file.metadata.num_rows * file.metadata.num_columns
        if claimed > MOST_BYTES:
            raise ValueError(f"{claimed} bytes of content, more than {MOST_BYTES}")
        frame = file.read().to_pandas()
    return NamedArrays({stem(path): frame_matrix(str(path), frame, reading)})


def frame_matrix(
    where: str, frame: pd.DataFrame, reading: TableReading = AS_IT_SHOWS
) -> NamedMatrix:
    """Matrix of a data frame; its index and columns are names unless they are 0, 1, 2, …

    Args:
        where: description of the frame, for messages.
        frame: numbers of any type, including nullable and object columns. The first column may
            contain names of rows, as `index` says or as `name_lines` detects.
        reading: `index` says whether the first column contains names of rows; `edges` works as for
            files.

    Raises:
        UserError: if a column is not numeric, or the frame is ambiguous.
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
    assumptions: tuple[str, ...] = ()
    rows = None if _only_counts(frame.index) else printable_names(frame.index)
    index = reading.index
    if index is None:
        index, assumptions = (False, ()) if rows is not None else _names_first(where, frame)
    if index:
        rows, frame = printable_names(frame.iloc[:, 0]), frame.iloc[:, 1:]
    columns = None if _only_counts(frame.columns) else printable_names(frame.columns)
    values = [_numbers(where, frame, number) for number in range(frame.shape[1])]
    matrix = np.stack(values, axis=1) if values else np.empty(frame.shape)
    return NamedMatrix(matrix, UnitNames(rows, columns), assumptions)


def _names_first(where: str, frame: pd.DataFrame) -> tuple[bool, tuple[str, ...]]:
    """Whether the first column of a frame without an index contains names of rows."""
    if frame.shape[1] < 2 or not len(frame):
        return False, ()
    if str(frame.dtypes.iloc[0]).lower().startswith(("float", "bool", "sparse", "complex")):
        return False, ()
    # A part suffices to tell keys from weights.
    return first_column_of(where, _cells(frame.iloc[:_ENOUGH, :_ENOUGH]))


def _cells(frame: pd.DataFrame) -> Cells:
    """Frame as text, with the names of columns first; only floats have a decimal point."""
    columns = [[_text(value) for value in frame.iloc[:, n]] for n in range(frame.shape[1])]
    return [[str(name) for name in frame.columns], *map(list, zip(*columns, strict=True))]


def _text(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return repr(float(value))
    return str(value)


def _only_counts(names: Any) -> bool:
    """Whether names are 0, 1, 2, …, the default of pandas."""
    counted: Iterator[int] = iter(range(len(names)))
    return all(type(name) is int and name == next(counted) for name in names.tolist())


def _numbers(where: str, frame: pd.DataFrame, number: int) -> np.ndarray:
    """Column as float64; missing values become NaN."""
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
