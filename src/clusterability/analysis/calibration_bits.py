"""Frequency of saved bits over the networks of a condition, without clusters and with planted ones.

In conditions without clusters, the shares are false positive rates; in conditions with planted
clusters, they are the power.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from clusterability.measures.catalogue import VERDICT_BITS
from clusterability.results.reading import read_rows, where
from clusterability.statistics import clopper_pearson

CELL = ["condition", "layer", "method", "k"]
COLUMNS = [
    *CELL,
    "n",
    *(f"{name}{end}" for name in ("positive", "clusters") for end in ("", "_low", "_high")),
    "mean",
    "largest",
]


def calibration_bits(scores: Path, conditions: Sequence[str]) -> pd.DataFrame:
    """`bits_cells` of a table in a file, for these conditions."""
    selected = where(condition=conditions, measure=["bits"])
    return bits_cells(read_rows(scores, ["seed", *CELL, "value"], selected))


def bits_cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Shares of networks by the bits that they save.

    Args:
        rows: rows of the result table `scores` with the measure `bits`, one per null with the same
            value.

    Returns:
        One row per (condition, layer, method, k):

        - `n`: networks with a value.
        - `positive`, `clusters`: share of these with bits > 0, and with at least 20 bits, which is
          the verdict "clusters"; `_low`, `_high`: 95 % Clopper-Pearson intervals.
        - `mean`, `largest`: mean and maximum of the bits.
    """
    rows = rows.drop_duplicates([*CELL, "seed"]).dropna(subset="value")
    table = []
    for cell, values in rows.groupby(CELL, sort=False, observed=True)["value"]:
        n = len(values)
        table.append(
            [
                *cell,
                n,
                *_share(int((values > 0).sum()), n),
                *_share(int((values >= VERDICT_BITS).sum()), n),
                values.mean(),
                values.max(),
            ]
        )
    return pd.DataFrame(table, columns=COLUMNS)


def _share(count: int, n: int) -> tuple[float, float, float]:
    """Share with its Clopper-Pearson interval.

    >>> [round(float(bound), 4) for bound in _share(0, 400)]
    [0.0, 0.0, 0.0092]
    """
    return count / n, *clopper_pearson(count, n)
