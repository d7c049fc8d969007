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
from clusterability.provenance import SCRIPTS

ROOT = SCRIPTS.parent
_CODE = ("Snakefile", "rules/*.smk", "scripts/**/*.py")
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
    config: Mapping[str, Any],
    devices: Iterable[str],
    inputs: Iterable[Path],
    folder: Path,
    files: Iterable[Path],
) -> str:
    """The file's text, JSON with sorted keys: no time, no host, no path of this machine.

    Args:
        config: the resolved config.
        devices: that networks were trained on.
        inputs: files that the study was made from.
        folder: where the paper's files are; their digests go by their paths from there.
        files: the paper's files.
    """
    found = {
        "code": {file.relative_to(ROOT).as_posix(): file_digest(file) for file in _code_files()},
        "config": config,
        "devices": sorted(devices),
        "files": {file.relative_to(folder).as_posix(): file_digest(file) for file in files},
        "git": git_state(ROOT),
        "inputs": {file.as_posix(): file_digest(file) for file in inputs},
        "locks": {file.name: file_digest(file) for file in sorted(ROOT.glob("envs/*.lock"))},
        "versions": versions(),
    }
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


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

    Both are None where the code lies in no repository of git's, or git is not installed.
    """
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


def _code_files() -> list[Path]:
    return sorted(file for pattern in _CODE for file in ROOT.glob(pattern))
