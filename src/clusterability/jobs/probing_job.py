"""What the units of a layer's clusters are probed with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ProbingJob:
    """What decides what units are found to do, beside weights and partitions.

    Attributes:
        dataset: name of the data set.
        examples: keys of the recipe that decide the images and the labels of the networks.
        groups: random groups of units that each cluster is compared with.
        images: how many are shown.
        k: the probed values of k in the block.
        test_images, train_images: how many the study uses; None for all.
    """

    dataset: str
    examples: dict[str, Any]
    groups: int
    images: int
    k: Sequence[int]
    test_images: int | None
    train_images: int | None
