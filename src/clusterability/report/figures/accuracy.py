"""Test accuracy beside the names of conditions."""

from __future__ import annotations

import pandas as pd

from clusterability.report.figures.inputs import Inputs, paths
from clusterability.results.reading import read_csv


def with_accuracy(table: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """Add `test_accuracy`, the mean over the condition's networks in the table `networks`.

    Without that table, the rows are returned unchanged.
    """
    if "networks" not in inputs:
        return table
    networks = read_csv(paths(inputs, "networks")[0])
    means = networks.groupby("condition")["test_accuracy"].mean()
    return table.assign(test_accuracy=table["condition"].astype(str).map(means))


def shown_names(table: pd.DataFrame) -> dict[str, str]:
    """Conditions with their test accuracy, as "trained, 97.7 %", where it is known."""
    if "test_accuracy" not in table:
        return {}
    known = table[["condition", "test_accuracy"]].dropna().drop_duplicates()
    return {
        str(condition): f"{condition}, {100 * share:.1f} %"
        for condition, share in known.itertuples(index=False)
    }
