"""What a layer whose columns have a covariate is drawn again for."""

from __future__ import annotations

from dataclasses import dataclass

from clusterability.jobs.clustering_job import NullJob


@dataclass(frozen=True, kw_only=True)
class StratifiedJob(NullJob):
    """What decides the tables of the null `within`, beside the weights and the covariate.

    Attributes:
        strata: how many, of columns.
        images: that the network sees side by side; the covariate is of the pixels of one.
    """

    strata: int
    images: int = 1
