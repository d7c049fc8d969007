"""manifest.json: what the files of a paper were made by and from."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from clusterability.files import file_digest

_CODE = ("Snakefile", "rules/*.smk", "scripts/**/*.py", "src/**/*.py")
PACKAGES = (
    "torch",
    "numpy",
    "scipy",
    "scikit-learn",
    "numba",
    "pandas",
    "matplotlib",
    "snakemake",
)


def manifest(
    project: Path,
    config: Mapping[str, Any],
    devices: Iterable[str],
    inputs: Iterable[Path],
    folder: Path,
    files: Iterable[Path],
) -> str:
    """The file's text, JSON with sorted keys: no time, no host, no path of this machine.

    Args:
        project: folder of the project's code.
        config: the resolved config.
        devices: that networks were trained on.
        inputs: files that the study was made from.
        folder: where the paper's files are; their digests go by their paths from there.
        files: the paper's files.
    """
    found = {
        "code": _digests(project, _code(project)),
        "config": config,
        "devices": sorted(devices),
        "files": _digests(folder, files),
        "git": git_state(project),
        "inputs": {file.as_posix(): file_digest(file) for file in inputs},
        "locks": {file.name: file_digest(file) for file in sorted(project.glob("envs/*.lock"))},
        "versions": versions(),
    }
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def _digests(folder: Path, files: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of files by their paths from the folder on."""
    return {file.relative_to(folder).as_posix(): file_digest(file) for file in files}


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that numbers depend on."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def git_state(folder: Path) -> dict[str, Any]:
    """The commit that the project's code is at, and the files that differ from it.

    Both are None where no repository of git's has the code, and where git is not installed. Code
    from an archive may lie in a repository of something else, whose commit says nothing of it.
    """
    if not _git(folder, "ls-files", "--", "."):
        return {"commit": None, "changed": None}
    commit = _git(folder, "rev-parse", "HEAD")
    status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    changed = None if status is None else [line[3:] for line in status.splitlines()]
    return {"commit": commit.strip() if commit else None, "changed": changed}


def _git(folder: Path, *words: str) -> str | None:
    program = shutil.which("git")
    if program is None:
        return None
    done = subprocess.run(
        [program, "-C", str(folder), *words], capture_output=True, text=True, check=False
    )
    return done.stdout if done.returncode == 0 else None


def _code(project: Path) -> list[Path]:
    return sorted(file for pattern in _CODE for file in project.glob(pattern))
