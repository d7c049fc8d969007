"""Parameters for comparing the layers of a network at equal size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clusterability.jobs.clustering_job import ClusteringJob


@dataclass(frozen=True)
class EqualSizeJob(ClusteringJob):
    """Parameters of the scores of submatrices of a layer, apart from the weights.

    Attributes:
        k: numbers of clusters.
        submatrices: number of submatrices per layer and network.
        draws: number of shuffles per submatrix.
    """

    k: Sequence[int]
    submatrices: int
    draws: int
