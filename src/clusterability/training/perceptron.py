"""Stacked multilayer perceptrons: initial weights, forward pass, evaluation.

ReLU between layers; without biases, as the notebook's, or with them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import torch

from clusterability.randomness import integer_seed


def initial_weights(
    sizes: Sequence[int],
    seeds: Sequence[int],
    initialisation: str = "pytorch",
    purpose: str = "initialisation",
) -> list[torch.Tensor]:
    """Initial weights, uniform about zero.

    They depend on the seed and the sizes only, so that conditions start from the same networks.

    Args:
        sizes: number of units by layer, input first.
        seeds: one a network.
        initialisation: `pytorch`, within 1 / sqrt(in) as `torch.nn.Linear` draws them, or `glorot`,
            within sqrt(6 / (in + out)) as Keras does (Glorot and Bengio 2010, equation 16).
        purpose: name of the random streams; another one gives other networks.

    Returns:
        One float32 tensor [networks, out, in] a layer, on the CPU.
    """
    stacks = [torch.empty(len(seeds), out, in_) for in_, out in itertools.pairwise(sizes)]
    for number, seed in enumerate(seeds):
        source = torch.Generator().manual_seed(integer_seed(purpose, seed))
        for stack in stacks:
            bound = _bound(initialisation, stack.shape[2], stack.shape[1])
            stack[number].uniform_(-bound, bound, generator=source)
    return stacks


def initial_biases(
    sizes: Sequence[int], seeds: Sequence[int], initialisation: str
) -> list[torch.Tensor]:
    """Initial biases: as `torch.nn.Linear` draws them, or zero with `glorot`, as in Keras.

    They have a random stream of their own: the weights are the same with and without them.

    Returns:
        One float32 tensor [networks, out] a layer, on the CPU.
    """
    stacks = [torch.zeros(len(seeds), out) for out in sizes[1:]]
    if initialisation == "pytorch":
        for number, seed in enumerate(seeds):
            source = torch.Generator().manual_seed(integer_seed("initial biases", seed))
            for stack, in_ in zip(stacks, sizes[:-1], strict=True):
                bound = _bound(initialisation, in_, stack.shape[1])
                stack[number].uniform_(-bound, bound, generator=source)
    return stacks


def _bound(initialisation: str, in_: int, out: int) -> float:
    """Largest absolute value of a layer's initial weights."""
    bounds = {"pytorch": 1 / math.sqrt(in_), "glorot": math.sqrt(6 / (in_ + out))}
    return bounds[initialisation]


def forward(
    weights: Sequence[torch.Tensor],
    biases: Sequence[torch.Tensor],
    images: torch.Tensor,
    masks: Sequence[torch.Tensor] | None = None,
) -> torch.Tensor:
    """Logits of stacked networks.

    Args:
        weights: one tensor [networks, out, in] a layer.
        biases: one tensor [networks, out] a layer, or none at all.
        images: [networks, batch, pixels]: each network has images of its own.
        masks: one tensor [networks, batch, units] a hidden layer, multiplied with its activities.

    Returns:
        [networks, batch, classes].
    """
    activity = images
    for number, weight in enumerate(weights):
        product = weight.transpose(1, 2)
        if biases:
            activity = torch.baddbmm(biases[number].unsqueeze(1), activity, product)
        else:
            activity = torch.bmm(activity, product)
        if number < len(weights) - 1:
            activity = torch.relu(activity)
            if masks is not None:
                activity = activity * masks[number]
    return activity


@torch.no_grad()
def evaluate(
    weights: Sequence[torch.Tensor],
    biases: Sequence[torch.Tensor],
    images: torch.Tensor,
    labels: torch.Tensor,
) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy and mean cross-entropy of each network on the same images.

    Networks are taken one at a time, so that the figures do not depend on the block.

    Args:
        weights: one tensor [networks, out, in] a layer.
        biases: one tensor [networks, out] a layer, or none at all.
        images: [images, pixels].
        labels: classes [networks, images, heads]; outputs are as many for each head.

    Returns:
        accuracy [networks, heads] in [0, 1] and loss [networks] in nats, the sum over heads,
        float64.
    """
    accuracies, losses = [], []
    heads = labels.shape[2]
    for number, own in enumerate(labels):
        hits, loss = np.zeros(heads, np.int64), 0.0
        own_weights, own_biases = (
            [stack[number : number + 1] for stack in stacks] for stacks in (weights, biases)
        )
        for part, target in zip(images.split(10_000), own.split(10_000), strict=True):
            logits = forward(own_weights, own_biases, part[None])[0].unflatten(1, (heads, -1))
            hits += (logits.argmax(2) == target).sum(dim=0).cpu().numpy()
            flat = logits.flatten(0, 1), target.flatten()
            loss += float(torch.nn.functional.cross_entropy(*flat, reduction="sum"))
        accuracies.append(hits / len(images))
        losses.append(loss / len(images))
    return np.array(accuracies), np.array(losses)
