"""Parameters of a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FigureJob:
    """Parameters of a figure, apart from its rows; None where a figure does not use one.

    Attributes:
        k: number of clusters shown, or several numbers.
        method: method whose partitions are shown.
        nulls: number of draws by null, or the range of the numbers.
        seeds: blocks of seeds.
    """

    k: int | Sequence[int] | None = None
    method: str | None = None
    nulls: Mapping[str, int | str] | None = None
    seeds: Sequence[str] | None = None

    @property
    def only_k(self) -> int:
        """Number of clusters of a figure that shows one."""
        assert isinstance(self.k, int)
        return self.k

    @property
    def several_k(self) -> Sequence[int]:
        """Numbers of clusters of a figure that shows several."""
        assert self.k is not None
        assert not isinstance(self.k, int)
        return self.k

    @property
    def only_method(self) -> str:
        """Method of a figure that shows one."""
        assert self.method is not None
        return self.method
