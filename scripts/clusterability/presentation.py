"""What tables and figures for print have in common: which null they show, and its caveat."""

from __future__ import annotations

import pandas as pd

_ORDER = ("shuffle", "shuffle_nonzero", "strength", "untrained", "labels")
"""Nulls, those that say most first."""
_CAVEATS = {"labels": "which nearly every partition beats"}
_FOUND_ELSEWHERE = "held_out"
"""The measure whose clusters come from other rows: not every partition beats `labels` in it."""


def shown_null(scores: pd.DataFrame) -> pd.DataFrame:
    """The rows that compare with one null a measure: the first of `_ORDER` that gives a z.

    A measure without any z shows what most others show; without nulls, all rows are shown.
    """
    nulls = [null for null in _ORDER if (scores["null"] == null).any()]
    if not nulls:
        return scores
    has_z = scores[scores["z"].notna()].groupby("measure", observed=True)["null"].unique()
    chosen = {
        measure: next((null for null in nulls if null in has_z.get(measure, ())), nulls[0])
        for measure in scores["measure"].unique()
    }
    return scores[scores["null"] == scores["measure"].map(chosen)]


def null_name(rows: pd.DataFrame) -> str:
    """Name of the null that rows show, with what a reader must know about it; "none" without.

    Where measures show different nulls, the most frequent one comes first.
    """
    shown = rows.dropna(subset=["null"])
    measures = shown.groupby("null", observed=True)["measure"].unique()
    if measures.empty:
        return "none"
    first, *others = sorted(measures.index, key=lambda null: -len(measures[null]))
    names = [_with_caveat(first, measures[first])]
    return "; ".join(names + [f"{', '.join(measures[null])}: {null}" for null in others])


def _with_caveat(null: str, measures: list[str]) -> str:
    caveat = _CAVEATS.get(null) if set(measures) != {_FOUND_ELSEWHERE} else None
    return ", ".join(part for part in (null, caveat) if part)
