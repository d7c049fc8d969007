"""The table `agreement` of a study. Apart from `agreement`, so that a new measure of partitions
compares none again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from clusterability.analysis.agreement import AGREEMENT_COLUMNS, summarise_agreement
from clusterability.results import reading


def agreement_summary(files: Sequence[str]) -> pd.DataFrame:
    """The table `agreement` as CSV: see `agreement.summarise_agreement`.

    Args:
        files: `…/{condition}/{seeds}.agreement.parquet`; no cell is of several conditions.
    """
    conditions: dict[str, list[str]] = {}
    for file in files:
        conditions.setdefault(Path(file).parent.name, []).append(file)
    found = [
        summarise_agreement(reading.read_all(files, AGREEMENT_COLUMNS))
        for files in conditions.values()
    ]
    with_rows = [summary for summary in found if len(summary)]
    return pd.concat(with_rows, ignore_index=True) if with_rows else found[0]
