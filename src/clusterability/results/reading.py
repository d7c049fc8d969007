"""Rows of the result tables that a question needs: of a study of any size, and no others.

A table is read a part at a time; in memory stays what passes the filter.
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
"""Rows read at once."""
_AHEAD = 2
"""Parts that are read before they are asked for."""

Filter = Any
"""An expression of `pyarrow.compute`, made by the functions below."""


def where(**values: Iterable[Any]) -> Filter:
    """Rows whose columns each hold one of these values."""
    found = pc.scalar(True)
    for name, allowed in values.items():
        found = found & pc.field(name).isin(pa.array(list(allowed)))
    return found


def any_of(filters: Iterable[Filter]) -> Filter:
    """Rows that pass any of the filters."""
    found = pc.scalar(False)
    for each in filters:
        found = found | each
    return found


def defined(column: str) -> Filter:
    """Rows with a value in the column."""
    return pc.field(column).is_valid()


def read_rows(path: Path | str, columns: Sequence[str], rows: Filter = None) -> pd.DataFrame:
    """The rows of a table that pass, in their order, with these columns."""
    with told_of_damage(path):
        table = _scanner(path, list(columns), rows).to_table()
    return table.to_pandas(split_blocks=True, self_destruct=True)


def distinct(
    path: Path | str, columns: Sequence[str] | Mapping[str, Filter], rows: Filter = None
) -> pd.DataFrame:
    """The combinations of values that occur in rows that pass, in the order of their first rows.

    Args:
        path: of the table.
        columns: names, or expressions by name.
        rows: all by default.
    """
    names = list(columns)
    found = None
    for batch in _batches(path, columns, rows):
        part = pa.Table.from_batches([batch]).group_by(names, use_threads=False).aggregate([])
        parts = [part] if found is None else [found, part]
        # Without threads, groups come in the order of their first rows.
        found = pa.concat_tables(parts).group_by(names, use_threads=False).aggregate([])
    return pd.DataFrame(columns=names) if found is None else found.to_pandas()


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
    path: Path | str, columns: Sequence[str], rows: Filter, asked: Filter = None
) -> pd.DataFrame:
    """Scores compared with the one null that is shown: `display_names.shown_null`.

    Args:
        path: the table of scores.
        columns: names.
        rows: those among which the null of each measure is chosen.
        asked: which of them are read; all by default.
    """
    kinds = {name: pc.field(name) for name in ("measure", "null")}
    found = distinct(path, kinds | {"known": defined("z")}, rows)
    chosen = chosen_nulls(found[["measure", "null"]], found["known"].astype(bool))
    if chosen:
        rows = rows & any_of(where(measure=[m], null=[null]) for m, null in chosen.items())
    return read_rows(path, columns, rows if asked is None else rows & asked)


def read_parquet(file: Path | str, **options: Any) -> pd.DataFrame:
    """As `pandas.read_parquet`; a damaged file, or one without the columns, is a UserError."""
    with told_of_damage(file):
        return pd.read_parquet(file, **options)


_TEXTS = dict.fromkeys(("layer", "other_layer", "plateau"), str)
"""Columns whose texts may look like numbers: an array called "0", the block of the one k "2"."""


def read_csv(file: Path | str, **options: Any) -> pd.DataFrame:
    """As `pandas.read_csv`, with texts as they are; a file that is no table is a UserError."""
    with told_of_damage(file):
        return pd.read_csv(file, dtype=_TEXTS | options.pop("dtype", {}), **options)


def read_schema(file: Path | str) -> pa.Schema:
    """As `pyarrow.parquet.read_schema`; a damaged file is a UserError."""
    with told_of_damage(file):
        return pq.read_schema(file)


@contextmanager
def told_of_damage(file: Path | str) -> Iterator[None]:
    """Makes a UserError of what libraries raise while the block reads a table of the study."""
    try:
        yield
    # pandas' own errors are ValueErrors, pyarrow's are ValueErrors, OSErrors and KeyErrors.
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UserError(
            f"{file}: found {reason(error)}, expected a table of this study; remove the file to"
            " have it made again"
        ) from None


def read_all(files: Sequence[str], columns: Sequence[str] = ()) -> pd.DataFrame:
    """The rows of several parquet or CSV files, in their order; without files, `columns` alone.

    Of parquet files, where columns are named, these columns.
    """
    frames = [
        read_csv(file)
        if file.endswith(".csv")
        else read_parquet(file, columns=list(columns) or None)
        for file in files
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(columns))
