"""The project's own files: those that git tracks, or in an archive all that .gitignore leaves."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from project import ROOT


@cache
def tracked(folder: Path = ROOT) -> frozenset[str]:
    """Files of the project, from its folder."""
    if not (folder / ".git").exists() or shutil.which("git") is None:
        return frozenset(not_ignored(folder))
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=folder, capture_output=True, text=True, check=True
    )
    return frozenset(listed.stdout.split("\0")) - {""}


def not_ignored(folder: Path) -> Iterator[str]:
    """Files below a folder without what its .gitignore names."""
    lines = (folder / ".gitignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    for place, folders, files in os.walk(folder):
        here = Path(place).relative_to(folder)
        kept = [name for name in folders if name != ".git"]
        folders[:] = [name for name in kept if not _matches(f"{here / name}/", patterns)]
        for name in files:
            if not _matches(str(here / name), patterns):
                yield (here / name).as_posix()


def _matches(path: str, patterns: list[str]) -> bool:
    """Whether a path, of a folder with a slash at its end, is ignored.

    A pattern with a slash before its end counts from the top, another one anywhere; one with a
    slash at its end is a folder's.
    """
    whole, is_folder = path.rstrip("/"), path.endswith("/")
    for pattern in patterns:
        wanted = pattern.strip("/")
        if pattern.endswith("/") and not is_folder:
            continue
        anchored = "/" in pattern.rstrip("/")
        here = whole if anchored else Path(whole).name
        if fnmatch(here, wanted) and here.count("/") == wanted.count("/"):
            return True
    return False
