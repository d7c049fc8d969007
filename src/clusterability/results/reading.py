"""Read selected rows of the result tables of a study of any size.

A table is read in batches; memory holds only the rows that pass the filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from clusterability.errors import UserError, reason
from clusterability.results.display_names import chosen_nulls
from clusterability.results.empty_columns import with_types

_BATCH = 1 << 16
"""Rows per batch."""
_AHEAD = 2
"""Batches read ahead."""

Filter = Any
"""Expression of `pyarrow.compute`, made by the functions below."""


def where(**values: Iterable[Any]) -> Filter:
    """Filter for rows whose columns each hold one of the given values."""
    passes = pc.scalar(True)
    for name, allowed in values.items():
        passes = passes & pc.field(name).isin(pa.array(list(allowed)))
    return passes


def any_of(filters: Iterable[Filter]) -> Filter:
    """Filter for rows that pass any of the filters."""
    passes = pc.scalar(False)
    for condition in filters:
        passes = passes | condition
    return passes


def defined(column: str) -> Filter:
    """Filter for rows with a value in the column."""
    return pc.field(column).is_valid()


def read_rows(path: Path | str, columns: Sequence[str], rows: Filter = None) -> pd.DataFrame:
    """Rows of a table that pass the filter, in their order, with the given columns."""
    with told_of_damage(path):
        table = _scanner(path, list(columns), rows).to_table()
    return table.to_pandas(split_blocks=True, self_destruct=True)


def distinct(
    path: Path | str, columns: Sequence[str] | Mapping[str, Filter], rows: Filter = None
) -> pd.DataFrame:
    """Distinct combinations of values among rows that pass, in the order of their first rows.

    Args:
        path: path of the table.
        columns: names, or expressions by name.
        rows: filter; all rows by default.
    """
    names = list(columns)
    groups = None
    for batch in _batches(path, columns, rows):
        part = pa.Table.from_batches([batch]).group_by(names, use_threads=False).aggregate([])
        parts = [part] if groups is None else [groups, part]
        # Without threads, groups keep the order of their first rows.
        groups = pa.concat_tables(parts).group_by(names, use_threads=False).aggregate([])
    return pd.DataFrame(columns=names) if groups is None else groups.to_pandas()


def _batches(
    path: Path | str, columns: Sequence[str] | Mapping[str, Filter], rows: Filter
) -> Iterator[pa.RecordBatch]:
    with told_of_damage(path):
        yield from _scanner(path, columns, rows).to_batches()


def _scanner(
    path: Path | str, columns: Sequence[str] | Mapping[str, Filter], rows: Filter
) -> ds.Scanner:
    table = ds.dataset(path, format="parquet")
    return table.replace_schema(with_types(table.schema)).scanner(
        columns=columns,
        filter=rows,
        batch_size=_BATCH,
        batch_readahead=_AHEAD,
        fragment_readahead=1,
    )


def shown_rows(
    path: Path | str, columns: Sequence[str], rows: Filter, selected: Filter = None
) -> pd.DataFrame:
    """Scores compared with the one null that is shown; see `display_names.shown_null`.

    Args:
        path: path of the table of scores.
        columns: names.
        rows: filter for the rows among which the null of each measure is chosen.
        selected: filter for the rows that are read; all by default.
    """
    kinds = {name: pc.field(name) for name in ("measure", "null")}
    combinations = distinct(path, kinds | {"known": defined("z")}, rows)
    chosen = chosen_nulls(combinations[["measure", "null"]], combinations["known"].astype(bool))
    if chosen:
        rows = rows & any_of(where(measure=[m], null=[null]) for m, null in chosen.items())
    return read_rows(path, columns, rows if selected is None else rows & selected)


def read_parquet(file: Path | str, **options: Any) -> pd.DataFrame:
    """`pandas.read_parquet`, with a UserError for a damaged file or missing columns."""
    with told_of_damage(file):
        return pd.read_parquet(file, **options)


_TEXTS = dict.fromkeys(("layer", "other_layer", "plateau"), str)
"""Text columns whose values may look like numbers: an array named "0", a block of k named "2"."""


def read_csv(file: Path | str, **options: Any) -> pd.DataFrame:
    """`pandas.read_csv`, with text columns kept as text and a UserError for any other file."""
    with told_of_damage(file):
        # In parts, pandas would warn of columns whose first part is empty.
        options.setdefault("low_memory", False)
        return pd.read_csv(file, dtype=_TEXTS | options.pop("dtype", {}), **options)


def read_schema(file: Path | str) -> pa.Schema:
    """`pyarrow.parquet.read_schema`, with a UserError for a damaged file."""
    with told_of_damage(file):
        return pq.read_schema(file)


@contextmanager
def told_of_damage(file: Path | str) -> Iterator[None]:
    """Turn exceptions from reading a table of the study into a UserError."""
    try:
        yield
    # pandas raises ValueErrors; pyarrow raises ValueErrors, OSErrors and KeyErrors.
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UserError(
            f"{file}: found {reason(error)}, expected a table of this study; remove the file to"
            " have it made again"
        ) from None


def read_all(files: Sequence[str], columns: Sequence[str] = ()) -> pd.DataFrame:
    """Concatenate parquet or CSV files in order; without files, an empty table with `columns`.

    Only the named columns are read from parquet files.
    """
    frames = [
        read_csv(file)
        if file.endswith(".csv")
        else read_parquet(file, columns=list(columns) or None)
        for file in files
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(columns))
