"""Parameters for training a block of networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TrainingJob:
    """Parameters of the networks of a condition and of their training history.

    Attributes:
        dataset: name of the data set.
        epochs_before: epochs that the parent networks were trained for.
        history_every: steps between two rows of the history.
        origin: parameters of the parent condition's job, as a dict; None for initial weights.
        recipe: recipe of the condition, with sorted keys.
        test_images, train_images: number of images used; None for all.
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
    """Parameters of fresh networks, apart from their numbers: two keys of a recipe."""

    architecture: str
    initialisation: str
