"""`make site`: build the documentation site in dist/site with Sphinx, and check its pages.

Sphinx runs in .venv-site, an environment with the packages of envs/site.lock, pinned with hashes.
It also sees the packages of the study's environment, in which this command runs. Once .venv-site
exists, nothing is downloaded. Sphinx executes the tutorials. A warning of Sphinx, a link to a
missing page, anchor or file, and anything that a page would load from another host are errors.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from project_folders import PROJECT

from release import install

from clusterability.errors import UserError

HOME = PROJECT / ".venv-site"
LOCK = PROJECT / "envs" / "site.lock"
SITE = PROJECT / "dist" / "site"


def main() -> int:
    """Build and check the site; return the exit status: 0 without faults."""
    prepare()
    shutil.rmtree(SITE, ignore_errors=True)
    if status := build():
        return status
    pages = sorted(SITE.rglob("*.html"))
    size = sum(file.stat().st_size for file in SITE.rglob("*") if file.is_file()) / 1e6
    lines = faults(SITE)
    print(*lines, f"dist/site: {len(pages)} pages, {size:.1f} MB, {len(lines)} faults", sep="\n")
    return 1 if lines else 0


def prepare() -> None:
    """Create the environment, unless it exists for this lock file and this Python."""
    record = HOME / "made-from.txt"
    study = sysconfig.get_path("purelib")
    made_from = f"{sys.version}\n{study}\n{LOCK.read_text()}"
    if record.exists() and record.read_text() == made_from:
        return
    shutil.rmtree(HOME, ignore_errors=True)
    install(HOME, "--no-deps", "--require-hashes", "--requirement", str(LOCK))
    (packages,) = HOME.glob("lib/python3*/site-packages")
    (packages / "study.pth").write_text(f"{study}\n")
    record.write_text(made_from)


def build() -> int:
    """Run Sphinx; return its exit status."""
    with tempfile.TemporaryDirectory() as trees:
        words = ["--fail-on-warning", "--keep-going", "--quiet", "-d", trees, "-c", "docs/site"]
        command = [str(HOME / "bin" / "python"), "-m", "sphinx", *words, ".", str(SITE)]
        return subprocess.run(command, cwd=PROJECT, check=False).returncode


# --- faults of pages ---------------------------------------------------------------------------


class Page(HTMLParser):
    """Anchors and links of a page, and addresses of the files that it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.anchors.add(value or "")
            elif (tag, name) == ("a", "href"):
                self.links.append(value or "")
            elif name in ("src", "data", "poster") or (tag, name) == ("link", "href"):
                self.loads.append(value or "")


def faults(folder: Path) -> list[str]:
    """Return a line for each broken link, and for each file loaded from another host."""
    lines = []
    for file in sorted(folder.rglob("*.html")):
        page = _page(file)
        missing = [each for each in page.links + page.loads if not _is_there(file, each)]
        foreign = [each for each in page.loads if _is_foreign(each)]
        name = file.relative_to(folder)
        lines += [f"{name}: found a link to {each}, which is not there" for each in missing]
        lines += [f"{name}: loads {each}, expected a file of the site" for each in foreign]
    for file in sorted(folder.rglob("*.css")):
        foreign = re.findall(
            r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')\s]+)", file.read_text()
        )
        name = file.relative_to(folder)
        lines += [f"{name}: loads {each}, expected a file of the site" for each in foreign]
    return lines


@cache
def _page(file: Path) -> Page:
    return Page(file.read_text(encoding="utf-8"))


def _is_foreign(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme not in ("", "data")


def _is_there(file: Path, address: str) -> bool:
    """Whether a link within the site leads to an existing file, and to an anchor in a page."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return True
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not target.is_file():
        return False
    anchor = unquote(parts.fragment)
    return not anchor or target.suffix != ".html" or anchor in _page(target).anchors


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(str(error))
