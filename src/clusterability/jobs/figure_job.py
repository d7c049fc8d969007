"""What a figure is drawn for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FigureJob:
    """What decides a figure, beside the rows that it is drawn from; None where it decides nothing.

    Attributes:
        k: number of clusters that is shown, or several.
        method: whose partitions are shown.
        nulls: draws by null.
        seeds: blocks of seeds.
    """

    k: int | Sequence[int] | None = None
    method: str | None = None
    nulls: Mapping[str, int] | None = None
    seeds: Sequence[str] | None = None

    @property
    def only_k(self) -> int:
        """The number of clusters of a figure that shows one."""
        assert isinstance(self.k, int)
        return self.k

    @property
    def several_k(self) -> Sequence[int]:
        """The numbers of clusters of a figure that shows several."""
        assert self.k is not None
        assert not isinstance(self.k, int)
        return self.k

    @property
    def only_method(self) -> str:
        """The method of a figure that shows one."""
        assert self.method is not None
        return self.method
