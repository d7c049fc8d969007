"""Mutable state of training, saved to checkpoints and restored from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

import torch

from clusterability.training.checkpoints import Checkpoints, TrainingState
from clusterability.training.dropout import DropoutMasks
from clusterability.training.history import HistoryRow
from clusterability.training.loss_watch import LossWatch
from clusterability.training.pruning import Pruning


class Resumable:
    """Everything that changes from step to step, saved to and restored from checkpoints."""

    def __init__(
        self,
        checkpoints: Checkpoints | None,
        device: torch.device,
        seeds: Sequence[int],
        parameters: list[torch.Tensor],
        optimizer: torch.optim.Optimizer,
        watch: LossWatch,
        pruning: Pruning | None,
        history: list[HistoryRow],
    ) -> None:
        self.checkpoints, self.device, self.seeds = checkpoints, device, seeds
        self.parameters, self.optimizer = parameters, optimizer
        self.watch, self.history = watch, history
        self.masks = pruning.masks if pruning else []
        self.dropout: list[torch.Tensor] = []

    def resume(self) -> tuple[int, float]:
        """Restore the checkpoint if there is one; return the steps and seconds already spent."""
        state = self.checkpoints.find(self.seeds, self.device) if self.checkpoints else None
        if state is None:
            return 0, 0.0
        tensors = state.tensors
        with torch.no_grad():
            for number, parameter in enumerate(self.parameters):
                parameter.copy_(tensors[f"parameter.{number}"])
            for number, mask in enumerate(self.masks):
                mask.copy_(tensors[f"mask.{number}"])
        kept = self.optimizer.state_dict()
        kept["state"] = {
            number: {
                name.split(".")[2]: tensor
                for name, tensor in tensors.items()
                if name.startswith(f"optimizer.{number}.")
            }
            for number in range(len(self.parameters))
        }
        self.optimizer.load_state_dict(kept)
        self.watch.first.copy_(tensors["watch"])
        self.history += [HistoryRow(*row) for row in state.history]
        self.dropout = [tensors[f"dropout.{number}"] for number in range(len(self.seeds))]
        return state.step, state.seconds

    def keep(self, step: int, masks: DropoutMasks, seconds: float) -> None:
        """Write a checkpoint; raises UserError if the job was asked to stop."""
        assert self.checkpoints is not None
        tensors = {f"parameter.{number}": stack for number, stack in enumerate(self.parameters)}
        tensors |= {f"mask.{number}": mask for number, mask in enumerate(self.masks)}
        for number, state in self.optimizer.state_dict()["state"].items():
            values = {name: value for name, value in state.items() if value is not None}
            tensors |= {f"optimizer.{number}.{name}": value for name, value in values.items()}
        for number, source in enumerate(masks.sources):
            tensors[f"dropout.{number}"] = source.get_state()
        tensors["watch"] = self.watch.first
        rows = [list(astuple(row)) for row in self.history]
        state = TrainingState(step, seconds, rows, tensors)
        self.checkpoints.keep(self.seeds, self.device, state)
