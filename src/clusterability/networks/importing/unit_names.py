"""Names of rows and columns, which some tables and graphs have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clusterability.errors import one_line

LONGEST_NAME = 200
"""In characters; longer names are truncated."""


@dataclass(frozen=True)
class UnitNames:
    """Names of the units of one matrix [out, in].

    Attributes:
        rows: names of the output units, or None.
        columns: names of the input units, or None.
    """

    rows: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None

    def __bool__(self) -> bool:
        return self.rows is not None or self.columns is not None

    def transposed(self) -> UnitNames:
        """Names for the transposed matrix.

        >>> UnitNames(("a", "b"), None).transposed()
        UnitNames(rows=None, columns=('a', 'b'))
        """
        return UnitNames(self.columns, self.rows)


NO_NAMES = UnitNames()


# eq=False, since arrays are compared entry by entry.
@dataclass(frozen=True, eq=False)
class NamedMatrix:
    """A matrix with the names of its units.

    Attributes:
        array: [out, in], of any numeric type.
        names: names of the units.
        notes: assumptions made in reading, one line each.
    """

    array: np.ndarray
    names: UnitNames = field(default_factory=UnitNames)
    notes: tuple[str, ...] = ()


class NamedArrays(dict[str, np.ndarray]):
    """Arrays by name, some of them with names of units.

    Attributes:
        units: names of units by array name.
        notes: assumptions made in reading all arrays, one line each.
    """

    def __init__(self, matrices: Mapping[str, NamedMatrix]) -> None:
        super().__init__({name: matrix.array for name, matrix in matrices.items()})
        self.units = {name: matrix.names for name, matrix in matrices.items() if matrix.names}
        self.notes = tuple(line for matrix in matrices.values() for line in matrix.notes)


def units_of(arrays: Mapping[str, np.ndarray]) -> dict[str, UnitNames]:
    """Names of units by array name, for arrays whose units have names."""
    return arrays.units if isinstance(arrays, NamedArrays) else {}


def told_of(arrays: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """Assumptions made in reading the arrays, one line each."""
    return arrays.notes if isinstance(arrays, NamedArrays) else ()


def printable_names(names: Any) -> tuple[str, ...]:
    """Convert names to one-line strings.

    >>> printable_names([1, " a\\n"])
    ('1', 'a')
    """
    return tuple(one_line(str(name).strip(), LONGEST_NAME) for name in names)
