"""Ratios that got worse than those recorded."""

from __future__ import annotations

import pandas as pd

MARGIN = 0.6
"""A ratio is worse below so much of the recorded one: machines differ, and rounds do."""

KEYS = ["part", "item", "peer"]


def worse(recorded: pd.DataFrame, now: pd.DataFrame) -> list[str]:
    """One line for each ratio that fell below the margin, and for each that is missing."""
    parts = set(now["part"])
    before = recorded[recorded["ratio"].notna() & recorded["part"].isin(parts)]
    ratios = before.merge(now, on=KEYS, how="left", suffixes=("", "_now"))
    lines = []
    for row in ratios.to_dict("records"):
        name = f"{row['part']}, {row['item']}, against {row['peer']}"
        if pd.isna(row["ratio_now"]):
            lines.append(f"{name}: not measured, expected {row['ratio']:.1f}")
        elif row["ratio_now"] < MARGIN * row["ratio"]:
            lines.append(
                f"{name}: {row['ratio_now']:.1f} times as fast, recorded {row['ratio']:.1f},"
                f" expected at least {MARGIN * row['ratio']:.1f}"
            )
    return lines
