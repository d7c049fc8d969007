"""What layers of a network are compared for at equal size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clusterability.jobs.clustering_job import ClusteringJob


@dataclass(frozen=True)
class EqualSizeJob(ClusteringJob):
    """What decides the scores of sub-matrices of a layer, beside the weights.

    Attributes:
        k: numbers of clusters.
        submatrices: of each layer of each network.
        draws: shuffles of each sub-matrix.
    """

    k: Sequence[int]
    submatrices: int
    draws: int
