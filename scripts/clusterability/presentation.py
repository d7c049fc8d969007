"""What tables and figures for print have in common: which null they show, and its caveat."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

_FAVOURITE = "shuffle"
_CAVEATS = {"labels": "which nearly every partition beats"}


def shown_null(scores: pd.DataFrame) -> pd.DataFrame:
    """The rows that compare with one null: `shuffle` where it is there, else the first.

    Without nulls, all rows.
    """
    nulls = list(scores["null"].dropna().unique())
    if not nulls:
        return scores
    return scores[scores["null"] == (_FAVOURITE if _FAVOURITE in nulls else nulls[0])]


def null_name(nulls: Iterable[object]) -> str:
    """Name of the one null of these rows, with what a reader must know about it."""
    (null,) = set(nulls)
    return ", ".join(str(part) for part in (null, _CAVEATS.get(str(null))) if part)
