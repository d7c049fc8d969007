"""Dropout of stacked networks, each from random numbers of its own."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from clusterability.randomness import integer_seed
from clusterability.training.padding import aligned
from clusterability.training.recipe import Recipe


class DropoutMasks:
    """Dropout of one epoch: each network draws from a generator of its own, on the CPU."""

    def __init__(self, recipe: Recipe, seeds: Sequence[int], epoch: int) -> None:
        self.keep = 1 - recipe.dropout
        self.units = recipe.sizes[1:-1]
        self.sources = [
            torch.Generator().manual_seed(integer_seed("dropout", seed, epoch)) for seed in seeds
        ]

    def restore(self, states: Sequence[torch.Tensor]) -> None:
        """Goes on from where generators stood."""
        for source, state in zip(self.sources, states, strict=True):
            source.set_state(state)

    def draw(self, chosen: torch.Tensor) -> list[torch.Tensor] | None:
        """A mask [networks, batch, units] a hidden layer: 0 or 1 / keep. None without dropout.

        Batch and units are padded to aligned numbers.
        """
        if self.keep == 1:
            return None
        images = chosen.shape[1]
        masks = []
        for units in self.units:
            uniform = torch.stack([torch.rand(images, units, generator=s) for s in self.sources])
            mask = (uniform < self.keep).float() / self.keep
            padding = (0, aligned(units) - units, 0, aligned(images) - images)
            masks.append(torch.nn.functional.pad(mask, padding).to(chosen.device))
        return masks
