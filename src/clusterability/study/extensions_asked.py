"""Names in a config that the library or another installed package has.

Of the functions here, only `check_extensions` imports other packages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, WrapValidator
from pydantic.functional_validators import AfterValidator

from clusterability.clustering.catalogue import METHODS
from clusterability.extensions import (
    KINDS,
    NAME,
    Extension,
    installed,
    named,
    of_one_package,
    with_name,
)
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.contender_catalogue import CONTENDERS
from clusterability.measures.function_catalogue import FUNCTION_MEASURES, GROUPS
from clusterability.networks.scaling_names import SCALINGS
from clusterability.nulls.catalogue import NULLS

_FOLDERS = {"method": "clustering/methods", "null": "nulls"}
"""Folders of the library with modules that are loaded by name, by kind."""


def _modules(folder: str) -> list[str]:
    return [file.stem for file in Path(__file__).parents[1].joinpath(folder).glob("*.py")]


TAKEN: Mapping[str, Sequence[str]] = {
    "measure": (*MEASURES, *FUNCTION_MEASURES, *CONTENDERS),
    "method": (*METHODS, *SCALINGS, GROUPS, *_modules(_FOLDERS["method"])),
    "null": (*NULLS, GROUPS, *_modules(_FOLDERS["null"])),
}
"""Names with a meaning of their own in configs, tables or the library's folders, by kind."""


def name_type(kind: str, library: Iterable[str]) -> Any:
    """Type of a name that the library or an installed package has.

    Args:
        kind: one of KINDS.
        library: names of the library; the schema and messages list these only.
    """

    def check(value: Any, of_library: Callable[[Any], str]) -> str:
        return value if isinstance(value, str) and _is_added(kind, value) else of_library(value)

    # Without it, pydantic warns when it writes a name that is not in the literal.
    written = PlainSerializer(str, return_type=str)
    # mypy reads no types that are made from values.
    annotated: Any = Annotated
    literal: Any = Literal
    return annotated[literal[tuple(library)], WrapValidator(check), written]


def _is_added(kind: str, name: str) -> bool:
    """Whether another package, and not the library, has this name."""
    entries = [] if name in TAKEN[kind] else with_name(kind, name)
    if len(entries) > 1:
        raise ValueError(of_one_package(entries))
    return bool(entries)


def is_method(name: str) -> bool:
    """Whether the library or an installed package has a method of this name."""
    return name in METHODS or _is_added("method", name)


def _added_measure(name: str) -> str:
    if name in TAKEN["measure"]:
        raise ValueError("a measure of another package; the library's own need not be asked for")
    if not _is_added("measure", name):
        known = ", ".join(sorted(installed("measure"))) or "there is none"
        raise ValueError(f"a measure of an installed package ({known})")
    return name


AddedMeasure = Annotated[str, Field(strict=True), AfterValidator(_added_measure)]
"""Name of a measure of another package."""


def extensions_of(
    measures: Iterable[str], methods: Iterable[str], nulls: Iterable[str]
) -> list[Extension]:
    """Extensions among the measures, methods and nulls of a study or call."""
    all_names = {"measure": measures, "method": methods, "null": nulls}
    return [
        named(kind, name)
        for kind, names in all_names.items()
        for name in dict.fromkeys(names)
        if name not in TAKEN[kind]
    ]


def check_extensions(extensions: Iterable[Extension]) -> None:
    """Import extensions and check what is in them.

    Raises:
        UserError: one line, if the import fails, or something in the module is missing or wrong.
    """
    catalogues: Mapping[str, Mapping[str, Any]]
    catalogues = {"measure": MEASURES, "method": METHODS, "null": NULLS}
    for each in extensions:
        catalogues[each.kind][each.name]


def module_of(kind: str, name: str) -> str | Extension:
    """Module that a script loads by name: path below `src/clusterability`, or an extension."""
    return f"{_FOLDERS[kind]}/{name}.py" if name in TAKEN[kind] else named(kind, name)


def listed_extensions() -> Iterator[tuple[Extension, str]]:
    """All extensions of installed packages, each with the reason why it cannot be used, or ""."""
    for kind in KINDS:
        for name, entries in sorted(installed(kind).items()):
            fault = ""
            if not re.fullmatch(NAME, name):
                fault = "not usable, its name is not of lower-case letters, digits and _"
            elif name in TAKEN[kind]:
                fault = "not usable, the library has the name itself"
            elif len(entries) > 1:
                fault = "not usable, several packages have the name"
            yield from ((each, fault) for each in entries)
