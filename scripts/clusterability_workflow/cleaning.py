"""Find and remove everything that a study wrote, except what other studies share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clusterability_workflow.crate import METADATA
from clusterability_workflow.lock_and_config import LOCK
from clusterability_workflow.planning import readable
from clusterability_workflow.verification import DAMAGED

from clusterability.errors import UserError
from clusterability.files import refusal
from clusterability.names import OWN_FOLDERS

EVERYTHING = Path("results")
"""Folder that holds all studies."""
SHARED = {"data": "images that all studies share", "slurm": "Slurm's logs of all studies"}
"""Folders in `results` that belong to no single study."""
FILES = ("answer.md", "explore.html", "report.html", METADATA)
"""Files that a study writes beside its folders."""


@dataclass(frozen=True)
class Written:
    """Files that a study wrote into its folder, and others in it.

    Attributes:
        study: the folder.
        own_paths: files and folders of the study.
        others: everything else: other studies, shared files, and files from users.
    """

    study: Path
    own_paths: tuple[Path, ...]
    others: tuple[Path, ...]

    def lines(self) -> list[str]:
        """Lines on what would be removed, with sizes, and what stays."""
        sizes = {path: _size(path) for path in self.own_paths}
        lines = [f"{self.study}: {readable(sum(sizes.values()))}, made by this study:"]
        largest_first = sorted(self.own_paths, key=lambda path: (-sizes[path], path))
        lines += [f"  {path.name:<15}{readable(sizes[path]):>12}" for path in largest_first]
        if self.others:
            lines.append(f"Stays: {', '.join(map(_named, self.others))}")
        return lines

    def remove(self) -> int:
        """Remove the study's files, and its folder if it is then empty.

        Returns:
            Number of bytes removed.

        Raises:
            UserError: if the system does not allow a file to be removed.
        """
        size = sum(map(_size, self.own_paths))
        for path in self.own_paths:
            try:
                _remove(path)
            except OSError as error:
                file = Path(error.filename or path)
                reason = refusal(error, file) or error.strerror
                raise UserError(f"{file}: cannot be removed: {reason}") from None
        if {path.name for path in self.study.iterdir()} <= {LOCK}:
            (self.study / LOCK).unlink(missing_ok=True)
            self.study.rmdir()
        return size


def find_written(study: Path) -> Written:
    """Find the content of a study's folder, `results` or a folder in it.

    Raises:
        UserError: if the folder is a link to elsewhere.
    """
    expected_path = EVERYTHING.resolve() / study.relative_to(EVERYTHING)
    if study.resolve() != expected_path:
        raise UserError(f"{study}: found a link to {study.resolve()}, expected a folder in results")
    entries = sorted(study.iterdir()) if study.is_dir() else []
    entries = [path for path in entries if path.name != LOCK]
    own_paths = tuple(path for path in entries if _is_own(path))
    return Written(study, own_paths, tuple(path for path in entries if path not in own_paths))


def _is_own(path: Path) -> bool:
    if path.name in SHARED:
        return False
    return path.name in OWN_FOLDERS or path.name.removesuffix(DAMAGED) in FILES


def _named(path: Path) -> str:
    return f"{path} ({SHARED[path.name]})" if path.name in SHARED else str(path)


def _files(path: Path) -> Iterator[Path]:
    """A file, or all files below a folder; links are not followed."""
    if path.is_symlink() or not path.is_dir():
        yield path
        return
    for folder, _, names in os.walk(path):
        yield from (Path(folder, name) for name in names)


def _size(path: Path) -> int:
    return sum(file.lstat().st_size for file in _files(path))


def _remove(path: Path) -> None:
    """Remove a file, a link or a folder; targets of links stay."""
    if path.is_symlink() or not path.is_dir():
        path.unlink()
    else:
        shutil.rmtree(path)
