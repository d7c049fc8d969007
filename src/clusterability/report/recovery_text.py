"""The part of the answer on recovery: which measure is right about partitions."""

from __future__ import annotations

import pandas as pd

from clusterability.nulls.catalogue import NULLS
from clusterability.results.display_names import rounded_text, sentence_list

_REACHES = {"bits": "≥ 20", "held_out_entries": "> 0"}
_NAMED = 3
"""Number of measures named in a sentence."""


def of_first_null(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the first null, in the order of the catalogue; all rows if none has a null.

    Nulls of other packages come after those of the library.
    """
    known = set(rows["null"].dropna())
    first = next((null for null in (*NULLS, *sorted(known)) if null in known), None)
    return rows if first is None else rows[rows["null"] == first]


def ranked_recovery(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of `recovery` over all families with a balanced accuracy, the best first."""
    rows = table[(table["analysis"] == "recovery") & table["condition"].isna()]
    over_families = rows[rows["family"].isna()]
    known = (over_families if len(over_families) else rows).dropna(subset="estimate")
    return known.sort_values("estimate", ascending=False, kind="stable")


def recovery_in_short(table: pd.DataFrame) -> str:
    """Clause on which measure is right about partitions; empty if unknown."""
    ranked = ranked_recovery(table)
    if ranked.empty:
        return ""
    best = ranked.iloc[0]
    if not best["low_of_all"] > 0.5:
        return "no measure is right about which partitions are the planted clusters"
    return f"{_call(best)} is right about a partition in {_percent(best)} (balanced accuracy)"


def recovery_sentence(table: pd.DataFrame) -> str:
    """Sentences on how many partitions are the planted clusters, and which measures say so."""
    rows = table[(table["analysis"] == "recovery") & table["condition"].isna()]
    if rows.empty:
        return ""
    largest = rows.nlargest(1, "n").iloc[0]
    count, n = int(largest["found"]), int(largest["n"])
    text = (
        f"Of {n} partitions of networks whose clusters are known, {count} are the planted clusters"
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
    """Criterion by which a measure calls a partition good."""
    if row["form"] == "threshold":
        return f"`{row['measure']}` {_REACHES[row['measure']]}"
    return f"p ≤ 0.05 of `{row['measure']}` by `{row['null']}`"


def _percent(row: pd.Series) -> str:
    low, high = (rounded_text(100 * row[name], 0) for name in ("low", "high"))
    return f"{100 * row['estimate']:.0f} % [{low}, {high}]"
