"""The version of the library: the package's, `--version`'s and CITATION.cff's."""

from __future__ import annotations

VERSION = "0.1.0"
