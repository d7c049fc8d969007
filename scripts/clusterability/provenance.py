"""What made a file: digests of the code that a job runs, and versions of what it calls.

Snakemake reruns a job when its `params` change. These digests are put there, so that editing a
module reruns the jobs whose script imports it, directly or through others, and no other job.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = "clusterability"
NUMERICAL = ("numpy", "scikit-learn", "scipy", "torch")
"""Packages whose version can change a result."""

SCRIPTS = Path(__file__).resolve().parents[1]


def code_digests(*scripts: str) -> dict[str, str]:
    """SHA-256 of scripts and of all modules of the library that they import, by file name.

    Args:
        scripts: paths below the folder `scripts`, such as "train.py".
    """
    found: dict[str, str] = {}
    waiting = [SCRIPTS / script for script in scripts]
    while waiting:
        file = waiting.pop()
        name = file.relative_to(SCRIPTS).as_posix()
        if name not in found:
            found[name] = _digest(file)
            waiting.extend(_imported_files(file))
    return dict(sorted(found.items()))


def software_versions(*names: str) -> dict[str, str]:
    """Installed versions of packages; of the numerical ones where none is named."""
    return {name: _version(name) for name in names or NUMERICAL}


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


@cache
def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


@cache
def _imported_files(file: Path) -> tuple[Path, ...]:
    """Files of the library's modules that a file imports, anywhere in it."""
    modules = set(_imported_modules(ast.parse(file.read_bytes())))
    return tuple(sorted(path for module in modules for path in _module_files(module)))


def _imported_modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module_files(module: str) -> list[Path]:
    """The file of a module of the library, and those of the packages that it lies in."""
    parts = module.split(".")
    if parts[0] != PACKAGE:
        return []
    folders = [SCRIPTS.joinpath(*parts[:end]) for end in range(1, len(parts) + 1)]
    candidates = [folder / "__init__.py" for folder in folders]
    candidates.append(folders[-1].with_suffix(".py"))
    return [path for path in candidates if path.is_file()]
