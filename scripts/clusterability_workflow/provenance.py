"""Digests of the code that made a file, and versions of the software that it calls.

Snakemake reruns a job when its `params` change. These digests are put there, so that editing a
module reruns the jobs whose script imports it, directly or through others, and no other job.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from clusterability_workflow import PROJECT
from clusterability_workflow.sources import source_of

from clusterability.extensions import Extension

NUMERICAL = {
    "matplotlib": "matplotlib",
    "gguf": "gguf",
    "numba": "numba",
    "numpy": "numpy",
    "onnx": "onnx",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "torch": "torch",
}
"""Packages whose version can change a result: the module's name and the package's."""

LOADED_WHOLE = "clusterability.measures.added"
"""A package whose modules are loaded by name: whoever imports it imports all of them."""

ROOTS = {"clusterability": "src", "clusterability_workflow": "scripts"}
"""The folder of each of the project's packages."""


def made_by(script: str, *modules: str | Extension) -> dict[str, dict[str, str]]:
    """The parameters `code` and `software` of a rule: what makes its files.

    Args:
        script: in the folder `scripts`, such as "train.py".
        modules: paths below `src/clusterability` of modules that the script loads by name, or of
            other files that it reads; and extensions that it loads.
    """
    paths = [module for module in modules if isinstance(module, str)]
    others = [module for module in modules if isinstance(module, Extension)]
    files = (f"scripts/{script}", *(f"src/clusterability/{module}" for module in paths))
    code = code_digests(*files) | {each.described: _digest_of(each) for each in others}
    software = software_versions(*files) | {each.package: each.version for each in others}
    return {"code": code, "software": software}


def web_files(folder: str) -> list[str]:
    """Paths below `src/clusterability` of the HTML, CSS and JavaScript of a folder there, sorted.

    Args:
        folder: such as "report/page/web".
    """
    library = PROJECT / "src" / "clusterability"
    files = sorted(library.joinpath(folder).iterdir())
    return [f"{folder}/{file.name}" for file in files if file.suffix in (".html", ".css", ".mjs")]


def code_digests(*files: str) -> dict[str, str]:
    """Digests of files and of all modules of the project that they import, by path.

    Comments and docstrings of Python do not count: a word that is mended there reruns nothing.

    Args:
        files: paths from the project's folder on, such as "scripts/train.py".
    """
    return {
        file.relative_to(PROJECT).as_posix(): source_of(file).digest
        for file in _files(PROJECT, files)
    }


def software_versions(*files: str) -> dict[str, str]:
    """Installed versions of the numerical packages that the same files import."""
    modules = {
        module.split(".")[0]
        for file in _files(PROJECT, files)
        for module in source_of(file).modules
    }
    packages = sorted(NUMERICAL[module] for module in modules & set(NUMERICAL))
    return {package: _version(package) for package in packages}


@cache
def _files(folder: Path, files: Sequence[str]) -> list[Path]:
    """Files and all that they import of the project, directly or through others, sorted.

    Kept, since a rule whose code depends on a wildcard asks once a job.
    """
    paths: set[Path] = set()
    waiting = [folder / file for file in files]
    while waiting:
        file = waiting.pop()
        if file not in paths:
            paths.add(file)
            waiting.extend(_imported_files(folder, file))
    return sorted(paths)


@cache
def _imported_files(folder: Path, file: Path) -> frozenset[Path]:
    """Files of the library that a file imports itself."""
    return frozenset(
        path for module in source_of(file).modules for path in _module_files(folder, module)
    )


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


@cache
def _digest_of(extension: Extension) -> str:
    return extension.digest()


@cache
def _module_files(folder: Path, module: str) -> list[Path]:
    """The file of a module of the project, and those of the packages that it lies in.

    A package whose `__init__` holds a docstring alone decides nothing.
    """
    parts = module.split(".")
    if parts[0] not in ROOTS:
        return []
    root = folder / ROOTS[parts[0]]
    folders = [root.joinpath(*parts[:end]) for end in range(1, len(parts) + 1)]
    candidates = [folder / "__init__.py" for folder in folders]
    candidates.append(folders[-1].with_suffix(".py"))
    if module == LOADED_WHOLE:
        candidates.extend(sorted(folders[-1].glob("*.py")))
    return [path for path in candidates if path.is_file() and source_of(path).decides]
