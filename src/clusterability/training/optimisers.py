"""Optimisers by the name that a recipe gives them: a new one is a line here.

Imports no PyTorch: a recipe is read where nothing is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class OptimiserEntry:
    """An optimiser of PyTorch.

    Attributes:
        torch_name: of its class in `torch.optim`, which must know `fused`.
        arguments: its arguments, to the keys of the recipe that they take; others are PyTorch's
            defaults.
        says: what it is, in words of a methods section.
    """

    torch_name: str
    arguments: Mapping[str, str]
    says: str


OPTIMISERS: dict[str, OptimiserEntry] = {
    "sgd": OptimiserEntry("SGD", {"lr": "learning_rate"}, "plain stochastic gradient descent"),
    "adam": OptimiserEntry(
        "Adam", {"lr": "learning_rate", "eps": "epsilon"}, "Adam (Kingma & Ba 2015)"
    ),
}
