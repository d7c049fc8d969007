"""Clusters of a small matrix as text, by the names of its units."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd

from clusterability.networks.importing.unit_names import UnitNames
from clusterability.networks.live_units import DEAD
from clusterability.report.score_text import WIDTH

MOST_NAMES = 60
"""Largest number of names shown on both sides together."""


def k_of_most_bits(scores: pd.DataFrame, method: str) -> int | None:
    """k at which naming the clusters of one layer saves most bits; None without values.

    Args:
        scores: rows of one layer, with the columns of `scores.parquet`.
        method: method of the clusters.
    """
    rows = scores[(scores["measure"] == "bits") & (scores["method"] == method)]
    rows = rows[rows["status"] == "ok"]
    best = rows["k"].to_numpy()[rows["value"].to_numpy().argmax()] if len(rows) else None
    return None if best is None else int(best)


def clusters_text(names: UnitNames, rows: np.ndarray, columns: np.ndarray, heading: str) -> str:
    """Names of the units by cluster, at most 100 columns wide.

    Args:
        names: names of rows, columns or both.
        rows: labels of the rows, int [out]; -1 for dead units.
        columns: labels of the columns, int [in].
        heading: first line.

    >>> names = UnitNames(("Ann", "Bea"), None)
    >>> print(clusters_text(names, np.array([1, 0]), np.array([0, 1]), "Clusters:"))
    Clusters:
    0  rows     Bea
    1  rows     Ann
    """
    lines = [heading]
    for label in sorted({*rows.tolist(), *columns.tolist()}, key=lambda label: (label < 0, label)):
        shown = "dead" if label == DEAD else str(label)
        sides = {"rows": (names.rows, rows), "columns": (names.columns, columns)}
        for side, (given, labels) in sides.items():
            members = _members(given, labels, label)
            if members:
                start = f"{shown}  {side:9}"
                lines += textwrap.wrap(
                    ", ".join(members), WIDTH, initial_indent=start, subsequent_indent=" " * 12
                )
                shown = " " * len(shown)
    return "\n".join(lines)


def _members(names: Sequence[str] | None, labels: np.ndarray, label: int) -> list[str]:
    units = np.flatnonzero(labels == label).tolist()
    return [] if names is None else [names[unit] for unit in units]
