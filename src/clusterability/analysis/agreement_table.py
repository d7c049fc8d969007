"""Table `agreement` of a study.

It is separate from `agreement` so that adding a measure of partitions reruns no comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from clusterability.analysis.agreement import AGREEMENT_COLUMNS, summarise_agreement
from clusterability.results import reading


def agreement_summary(files: Sequence[str]) -> pd.DataFrame:
    """Table `agreement`: `agreement.summarise_agreement`, condition by condition.

    Args:
        files: `…/{condition}/{seeds}.agreement.parquet`; no cell spans several conditions.
    """
    conditions: dict[str, list[str]] = {}
    for file in files:
        conditions.setdefault(Path(file).parent.name, []).append(file)
    summaries = [
        summarise_agreement(reading.read_all(files, AGREEMENT_COLUMNS))
        for files in conditions.values()
    ]
    with_rows = [summary for summary in summaries if len(summary)]
    return pd.concat(with_rows, ignore_index=True) if with_rows else summaries[0]
