"""Tables as files: read here, so that a damaged one is a line that names it and says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from clusterability.errors import UserError, reason


def read_parquet(file: Path | str, **options: Any) -> pd.DataFrame:
    """As `pandas.read_parquet`; a damaged file, or one without the columns, is a UserError."""
    with told_of_damage(file):
        return pd.read_parquet(file, **options)


def read_csv(file: Path | str, **options: Any) -> pd.DataFrame:
    """As `pandas.read_csv`; a file that is no table is a UserError."""
    with told_of_damage(file):
        return pd.read_csv(file, **options)


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
