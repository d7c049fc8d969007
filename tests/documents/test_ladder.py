"""What docs/answer.md says of the ladder: every number is one of docs/ladder.verdict.csv."""

from __future__ import annotations

import re

import pandas as pd

from clusterability.results.display_names import rounded_text
from project import DOCS

TABLE = pd.read_csv(DOCS / "ladder.verdict.csv").set_index(["condition", "layer"])
COLUMNS = {
    "bits": "bits",
    "beyond strengths": "beyond_strength",
    "beyond mixtures": "beyond_rotated_u",
}


def shown_rows() -> list[list[str]]:
    text = (DOCS / "answer.md").read_text(encoding="utf-8")
    table = re.search(r"^\| condition \| layer \|.*?(?=\n\n)", text, re.M | re.S)
    assert table is not None
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table[0].splitlines()]


def test_every_number_of_the_table_is_one_of_the_recorded_table():
    head, _, *rows = shown_rows()
    assert len(rows) > 5
    for cells in rows:
        shown = dict(zip(head, cells, strict=True))
        recorded = TABLE.loc[shown["condition"].strip("`"), shown["layer"]]
        assert shown["verdict"] == recorded["verdict"]
        for title, column in COLUMNS.items():
            low, high = (rounded_text(recorded[f"{column}{end}"], 0) for end in ("_low", "_high"))
            expected = rounded_text(recorded[column], 0)
            assert shown[title] == (f"{expected} [{low}, {high}]" if expected else ""), shown
