"""manifest.json: inputs, code and versions behind the files of a paper."""

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
    """Text of the file, JSON with sorted keys, without time, host or local paths.

    Args:
        project: folder of the project's code.
        config: the resolved config.
        devices: devices on which networks were trained.
        inputs: input files of the study.
        folder: folder of the paper's files; digests are keyed by relative paths.
        files: the paper's files.
    """
    content = {
        "code": _digests(project, _code(project)),
        "config": config,
        "devices": sorted(devices),
        "files": _digests(folder, files),
        "git": git_state(project),
        "inputs": {file.as_posix(): file_digest(file) for file in inputs},
        "locks": {file.name: file_digest(file) for file in sorted(project.glob("envs/*.lock"))},
        "versions": versions(),
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def _digests(folder: Path, files: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of files, keyed by paths relative to the folder."""
    return {file.relative_to(folder).as_posix(): file_digest(file) for file in files}


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that affect numbers."""
    numbers = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            numbers[name] = version(name)
        except PackageNotFoundError:
            continue
    return numbers


def git_state(folder: Path) -> dict[str, Any]:
    """Commit of the project's code, and the files that differ from it.

    Both are None if git is not installed, or if no git repository tracks the code. Code from an
    archive may lie inside an unrelated repository, whose commit would be misleading.
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
