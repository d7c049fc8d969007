"""Regularisation and planting terms of the loss."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from clusterability.training.planting import inside_planted
from clusterability.training.recipe import Recipe


class Penalty:
    """Terms that a recipe adds to the loss, summed over networks.

    l1 x sum of abs(W) + l2 x sum of W squared - clusterability x C of the planted partition.
    """

    def __init__(self, recipe: Recipe, weights: list[torch.Tensor]) -> None:
        self.recipe = recipe
        if recipe.plants:
            self.layer = list(recipe.layers).index(recipe.planted_layer)
            inside = torch.from_numpy(inside_planted(recipe)).to(weights[0])
            # Padded units have no weights, so their labels do not matter.
            _, out, in_ = weights[self.layer].shape
            padding = (0, in_ - inside.shape[1], 0, out - inside.shape[0])
            self.inside = torch.nn.functional.pad(inside, padding)

    def of(self, weights: list[torch.Tensor]) -> torch.Tensor | float:
        """Sum of the terms over networks, for weights [networks, out, in] by layer."""
        recipe = self.recipe
        penalty: torch.Tensor | float = 0.0
        if recipe.l1:
            sums = [w.abs().sum() for w in self._chosen(weights, recipe.l1_layers)]
            penalty = penalty + recipe.l1 * torch.stack(sums).sum()
        if recipe.l2:
            sums = [w.square().sum() for w in self._chosen(weights, recipe.l2_layers)]
            penalty = penalty + recipe.l2 * torch.stack(sums).sum()
        if recipe.plants:
            squares = weights[self.layer].square()
            shares = (squares * self.inside).sum(dim=(1, 2)) / squares.sum(dim=(1, 2))
            penalty = penalty - recipe.clusterability * shares.sum()
        return penalty

    def _chosen(
        self, weights: list[torch.Tensor], layers: Sequence[str] | None
    ) -> list[torch.Tensor]:
        """Weights of the given layers; None selects all."""
        named = zip(self.recipe.layers, weights, strict=True)
        return [stack for name, stack in named if layers is None or name in layers]
