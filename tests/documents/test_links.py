"""What the documents point at is there: files, headings, images, studies, targets of make.

Nothing is fetched: of links that lead elsewhere only the form is looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from project import DOCS, ROOT
from tracked_files import tracked

DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted(DOCS.glob("*.md")),
    *sorted(DOCS.glob("site/*.md")),
]
IMAGES = (".png", ".svg", ".jpg", ".gif")
SUFFIXES = ("csv", "in", "json", "lock", "md", "png", "py", "smk", "svg", "toml", "yaml")
"""Endings of files of this repository."""

FENCED = re.compile(r"^```.*?^```", re.M | re.S)
LINK = re.compile(r"!?\[[^\]]*\]\(\s*([^)]*?)\s*\)")
PATH = re.compile(rf"[\w.*-]+(?:/[\w.*-]+)+\.(?:{'|'.join(SUFFIXES)})")
TARGET = re.compile(r"^ *make ([a-z][a-z-]*)", re.M)

ELSEWHERE = {
    "results/": "what a study writes",
    "clusters/results/": "what the module of docs/module.md writes",
    "src/clusterability/report/figures/sizes.py": "what a reader of docs/extending.md writes",
    "src/clusterability/measures/added/heaviest_block.py": "the same",
    "src/clusterability/clustering/methods/quantiles.py": "the same",
    "src/clusterability/nulls/by_row.py": "the same",
}
"""Beginnings of paths that are none of this repository's, and why."""


# --- what documents say ------------------------------------------------------------------------


def prose(document: Path) -> str:
    """A document without its blocks of code."""
    return FENCED.sub("", document.read_text())


def links(document: Path) -> list[str]:
    """Targets of its links and images."""
    return LINK.findall(re.sub(r"`[^`\n]*`", "", prose(document)))


def is_external(link: str) -> bool:
    return bool(urlsplit(link).scheme)


def external_links() -> dict[str, list[str]]:
    """All links that lead elsewhere, by document."""
    return {
        document.name: [link for link in links(document) if is_external(link)]
        for document in DOCUMENTS
    }


def codes(document: Path) -> list[str]:
    """Its blocks of code, and its pieces of code within lines."""
    return [*FENCED.findall(document.read_text()), *re.findall(r"`([^`\n]+)`", prose(document))]


@cache
def anchors(document: Path) -> set[str]:
    """Anchors that GitHub gives the headings of a document."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", prose(document), re.M):
        anchor = anchor_of(heading)
        found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return found


def anchor_of(heading: str) -> str:
    """The anchor of a heading: small letters, hyphens for spaces, no punctuation.

    >>> anchor_of("Choosing k: `best_k.csv`, [more](more.md)")
    'choosing-k-best_kcsv-more'
    """
    text = LINK.sub(lambda match: match[0].split("](")[0].lstrip("![").lstrip("["), heading)
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


# --- what there is -----------------------------------------------------------------------------


@cache
def places() -> frozenset[str]:
    """Tracked files, and the folders that they are in."""
    folders = {parent.as_posix() for file in tracked() for parent in Path(file).parents}
    return tracked() | folders


def place_of(document: Path, link: str) -> str:
    """Where a relative link leads, from the repository's folder."""
    path = unquote(urlsplit(link).path)
    target = (document.parent / path).resolve() if path else document
    return target.relative_to(ROOT).as_posix() if target.is_relative_to(ROOT) else str(target)


def targets_of_make() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.M))


# --- tests -------------------------------------------------------------------------------------


def relative_links() -> list[tuple[Path, str]]:
    return [(d, link) for d in DOCUMENTS for link in links(d) if not is_external(link)]


def name_of(value: object) -> str:
    return value.name if isinstance(value, Path) else str(value)


@pytest.mark.parametrize(("document", "link"), relative_links(), ids=name_of)
def test_a_relative_link_leads_to_a_tracked_file_and_a_heading(document, link):
    place, anchor = place_of(document, link), urlsplit(link).fragment
    assert place in places(), f"{place} is not tracked"
    if anchor and place.endswith(".md"):
        assert anchor in anchors(ROOT / place), f"{place} has no heading #{anchor}"


def test_images_are_tracked_and_none_is_left_over():
    shown = {place_of(d, link) for d, link in relative_links() if link.endswith(IMAGES)}
    assert shown
    stored = {file for file in tracked() if file.startswith("docs/") and file.endswith(IMAGES)}
    assert shown <= stored
    assert {file for file in stored - shown if not file.endswith(".svg")} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_studies_that_are_named_exist(document):
    named = set(re.findall(r"\bstudies/[\w.-]+\.(?:yaml|json)", document.read_text()))
    assert named <= tracked()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_targets_of_make_that_are_named_exist(document):
    named = {target for code in codes(document) for target in TARGET.findall(code)}
    assert named <= targets_of_make()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_paths_that_are_named_exist(document):
    named = {path for code in codes(document) for path in PATH.findall(code)}
    ours = {path for path in named if not path.startswith(tuple(ELSEWHERE))}
    assert {path for path in ours if not exists(path)} == set()


def exists(path: str) -> bool:
    """Whether git tracks a file of this name, or of this pattern."""
    return any(fnmatch(file, path) for file in tracked())


def test_links_that_lead_elsewhere_are_well_formed():
    found = [link for several in external_links().values() for link in several]
    assert found
    faulty = [link for link in found if not re.fullmatch(r"https://[\w-]+(\.[\w-]+)+(/\S*)?", link)]
    assert faulty == []


def test_every_document_can_be_reached_from_the_readme():
    reached, left = set(), [ROOT / "README.md"]
    while left:
        document = left.pop()
        reached.add(document)
        places = [place_of(document, link) for link in links(document) if not is_external(link)]
        files = [ROOT / place for place in places if place.endswith(".md")]
        left += [file for file in files if file not in reached]
    of_site = set(DOCS.glob("site/*.md"))
    assert set(DOCUMENTS) - reached - of_site <= {ROOT / "CHANGELOG.md"}


def test_anchors_are_those_of_github():
    headings = {
        "Which measure is right?": "which-measure-is-right",
        "`agreement.parquet`": "agreementparquet",
        "Agreement: `a.parquet`, `a.csv`": "agreement-aparquet-acsv",
        "With accounting, and without": "with-accounting-and-without",
        "### `-unit-norm`".lstrip("# "): "-unit-norm",
    }
    assert {heading: anchor_of(heading) for heading in headings} == headings
