"""Metadata of a release: CITATION.cff, and codemeta.json and .zenodo.json made from it.

CITATION.cff and pyproject.toml are the sources. The other two files repeat them in the formats of
software indexes (CodeMeta 3.0) and of an archive (Zenodo). docs/release.md lists the entries that
the owner fills in.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

PLACEHOLDER = "The clusterability study's authors"
"""Placeholder for authors who have not been named yet."""
WRITTEN = ("codemeta.json", ".zenodo.json")
DOI = "https://doi.org/"


def citation(project: Path) -> dict[str, Any]:
    """Read CITATION.cff."""
    read: dict[str, Any] = yaml.safe_load((project / "CITATION.cff").read_text(encoding="utf-8"))
    return read


def settings(project: Path) -> dict[str, Any]:
    """Read the table `project` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    return table


def texts(project: Path) -> dict[str, str]:
    """Content of each file of `WRITTEN`, by name."""
    cited = citation(project)
    contents = (codemeta(cited, settings(project)), zenodo(cited))
    return {
        name: json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        for name, content in zip(WRITTEN, contents, strict=True)
    }


def codemeta(cited: dict[str, Any], package: dict[str, Any]) -> dict[str, Any]:
    """Description of the software in CodeMeta 3.0."""
    return {
        "@context": "https://w3id.org/codemeta/3.0",
        "@type": "SoftwareSourceCode",
        "name": package["name"],
        "alternateName": cited["title"],
        "description": cited["abstract"],
        "version": str(cited["version"]),
        "datePublished": str(cited["date-released"]),
        "license": f"https://spdx.org/licenses/{cited['license']}",
        "author": [agent(author) for author in cited["authors"]],
        "keywords": cited["keywords"],
        "programmingLanguage": ["Python", "Snakemake"],
        "runtimePlatform": f"Python {package['requires-python']}",
        "operatingSystem": "Linux",
        "softwareRequirements": package["dependencies"],
        "citation": [_work(reference) for reference in cited["references"]],
        **_if_there(cited, {"codeRepository": "repository-code", "identifier": "doi"}),
    }


def zenodo(cited: dict[str, Any]) -> dict[str, Any]:
    """Zenodo's record of a release."""
    return {
        "title": cited["title"],
        "description": cited["abstract"],
        "version": str(cited["version"]),
        "publication_date": str(cited["date-released"]),
        "upload_type": "software",
        "access_right": "open",
        "license": {"id": cited["license"]},
        "creators": [_creator(author) for author in cited["authors"]],
        "keywords": cited["keywords"],
        "related_identifiers": [
            {"identifier": reference[scheme], "relation": "cites", "scheme": scheme}
            for reference in cited["references"]
            for scheme in ("doi", "url")
            if scheme in reference
        ],
    }


def bibtex(cited: dict[str, Any]) -> str:
    """BibTeX entry of the software, with the version in its key."""
    version = str(cited["version"])
    date = cited["date-released"]
    fields = {
        "author": " and ".join(_in_bibtex(author) for author in cited["authors"]),
        "title": f"{{{cited['title']}}}",
        "year": date.year,
        "month": date.month,
        "version": version,
        "note": f"Version {version}",
        **_if_there(cited, {"doi": "doi", "url": "repository-code"}),
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items()]
    key = "clusterability_" + re.sub(r"\W", "_", version)
    return f"@software{{{key},\n" + ",\n".join(lines) + "\n}\n"


def _in_bibtex(author: dict[str, str]) -> str:
    """Author's name in BibTeX; braces keep a single name together."""
    if "name" in author:
        return f"{{{author['name']}}}"
    return f"{author['family-names']}, {author['given-names']}"


def agent(author: dict[str, str]) -> dict[str, str]:
    """Author in schema.org terms: a person, or an organisation with a single name."""
    if "name" in author:
        return {"@type": "Organization", "name": author["name"]}
    person = {"givenName": author["given-names"], "familyName": author["family-names"]}
    return {"@type": "Person", **person, **_if_there(author, {"@id": "orcid"})}


def _creator(author: dict[str, str]) -> dict[str, str]:
    """Author in Zenodo's format: the family name first, and ORCID without a URL."""
    if "name" in author:
        return {"name": author["name"]}
    creator = {"name": f"{author['family-names']}, {author['given-names']}"}
    if "orcid" in author:
        creator["orcid"] = author["orcid"].rpartition("/")[2]
    return creator | _if_there(author, {"affiliation": "affiliation"})


def _work(reference: dict[str, Any]) -> dict[str, str]:
    """Cited work in CodeMeta."""
    address = _address(reference)
    work = {"@type": "CreativeWork", "name": reference["title"]}
    return work | ({"@id": address} if address else {})


def _address(reference: dict[str, Any]) -> str | None:
    return DOI + reference["doi"] if "doi" in reference else reference.get("url")


def _if_there(values: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Existing values, under new names."""
    return {new: values[old] for new, old in names.items() if old in values}


# --- disagreements and missing entries ----------------------------------------------------------


def disagreements(project: Path, version: str) -> list[str]:
    """One line per disagreement between files, or with the given version."""
    cited = citation(project)
    faults = [
        f"{name}: found other values than CITATION.cff has: make release ARGS=--write"
        for name, text in texts(project).items()
        if not (project / name).is_file() or (project / name).read_text(encoding="utf-8") != text
    ]
    if str(cited["version"]) != version:
        faults.append(
            f"CITATION.cff: version: found {cited['version']}, expected {version}, as in"
            " src/clusterability/release.py"
        )
    missing = set(settings(project)["keywords"]) - set(cited["keywords"])
    faults += [f"CITATION.cff: keywords: no {word!r}, as in pyproject.toml" for word in missing]
    heading = f"## [{version}] - {cited['date-released']}"
    if heading not in (project / "CHANGELOG.md").read_text(encoding="utf-8").splitlines():
        faults.append(f"CHANGELOG.md: found no heading {heading!r}, expected that of this release")
    return faults


def to_fill_in(project: Path) -> list[str]:
    """Missing entries that only the owner can fill in: authors, addresses, those of the paper."""
    cited, package = citation(project), settings(project)
    marked = {
        "paper/paper.md": "TO FILL IN",
        "SECURITY.md": "INSERT CONTACT METHOD",
        "CODE_OF_CONDUCT.md": "INSERT CONTACT METHOD",
    }
    missing = {
        "CITATION.cff: authors": any(one.get("name") == PLACEHOLDER for one in cited["authors"]),
        "CITATION.cff: repository-code": "repository-code" not in cited,
        "CITATION.cff: doi": "doi" not in cited,
        "pyproject.toml: authors": {"name": PLACEHOLDER} in package["authors"],
        "pyproject.toml: urls": "urls" not in package,
        "LICENSE, LICENSES/MIT.txt and REUSE.toml: the copyright holders": PLACEHOLDER[1:]
        in (project / "LICENSE").read_text(encoding="utf-8"),
    }
    missing |= {
        f"{name}: [{mark}]": mark in (project / name).read_text(encoding="utf-8")
        for name, mark in marked.items()
    }
    return [entry for entry, open_ in missing.items() if open_]
