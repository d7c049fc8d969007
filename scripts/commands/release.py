"""`make release`: do everything for a release except the upload, and write its files to dist/.

The command exports the files that git would commit to a temporary folder, and uses the tools of
envs/release.lock, pinned with hashes, in an environment made there. It reports disagreements,
validates CITATION.cff and checks licences. It builds and checks the source archive and the wheel,
and scores a file with the wheel in an empty environment of each available Python. It lists the
locked packages as a bill of materials. docs/release.md lists the remaining steps.

`--write` rewrites codemeta.json and .zenodo.json; `--sbom` only lists the packages.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from project_folders import PROJECT

import release_metadata as metadata

from clusterability.errors import UserError
from clusterability.release import VERSION

DIST = PROJECT / "dist"
LOCK = PROJECT / "envs" / "study.lock"
TOOLS = PROJECT / "envs" / "release.lock"
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
MATRIX = PROJECT / "docs" / "examples" / "southern_women.csv"
SCORED = "0.3184"
"""Barber's Q of the matrix at k = 2, as the wheel must print it."""


def main(words: list[str]) -> int:
    """Run the requested steps, and return the exit status: 0 without faults."""
    parser = argparse.ArgumentParser(prog="make release ARGS=…", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the metadata files again")
    parser.add_argument("--sbom", action="store_true", help="only list the locked packages")
    options = parser.parse_args(words)
    if options.write:
        return write()
    DIST.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        release = Release(Path(folder))
        release.run([release.bill] if options.sbom else release.steps())
    if not options.sbom:
        print(*(f"for the owner to fill in: {it}" for it in metadata.to_fill_in(PROJECT)), sep="\n")
    print(*release.faults, f"version {VERSION}: {len(release.faults)} faults", sep="\n")
    return 1 if release.faults else 0


def write() -> int:
    """Write the files that repeat CITATION.cff; return the exit status 0."""
    for name, text in metadata.texts(PROJECT).items():
        (PROJECT / name).write_text(text, encoding="utf-8")
        print(f"{name}: written from CITATION.cff and pyproject.toml")
    return 0


class Release:
    """One release: its exported source, its tools, and its faults."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = folder / "source"
        self.faults: list[str] = []

    def steps(self) -> list[Callable[[], None]]:
        """Steps, in the order of the run."""
        checks = [self.agree, self.export, self.cite, self.license]
        return [*checks, self.build, self.installed, self.bill]

    def run(self, steps: list[Callable[[], None]]) -> None:
        """Install the tools, run the steps, and list the files of this version in dist/."""
        pinned = ("--no-deps", "--require-hashes", "--requirement", str(TOOLS))
        install(self.folder / "tools", *pinned)
        for step in steps:
            print(f"=== {(step.__doc__ or '').splitlines()[0]}", flush=True)
            step()
        for file in sorted(path for path in DIST.iterdir() if VERSION in path.name):
            print(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  dist/{file.name}")

    # --- steps ---------------------------------------------------------------------------------

    def agree(self) -> None:
        """Version, date, keywords and the state of the repository."""
        self.faults += metadata.disagreements(PROJECT, VERSION)
        changed = said("git", "status", "--porcelain", folder=PROJECT)
        if changed is None:
            raise UserError(f"{PROJECT}: found no git repository, expected a clone to release from")
        self.faults += [f"not committed: {line}" for line in changed.splitlines()]

    def export(self) -> None:
        """The files that git tracks, in a folder of their own."""
        self.check("git", "checkout-index", "--all", f"--prefix={self.source}/", folder=PROJECT)

    def cite(self) -> None:
        """CITATION.cff, and its BibTeX entry."""
        self.check("cffconvert", "--validate", "-i", "CITATION.cff")
        entry = metadata.bibtex(metadata.citation(self.source))
        (DIST / f"clusterability-{VERSION}.bib").write_text(entry, encoding="utf-8")

    def license(self) -> None:
        """A licence and a copyright holder of every file."""
        self.check("reuse", "lint")

    def build(self) -> None:
        """The source archive and the wheel, as an index takes them."""
        for old in self.built():
            old.unlink()
        options = ("--no-isolation", "--outdir", str(DIST))
        if self.check("python", "-m", "build", *options, str(self.source)):
            files = [str(file) for file in self.built()]
            self.check("twine", "check", "--strict", *files)
            self.check("check-wheel-contents", files[-1])

    def installed(self) -> None:
        """The wheel in an empty environment of each Python there is: it scores a file."""
        if len(self.built()) < 2:
            return
        paths = [path for name in PYTHONS if (path := shutil.which(name))]
        # A name on the PATH may be a shim that runs no Python, but lists those to choose from.
        for python in [path for path in paths if said(path, "-c", "", folder=PROJECT) is not None]:
            home = self.folder / Path(python).name
            install(home, str(self.built()[-1]), python=python)
            options = ("--k", "2", "--nulls", "shuffle=3")
            command = [str(home / "bin" / "clusterability"), "score", str(MATRIX), *options]
            printed = said(*command, folder=home) or ""
            print(f"{python}: {'scored' if SCORED in printed else 'did not score'} {MATRIX.name}")
            if SCORED not in printed:
                self.faults.append(f"{python}: found no {SCORED} in what the wheel prints")

    def bill(self) -> None:
        """The locked packages as a CycloneDX bill of materials."""
        name = DIST / f"clusterability-{VERSION}.cdx.json"
        options = ("--pyproject", "pyproject.toml", "--output-reproducible", "-o", str(name))
        self.check("cyclonedx-py", "requirements", *options, str(LOCK), folder=PROJECT)

    # --- helpers -------------------------------------------------------------------------------

    def built(self) -> list[Path]:
        """Paths of the source archive and of the wheel, as far as they exist."""
        return [*DIST.glob(f"*-{VERSION}.tar.gz"), *DIST.glob(f"*-{VERSION}-*.whl")]

    def tool(self, name: str) -> str:
        """Path of a program in the tools' environment, or its name if it is not there."""
        path = self.folder / "tools" / "bin" / name
        return str(path) if path.exists() else name

    def check(self, name: str, *words: str, folder: Path | None = None) -> bool:
        """Run a program; return whether it succeeds. If not, print its output and add a fault."""
        command = [self.tool(name), *words]
        done = subprocess.run(
            command, cwd=folder or self.source, capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(done.stdout, done.stderr, sep="\n")
            self.faults.append(f"{name} {' '.join(words[:2])}: ended with {done.returncode}")
        return not done.returncode


def install(home: Path, *words: str, python: str = sys.executable) -> None:
    """Create an empty environment, and install into it with pip."""
    for command in (
        [python, "-m", "venv", str(home)],
        [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-compile", *words],
    ):
        if subprocess.run(command, env=_clean(), check=False).returncode:
            raise UserError(f"{' '.join(words)}: pip could not install it (its message is above)")


def said(*command: str, folder: Path) -> str | None:
    """Output of a program; None if it fails or is missing."""
    try:
        done = subprocess.run(
            command, cwd=folder, env=_clean(), capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return None if done.returncode else done.stdout


def _clean() -> dict[str, str]:
    """Environment of this process, without variables that add packages to Python's path."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        sys.exit(str(error))
