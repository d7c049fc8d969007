"""A cell of a table: the study's numbers beside those of the audit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

EXACT = 1e-9
"""Rounding: the largest difference of numbers that are the same, as a share of those above 1."""

Value = float | str


class AuditError(Exception):
    """What keeps a study from being audited, in one line."""


@dataclass(frozen=True)
class Number:
    """A number of a table, or a text.

    Attributes:
        column: its name.
        study, audit: what the table says, and what the audit makes of it; NaN where there is none.
        bound: the largest difference that counts as none.
    """

    column: str
    study: Value
    audit: Value
    bound: float

    @property
    def difference(self) -> float:
        """abs(study - audit); infinite where only one is there, or texts differ."""
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
        """The difference, where 1 is the largest that counts as none."""
        if not self.difference:
            return 0.0
        return self.difference / self.bound if self.bound else math.inf


@dataclass(frozen=True)
class Cell:
    """A cell that was worked out again.

    Attributes:
        kind: what was asked.
        names: which cell: condition, seed, layer, method, k, measure, null, as far as it has them.
        numbers: of its columns.
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
    """Numbers that are to be the same but for rounding; empty ones are NaN.

    >>> exact("k", 3, 3.0).agrees, exact("z", 2.0, 2.1).agrees, exact("q", None, 0.5).difference
    (True, False, inf)
    """
    if isinstance(study, str) or isinstance(audit, str):
        first, second = ("" if pd.isna(value) else str(value) for value in (study, audit))
        return Number(column, first, second, bound=0.0)
    study, audit = (math.nan if pd.isna(value) else float(value) for value in (study, audit))
    size = max(1.0, abs(audit)) if math.isfinite(audit) else 1.0
    return Number(column, study, audit, rounding * size)
