"""What a block of networks is trained for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TrainingJob:
    """What decides the networks of a condition, and their history.

    Attributes:
        dataset: name of the data set.
        epochs_before: epochs that the networks were trained in the conditions that they go on from.
        history_every: steps between two rows of the history.
        origin: the job, as a dict, of the condition that it goes on from; None for initial weights.
        recipe: of the condition, by key; keys are sorted.
        test_images, train_images: how many are used; None for all.
    """

    dataset: str
    epochs_before: int
    history_every: int
    origin: dict[str, Any] | None
    recipe: dict[str, Any]
    test_images: int | None
    train_images: int | None


@dataclass(frozen=True)
class FreshJob:
    """What decides fresh networks, beside their numbers: two keys of a recipe."""

    architecture: str
    initialisation: str
