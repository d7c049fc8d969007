"""What the documents say: their entries, and the tests that they name."""

from __future__ import annotations

import re
from pathlib import Path

from project import TESTS

ITEMS = ["Says", "Formula", "Misleads", "Source", "Tested by"]


def entries(document: Path) -> dict[str, list[str]]:
    """Items of each entry, by its identifier."""
    found = re.findall(r"^### `([^`]+)`\n(.+?)(?=\n#)", document.read_text(), re.M | re.S)
    return {name: re.findall(r"\*\*(.+?):\*\*", text) for name, text in found}


def named_tests(document: Path) -> set[str]:
    """Tests that a document names."""
    return set(re.findall(r"`(test_\w+)`", document.read_text()))


def defined_tests(file: Path) -> set[str]:
    """Tests of a file."""
    return set(re.findall(r"^def (test_\w+)", file.read_text(), re.M))


def all_tests() -> set[str]:
    """Tests of all files."""
    return {name for file in TESTS.rglob("test_*.py") for name in defined_tests(file)}
