"""What docs/real-networks.md says of published networks: every number is one that was recorded."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from clusterability.results.display_names import rounded_text
from project import DOCS, ROOT

TEXT = (DOCS / "real-networks.md").read_text(encoding="utf-8")
FILES = pd.read_csv(DOCS / "published_files.csv", keep_default_na=False)
SCORES = pd.read_csv(DOCS / "real_networks.csv", keep_default_na=False)
PLAIN = pd.read_csv(DOCS / "real_networks_plain.csv", keep_default_na=False)
LAYER = ["file", "layer"]


def shown(heading: str) -> list[dict[str, str]]:
    """The rows of the table that begins with these titles."""
    table = re.search(rf"^\| {re.escape(heading)} .*?(?=\n\n)", TEXT, re.M | re.S)
    assert table is not None
    head, _, *rows = (
        [cell.strip().strip("`") for cell in row.strip("|").split(" | ")]
        for row in table[0].splitlines()
    )
    return [dict(zip([h.strip() for h in head], row, strict=True)) for row in rows]


def test_the_table_of_files_is_the_recorded_one():
    rows = shown("file | MB")
    assert len(rows) == len(FILES) == 11
    for row, recorded in zip(rows, FILES.to_dict("records"), strict=True):
        assert row["file"] == recorded["file"]
        assert float(row["MB"]) == recorded["megabytes"]
        for title in ("arrays", "layers", "convolutions", "read"):
            assert row[title] == str(recorded[title]), row
    read = (FILES["read"] == "yes").sum()
    assert f"{read} of the eleven" in TEXT


def test_the_table_of_scores_is_the_recorded_one():
    rows = shown("network | layer")
    groups = SCORES.groupby(LAYER, sort=False)
    assert len(rows) == groups.ngroups
    for row, ((_, layer), found) in zip(rows, groups, strict=True):
        by_measure = found.set_index("measure")
        assert layer.endswith(row["layer"])
        assert row["shape"] == f"[{found['outputs'].iloc[0]}, {found['inputs'].iloc[0]}]"
        assert row["bits"] == rounded_text(by_measure.loc["bits", "value"], 0)
        for title, measure in {"z of mi": "mi", "z of Q": "barber_q", "z of n-cut": "ncut"}.items():
            expected = rounded_text(float(by_measure.loc[measure, "z"]), 1)
            assert row[title] == expected, (layer, title)


@pytest.mark.parametrize("column", ["outputs", "inputs", "sum"])
def test_what_is_read_is_what_a_plain_loop_reads(column):
    """By another reader of each format."""
    assert SCORES[[*LAYER, "measure", column]].equals(PLAIN[[*LAYER, "measure", column]])


def test_scores_are_near_those_of_a_plain_loop():
    """scikit-learn's co-clustering and NumPy's shuffles; starts and shuffles are other ones."""
    for column in ("value", "null_mean"):
        reach = 0.05 * PLAIN[column].abs() + 3 * PLAIN["null_sd"]
        assert ((SCORES[column] - PLAIN[column]).abs() <= reach).all()


def test_packages_are_pinned_with_hashes():
    lines = (ROOT / "scripts" / "commands" / "published.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert len(pins) >= 5
    for line in pins:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+ --hash=sha256:[0-9a-f]{64}", line)
    assert all("make real" not in (ROOT / name).read_text() for name in (".ci/run",))
    assert "make real" in (ROOT / ".ci" / "release").read_text()
