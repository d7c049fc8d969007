"""What the units of a layer's clusters are probed with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ProbingJob:
    """What decides what units are found to do, beside weights and partitions.

    Attributes:
        dataset: name of the data set.
        groups: random groups of units that each cluster is compared with.
        images: how many are shown.
        k: the probed values of k in the block.
        normalise: whether pixels are standardised, as for training.
        permute_labels: whether the networks were trained on permuted labels.
        test_images, train_images: how many the study uses; None for all.
    """

    dataset: str
    groups: int
    images: int
    k: Sequence[int]
    normalise: bool
    permute_labels: bool
    test_images: int | None
    train_images: int | None
