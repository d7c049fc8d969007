"""Magnitude pruning during training: a growing share of each layer's weights is kept at zero.

Zhu and Gupta (2017), "To prune, or not to prune", as Filan et al. (2021) prune: the share grows
from `sparsity_start` to `sparsity` by polynomial decay of what is left to prune, and the weights of
least magnitude of each layer are chosen anew every few steps. Here a weight that is zero stays
zero, so the masks are exact; biases are not pruned.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from clusterability.training.recipe import Recipe

_POWER = 3


def scheduled_sparsity(progress: float, start: float, end: float) -> float:
    """Share of weights that is pruned (Zhu and Gupta 2017, equation 1).

    Args:
        progress: how far pruning is, from 0 to 1.
        start, end: share at 0 and at 1.

    >>> [round(scheduled_sparsity(progress, 0.5, 0.9), 3) for progress in (0, 0.5, 1)]
    [0.5, 0.85, 0.9]
    """
    return end + (start - end) * (1 - progress) ** _POWER


class Pruning:
    """The masks of a block of networks: which weights are not pruned.

    Attributes:
        masks: 1.0 or 0.0, one tensor a layer, of the shape of its parameter.
    """

    def __init__(
        self, recipe: Recipe, epoch_steps: int, shapes: Sequence[torch.Size], device: torch.device
    ) -> None:
        """Nothing is pruned yet.

        Args:
            recipe: with its `sparsity` above 0.
            epoch_steps: steps of an epoch.
            shapes: [networks, in, out] by layer, as parameters lie; padded units included.
            device: where the parameters are.
        """
        self.recipe = recipe
        self.first = recipe.pruning_start * epoch_steps
        steps = recipe.epochs * epoch_steps - self.first
        # At the last choice of weights, and not at the last step, the share is what was asked for.
        self.last = self.first + (steps - 1) // recipe.pruning_every * recipe.pruning_every
        self.masks = [torch.ones(shape, device=device) for shape in shapes]

    def sparsity_at(self, step: int) -> float | None:
        """Share of weights to prune before a step, counted from 0; None if none are chosen then."""
        recipe = self.recipe
        if step < self.first or (step - self.first) % recipe.pruning_every:
            return None
        progress = (step - self.first) / (self.last - self.first) if self.last > self.first else 1
        return scheduled_sparsity(progress, recipe.sparsity_start, recipe.sparsity)

    @torch.no_grad()
    def before(self, step: int, parameters: Sequence[torch.Tensor]) -> None:
        """Prunes what is to be pruned before a step, counted from 0.

        Args:
            step: of this training.
            parameters: weights by layer, as they lie; the pruned ones are set to zero.
        """
        sparsity = self.sparsity_at(step)
        if sparsity is None:
            return
        for mask, parameter, (out, in_) in zip(
            self.masks, parameters, self.recipe.layers.values(), strict=True
        ):
            count = round(sparsity * out * in_)
            if count:
                mask.mul_(_larger(parameter[:, :in_, :out], parameter, count))
        self.after(parameters)

    @torch.no_grad()
    def after(self, parameters: Sequence[torch.Tensor]) -> None:
        """Sets pruned weights to zero again, which the optimiser moved."""
        for mask, parameter in zip(self.masks, parameters, strict=True):
            parameter.mul_(mask)


def _larger(weights: torch.Tensor, parameter: torch.Tensor, count: int) -> torch.Tensor:
    """1.0 where a network's parameter is larger in magnitude than `count` of its weights, else 0.0.

    Args:
        weights: [networks, in, out] without padding, of the parameter.
        parameter: [networks, in or more, out or more].
        count: at least 1. Weights that are as large as the last of them go with it.
    """
    magnitudes = weights.abs().reshape(len(weights), -1)
    # Not by kthvalue, which PyTorch does not have for GPUs in a deterministic form.
    smallest = magnitudes.topk(count, dim=1, largest=False, sorted=False).values
    thresholds = smallest.amax(dim=1)
    return (parameter.abs() > thresholds[:, None, None]).to(parameter.dtype)
