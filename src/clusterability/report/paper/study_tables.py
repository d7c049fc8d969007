"""Tables of a study that a paper uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from clusterability.jobs.report_jobs import PaperJob
from clusterability.results.display_names import shown_null
from clusterability.results.reading import read_csv


@dataclass(frozen=True)
class Shown:
    """The part of a study's results that is shown in print.

    Attributes:
        tables: rows by table name in `results/tables`.
        method: method whose partitions are shown; None if no layers are clustered.
        k: number of clusters in tables with a single k.
        seeds, nulls: the study's blocks of seeds, and draws by null.
    """

    tables: Mapping[str, pd.DataFrame]
    method: str | None
    k: int
    seeds: tuple[str, ...]
    nulls: Mapping[str, int | str]

    @classmethod
    def read(cls, files: Mapping[str, Path], job: PaperJob) -> Shown:
        """Read the tables in `files`, CSV by name."""
        tables = {name: read_csv(file) for name, file in files.items()}
        return cls(tables, job.method, job.k, seeds=tuple(job.seeds), nulls=job.nulls)

    def __contains__(self, name: str) -> bool:
        return name in self.tables

    @property
    def summary(self) -> pd.DataFrame:
        """Rows of `summary` for the shown method, against the one null that figures show."""
        return self.against_one_null("summary")

    def against_one_null(self, name: str) -> pd.DataFrame:
        """Rows of a table for the shown method, against the one null that figures show."""
        return self._of_method(shown_null(self.tables[name]))

    def at_k(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows with the shown number of clusters."""
        return rows[rows["k"] == self.k]

    def of_method(self, name: str) -> pd.DataFrame:
        """Rows of a table for the shown method."""
        return self._of_method(self.tables[name])

    def _of_method(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows[rows["method"] == self.method]
