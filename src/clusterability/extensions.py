"""Measures, methods and nulls of other installed packages, which declare them as entry points.

Nothing of another package is imported before something of it is asked for by name. Metadata of
packages are read only for a name that the library does not have itself, and to list what there is.
docs/extending.md says what such a package holds.
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
"""The entry points of a kind are in the group `clusterability.<kind>s`."""

ENTRY = "ENTRY"
"""The catalogue entry in the module of an extension."""

_FUNCTIONS = {"method": "partition", "null": "redraw"}
"""The function in the module of an extension; that of a measure has the measure's name."""

_VALUES: Mapping[str, Mapping[str, Sequence[Any]]] = {
    "measure": {"direction": (-1, 0, 1), "of_search": (False,)},
    "method": {"whole": (False,)},
    "null": {"redrawn": (True,)},
}
"""Values that a catalogue entry may have, by attribute."""

NAME = "[a-z][a-z0-9_]{0,39}"
_CODE = (".py", ".so", ".pyd")

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Extension:
    """An entry point of an installed package, from its metadata alone.

    Attributes:
        kind: one of KINDS.
        name: of the measure, method or null.
        package, version, summary: of the distribution that declares it.
        place: module, or object in one as `module:object`, that has ENTRY and the function.
    """

    kind: str
    name: str
    package: str
    version: str
    summary: str
    place: str

    @property
    def owner(self) -> str:
        return f"{self.package} {self.version}"

    @property
    def described(self) -> str:
        """As a job's digests of code have it, where a module of the project has its path."""
        return f"{self.kind} {self.name} of {self.package}"

    def load(self) -> Any:
        """Import the module; it runs the package's code.

        Raises:
            UserError: where that fails, with the package and the reason.
        """
        from importlib.metadata import EntryPoint

        try:
            return EntryPoint(self.name, self.place, f"clusterability.{self.kind}s").load()
        except (Exception, SystemExit) as error:
            told = f"{self.place} cannot be imported, {type(error).__name__}: {reason(error)}"
            raise self.fault(
                told, "a package that works: reinstall it, or ask for another"
            ) from None

    def part(self, name: str) -> Any:
        """An attribute of the module."""
        module = self.load()
        if not hasattr(module, name):
            raise self.fault(f"{self.place} without {name}", f"{name} in it (docs/extending.md)")
        return getattr(module, name)

    def function(self) -> Any:
        """The function that does the work."""
        name = _FUNCTIONS.get(self.kind, self.name)
        found = self.part(name)
        if not callable(found):
            raise self.fault(f"{name} that is no function", "one (docs/extending.md)")
        return found

    def entry(self, kind: type[Entry]) -> Entry:
        """The catalogue entry, once it is sound and the function is there."""
        found = self.part(ENTRY)
        if not isinstance(found, kind):
            raise self.fault(f"{ENTRY} of type {type(found).__name__}", f"a {kind.__name__}")
        for attribute, allowed in _VALUES[self.kind].items():
            value = getattr(found, attribute)
            if value not in allowed:
                expected = " or ".join(map(repr, allowed))
                raise self.fault(f"{ENTRY} with {attribute} {value!r}", expected)
        self.function()
        return found

    def digest(self) -> str:
        """The first sixteen characters of a SHA-256 of the package's code, without importing it.

        Of all modules of the outermost package that has an `__init__`, or of a module in none.
        """
        import hashlib

        folder, files = _code_of(self.place.partition(":")[0].strip())
        digest = hashlib.sha256()
        for file in files:
            content = file.read_bytes()
            digest.update(f"{file.relative_to(folder).as_posix()} {len(content)}\n".encode())
            digest.update(content)
        return digest.hexdigest()[:16]

    def fault(self, found: str, expected: str) -> UserError:
        """One line on what is wrong with the package."""
        return UserError(
            f"{self.kind}s: found {self.name!r} of the package {self.owner}: {found}; expected"
            f" {expected}"
        )


def _code_of(module: str) -> tuple[Path, list[Path]]:
    """Files of code that a module belongs to, sorted, and their folder; none if there is none."""
    from importlib.util import find_spec
    from pkgutil import get_importer

    first, *others = module.split(".")
    name = first
    # Of a name with a dot, `find_spec` would import the package that it lies in.
    spec = find_spec(first) if first else None
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    for other in others:
        if spec is None or spec.origin:
            break
        name = f"{name}.{other}"
        # Folder by folder: `PathFinder` wants the parent of a package without `__init__` imported.
        finders = [finder for folder in folders if (finder := get_importer(folder)) is not None]
        specs = [found for finder in finders if (found := finder.find_spec(name)) is not None]
        spec = next((each for each in specs if each.origin), specs[0] if specs else None)
        folders = [str(Path(folder, other)) for folder in folders]
    file = Path(spec.origin) if spec is not None and spec.origin else Path()
    if spec is None or not file.is_file():
        return Path(), []
    if spec.submodule_search_locations is None:
        return file.parent, [file]
    return file.parent, sorted(path for path in file.parent.rglob("*") if path.suffix in _CODE)


@cache
def installed(kind: str) -> dict[str, list[Extension]]:
    """Everything of a kind that installed packages declare, by name; more than one is a fault."""
    from importlib.metadata import entry_points

    found: dict[str, list[Extension]] = {}
    for point in entry_points(group=f"clusterability.{kind}s"):
        assert point.dist is not None, "read from installed distributions"
        told = point.dist.metadata
        owner = (str(told["Name"]), str(told["Version"]), str(told["Summary"] or ""))
        found.setdefault(point.name, []).append(Extension(kind, point.name, *owner, point.value))
    return {name: sorted(several, key=lambda each: each.owner) for name, several in found.items()}


def find(kind: str, name: str) -> Extension | None:
    """The extension of this name, if a package has one; its package is not imported.

    Raises:
        UserError: where several packages have it.
    """
    found = installed(kind).get(name, []) if re.fullmatch(NAME, name) else []
    if len(found) > 1:
        raise UserError(f"{kind}s: found {name!r}, expected {of_one_package(found)}")
    return found[0] if found else None


def of_one_package(found: Sequence[Extension]) -> str:
    """What is expected in place of a name that several packages have."""
    owners = " and ".join(each.owner for each in found)
    return f"a name that one installed package has: {owners} both have it, so uninstall one"


def named(kind: str, name: str) -> Extension:
    """As `find`.

    Raises:
        UserError: where no package has it, too.
    """
    found = find(kind, name)
    if found is None:
        raise UserError(
            f"{kind}s: found {one_line(name, 60)!r}, expected a name of the library or of an"
            " installed package (docs/extending.md)"
        )
    return found


class Catalogue(dict[str, Entry]):
    """The library's own entries by name, which iteration, `in` and `get` are about.

    `catalogue[name]` has those of installed packages, too, and imports the package.
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
