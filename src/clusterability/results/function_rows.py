"""Function of clusters on images: rows of a block of networks.

The U side of every hidden layer is probed. Clusters of the whole network are probed in one hidden
layer at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import pandas as pd

from clusterability.measures.activations import Activities, hidden_activities
from clusterability.measures.function_catalogue import OTHER_INPUTS, SEVERAL_HEADS
from clusterability.names import NETWORK
from clusterability.networks.graph import network_units
from clusterability.networks.partitions import Key, Partitions
from clusterability.networks.stacked import Networks
from clusterability.networks.tasks import TASKS
from clusterability.numerics import one_thread
from clusterability.randomness import generator
from clusterability.results.columns import SCORE_COLUMNS
from clusterability.results.function_columns import (
    ABLATION_COLUMNS,
    CLUSTERS,
    LESION_COLUMNS,
    LESION_TYPES,
)
from clusterability.results.hidden_layer import (
    HiddenLayer,
    ablate,
    class_rows,
    cluster_table,
    lesion_rows,
    rows_without_images,
    score_rows,
)
from clusterability.training.examples import Examples, Part
from clusterability.training.images import Mnist
from clusterability.training.recipe import Recipe


@dataclass(frozen=True)
class Shown:
    """Images shown to the networks.

    Attributes:
        images: [images, pixels], as the networks see them.
        classes: [networks, images], the correct output of each network.
    """

    images: Activities
    classes: np.ndarray


@dataclass(frozen=True)
class Probed:
    """Rows of a block with SCORE_COLUMNS, CLUSTERS, ABLATION_COLUMNS and LESION_COLUMNS."""

    scores: pd.DataFrame
    clusters: pd.DataFrame
    ablations: pd.DataFrame
    lesions: pd.DataFrame


def shown_images(mnist: Mnist, seeds: Sequence[int], count: int, recipe: Recipe) -> Shown:
    """Fixed random selection of `count` test images; smaller selections are part of larger ones.

    Images and labels are of the kind on which the networks were trained. Networks trained on
    permuted labels are shown training images with their own labels.
    """
    part: Part = "train" if recipe.labels == "permuted" else "test"
    images = {"train": mnist.train_images, "test": mnist.test_images}[part]
    examples = Examples(recipe, mnist)
    chosen = generator("probe").permutation(len(images))[:count]
    classes = examples.labels(part, seeds)[:, chosen]
    return Shown(examples.inputs(part, chosen), classes)


def takes_mnist(networks: Networks) -> bool:
    """Whether the networks have as many inputs and outputs as MNIST has pixels and classes.

    Networks that take two images and have two heads do not: each example has two classes.
    """
    stacks = list(networks.weights.values())
    return (stacks[0].shape[2], stacks[-1].shape[1]) == TASKS["digits"].ends


def probe(
    networks: Networks,
    layer: str,
    partitions: Mapping[Key, Partitions],
    shown: Shown | None,
    groups: int,
) -> Probed:
    """Probe the function of the clusters of a layer's output units, in each network of a block.

    Args:
        networks: networks of the block.
        layer: a layer whose output units are hidden, or "network" for all hidden layers.
        partitions: [networks, ...] of the layer by (method, k).
        shown: images; None if the networks take other inputs.
        groups: number of draws of the null `groups`.
    """
    # Multithreaded products may add up in another order.
    with one_thread():
        probed = [
            _probe_layer(hidden, None if shown else _status(networks))
            for number in range(len(networks.seeds))
            for hidden in _hidden_layers(networks, number, layer, partitions, shown, groups)
        ]
    return Probed(
        scores=_joined([part.scores for part in probed], SCORE_COLUMNS),
        clusters=_joined([part.clusters for part in probed], CLUSTERS),
        ablations=_joined([part.ablations for part in probed], ABLATION_COLUMNS),
        lesions=_joined([part.lesions for part in probed], LESION_COLUMNS).astype(LESION_TYPES),
    )


def _status(networks: Networks) -> str:
    """Reason why networks are shown no images."""
    heads = TASKS[networks.recipe.get("task", "digits")].heads
    return SEVERAL_HEADS if heads > 1 else OTHER_INPUTS


def _probe_layer(layer: HiddenLayer, not_shown: str | None) -> Probed:
    if not_shown:
        return Probed(rows_without_images(layer, not_shown), *(pd.DataFrame() for _ in range(3)))
    ablated = ablate(layer)
    table = cluster_table(layer, ablated)
    return Probed(
        scores=score_rows(layer, table),
        clusters=table[CLUSTERS],
        ablations=class_rows(layer, ablated),
        lesions=lesion_rows(layer, ablated, table),
    )


def _joined(frames: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    frames = [frame for frame in frames if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(columns))


def _hidden_layers(
    networks: Networks,
    number: int,
    layer: str,
    partitions: Mapping[Key, Partitions],
    shown: Shown | None,
    groups: int,
) -> Iterator[HiddenLayer]:
    """Hidden layers of one network that are probed."""
    weights = [stack[number] for stack in networks.weights.values()]
    biases = networks.biases_of(number)
    activities = hidden_activities(weights, shown.images, biases) if shown else []
    for index, name in enumerate(list(networks.weights)[:-1]):
        if layer not in (name, NETWORK):
            continue
        labels = {
            key: _hidden_labels(partition, number, weights, index, layer)
            for key, partition in partitions.items()
        }
        nothing = np.empty((0, len(weights[index])), np.float32)
        yield HiddenLayer(
            condition=networks.condition,
            seed=networks.seeds[number],
            layer=name,
            labels=labels,
            following=weights[index + 1 :],
            biases=biases[index + 1 :],
            activities=activities[index] if shown else nothing,
            classes=shown.classes[number] if shown else np.empty(0, np.int64),
            groups=groups,
        )


def _hidden_labels(
    partitions: Partitions, number: int, weights: Sequence[np.ndarray], index: int, layer: str
) -> np.ndarray:
    """Clusters of the output units of the weight matrix with this index."""
    if layer != NETWORK:
        return partitions.rows[number]
    sizes = [weights[0].shape[1], *(len(matrix) for matrix in weights)]
    even, odd = network_units(sizes)
    labels = np.empty(sum(sizes), partitions.rows.dtype)
    labels[even], labels[odd] = partitions.rows[number], partitions.columns[number]
    ends = list(accumulate(sizes))
    return labels[ends[index] : ends[index + 1]]
