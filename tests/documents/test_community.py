"""What hooks, checks on a server and templates say of the project is so."""

from __future__ import annotations

import re
from configparser import ConfigParser
from fnmatch import fnmatch
from itertools import chain

import pytest
import yaml

from project import ROOT
from tracked_files import tracked

MAKEFILE = (ROOT / "Makefile").read_text()
TEMPLATES = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def read(path: str):
    return yaml.safe_load((ROOT / path).read_text())


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M))


def patterns(section: str) -> list[str]:
    """The patterns of a section of .editorconfig, such as `*.{py,pyi}`."""
    found = re.fullmatch(r"(.*)\{(.*)\}(.*)", section)
    return [f"{found[1]}{each}{found[3]}" for each in found[2].split(",")] if found else [section]


def style_of(path: str) -> dict[str, str]:
    """What .editorconfig says of a file; later sections go before earlier ones."""
    config = ConfigParser()
    config.read_string("[top]\n" + (ROOT / ".editorconfig").read_text())
    fitting = (
        config[name].items()
        for name in config.sections()
        if any(fnmatch(path.rpartition("/")[2], pattern) for pattern in patterns(name))
    )
    return dict(chain.from_iterable(fitting))


def test_checks_run_on_both_systems_with_every_python_that_serves():
    (job,) = read(".github/workflows/ci.yml")["jobs"].values()
    found = re.search(r"v < \((\d), (\d+)\).*?v > \((\d), (\d+)\)", MAKEFILE, re.S)
    first, last = int(found[2]), int(found[4])
    assert job["strategy"]["matrix"] == {
        "os": ["ubuntu-latest", "macos-latest"],
        "python": [f"3.{minor}" for minor in range(first, last + 1)],
    }
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_actions_are_known_by_their_commits():
    (job,) = read(".github/workflows/ci.yml")["jobs"].values()
    uses = [step["uses"] for step in job["steps"] if "uses" in step]
    assert uses
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", use) for use in uses)


def test_hooks_are_local_and_call_targets_of_make():
    (repository,) = read(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    called = [hook["entry"].split() for hook in repository["hooks"]]
    assert {command for command, _ in called} == {"make"}
    assert {target for _, target in called} <= targets()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.stem)
def test_a_template_asks_for_what_it_names(template):
    form = yaml.safe_load(template.read_text())
    assert form["name"]
    assert form["description"]
    fields = [part for part in form["body"] if part["type"] != "markdown"]
    ids = [field["id"] for field in fields]
    assert len(set(ids)) == len(ids)
    assert all(field["attributes"]["label"].strip() for field in fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_exceptions_from_the_review_have_reasons():
    text = (ROOT / "pyproject.toml").read_text()
    assert '"$(BIN)/repo-review"' in MAKEFILE
    (section,) = re.findall(r"^\[tool\.repo-review\.ignore\]\n((?:\w+ = .*\n)+)", text, re.M)
    assert all(re.fullmatch(r'[A-Z]+\d* = "\w.+"', line) for line in section.splitlines())


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Makefile", {"indent_style": "tab", "indent_size": "4"}),
        ("src/a.py", {"indent_style": "space", "max_line_length": "100"}),
        ("docs/images/a.svg", {"trim_trailing_whitespace": "unset"}),
    ],
)
def test_what_editors_are_told(path, expected):
    assert style_of(path).items() >= expected.items()


def test_files_are_as_editors_are_told():
    binary = (".png", ".npz", ".safetensors")
    faults = []
    for path in sorted(tracked()):
        file, style = ROOT / path, style_of(path)
        if file.is_symlink() or not file.is_file() or path.endswith(binary):
            continue
        text = file.read_bytes().decode(style["charset"])
        if text and not text.endswith("\n"):
            faults.append(f"{path}: no line feed at its end")
        if "\r" in text:
            faults.append(f"{path}: carriage returns")
        if style["trim_trailing_whitespace"] == "true" and re.search(r"[ \t]$", text, re.M):
            faults.append(f"{path}: spaces at the end of a line")
        if style["indent_style"] == "tab" and re.search(r"^ +\t", text, re.M):
            faults.append(f"{path}: spaces before a tab")
    assert faults == []
