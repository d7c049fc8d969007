"""Measures, methods and nulls of other installed packages, declared as entry points.

A package is imported only if a config or call names something of it. Metadata of packages are read
only for names that the library does not have, and for the list of extensions. docs/extending.md
says what such a package contains.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from clusterability.errors import UserError, one_line, reason

KINDS = ("measure", "method", "null")
"""Kinds of extensions; entry points of a kind are in the group `clusterability.<kind>s`."""

ENTRY = "ENTRY"
"""Name of the catalogue entry in the module of an extension."""

_FUNCTIONS = {"method": "partition", "null": "redraw"}
"""Name of the function in the module of an extension; for a measure, it is the measure's name."""

_VALUES: Mapping[str, Mapping[str, Sequence[Any]]] = {
    "measure": {"direction": (-1, 0, 1), "of_search": (False,)},
    "method": {"whole": (False,)},
    "null": {"redrawn": (True,), "caveat": (None,)},
}
"""Values that attributes of a catalogue entry may have."""

NAME = "[a-z][a-z0-9_]{0,39}"
"""Pattern of names of extensions."""
_CODE = (".py", ".so", ".pyd")
"""Endings of files with code."""

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Extension:
    """Measure, method or null that an installed package declares.

    Attributes:
        kind: one of KINDS.
        name: name of the measure, method or null.
        package, version, summary: metadata of the distribution that declares it.
        reference: module with ENTRY and the function, or object with both as `module:object`.
    """

    kind: str
    name: str
    package: str
    version: str
    summary: str
    reference: str

    @property
    def owner(self) -> str:
        return f"{self.package} {self.version}"

    @property
    def described(self) -> str:
        """Key among a job's digests of code, where modules of the project have their path."""
        return f"{self.kind} {self.name} of {self.package}"

    def load(self) -> Any:
        """Import the module, which runs the package's code.

        Raises:
            UserError: with the package and the reason, if the import fails.
        """
        from importlib.metadata import EntryPoint

        try:
            return EntryPoint(self.name, self.reference, f"clusterability.{self.kind}s").load()
        except (Exception, SystemExit) as error:
            problem = (
                f"{self.reference} cannot be imported, {type(error).__name__}: {reason(error)}"
            )
            expected = "a package that works: reinstall it, or ask for another"
            raise self.fault(problem, expected) from None

    def part(self, name: str) -> Any:
        """Attribute of the module."""
        module = self.load()
        if not hasattr(module, name):
            raise self.fault(
                f"{self.reference} without {name}", f"{name} in it (docs/extending.md)"
            )
        return getattr(module, name)

    def function(self) -> Any:
        """Function of the measure, method or null."""
        name = _FUNCTIONS.get(self.kind, self.name)
        function = self.part(name)
        if not callable(function):
            raise self.fault(f"{name} that is no function", "one (docs/extending.md)")
        return function

    def entry(self, kind: type[Entry]) -> Entry:
        """Catalogue entry, after checks of its values and of the function.

        Args:
            kind: type that the entry must have.
        """
        entry = self.part(ENTRY)
        if not isinstance(entry, kind):
            raise self.fault(f"{ENTRY} of type {type(entry).__name__}", f"a {kind.__name__}")
        for attribute, allowed in _VALUES[self.kind].items():
            value = getattr(entry, attribute)
            if value not in allowed:
                expected = " or ".join(map(repr, allowed))
                raise self.fault(f"{ENTRY} with {attribute} {value!r}", expected)
        self.function()
        return entry

    def digest(self) -> str:
        """First sixteen characters of a SHA-256 of the package's code, which is not imported.

        The code is that of the outermost package with an `__init__` around the module, or of the
        module alone if there is none.

        Raises:
            UserError: if the code is in no files, as in a package imported from a ZIP file.
        """
        import hashlib

        folder, files = _code_of(self.reference.partition(":")[0].strip())
        if not files:
            raise self.fault(f"no files with the code of {self.reference}", "some: reinstall it")
        digest = hashlib.sha256()
        for file in files:
            content = file.read_bytes()
            digest.update(f"{file.relative_to(folder).as_posix()} {len(content)}\n".encode())
            digest.update(content)
        return digest.hexdigest()[:16]

    def fault(self, found: str, expected: str) -> UserError:
        """Error with one line on what is wrong with the package."""
        return UserError(
            f"{self.kind}s: found {self.name!r} of the package {self.owner}: {found}; expected"
            f" {expected}"
        )


def _code_of(module: str) -> tuple[Path, list[Path]]:
    """Folder of a module's package, and its files with code, sorted; empty if there are none."""
    from importlib.util import find_spec

    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        # It imports the packages above: folders without `__init__` here, which run no code.
        spec = find_spec(".".join(parts[:end]))
        if spec is None or spec.origin:
            break
    file = Path(spec.origin) if spec is not None and spec.origin else Path()
    if spec is None or not file.is_file():
        return Path(), []
    if spec.submodule_search_locations is None:
        return file.parent, [file]
    return file.parent, sorted(path for path in file.parent.rglob("*") if path.suffix in _CODE)


@cache
def installed(kind: str) -> dict[str, list[Extension]]:
    """Extensions of a kind by name, those of all installed packages."""
    from importlib.metadata import entry_points

    by_name: dict[str, list[Extension]] = {}
    for point in entry_points(group=f"clusterability.{kind}s"):
        assert point.dist is not None, "read from installed distributions"
        summary = " ".join(point.dist.metadata.get_all("Summary") or [])
        owner = (point.dist.name, point.dist.version, summary)
        by_name.setdefault(point.name, []).append(Extension(kind, point.name, *owner, point.value))
    return {name: sorted(entries, key=lambda each: each.owner) for name, entries in by_name.items()}


def with_name(kind: str, name: str) -> list[Extension]:
    """Extensions with this name; more than one cannot be used."""
    return installed(kind).get(name, []) if re.fullmatch(NAME, name) else []


def named(kind: str, name: str) -> Extension:
    """Look up an extension by name; its package is not imported.

    Raises:
        UserError: if no package or several packages have the name.
    """
    entries = with_name(kind, name)
    if len(entries) == 1:
        return entries[0]
    expected = (
        of_one_package(entries)
        if entries
        else "a name of the library or of an installed package (docs/extending.md)"
    )
    raise UserError(f"{kind}s: found {one_line(name, 60)!r}, expected {expected}")


def of_one_package(extensions: Sequence[Extension]) -> str:
    """Expectation to state in place of a name that several packages have."""
    owners = ", ".join(each.owner for each in extensions)
    return f"a name that one installed package has, not several ({owners}): uninstall all but one"


class Catalogue(dict[str, Entry]):
    """Entries of the library by name; iteration, `in` and `get` see no others.

    `catalogue[name]` also gives entries of installed packages, and imports the package.
    """

    def __init__(self, kind: str, entry: type[Entry]) -> None:
        """
        Args:
            kind: one of KINDS.
            entry: type of the entries.
        """
        super().__init__()
        self._kind, self._entry = kind, entry

    def __missing__(self, name: str) -> Entry:
        return named(self._kind, name).entry(self._entry)
