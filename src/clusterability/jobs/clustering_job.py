"""Parameters for clustering a layer of a block of networks, and its nulls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

BYTES_OF_DRAW = 28
"""Memory per weight of a matrix that is clustered, or of a draw (docs/scale.md)."""


@dataclass(frozen=True)
class ClusteringJob:
    """Parameters of the partitions of a layer, apart from the weights and k.

    Attributes:
        methods: names in `clustering.catalogue`.
        restarts: restarts of k-means.
        scalings: scalings of the weights.
    """

    methods: Sequence[str]
    restarts: int
    scalings: Sequence[str]


@dataclass(frozen=True)
class NullJob(ClusteringJob):
    """Parameters of a null that clusters redrawn weights.

    Attributes:
        draws: number of draws.
        fewer: number of draws of methods that have fewer, by the name of the scaled method.
    """

    draws: int
    fewer: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelsJob:
    """Parameters of the null of permuted labels, apart from the partitions.

    Attributes:
        draws, fewer: see `NullJob`.
    """

    draws: int
    fewer: Mapping[str, int] = field(default_factory=dict)
