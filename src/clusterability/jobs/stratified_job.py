"""Parameters of the null that permutes weights within strata of columns."""

from __future__ import annotations

from dataclasses import dataclass

from clusterability.jobs.clustering_job import NullJob


@dataclass(frozen=True, kw_only=True)
class StratifiedJob(NullJob):
    """Parameters of the null `within`, apart from the weights and the covariate.

    Attributes:
        strata: number of strata of columns.
        images: number of images that the network sees side by side; the covariate is given for the
            pixels of one.
    """

    strata: int
    images: int = 1
