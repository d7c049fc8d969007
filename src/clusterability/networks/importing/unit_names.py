"""Names of rows and columns, which come with some tables and graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clusterability.errors import one_line

LONGEST_NAME = 200
"""In characters; longer ones are cut short."""


@dataclass(frozen=True)
class UnitNames:
    """Names of the units of one matrix [out, in].

    Attributes:
        rows: out names of the output units; None: they have none.
        columns: in names of the input units.
    """

    rows: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None

    def __bool__(self) -> bool:
        return self.rows is not None or self.columns is not None

    def transposed(self) -> UnitNames:
        """Those of the transposed matrix.

        >>> UnitNames(("a", "b"), None).transposed()
        UnitNames(rows=None, columns=('a', 'b'))
        """
        return UnitNames(self.columns, self.rows)


NO_NAMES = UnitNames()


# Arrays are not equal or different as a whole.
@dataclass(frozen=True, eq=False)
class NamedMatrix:
    """A matrix with the names of its units.

    Attributes:
        array: of any numbers, [out, in].
        names: of its units.
        told: what was taken for granted in reading it, a line each.
    """

    array: np.ndarray
    names: UnitNames = field(default_factory=UnitNames)
    told: tuple[str, ...] = ()


class NamedArrays(dict[str, np.ndarray]):
    """Arrays by name, some of them with names of their units.

    Attributes:
        units: names of units by the arrays' names.
        told: as of `NamedMatrix`, of all arrays.
    """

    def __init__(self, matrices: Mapping[str, NamedMatrix]) -> None:
        super().__init__({name: matrix.array for name, matrix in matrices.items()})
        self.units = {name: matrix.names for name, matrix in matrices.items() if matrix.names}
        self.told = tuple(line for matrix in matrices.values() for line in matrix.told)


def units_of(arrays: Mapping[str, np.ndarray]) -> dict[str, UnitNames]:
    """Names of units by the arrays' names; none of arrays without any."""
    return arrays.units if isinstance(arrays, NamedArrays) else {}


def told_of(arrays: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """What was taken for granted in reading the arrays."""
    return arrays.told if isinstance(arrays, NamedArrays) else ()


def printable_names(names: Any) -> tuple[str, ...]:
    """Names as texts of one line each.

    >>> printable_names([1, " a\\n"])
    ('1', 'a')
    """
    return tuple(one_line(str(name).strip(), LONGEST_NAME) for name in names)
