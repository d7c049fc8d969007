"""Packages with measures, methods and nulls, as pip would leave them in a folder of packages."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path

from project import DOCS

EXAMPLE = DOCS / "examples" / "extension"

METHOD = """
from clusterability.clustering.catalogue import MethodEntry

ENTRY = MethodEntry("units in equal parts along the second singular vector")
"""
NULL = """
from clusterability.nulls.catalogue import NullEntry

ENTRY = NullEntry("the weights of each output unit permuted, clustered again")
"""


def install(
    site: Path,
    package: str,
    points: Mapping[str, Mapping[str, str]],
    modules: Mapping[str, str],
    version: str = "1.0",
    summary: str = "",
) -> None:
    """Writes a package.

    Args:
        site: folder of packages.
        package, version, summary: its metadata.
        points: entry points by group, such as `measures`, and name.
        modules: text of each module, by its path.
    """
    for path, text in modules.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)
    folder = package.replace("-", "_")
    for old in site.glob(f"{folder}-*.dist-info"):
        shutil.rmtree(old)
    info = site / f"{folder}-{version}.dist-info"
    info.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
    metadata += f"Summary: {summary}\n" if summary else ""
    (info / "METADATA").write_text(metadata)
    lines = []
    for group, named in points.items():
        lines.append(f"[clusterability.{group}]")
        lines += [f"{name} = {place}" for name, place in named.items()]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


def install_example(site: Path, version: str | None = None) -> None:
    """The package in docs/examples/extension."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    groups = project["entry-points"].items()
    install(
        site,
        project["name"],
        {group.removeprefix("clusterability."): named for group, named in groups},
        {file.name: file.read_text() for file in EXAMPLE.glob("*.py")},
        version or project["version"],
        project["description"],
    )


def install_method_and_null(site: Path) -> None:
    """The method and the null of docs/extending.md, as the package `theirs`."""
    points = {"methods": {"quantiles": "theirs.parts"}, "nulls": {"by_row": "theirs.rows"}}
    modules = {
        "theirs/__init__.py": "",
        "theirs/parts.py": _code("quantiles.py") + METHOD,
        "theirs/rows.py": _code("by_row.py") + NULL,
    }
    install(site, "theirs", points, modules)


def _code(file: str) -> str:
    """A module in docs/extending.md."""
    text = (DOCS / "extending.md").read_text()
    return re.search(rf"/{file}`:\n\n```python\n(.*?)```", text, re.S)[1]
