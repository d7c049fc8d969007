"""Names that a config takes from the library or from other installed packages.

Nothing here imports another package, but for `check_extensions`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, WrapValidator
from pydantic.functional_validators import AfterValidator

from clusterability.clustering.catalogue import METHODS
from clusterability.errors import UserError
from clusterability.extensions import KINDS, NAME, Extension, find, installed, named, of_one_package
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.contender_catalogue import CONTENDERS
from clusterability.measures.function_catalogue import FUNCTION_MEASURES, GROUPS
from clusterability.networks.scaling_names import SCALINGS
from clusterability.nulls.catalogue import NULLS

TAKEN: Mapping[str, Sequence[str]] = {
    "measure": (*MEASURES, *FUNCTION_MEASURES, *CONTENDERS),
    "method": (*METHODS, *SCALINGS, GROUPS),
    "null": (*NULLS, GROUPS),
}
"""Names that stand for something of the library in tables and configs, by kind."""


def name_type(kind: str, own: Iterable[str]) -> Any:
    """Type of a name: one of the library's, as the schema has them, or of an installed package."""

    def check(value: Any, of_library: Callable[[Any], str]) -> str:
        other = isinstance(value, str) and value not in TAKEN[kind]
        return value if other and _is_installed(kind, value) else of_library(value)

    # As a literal, a name of another package would be written with a warning.
    written = PlainSerializer(str, return_type=str)
    annotated: Any = Annotated
    literal: Any = Literal
    return annotated[literal[tuple(own)], WrapValidator(check), written]


def _is_installed(kind: str, name: str) -> bool:
    try:
        return find(kind, name) is not None
    except UserError:
        raise ValueError(of_one_package(installed(kind)[name])) from None


def is_method(name: str) -> bool:
    """Whether the library or an installed package has a method of this name."""
    return name in METHODS or (name not in TAKEN["method"] and _is_installed("method", name))


def _added_measure(name: str) -> str:
    if name in TAKEN["measure"]:
        raise ValueError("a measure of another package; the library's own need not be asked for")
    if not _is_installed("measure", name):
        there = ", ".join(sorted(installed("measure"))) or "there is none"
        raise ValueError(f"a measure of an installed package ({there})")
    return name


AddedMeasure = Annotated[str, Field(strict=True), AfterValidator(_added_measure)]
"""Name of a measure of another package."""


def extensions_of(
    measures: Iterable[str], methods: Iterable[str], nulls: Iterable[str]
) -> list[Extension]:
    """Those of these that other packages have."""
    asked = {"measure": measures, "method": methods, "null": nulls}
    return [
        named(kind, name)
        for kind, names in asked.items()
        for name in dict.fromkeys(names)
        if name not in TAKEN[kind]
    ]


def check_extensions(asked: Iterable[Extension]) -> None:
    """Imports what is asked for of other packages.

    Raises:
        UserError: in one line, where that fails or something is missing in it.
    """
    catalogues: Mapping[str, Mapping[str, Any]]
    catalogues = {"measure": MEASURES, "method": METHODS, "null": NULLS}
    for each in asked:
        catalogues[each.kind][each.name]


def module_of(kind: str, name: str) -> str | Extension:
    """What a script loads by name: a path below `src/clusterability`, or an extension."""
    folder = {"method": "clustering/methods", "null": "nulls"}[kind]
    return f"{folder}/{name}.py" if name in TAKEN[kind] else named(kind, name)


def listed_extensions() -> Iterator[tuple[Extension, str]]:
    """All extensions that packages declare, and why one cannot be used, or an empty text."""
    for kind in KINDS:
        for name, found in sorted(installed(kind).items()):
            fault = ""
            if not re.fullmatch(NAME, name):
                fault = "expected a name of lower-case letters, digits and _"
            elif name in TAKEN[kind]:
                fault = "the library has the name itself"
            elif len(found) > 1:
                fault = "several packages have the name"
            yield from ((each, fault) for each in found)
