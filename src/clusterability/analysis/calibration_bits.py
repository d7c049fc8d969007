"""How often bits are saved, by networks of a condition: without clusters, and with planted ones.

Of conditions without clusters, the shares are those of false positives; of conditions with planted
ones, of those that were found: the power.
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
    """`bits_cells` of a table in a file, of these conditions."""
    asked = where(condition=conditions, measure=["bits"])
    return bits_cells(read_rows(scores, ["seed", *CELL, "value"], asked))


def bits_cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Shares of networks by what they save.

    Args:
        rows: of the result table `scores`, of the measure `bits`; one a null, each as good as the
            other.

    Returns:
        One row a (condition, layer, method, k):

        - `n`: networks that have a value.
        - `positive`, `clusters`: share of these with bits > 0, and with at least 20 bits, which is
          the verdict "clusters"; `_low`, `_high`: 95 % Clopper-Pearson intervals.
        - `mean`, `largest`: of the bits.
    """
    rows = rows.drop_duplicates([*CELL, "seed"]).dropna(subset="value")
    found = []
    for cell, values in rows.groupby(CELL, sort=False, observed=True)["value"]:
        n = len(values)
        found.append(
            [
                *cell,
                n,
                *_share(int((values > 0).sum()), n),
                *_share(int((values >= VERDICT_BITS).sum()), n),
                values.mean(),
                values.max(),
            ]
        )
    return pd.DataFrame(found, columns=COLUMNS)


def _share(count: int, n: int) -> tuple[float, float, float]:
    """A share and its Clopper-Pearson interval.

    >>> [round(float(bound), 4) for bound in _share(0, 400)]
    [0.0, 0.0, 0.0092]
    """
    return count / n, *clopper_pearson(count, n)
