"""Scores from which figures are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from clusterability.errors import UserError
from clusterability.report.figures.inputs import as_categories, layer_order
from clusterability.results.reading import shown_rows, where

INFEASIBLE = "infeasible"

_COLUMNS = ["condition", "layer", "method", "k", "measure", "value"]
_COLUMNS += ["null", "null_mean", "null_sd", "z", "q", "status"]
"""Columns that figures use; all columns of a large study would not fit into memory."""


def read_scores(path: Path, measures: Sequence[str], **values: str) -> pd.DataFrame:
    """Scores of these measures, each compared with the one null that is drawn.

    Without nulls, `null` is empty. Conditions and layers become categories, in the order of the
    figures.

    Args:
        path: the table of scores.
        measures: identifiers.
        values: required values of other columns.

    Raises:
        UserError: if there are no such rows.
    """
    allowed = {column: [value] for column, value in values.items()}
    scores = shown_rows(path, _COLUMNS, where(measure=measures, **allowed))
    if scores.empty:
        values = values if len(measures) > 1 else {"measure": measures[0], **values}
        named = ", ".join(f"{column} {value!r}" for column, value in values.items())
        raise UserError(f"{path}: found no rows with {named}, expected some")
    return scores.assign(
        condition=as_categories(scores["condition"], scores["condition"].unique()),
        layer=as_categories(scores["layer"], layer_order(scores["layer"].unique())),
    )


def cell_status(statuses: pd.Series) -> str:
    """`ok` if any seed has a value, otherwise the reason why there is none."""
    return "ok" if (statuses == "ok").any() else str(statuses.iloc[0])
