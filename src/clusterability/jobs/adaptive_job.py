"""Numbers of draws of nulls whose draws end by a rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ENOUGH = 10
"""So many draws that are as good decide: the relative standard error of p is about
1 / sqrt(ENOUGH)."""
LEAST = 19
"""Draws before it is asked for the first time whether all is decided."""


@dataclass(frozen=True)
class AdaptiveDraws:
    """The most draws of a null, where fewer are made once every value is decided.

    Attributes:
        draws: the most of all methods.
        fewer: by the names of methods, at their scale, that have fewer.
    """

    draws: int
    fewer: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def by_null(cls, parameter: Mapping[str, Mapping[str, Any]]) -> dict[str, AdaptiveDraws]:
        """The most draws of each null, as a job's parameter `adaptive` has them."""
        return {null: cls(**most) for null, most in parameter.items()}

    def most(self, method: str) -> int:
        """The most draws of a method, by its name at its scale."""
        return self.fewer.get(method, self.draws)
