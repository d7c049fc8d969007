"""Weights and biases of stacked networks: as networks are, and as they are trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from clusterability.training.padding import aligned, aligned_vector


@dataclass(frozen=True)
class Layers:
    """Weights and biases of stacked networks, by layer.

    weights: [networks, out, in]. biases: [networks, out], or none at all.
    """

    weights: list[torch.Tensor]
    biases: list[torch.Tensor]


class Parameters:
    """Weights and biases as they are trained, and as a forward pass sees them.

    Weights are transposed, [networks, in, out], in memory of their own: that is how their gradients
    come out of the batched product. Units are padded to an aligned number; the added ones have no
    weights and no biases, and what they say is not looked at, so they get no gradient and stay
    without.

    Attributes:
        weights: [networks, in or more, out or more] by layer.
        biases: [networks, out or more] by layer, or none at all.
    """

    def __init__(self, start: Layers) -> None:
        self._shapes = [stack.shape for stack in start.weights]
        self.weights = [
            _padded(stack, aligned(out), aligned(in_)).transpose(1, 2).contiguous()
            for stack, (_, out, in_) in zip(start.weights, self._shapes, strict=True)
        ]
        self.biases = [_padded(stack, aligned_vector(stack.shape[1])) for stack in start.biases]
        for parameter in self.all:
            parameter.requires_grad_(True)

    @property
    def all(self) -> list[torch.Tensor]:
        """All that the optimiser changes."""
        return self.weights + self.biases

    @property
    def layers(self) -> Layers:
        """The same memory, padded, as a forward pass takes it."""
        return Layers(
            [parameter.transpose(1, 2) for parameter in self.weights],
            [parameter[:, : aligned(out)] for parameter, out in self._biases_with_outs()],
        )

    def trained(self) -> Layers:
        """What was trained, without what was added."""
        return Layers(
            [
                parameter.detach()[:, :in_, :out].transpose(1, 2).contiguous()
                for parameter, (_, out, in_) in zip(self.weights, self._shapes, strict=True)
            ],
            [parameter.detach()[:, :out].clone() for parameter, out in self._biases_with_outs()],
        )

    def _biases_with_outs(self) -> Iterator[tuple[torch.Tensor, int]]:
        """Biases, if there are any, each with the units of its layer."""
        return zip(self.biases, (out for _, out, _ in self._shapes), strict=False)


def _padded(stack: torch.Tensor, *sizes: int) -> torch.Tensor:
    """A stack [networks, ...] padded with zeros to these sizes."""
    padding = [(0, size - old) for size, old in zip(sizes, stack.shape[1:], strict=True)]
    return torch.nn.functional.pad(stack, [number for pair in padding[::-1] for number in pair])
