"""Detection of non-finite losses without synchronising with the device at every step."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from clusterability.errors import UserError


class LossWatch:
    """Record, on the device, the first step with a non-finite loss of each network."""

    def __init__(self, condition: str, seeds: Sequence[int], device: torch.device) -> None:
        self.condition = condition
        self.seeds = seeds
        self.first = torch.zeros(len(seeds), dtype=torch.int64, device=device)

    def see(self, step: int, loss: torch.Tensor) -> None:
        """Record the losses [networks] of a step, without waiting for the device."""
        bad = ~torch.isfinite(loss.detach()) & (self.first == 0)
        self.first = torch.where(bad, step, self.first)

    def check(self) -> None:
        """Wait for the device and check the losses recorded so far.

        Raises:
            UserError: if a loss was not finite, naming condition, seed and step.
        """
        first = self.first.tolist()
        for seed, step in zip(self.seeds, first, strict=True):
            if step:
                raise UserError(
                    f"condition {self.condition}, seed {seed}, step {step}: the loss is not finite;"
                    " expected a finite loss (a smaller learning_rate may help)"
                )
