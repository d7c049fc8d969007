"""Training step by step: the snapshots of a condition in the order of their steps.

In all other tables, each snapshot is a condition; this table puts its numbers by step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from clusterability.analysis.verdict import REDRAWN
from clusterability.jobs.comparison_jobs import SnapshotsJob
from clusterability.results.display_names import shown_null
from clusterability.statistics import interval

COLUMNS = [
    "condition",
    "step",
    "snapshot",
    "layer",
    "quantity",
    "method",
    "k",
    "measure",
    "null",
    "n",
    "value",
    "low",
    "high",
]
"""One row per snapshot, layer and quantity; docs/results.md describes them."""

BITS = ("bits", "bits_unscaled", *(f"beyond_{null}" for null in REDRAWN))
"""Quantities taken from the verdict."""

Row = dict[str, Any]


def snapshot_rows(
    job: SnapshotsJob, networks: pd.DataFrame, verdict: pd.DataFrame, summary: pd.DataFrame
) -> pd.DataFrame:
    """Accuracy, bits and z of each condition with snapshots, by step.

    Args:
        job: steps by condition, and the measures whose z are taken.
        networks, verdict, summary: the tables of these names.

    Returns:
        COLUMNS. `quantity` is `test_accuracy`, one of BITS, or `z` of a measure against the null
        that figures show. `low` and `high` bound 95 % t intervals over networks.
    """
    z = summary[(summary["method"] == job.method) & (summary["k"] == job.k)]
    z = shown_null(z[z["measure"].isin(job.measures)])
    rows: list[Row] = []
    for condition, steps in job.steps.items():
        for snapshot, step in steps.items():
            identifiers: Row = {"condition": condition, "step": step, "snapshot": snapshot}
            tables = (table[table["condition"] == snapshot] for table in (networks, verdict, z))
            rows += [identifiers | row for row in _of_snapshot(*tables)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_snapshot(networks: pd.DataFrame, verdict: pd.DataFrame, z: pd.DataFrame) -> Iterator[Row]:
    accuracy = networks["test_accuracy"].dropna().to_numpy(float)
    yield {"quantity": "test_accuracy", "n": len(accuracy)} | _bounded(*interval(accuracy))
    for layer in verdict.to_dict("records"):
        for name in BITS:
            if name in layer and pd.notna(layer[name]):
                bounds = (layer[f"{name}{end}"] for end in ("", "_low", "_high"))
                names = {key: layer[key] for key in ("layer", "method", "n")}
                yield {"quantity": name, **names, **_bounded(*bounds)}
    for cell in z.to_dict("records"):
        names = {key: cell[key] for key in ("layer", "method", "k", "measure", "null", "n")}
        yield {"quantity": "z", **names, **_bounded(cell["z"], cell["z_low"], cell["z_high"])}


def _bounded(value: float, low: float, high: float) -> Row:
    return {"value": value, "low": low, "high": high}
