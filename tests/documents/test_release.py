"""What is said of the version: the same in each file, and the sources that the documents name."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
import yaml

from clusterability.release import VERSION
from documents import entries
from project import DOCS, ROOT

CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
PAPER = (ROOT / "paper" / "paper.md").read_text(encoding="utf-8")
BIBLIOGRAPHY = (ROOT / "paper" / "paper.bib").read_text(encoding="utf-8")
SECTIONS = (
    *("Summary", "Statement of need", "State of the field", "Software design"),
    *("Research impact statement", "AI usage disclosure", "Acknowledgements", "References"),
)
"""What the Journal of Open Source Software asks for, in this order."""
MADE_FROM = (
    *("CITATION.cff", "pyproject.toml", "LICENSE", "CHANGELOG.md", "paper/paper.md"),
    *("SECURITY.md", "CODE_OF_CONDUCT.md"),
)


@pytest.fixture(scope="module")
def metadata() -> ModuleType:
    return command("release_metadata")


def command(name: str) -> ModuleType:
    """A module of scripts/commands, with the path as it was before."""
    before = list(sys.path)
    sys.path.insert(0, str(ROOT / "scripts" / "commands"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path[:] = before


@pytest.fixture
def project(tmp_path, metadata) -> Path:
    """The files that say something of the version, to be changed."""
    for name in (*MADE_FROM, *metadata.WRITTEN):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    changes = tmp_path / "CHANGELOG.md"
    heading = f"## [{VERSION}] - {CITED['date-released']}"
    changes.write_text(f"{heading}\n\n{changes.read_text(encoding='utf-8')}", encoding="utf-8")
    return tmp_path


# --- one version -------------------------------------------------------------------------------


def test_all_files_say_the_same(project, metadata):
    assert metadata.disagreements(project, VERSION) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("CITATION.cff", "date-released: 20", "date-released: 19", "no heading '## [1."),
        ("CITATION.cff", "license: MIT", "license: BSD-3-Clause", "codemeta.json: found other"),
        ("CITATION.cff", f"version: {VERSION}", "version: 0.9.0", "expected 1."),
        ("CITATION.cff", "  - modularity\n", "", "no 'modularity'"),
        ("codemeta.json", "MIT", "ISC", "codemeta.json: found other"),
        (".zenodo.json", "modularity", "modules", ".zenodo.json: found other"),
        ("pyproject.toml", '"numpy>=1.26"', '"numpy>=2"', "codemeta.json: found other"),
    ],
)
def test_what_does_not_agree_is_a_line(project, metadata, file, old, new, fault):
    text = (project / file).read_text(encoding="utf-8")
    assert old in text
    (project / file).write_text(text.replace(old, new), encoding="utf-8")
    assert any(fault in line for line in metadata.disagreements(project, VERSION))


def test_authors_are_written_as_each_reader_wants_them(metadata):
    person = {"family-names": "Berg", "given-names": "A. B.", "affiliation": "Here"}
    cited = CITED | {
        "authors": [person | {"orcid": "https://orcid.org/0000-0001"}],
        "doi": "10.1/2",
    }
    described = metadata.codemeta(cited, metadata.settings(ROOT))
    assert described["author"] == [
        {
            "@type": "Person",
            "givenName": "A. B.",
            "familyName": "Berg",
            "@id": "https://orcid.org/0000-0001",
        }
    ]
    assert described["identifier"] == "10.1/2"
    assert metadata.zenodo(cited)["creators"] == [
        {"name": "Berg, A. B.", "orcid": "0000-0001", "affiliation": "Here"}
    ]


def test_what_the_owner_fills_in_is_listed_until_it_is_there(project, metadata):
    assert len(metadata.to_fill_in(project)) == 9
    text = (project / "paper" / "paper.md").read_text(encoding="utf-8")
    (project / "paper" / "paper.md").write_text(text.replace("TO FILL IN", ""), encoding="utf-8")
    assert "paper/paper.md: [TO FILL IN]" not in metadata.to_fill_in(project)
    page = (DOCS / "release.md").read_text(encoding="utf-8")
    for place in metadata.to_fill_in(project):
        for file in re.findall(r"[\w./]+\.(?:cff|toml|md|txt)", place):
            assert f"`{file}`" in page, place


def test_an_entry_of_bibtex_has_authors_version_and_a_key_of_its_own(metadata):
    people = [{"name": "The group"}, {"family-names": "Berg", "given-names": "A. B."}]
    entry = metadata.bibtex(CITED | {"authors": people, "version": "1.0.0rc1", "doi": "10.1/2"})
    assert entry.startswith(
        "@software{clusterability_1_0_0rc1,\n  author = {{The group} and Berg, A"
    )
    assert "  doi = {10.1/2}\n}\n" in entry
    assert "  version = {1.0.0rc1},\n" in entry


def test_the_licence_is_the_one_of_every_file():
    license_text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert (ROOT / "LICENSES" / "MIT.txt").read_text(encoding="utf-8") == license_text
    (files,) = tomllib.loads((ROOT / "REUSE.toml").read_text(encoding="utf-8"))["annotations"]
    assert files["path"] == "**"
    assert files["SPDX-License-Identifier"] == CITED["license"] == "MIT"
    assert f"Copyright (c) {files['SPDX-FileCopyrightText']}" in license_text


def test_a_tool_that_ends_badly_is_a_fault_and_shows_what_it_said(tmp_path, capfd):
    tools = tmp_path / "tools" / "bin"
    tools.mkdir(parents=True)
    (tmp_path / "source").mkdir()
    for name, status in (("reuse", 3), ("twine", 0)):
        (tools / name).write_text(f"#!/bin/sh\necho {name} looked at $(pwd)\nexit {status}\n")
        (tools / name).chmod(0o755)
    ours = command("release").Release(tmp_path)
    ours.license()
    assert ours.check("twine", "check")
    assert ours.faults == ["reuse lint: ended with 3"]
    assert capfd.readouterr().out.strip() == f"reuse looked at {tmp_path / 'source'}"


# --- sources -----------------------------------------------------------------------------------


def cited_works() -> set[tuple[str, int]]:
    """First author and year of each reference of CITATION.cff."""
    return {
        (
            " ".join(filter(None, (first.get("name-particle"), first["family-names"]))),
            work["year"],
        )
        for work in CITED["references"]
        for first in work["authors"][:1]
    }


def named_works(document: Path) -> set[tuple[str, int]]:
    """First author and year of each source that an entry of a document names."""
    found = set()
    name = r"((?:van der )?[A-Z][\w-]+)(?:(?:, | & )[A-Z][\w-]+)*(?: et al\.)? (1[89]\d\d|20\d\d)"
    for source in re.findall(r"\*\*Source:\*\*(.+?)\*\*Tested", document.read_text(), re.S):
        found |= {(first, int(year)) for first, year in re.findall(name, " ".join(source.split()))}
    return found


def test_sources_of_all_measures_methods_and_nulls_are_cited():
    named = named_works(DOCS / "measures.md")
    assert len(entries(DOCS / "measures.md")) > len(named) > 20
    assert named - cited_works() == set()


def test_block_models_and_codes_of_the_page_on_bits_are_cited():
    page = (DOCS / "bits.md").read_text(encoding="utf-8")
    families = {first for first, _ in cited_works()}
    # The publication of MODL was not found in other bibliographies.
    named = {"Krichevsky", "Karrer", "Peixoto", "Aicher", "Chakrabarti"}
    assert {first for first in named if first in page} == named <= families


@pytest.mark.parametrize("work", CITED["references"], ids=lambda work: work["title"][:40])
def test_a_reference_can_be_found(work):
    assert {"type", "title", "authors", "year"} <= set(work)
    assert {"doi", "url", "journal"} & set(work)
    assert re.fullmatch(r"10\.\d{4,}/\S+", work.get("doi", "10.1000/x"))


# --- the paper ---------------------------------------------------------------------------------


def test_the_paper_has_the_sections_that_the_journal_asks_for():
    assert tuple(re.findall(r"^# (.+)$", PAPER, re.M)) == SECTIONS


def test_the_paper_is_as_long_as_the_journal_asks_for():
    body = re.sub(r"<!--.*?-->", "", PAPER.split("---\n", 2)[2])
    assert 750 <= len(body.split()) <= 1750


def test_all_that_the_paper_cites_is_in_its_bibliography_and_no_more():
    cited = set(re.findall(r"@([a-z]+\d{4}[a-z]*)", PAPER.split("---\n", 2)[2]))
    assert cited == set(re.findall(r"^@\w+\{(\w+),", BIBLIOGRAPHY, re.M))


def test_works_of_both_bibliographies_have_the_same_doi():
    ours = {work["title"].lower(): work.get("doi") for work in CITED["references"]}
    both = 0
    for entry in BIBLIOGRAPHY.split("\n@"):
        title = re.search(r"^  title = \{(.+)\},?$", entry, re.M)
        doi = re.search(r"^  doi = \{(.+)\}$", entry, re.M)
        if (name := re.sub(r"[{}]", "", title[1]).lower()) in ours:
            both += 1
            assert ours[name] == (doi and doi[1]), name
    assert both >= 10


def test_counts_of_the_paper_are_recorded():
    bits = pd.read_csv(DOCS / "bits.csv")
    without = bits[(bits["study"] == "exchangeable") & (bits["method"] == "described")]
    assert f"In {without['n'].sum():,} random matrices" in PAPER
    assert (bits.loc[bits["study"] == "exchangeable", "clusters"] == 0).all()
    scored = pd.read_csv(DOCS / "real_networks.csv").groupby(["file", "layer"])
    assert (len(scored), len({file for file, _ in scored.groups})) == (11, 5)
    assert "eleven layers of five networks" in PAPER
    recurrent = pd.read_csv(DOCS / "real_networks.csv").query("layer == 'lstm_cell.weight_ih'")
    values = recurrent.set_index("measure")
    assert values.loc["bits", "value"] < 0 < 20 < values.loc["mi", "z"]


def test_metadata_are_json_of_their_kind():
    for name, key in (("codemeta.json", "datePublished"), (".zenodo.json", "publication_date")):
        content = json.loads((ROOT / name).read_text(encoding="utf-8"))
        assert content[key] == str(CITED["date-released"])
        assert content["version"] == VERSION
