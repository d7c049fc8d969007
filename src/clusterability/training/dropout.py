"""Dropout for stacked networks, with a separate random stream for each network."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from clusterability.randomness import integer_seed
from clusterability.training.padding import aligned
from clusterability.training.recipe import Recipe


class DropoutMasks:
    """Dropout masks of one epoch; each network has a separate generator, on the CPU."""

    def __init__(self, recipe: Recipe, seeds: Sequence[int], epoch: int) -> None:
        self.keep = 1 - recipe.dropout
        self.units = recipe.sizes[1:-1]
        self.sources = [
            torch.Generator().manual_seed(integer_seed("dropout", seed, epoch)) for seed in seeds
        ]

    def restore(self, states: Sequence[torch.Tensor]) -> None:
        """Restore the states of the generators."""
        for source, state in zip(self.sources, states, strict=True):
            source.set_state(state)

    def draw(self, chosen: torch.Tensor) -> list[torch.Tensor] | None:
        """Draw a mask [networks, batch, units] of 0 and 1 / keep per hidden layer.

        None without dropout. Batch and units are padded to aligned sizes.
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
