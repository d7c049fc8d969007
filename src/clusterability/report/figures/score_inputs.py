"""Rows of the scores that figures are drawn from."""

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
"""What figures draw: of a large study, all columns would not fit into memory."""


def read_scores(path: Path, measures: Sequence[str], **values: str) -> pd.DataFrame:
    """The scores of these measures, each compared with the one null that is drawn.

    Without nulls, `null` stays empty. Conditions and layers become categories, in the order in
    which figures show them.

    Args:
        path: the table of scores.
        measures: identifiers.
        values: what other columns have to hold.

    Raises:
        UserError: where there are no such rows.
    """
    asked = {column: [value] for column, value in values.items()}
    scores = shown_rows(path, _COLUMNS, where(measure=measures, **asked))
    if scores.empty:
        values = values if len(measures) > 1 else {"measure": measures[0], **values}
        named = ", ".join(f"{column} {value!r}" for column, value in values.items())
        raise UserError(f"{path}: found no rows with {named}, expected some")
    return scores.assign(
        condition=as_categories(scores["condition"], scores["condition"].unique()),
        layer=as_categories(scores["layer"], layer_order(scores["layer"].unique())),
    )


def cell_status(statuses: pd.Series) -> str:
    """`ok` where any seed has a value, else why there is none."""
    return "ok" if (statuses == "ok").any() else str(statuses.iloc[0])
