"""Magnitude pruning during training: a growing share of each layer's weights is kept at zero.

The share grows from `sparsity_start` to `sparsity` by polynomial decay of the remaining share, and
the weights of least magnitude in each layer are selected again every few steps (Zhu & Gupta 2017,
To prune, or not to prune, arXiv:1710.01878), as in Filan et al. (2021). Here a weight that is zero
stays zero, so the masks are exact. Biases are not pruned.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from clusterability.training.recipe import Recipe

_POWER = 3


def scheduled_sparsity(progress: float, start: float, end: float) -> float:
    """Share of pruned weights, end + (start - end) (1 - progress)^3.

    Equation 1 of Zhu & Gupta 2017.

    Args:
        progress: progress of pruning, from 0 to 1.
        start, end: shares at progress 0 and 1.

    >>> [round(scheduled_sparsity(progress, 0.5, 0.9), 3) for progress in (0, 0.5, 1)]
    [0.5, 0.85, 0.9]
    """
    return end + (start - end) * (1 - progress) ** _POWER


class Pruning:
    """Masks of the weights of a block of networks that are not pruned.

    Attributes:
        masks: 1.0 or 0.0, one tensor per layer, with the shape of its parameter.
    """

    def __init__(
        self, recipe: Recipe, epoch_steps: int, shapes: Sequence[torch.Size], device: torch.device
    ) -> None:
        """Start without pruned weights.

        Args:
            recipe: recipe with `sparsity` above 0.
            epoch_steps: steps per epoch.
            shapes: [networks, in, out] of the parameters by layer, with padding.
            device: device of the parameters.
        """
        self.recipe = recipe
        self.first = recipe.pruning_start * epoch_steps
        steps = recipe.epochs * epoch_steps - self.first
        # The final share is reached at the last selection, which can precede the last step.
        self.last = self.first + (steps - 1) // recipe.pruning_every * recipe.pruning_every
        self.masks = [torch.ones(shape, device=device) for shape in shapes]

    def sparsity_at(self, step: int) -> float | None:
        """Share of weights to prune before step `step` (from 0); None if none are selected."""
        recipe = self.recipe
        if step < self.first or (step - self.first) % recipe.pruning_every:
            return None
        progress = (step - self.first) / (self.last - self.first) if self.last > self.first else 1
        return scheduled_sparsity(progress, recipe.sparsity_start, recipe.sparsity)

    @torch.no_grad()
    def before(self, step: int, parameters: Sequence[torch.Tensor]) -> None:
        """Prune weights before a step, if the schedule says so.

        Args:
            step: index of the step in this training, from 0.
            parameters: weights by layer, changed in place.
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
        """Reset pruned weights to zero after a step of the optimiser."""
        for mask, parameter in zip(self.masks, parameters, strict=True):
            parameter.mul_(mask)


def _larger(weights: torch.Tensor, parameter: torch.Tensor, count: int) -> torch.Tensor:
    """1.0 where a parameter exceeds the `count` smallest weights in magnitude, else 0.0.

    Args:
        weights: [networks, in, out], the parameter without padding.
        parameter: [networks, in or more, out or more].
        count: at least 1; ties with the largest of these weights are pruned too.
    """
    magnitudes = weights.abs().reshape(len(weights), -1)
    # Not kthvalue, which is not deterministic on GPUs.
    smallest = magnitudes.topk(count, dim=1, largest=False, sorted=False).values
    thresholds = smallest.amax(dim=1)
    return (parameter.abs() > thresholds[:, None, None]).to(parameter.dtype)
