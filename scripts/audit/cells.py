"""Cells of tables: numbers of the study beside those of the audit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

EXACT = 1e-9
"""Tolerance for rounding: absolute for numbers up to 1, relative for larger ones."""

Value = float | str


class AuditError(Exception):
    """Reason why a study cannot be audited, in one line."""


@dataclass(frozen=True)
class Number:
    """A number or a text of a table.

    Attributes:
        column: name of its column.
        study, audit: values from the table and from the audit; NaN if missing.
        bound: largest difference that counts as agreement.
    """

    column: str
    study: Value
    audit: Value
    bound: float

    @property
    def difference(self) -> float:
        """abs(study - audit); infinite if only one is defined, or if texts differ."""
        if isinstance(self.study, str) or isinstance(self.audit, str):
            return 0.0 if self.study == self.audit else math.inf
        if not (math.isfinite(self.study) and math.isfinite(self.audit)):
            same = self.study == self.audit or (math.isnan(self.study) and math.isnan(self.audit))
            return 0.0 if same else math.inf
        return abs(self.study - self.audit)

    @property
    def agrees(self) -> bool:
        return self.difference <= self.bound

    @property
    def share_of_bound(self) -> float:
        """Difference divided by the bound: at most 1 if the numbers agree."""
        if not self.difference:
            return 0.0
        return self.difference / self.bound if self.bound else math.inf


@dataclass(frozen=True)
class Cell:
    """A cell that the audit recomputed.

    Attributes:
        kind: kind of cell, as in `audit.kinds`.
        names: identifying columns: those of condition, seed, layer, method, k, measure and null
            that its table has.
        numbers: numbers of the other columns.
    """

    kind: str
    names: Mapping[str, Any]
    numbers: tuple[Number, ...]

    @property
    def agrees(self) -> bool:
        return all(number.agrees for number in self.numbers)

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.names.items() if value != "")


def exact(column: str, study: Any, audit: Any, rounding: float = EXACT) -> Number:
    """Pair two numbers that should agree up to rounding; missing ones become NaN.

    >>> exact("k", 3, 3.0).agrees, exact("z", 2.0, 2.1).agrees, exact("q", None, 0.5).difference
    (True, False, inf)
    """
    if isinstance(study, str) or isinstance(audit, str):
        first, second = ("" if pd.isna(value) else str(value) for value in (study, audit))
        return Number(column, first, second, bound=0.0)
    study, audit = (math.nan if pd.isna(value) else float(value) for value in (study, audit))
    size = max(1.0, abs(audit)) if math.isfinite(audit) else 1.0
    return Number(column, study, audit, rounding * size)
