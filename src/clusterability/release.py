"""Version of the library, shared by the package, `--version` and CITATION.cff."""

from __future__ import annotations

VERSION = "1.0.0"
