"""HTML page of a table of the study, with the rows that figures show."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pandas as pd

from clusterability.results.display_names import counted, shown_null
from clusterability.results.reading import read_csv

MOST_ROWS = 20_000
"""Most rows on a page; pages with more would open slowly."""

TEMPLATE = Path(__file__).with_name("table.html")


def table_page(file: Path, method: str | None) -> str:
    """Self-contained HTML page of a table.

    Args:
        file: the table, CSV.
        method: method whose rows are shown, in tables with methods; None for all.
    """
    rows = read_csv(file, keep_default_na=False, na_values=[""])
    shown, words = _shown(rows, method)
    values = {
        "name": html.escape(file.stem),
        "about": html.escape(words),
        "table": _short(shown.to_html(index=False, border=0, na_rep="", float_format=_number)),
    }
    page = TEMPLATE.read_text(encoding="utf-8")
    for key, text in values.items():
        page = page.replace(f"<!-- {key} -->", text)
    return page


def _shown(rows: pd.DataFrame, method: str | None) -> tuple[pd.DataFrame, str]:
    """Rows to show, and text that describes them."""
    shown, parts = rows, []
    if method is not None and "method" in rows and (rows["method"] == method).any():
        shown = shown[shown["method"] == method]
        parts.append(f"method {method}")
    if {"null", "measure", "z"} <= set(shown):
        shown = shown_null(shown)
        parts.append("each measure against the null that figures show")
    cut = len(shown) > MOST_ROWS
    shown = shown.head(MOST_ROWS)
    if len(shown) == len(rows):
        return shown, f"{counted(len(rows), 'row')}."
    first = f"the first {MOST_ROWS} rows" if cut else f"{len(shown)} of {len(rows)} rows"
    return shown, f"{first}: {', '.join(parts)}. All rows are in the table's file."


def _short(table: str) -> str:
    """The table without spaces between tags and without end tags that HTML lets out: half of it."""
    return re.sub(r"</t[dr]>", "", re.sub(r">\s+<", "><", table))


def _number(value: float) -> str:
    return f"{value:.4g}"
