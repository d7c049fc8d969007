"""What a catalogue says of a measure, structural or of function."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A measure of a partition.

    Attributes:
        label: for axes and headings.
        direction: 1 where higher is better, -1 where lower is, 0 where neither.
        says: what it says, in one sentence; docs/measures.md and docs/function.md have formulas.
        standardised: whether values are told in standard deviations of draws, too.
        of_search: whether it is of partitions alone that are searched for by what they save.
    """

    label: str
    direction: int
    says: str
    standardised: bool = True
    of_search: bool = False
