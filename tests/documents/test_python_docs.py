"""What docs/python.md shows is what Python and the command say."""

from __future__ import annotations

import doctest
import re
import shlex

import pytest

from clusterability.__main__ import main
from project import DOCS

TEXT = (DOCS / "python.md").read_text()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> None:
    """A folder that has the documents, as a checkout has, and may be written to."""
    (tmp_path / "docs").symlink_to(DOCS)
    monkeypatch.chdir(tmp_path)


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", TEXT, re.M | re.S)


def test_examples_give_what_is_shown():
    examples = "".join(blocks("python"))
    test = doctest.DocTestParser().get_doctest(examples, {}, "python.md", "python.md", 0)
    assert len(test.examples) > 8
    said: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert "".join(said) == ""


def test_the_command_prints_what_is_shown(capsys):
    (command,) = (line for line in blocks("sh") if line.startswith("clusterability "))
    (shown,) = blocks("text")
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out == shown
