"""Weights and biases of stacked networks, in the layout of networks and that of training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from clusterability.training.padding import aligned, aligned_vector


@dataclass(frozen=True)
class Layers:
    """Weights and biases of stacked networks by layer.

    Attributes:
        weights: [networks, out, in].
        biases: [networks, out]; an empty list without biases.
    """

    weights: list[torch.Tensor]
    biases: list[torch.Tensor]


class Parameters:
    """Weights and biases in the memory layout of training.

    Weights are stored transposed, [networks, in, out], which is the layout of the gradients of the
    batched product. Units are padded to aligned sizes. Padded units have zero weights and biases,
    and their outputs are not used, so they get no gradient and stay zero.

    Attributes:
        weights: [networks, in or more, out or more] by layer.
        biases: [networks, out or more] by layer; an empty list without biases.
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
        """All tensors that the optimiser changes."""
        return self.weights + self.biases

    @property
    def layers(self) -> Layers:
        """Padded views of the same memory for the forward pass."""
        return Layers(
            [parameter.transpose(1, 2) for parameter in self.weights],
            [parameter[:, : aligned(out)] for parameter, out in self._biases_with_outs()],
        )

    def trained(self) -> Layers:
        """Copies of the trained parameters without padding."""
        return Layers(
            [
                parameter.detach()[:, :in_, :out].transpose(1, 2).contiguous()
                for parameter, (_, out, in_) in zip(self.weights, self._shapes, strict=True)
            ],
            [parameter.detach()[:, :out].clone() for parameter, out in self._biases_with_outs()],
        )

    def _biases_with_outs(self) -> Iterator[tuple[torch.Tensor, int]]:
        """Biases, if any, with the number of units of their layers."""
        return zip(self.biases, (out for _, out, _ in self._shapes), strict=False)


def _padded(stack: torch.Tensor, *sizes: int) -> torch.Tensor:
    """Stack [networks, ...] padded with zeros to the given sizes."""
    padding = [(0, size - old) for size, old in zip(sizes, stack.shape[1:], strict=True)]
    return torch.nn.functional.pad(stack, [number for pair in padding[::-1] for number in pair])
