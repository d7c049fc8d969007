"""Training: seconds a network, by block size, against the notebook and against one at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import peers
from benchmarks.machine import product_rate
from benchmarks.timing import Pair, Row, paired, seconds
from clusterability.dataset import Mnist, load_mnist
from clusterability.inputs import network_inputs
from clusterability.recipe import Recipe
from clusterability.training import train

NOTEBOOK = Recipe(
    architecture="784-128-128-10", optimizer="sgd", learning_rate=1e-3, batch_size=64, epochs=1
)
"""The notebook's recipe, of which one epoch is timed."""
EPOCHS = 5
"""Of the notebook."""
IMAGES = 60_000
BLOCKS = (1, 2, 5, 10, 50)
COMPARED = 10
"""Block that is compared with the peers."""


def operations(sizes: Sequence[int], images: int) -> int:
    """Floating-point operations of one epoch of one network.

    Forward, the gradient of the weights and that of the activities, two for each weight; nobody
    needs the gradient of the pixels.

    >>> operations([3, 2, 1], 10)
    360
    """
    weights = [a * b for a, b in pairwise(sizes)]
    return 2 * images * (3 * sum(weights) - weights[0])


def rows(mnist: Path, device: str, threads: int, rounds: int, quick: bool) -> list[Row]:
    """Seconds that a network of the notebook's recipe takes.

    One epoch is timed and multiplied by the notebook's five. Ours has in it what `train` does
    before and after: images to numbers, accuracies on all images. The peers only train.
    """
    data = load_mnist(mnist, 12_000, 2_000) if quick else load_mnist(mnist)
    whole = IMAGES / len(data.train_images) * EPOCHS
    rate = product_rate("float32", threads, device)

    def block_of(size: int) -> None:
        train("bench", NOTEBOOK, range(size), data, device=device, threads=threads)

    def row(size: int, columns: Mapping[str, Any], peer: str = "") -> Row:
        arithmetic = operations(NOTEBOOK.sizes, IMAGES) * EPOCHS / columns["ours"]
        return Row(
            part="training", item=f"block of {size}", unit="s a network", peer=peer, **columns,
            limit=arithmetic / rate, limit_of="float32 product",
        )  # fmt: skip

    images, labels = _on_device(data, device)
    steps = -(-len(images) // NOTEBOOK.batch_size)

    def one_network() -> None:
        torch.set_num_threads(threads)
        peers.one_network(images, labels)

    def notebook_loop() -> None:
        torch.set_num_threads(threads)
        peers.notebook_loop(mnist, device, steps)

    found = []
    for peer, theirs in (("notebook's loop", notebook_loop), ("one at a time", one_network)):
        pair = paired(partial(block_of, COMPARED), theirs, rounds)
        each = Pair(pair.ours / COMPARED, pair.theirs)
        found.append(row(COMPARED, each.columns(1 / whole, rate=False), peer))
    for size in BLOCKS[:-1] if quick else BLOCKS:
        if size != COMPARED:
            repeats = 1 if size > COMPARED else rounds
            times = [seconds(partial(block_of, size)) / size for _ in range(repeats)]
            found.append(row(size, {"ours": float(np.median(times)) * whole, "rounds": repeats}))
    return found


def _on_device(data: Mnist, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    images = torch.from_numpy(network_inputs(data.train_images, True))
    return images.to(device), torch.from_numpy(data.train_labels).to(device)
