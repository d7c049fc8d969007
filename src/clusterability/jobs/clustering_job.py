"""What a layer of a block of networks is clustered for, and what is drawn and clustered like it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

BYTES_OF_DRAW = 28
"""Of memory for each weight of a matrix that is clustered, or of a draw (docs/scale.md)."""


@dataclass(frozen=True)
class ClusteringJob:
    """What decides the partitions of a layer, beside the weights and k.

    Attributes:
        methods: names of `clustering.catalogue`.
        restarts: starts of k-means.
        scalings: of the weights.
    """

    methods: Sequence[str]
    restarts: int
    scalings: Sequence[str]


@dataclass(frozen=True)
class NullJob(ClusteringJob):
    """What decides the tables of a null that clusters weights drawn anew.

    Attributes:
        draws: how many.
        fewer: by the names of methods, at their scale, that have fewer of them.
    """

    draws: int
    fewer: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelsJob:
    """What decides the tables of permuted labels, beside the partitions.

    Attributes:
        draws, fewer: as in `NullJob`.
    """

    draws: int
    fewer: Mapping[str, int] = field(default_factory=dict)
