"""Which measure is right about partitions, in words: the part of the answer on recovery."""

from __future__ import annotations

import pandas as pd

from clusterability.nulls.catalogue import NULLS
from clusterability.results.display_names import rounded_text, sentence_list

_REACHES = {"bits": "≥ 20", "held_out_entries": "> 0"}
_NAMED = 3
"""Measures that a sentence names."""


def of_first_null(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the first null of the catalogue that they have; all, where they have none."""
    known = set(rows["null"].dropna())
    first = next((null for null in NULLS if null in known), None)
    return rows if first is None else rows[rows["null"] == first]


def ranked_recovery(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of `recovery` over all families with a balanced accuracy, the best first."""
    rows = table[(table["analysis"] == "recovery") & table["condition"].isna()]
    every = rows[rows["family"].isna()]
    known = (every if len(every) else rows).dropna(subset="estimate")
    return known.sort_values("estimate", ascending=False, kind="stable")


def recovery_in_short(table: pd.DataFrame) -> str:
    """Which measure is right about partitions; empty where it is not known."""
    ranked = ranked_recovery(table)
    if ranked.empty:
        return ""
    best = ranked.iloc[0]
    if not best["low_of_all"] > 0.5:
        return "no measure is right about which partitions are the planted clusters"
    return f"{_call(best)} is right about a partition in {_percent(best)} (balanced accuracy)"


def recovery_sentence(table: pd.DataFrame) -> str:
    """How many partitions are the planted clusters, and which measures say so."""
    rows = table[(table["analysis"] == "recovery") & table["condition"].isna()]
    if rows.empty:
        return ""
    largest = rows.nlargest(1, "n").iloc[0]
    found, n = int(largest["found"]), int(largest["n"])
    text = (
        f"Of {n} partitions of networks whose clusters are known, {found} are the planted clusters"
        " (adjusted mutual information above 0.5, mean of both sides)."
    )
    ranked = ranked_recovery(table).head(_NAMED)
    if ranked.empty:
        return text
    parts = [
        f"{_call(row)} in {_percent(row)}: it calls"
        f" {100 * row['sensitivity']:.0f} % of the found ones good, and"
        f" {100 * (1 - row['specificity']):.0f} % of the others"
        for _, row in ranked.iterrows()
    ]
    return f"{text} Right about a partition, by balanced accuracy: {sentence_list(parts)}."


def _call(row: pd.Series) -> str:
    """What a measure is asked for."""
    if row["form"] == "threshold":
        return f"`{row['measure']}` {_REACHES[row['measure']]}"
    return f"p ≤ 0.05 of `{row['measure']}` by `{row['null']}`"


def _percent(row: pd.Series) -> str:
    low, high = (rounded_text(100 * row[name], 0) for name in ("low", "high"))
    return f"{100 * row['estimate']:.0f} % [{low}, {high}]"
