"""Where the project's files are, and how another process finds its packages."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The project's folder."""
LIBRARY = ROOT / "src" / "clusterability"
DOCS = ROOT / "docs"
TESTS = ROOT / "tests"
PATH = os.pathsep.join([str(ROOT / "src"), str(ROOT / "scripts")])
"""PYTHONPATH of a process that imports the library or the workflow's package."""


def committed(path: str) -> str:
    """Text of a file of the project as git's index has it: users edit config.yaml, for one.

    Where there is no repository of git, the file itself.
    """
    command = ["git", "show", f":./{path}"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return (ROOT / path).read_text(encoding="utf-8")
    return done.stdout.decode()
