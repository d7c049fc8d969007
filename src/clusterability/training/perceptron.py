"""Stacked multilayer perceptrons: initialisation, forward pass, evaluation.

Hidden layers are ReLU. Biases are optional; the notebook has none.
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
    """Draw initial weights, uniform about zero.

    They depend on the seed and the sizes only, so conditions share their initialisation.

    Args:
        sizes: units per layer, input first.
        seeds: one per network.
        initialisation: `pytorch`, within 1 / sqrt(in) of zero as `torch.nn.Linear`, or `glorot`,
            within sqrt(6 / (in + out)) of zero as Keras (Glorot & Bengio 2010, equation 16).
        purpose: name of the random streams; another name gives other networks.

    Returns:
        One float32 tensor [networks, out, in] per layer, on the CPU.
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
    """Draw initial biases: as `torch.nn.Linear`, or zero for `glorot`, as Keras.

    Biases have separate random streams, so the weights do not depend on whether there are biases.

    Returns:
        One float32 tensor [networks, out] per layer, on the CPU.
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
    """Bound on the absolute values of a layer's initial weights."""
    bounds = {"pytorch": 1 / math.sqrt(in_), "glorot": math.sqrt(6 / (in_ + out))}
    return bounds[initialisation]


def forward(
    weights: Sequence[torch.Tensor],
    biases: Sequence[torch.Tensor],
    images: torch.Tensor,
    masks: Sequence[torch.Tensor] | None = None,
) -> torch.Tensor:
    """Compute the logits of stacked networks.

    Args:
        weights: one tensor [networks, out, in] per layer.
        biases: one tensor [networks, out] per layer, or none.
        images: [networks, batch, pixels]; networks can have different images.
        masks: one tensor [networks, batch, units] per hidden layer, multiplied with its
            activations.

    Returns:
        [networks, batch, classes].
    """
    activations = images
    for number, weight in enumerate(weights):
        product = weight.transpose(1, 2)
        if biases:
            activations = torch.baddbmm(biases[number].unsqueeze(1), activations, product)
        else:
            activations = torch.bmm(activations, product)
        if number < len(weights) - 1:
            activations = torch.relu(activations)
            if masks is not None:
                activations = activations * masks[number]
    return activations


@torch.no_grad()
def evaluate(
    weights: Sequence[torch.Tensor],
    biases: Sequence[torch.Tensor],
    images: torch.Tensor,
    labels: torch.Tensor,
) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy and mean cross-entropy of each network on the same images.

    Networks are evaluated one at a time, so the results do not depend on the block.

    Args:
        weights: one tensor [networks, out, in] per layer.
        biases: one tensor [networks, out] per layer, or none.
        images: [images, pixels].
        labels: classes [networks, images, heads]; outputs are divided equally among heads.

    Returns:
        Accuracy [networks, heads] in [0, 1], and loss [networks] in nats, summed over heads; both
        float64.
    """
    accuracies, losses = [], []
    heads = labels.shape[2]
    for number, targets in enumerate(labels):
        correct, loss = np.zeros(heads, np.int64), 0.0
        network_weights, network_biases = (
            [stack[number : number + 1] for stack in stacks] for stacks in (weights, biases)
        )
        for part, target in zip(images.split(10_000), targets.split(10_000), strict=True):
            logits = forward(network_weights, network_biases, part[None])[0].unflatten(
                1, (heads, -1)
            )
            correct += (logits.argmax(2) == target).sum(dim=0).cpu().numpy()
            flat = logits.flatten(0, 1), target.flatten()
            loss += float(torch.nn.functional.cross_entropy(*flat, reduction="sum"))
        accuracies.append(correct / len(images))
        losses.append(loss / len(images))
    return np.array(accuracies), np.array(losses)
