"""Catalogue entry of a measure, structural or functional."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """Description of a measure of a partition.

    Attributes:
        label: label for axes and headings.
        direction: 1 if higher is better, -1 if lower is, 0 if neither.
        says: meaning in one sentence; docs/measures.md and docs/function.md have formulas.
        standardised: whether values are also reported in standard deviations of draws.
        of_search: whether it is defined only for partitions that are searched for by saved bits.
    """

    label: str
    direction: int
    says: str
    standardised: bool = True
    of_search: bool = False
