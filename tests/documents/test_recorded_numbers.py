"""Every number of a result in the documents stands in a recorded file, or is marked as another's.

A comment before a paragraph, list or table says where its numbers are from:

- `<!-- numbers: ladder.verdict.csv -->`: files in docs/, by `make record`; more than one with
  commas, and `; besides 5.2, 0.8` names numbers that are of something else;
- `<!-- numbers: wait for studies/validity.yaml -->`: of an earlier run, whose rows were not kept;
- `<!-- numbers: published -->`: read in a source that the text names;
- `<!-- numbers: defined -->`: of a definition or an example.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from clusterability.results.display_names import rounded_text
from project import DOCS, ROOT

SECTIONS = {
    ROOT / "README.md": ("The answer",),
    DOCS / "answer.md": (),
    DOCS / "findings.md": (),
    DOCS / "function.md": (),
    ROOT / "paper" / "paper.md": (),
}
"""What is looked at: these sections, or all of the document."""
LEVELS = {"0.05", "0.01", "0.5"}
"""Of tests, of chance: they need no mark."""

NUMBER = r"\N{MINUS SIGN}?\d+(?:\.\d+)?"
INTERVAL = re.compile(rf"({NUMBER})(?: (%|bits|nats))? \[({NUMBER}), ({NUMBER})\]")
DECIMAL = re.compile(r"\N{MINUS SIGN}?\d+\.\d+(?: %)?")
MARK = re.compile(r"^ *<!-- numbers: (.+?) -->\n", re.M)
WAITING = "wait for "
OTHERS = ("published", "defined")


def blocks(path: Path) -> Iterator[tuple[str | None, str]]:
    """Paragraphs, lists and tables, each with what its mark says."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    for section in re.split(r"^(?=## )", text, flags=re.M):
        names = SECTIONS.get(path, ())
        if names and not section.startswith(tuple(f"## {name}\n" for name in names)):
            continue
        for block in re.split(r"\n\s*\n", section):
            mark = MARK.search(block)
            yield (mark[1] if mark else None), MARK.sub("", block)


def plain(text: str) -> str:
    """Without links' targets and numbers of preprints."""
    return re.sub(r"arXiv\s+[\d.]+", "", re.sub(r"\]\([^)]*\)", "]", text))


def numbers(text: str) -> list[str]:
    """Intervals, and decimals but for levels, without what is code."""
    said = re.sub(r"`[^`]*`", "", plain(text))
    rest = INTERVAL.sub("", said)
    decimals = [one for one in DECIMAL.findall(rest) if one not in LEVELS]
    return [found[0] for found in INTERVAL.finditer(said)] + decimals


def missing(text: str, rows: pd.DataFrame) -> list[str]:
    """Numbers of a text that no row has; a line of a table is of the rows that its cells name."""
    lines = text.splitlines()
    if not any(line.lstrip().startswith("|") for line in lines):
        return [one for one in numbers(text) if not recorded(one, rows)]
    found = []
    for line in lines[2:]:
        own = named(line, rows)
        found += [f"{one} in {line}" for one in numbers(line) if not recorded(one, own)]
    return found


def named(line: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that have what the cells of a line name: conditions, layers, measures."""
    texts = rows.select_dtypes(["object", "string"])
    for cell in (cell.strip(" `") for cell in line.strip().strip("|").split("|")):
        having = (texts == cell).any(axis=1)
        if having.any():
            rows, texts = rows[having.loc[rows.index]], texts[having]
    return rows


def recorded(text: str, rows: pd.DataFrame) -> bool:
    """Whether a row has a number, or a value with these bounds, rounded as the text rounds."""
    share = 100 if "%" in text else 1
    if interval := INTERVAL.fullmatch(text):
        value, _, low, high = interval.groups()
        ends = [(name, f"{name}_low", f"{name}_high") for name in rows]
        ends += [("estimate", "low", "high"), ("value", "low", "high")]
        known = [rows[list(names)] for names in ends if {*names} <= {*rows}]
        wanted = [value, low, high]
        return any(
            [as_in(number * share, one) for number, one in zip(row, wanted, strict=True)] == wanted
            for frame in known
            for row in frame.itertuples(index=False, name=None)
        )
    wanted_one = text.removesuffix(" %")
    values = rows.select_dtypes("number").to_numpy(float).ravel()
    return any(as_in(value * share, wanted_one) == wanted_one for value in values)


def as_in(value: float, text: str) -> str:
    return rounded_text(value, len(text.partition(".")[2]))


@pytest.mark.parametrize("path", SECTIONS, ids=lambda path: path.name)
def test_every_number_of_a_result_is_recorded_or_marked_as_anothers(path):
    faults = []
    for mark, text in blocks(path):
        if mark is None:
            faults += [f"no mark: {one} in {text[:60]!r}" for one in numbers(text)]
        elif mark.startswith(WAITING):
            configs = mark.removeprefix(WAITING).split(", ")
            faults += [f"no study {name}" for name in configs if not (ROOT / name).exists()]
        elif mark not in OTHERS:
            files, _, besides = mark.partition("; besides ")
            rows = pd.concat([pd.read_csv(DOCS / name) for name in files.split(", ")])
            known = besides.split(", ")
            faults += [one for one in missing(text, rows) if one not in known]
    assert not faults, "\n".join(faults)


def test_a_section_that_is_looked_at_is_there():
    for path, names in SECTIONS.items():
        text = path.read_text(encoding="utf-8")
        assert all(f"\n## {name}\n" in text for name in names)


def test_what_is_not_recorded_is_seen():
    rows = pd.DataFrame(
        {"condition": ["a", "b"], "bits": [10.4, 7.0], "bits_low": [-1.6, 6], "bits_high": [20, 9]}
        | {"share": [0.123, 0.5]}
    )
    low = "\N{MINUS SIGN}2"
    assert not missing(f"10 [{low}, 20] bits, a share of 0.12, or 12.3 %", rows)
    wrong = [f"10 [{low}, 21]", "0.13", "12.4 %"]
    assert missing(", ".join(wrong), rows) == wrong
    right, other = (f"| `{name}` | 10 [{low}, 20] |" for name in ("a", "b"))
    table = f"| | bits |\n| --- | --- |\n{right}\n{other}"
    assert missing(table, rows) == [f"10 [{low}, 20] in {other}"]
