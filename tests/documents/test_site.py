"""The site that `make site` builds: its contents, its formulas, and what its faults are."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
from docutils.utils.math.latex2mathml import tex2mathml

import clusterability
from clusterability.measures.catalogue import MEASURES
from project import DOCS, ROOT

SITE = DOCS / "site"
SETTINGS = SITE / "conf.py"
INLINE = re.compile(r"^```.*?^```|`[^`\n]*`", re.M | re.S)
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$]+)\$", re.S)


def setting(name: str) -> object:
    """What the settings say, without running them."""
    for node in ast.parse(SETTINGS.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise KeyError(name)


# --- contents ----------------------------------------------------------------------------------


def test_every_document_is_once_in_the_contents():
    chapters = setting("CHAPTERS")
    named = Counter(name for documents in chapters.values() for name in documents)
    there = [*ROOT.glob("*.md"), *DOCS.glob("*.md"), *DOCS.glob("*.ipynb"), *SITE.glob("*.md")]
    names = {file.relative_to(ROOT).with_suffix("").as_posix() for file in there}
    assert set(named) == names - {setting("FRONT")}
    assert set(named.values()) == {1}


def test_the_page_of_functions_has_what_the_package_offers_and_every_measure():
    page = (SITE / "api.md").read_text()
    named = re.findall(r"^\.\. auto\w+:: clusterability\.(\w+)(?:\(\))?$", page, re.M)
    assert sorted(named) == sorted(clusterability.__all__)
    measures = re.search(r":members: (mi_total.*?)\n +:", page, re.S)[1]
    assert set(re.split(r",\s+", measures)) == MEASURES.keys()


def test_the_gallery_shows_every_figure_with_its_command():
    sections = (SITE / "gallery.md").read_text().split("\n## ")[1:]
    shown = {re.search(r"\.\./images/([\w.]+)\)", section)[1] for section in sections}
    assert shown == {file.name for file in (DOCS / "images").iterdir()}
    assert [section for section in sections if "make " not in section] == []


def test_the_new_measure_is_that_of_the_page_on_extending():
    codes = [
        re.search(r"^def heaviest_block.*?(?=^```)", page.read_text(), re.M | re.S)[0]
        for page in (DOCS / "extending.md", SITE / "new-measure.md")
    ]
    assert codes[0] == codes[1]


# --- nothing from elsewhere --------------------------------------------------------------------


@pytest.mark.parametrize("file", [SETTINGS, SITE / "static" / "site.css"], ids=lambda f: f.name)
def test_settings_name_no_host(file):
    assert re.findall(r"https?:|//\w+\.\w+|\bcdn\b", file.read_text()) == []


def formulas() -> list[tuple[str, str, bool]]:
    """Document, TeX and whether it stands by itself, of each formula."""
    return [
        (file.name, block or inline, bool(block))
        for file in sorted(DOCS.glob("*.md"))
        for block, inline in FORMULA.findall(INLINE.sub("", file.read_text()))
    ]


def test_formulas_become_mathml():
    found = formulas()
    assert len([text for name, text, _ in found if name == "measures.md"]) > 50
    for _, text, block in found:
        assert "<math" in tex2mathml(text, as_block=block)
        # Without braces, its numerator is taken to be 12.
        assert not re.search(r"\\frac\d", text), text


# --- faults of pages ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def command() -> ModuleType:
    """What `make site` runs, with the path as it was before."""
    before = list(sys.path)
    sys.path.insert(0, str(ROOT / "scripts" / "commands"))
    try:
        return importlib.import_module("build_site")
    finally:
        sys.path[:] = before


def written(folder: Path, **pages: str) -> Path:
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text)
    return folder


def test_a_site_whose_links_lead_somewhere_has_no_fault(tmp_path, command):
    (tmp_path / "a.css").write_text("a { background: url('data:image/png;base64,aa') }")
    first = '<link href="a.css"><a href="b.html#x">b</a> <a href="#y">y</a> <i id="y"></i>'
    written(tmp_path, a=first, b='<p id="x"><a href="https://example.org/c">c</a></p>')
    assert command.faults(tmp_path) == []


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ('<a href="c.html">', "a.html: found a link to c.html, which is not there"),
        ('<a href="a.html#z">', "a.html: found a link to a.html#z, which is not there"),
        ('<a href="#z">', "a.html: found a link to #z, which is not there"),
        ('<img src="c.png">', "a.html: found a link to c.png, which is not there"),
        (
            '<script src="https://example.org/c.js"></script>',
            "a.html: loads https://example.org/c.js, expected a file of the site",
        ),
        (
            '<link rel="stylesheet" href="//example.org/c.css">',
            "a.html: loads //example.org/c.css, expected a file of the site",
        ),
    ],
)
def test_a_link_that_leads_nowhere_and_what_is_loaded_are_faults(tmp_path, command, page, fault):
    assert command.faults(written(tmp_path, a=page)) == [fault]


@pytest.mark.parametrize("rule", ['@import "https://example.org/c"', "src: url(//example.org/c)"])
def test_a_style_that_loads_from_elsewhere_is_a_fault(tmp_path, command, rule):
    (tmp_path / "a.css").write_text(rule)
    (line,) = command.faults(tmp_path)
    assert line.endswith("//example.org/c, expected a file of the site")


def test_an_environment_of_this_lock_is_left_alone(tmp_path, command, monkeypatch):
    made = []

    def install(home: Path, *words: str) -> None:
        (home / "lib/python3.11/site-packages").mkdir(parents=True)
        made.append(words)

    monkeypatch.setattr(command, "HOME", tmp_path / "venv")
    monkeypatch.setattr(command, "LOCK", tmp_path / "site.lock")
    monkeypatch.setattr(command, "install", install)
    for lock in ("a==1\n", "a==1\n", "a==2\n"):
        (tmp_path / "site.lock").write_text(lock)
        command.prepare()
    assert len(made) == 2
    assert all("--require-hashes" in words for words in made)
