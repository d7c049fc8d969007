"""Parameters for probing the function of the units of clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ProbingJob:
    """Parameters of the measures of function, apart from weights and partitions.

    Attributes:
        dataset: name of the data set.
        examples: keys of the recipe that determine the images and the labels of the networks.
        groups: number of random groups of units that each cluster is compared with.
        images: number of images shown.
        k: the probed values of k in the block.
        test_images, train_images: number of images that the study uses; None for all.
    """

    dataset: str
    examples: dict[str, Any]
    groups: int
    images: int
    k: Sequence[int]
    test_images: int | None
    train_images: int | None
