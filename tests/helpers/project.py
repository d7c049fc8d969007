"""Where the project's files are, and how another process finds its packages."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The project's folder."""
LIBRARY = ROOT / "src" / "clusterability"
DOCS = ROOT / "docs"
TESTS = ROOT / "tests"
PATH = os.pathsep.join([str(ROOT / "src"), str(ROOT / "scripts")])
"""PYTHONPATH of a process that imports the library or the workflow's package."""
