"""What made a file: digests of the code that a job runs, and versions of what it calls.

Snakemake reruns a job when its `params` change. These digests are put there, so that editing a
module reruns the jobs whose script imports it, directly or through others, and no other job.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = "clusterability"
NUMERICAL = {
    "matplotlib": "matplotlib",
    "numba": "numba",
    "numpy": "numpy",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "torch": "torch",
}
"""Packages whose version can change a result: the module's name and the package's."""

CALLED_BY_NAME = "clusterability.measures"
"""A package that calls its modules by name: whoever imports it imports all of them."""

SCRIPTS = Path(__file__).resolve().parents[1]


def code_digests(*scripts: str) -> dict[str, str]:
    """SHA-256 of scripts and of all modules of the library that they import, by file name.

    Args:
        scripts: paths below the folder `scripts`, such as "train.py", or of files that a script
            reads and that import nothing.
    """
    return {
        file.relative_to(SCRIPTS).as_posix(): _digest(file) for file in _files(SCRIPTS, scripts)
    }


def software_versions(*scripts: str) -> dict[str, str]:
    """Installed versions of the numerical packages that the same files import."""
    modules = {
        module.split(".")[0] for file in _files(SCRIPTS, scripts) for module in _modules(file)
    }
    packages = sorted(NUMERICAL[module] for module in modules & set(NUMERICAL))
    return {package: _version(package) for package in packages}


@cache
def _files(folder: Path, scripts: Sequence[str]) -> list[Path]:
    """Scripts and all that they import of the library, directly or through others, sorted.

    Kept, since a rule whose code depends on a wildcard asks once a job.
    """
    found: set[Path] = set()
    waiting = [folder / script for script in scripts]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(_imported_files(folder, file))
    return sorted(found)


@cache
def _imported_files(folder: Path, file: Path) -> frozenset[Path]:
    """Files of the library that a file imports itself."""
    return frozenset(path for module in _modules(file) for path in _module_files(folder, module))


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
def _modules(file: Path) -> frozenset[str]:
    """Modules that a file imports, anywhere in it, and the names that it takes from them."""
    if file.suffix != ".py":
        return frozenset()
    found: set[str] = set()
    for node in _statements(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """All statements, however deep; expressions hold no imports, and most of a tree is these."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting.extend(getattr(node, field, ()))
        yield node


def _module_files(folder: Path, module: str) -> list[Path]:
    """The file of a module of the library, and those of the packages that it lies in."""
    parts = module.split(".")
    if parts[0] != PACKAGE:
        return []
    folders = [folder.joinpath(*parts[:end]) for end in range(1, len(parts) + 1)]
    candidates = [folder / "__init__.py" for folder in folders]
    candidates.append(folders[-1].with_suffix(".py"))
    if module == CALLED_BY_NAME:
        candidates.extend(sorted(folders[-1].glob("*.py")))
    return [path for path in candidates if path.is_file()]
