"""Optimisers by their name in a recipe; a new one is a line here.

Imports no PyTorch, since recipes are also read where nothing is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class OptimiserEntry:
    """An optimiser of PyTorch.

    Attributes:
        torch_name: name of the class in `torch.optim`, which must support `fused`.
        arguments: recipe keys by argument name; other arguments have PyTorch's defaults.
        says: description for a methods section.
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
