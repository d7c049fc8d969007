"""Stacked multilayer perceptrons: initial weights, forward pass, evaluation.

Bias-free with ReLU between layers, as the notebook's.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import torch

from clusterability.randomness import integer_seed


def initial_weights(
    sizes: Sequence[int], seeds: Sequence[int], purpose: str = "initialisation"
) -> list[torch.Tensor]:
    """Initial weights as `torch.nn.Linear` draws them: uniform within 1 / sqrt(in).

    They depend on the seed and the sizes only, so that conditions start from the same networks.

    Args:
        sizes: number of units by layer, input first.
        seeds: one a network.
        purpose: name of the random streams; another one gives other networks.

    Returns:
        One float32 tensor [networks, out, in] a layer, on the CPU.
    """
    stacks = [torch.empty(len(seeds), out, in_) for in_, out in itertools.pairwise(sizes)]
    for number, seed in enumerate(seeds):
        source = torch.Generator().manual_seed(integer_seed(purpose, seed))
        for stack in stacks:
            bound = 1 / math.sqrt(stack.shape[2])
            stack[number].uniform_(-bound, bound, generator=source)
    return stacks


def forward(
    weights: Sequence[torch.Tensor],
    images: torch.Tensor,
    masks: Sequence[torch.Tensor] | None = None,
) -> torch.Tensor:
    """Logits of stacked networks.

    Args:
        weights: one tensor [networks, out, in] a layer.
        images: [networks, batch, pixels]: each network has images of its own.
        masks: one tensor [networks, batch, units] a hidden layer, multiplied with its activities.

    Returns:
        [networks, batch, classes].
    """
    activity = images
    for number, weight in enumerate(weights):
        activity = torch.bmm(activity, weight.transpose(1, 2))
        if number < len(weights) - 1:
            activity = torch.relu(activity)
            if masks is not None:
                activity = activity * masks[number]
    return activity


@torch.no_grad()
def evaluate(
    weights: Sequence[torch.Tensor], images: torch.Tensor, labels: torch.Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy and mean cross-entropy of each network on the same images.

    Networks are taken one at a time, so that the figures do not depend on the block.

    Args:
        weights: one tensor [networks, out, in] a layer.
        images: [images, pixels].
        labels: [images], or [networks, images] where each network has its own.

    Returns:
        accuracy [networks] in [0, 1] and loss [networks] in nats, float64.
    """
    accuracies, losses = [], []
    for number, own in enumerate(labels.expand(len(weights[0]), -1)):
        hits, loss = 0, 0.0
        network = [weight[number : number + 1] for weight in weights]
        for part, target in zip(images.split(10_000), own.split(10_000), strict=True):
            logits = forward(network, part[None])[0]
            hits += int((logits.argmax(1) == target).sum())
            loss += float(torch.nn.functional.cross_entropy(logits, target, reduction="sum"))
        accuracies.append(hits / len(images))
        losses.append(loss / len(images))
    return np.array(accuracies), np.array(losses)
