"""Table `equal_size`: layers compared at equal size, over the networks of a condition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from clusterability.results.columns import EQUAL_SIZE, EQUAL_SIZE_NETWORKS
from clusterability.results.reading import read_all
from clusterability.statistics import Replicates, intervals

CELL = ["condition", "layer", "method", "k", "measure"]


def equal_size_table(files: Sequence[str]) -> pd.DataFrame:
    """`equal_size_cells` of the rows of all jobs.

    Args:
        files: `…/{condition}/{seeds}/{layer}.equal_size.parquet`.
    """
    return equal_size_cells(read_all(files, EQUAL_SIZE_NETWORKS))


def equal_size_cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Means over networks of the rows of `equal_size_rows`.

    Args:
        rows: rows with `columns.EQUAL_SIZE_NETWORKS`.

    Returns:
        `columns.EQUAL_SIZE`, one row per condition, layer, method, k and measure: `n`, networks
        with a value; `rows`, `columns` and `submatrices`, means over these networks; `draws` per
        sub-matrix; `value`, `excess` and `z` with 95 % t intervals over networks in `_low` and
        `_high`; `z_error`, the Monte Carlo standard error of the mean z.
    """
    groups = rows.groupby(CELL, sort=False, observed=True)
    cell = groups.ngroup().to_numpy()
    table = rows.drop_duplicates(CELL)[[*CELL, "draws"]].reset_index(drop=True)

    def replicates(values: pd.Series[float]) -> Replicates:
        return Replicates.of(values.to_numpy(float), cell, len(table))

    known = rows["value"].notna()
    for name in ("rows", "columns", "submatrices"):
        table[name] = intervals(replicates(rows[name].where(known)))[0]
    for name in ("value", "excess", "z"):
        of_name = replicates(rows[name])
        table[[name, f"{name}_low", f"{name}_high"]] = intervals(of_name).T
    errors = replicates(rows["z_error"] ** 2)
    table["n"] = replicates(rows["value"]).sizes
    table["z_error"] = np.sqrt(intervals(errors)[0] / np.maximum(errors.sizes, 1))
    return table[EQUAL_SIZE]
