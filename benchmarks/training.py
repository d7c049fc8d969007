"""Training: seconds a network, by block size, against the notebook and against one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import peers
from benchmarks.machine import product_rate
from benchmarks.timing import Pair, Row, seconds
from clusterability.training.images import Mnist, load_mnist, network_inputs
from clusterability.training.recipe import Recipe
from clusterability.training.train import train

EPOCHS = 5
NOTEBOOK = Recipe(
    architecture="784-128-128-10", optimizer="sgd", learning_rate=1e-3, batch_size=64, epochs=EPOCHS
)
"""The notebook's recipe."""
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

    Ours has in it all that `train` does: images to numbers, accuracies along the way and on all
    images at the end. The peers only train, one epoch, which is multiplied by the notebook's five.
    """
    data = load_mnist(mnist, 12_000, 2_000) if quick else load_mnist(mnist)
    rate = product_rate("float32", threads, device)
    whole = IMAGES / len(data.train_images)

    def block_of(size: int) -> float:
        def work() -> None:
            train("bench", NOTEBOOK, range(size), data, device=device, threads=threads)

        return whole * seconds(work) / size

    def row(size: int, times: Sequence[float], **columns: Any) -> Row:
        ours = float(np.median(times))
        arithmetic = operations(NOTEBOOK.sizes, IMAGES) * EPOCHS / ours
        return Row(
            part="training", item=f"block of {size}", unit="s a network", ours=ours,
            limit=arithmetic / rate, limit_of="float32 product", rounds=len(times), **columns,
        )  # fmt: skip

    others = _peers(mnist, data, device, threads)
    times: dict[str, list[float]] = {name: [] for name in ("ours", *others)}
    for _ in range(rounds):
        times["ours"].append(block_of(COMPARED))
        for name, train_one in others.items():
            times[name].append(whole * EPOCHS * seconds(train_one))
    results = []
    for name in others:
        pair = Pair(np.array(times["ours"]), np.array(times[name]))
        columns = pair.columns(1, rate=False)
        del columns["ours"], columns["rounds"]
        results.append(row(COMPARED, times["ours"], peer=name, **columns))
    sizes = [size for size in BLOCKS if size != COMPARED and not (quick and size > COMPARED)]
    return [*results, *(row(size, [block_of(size)]) for size in sizes)]


def _peers(mnist: Path, data: Mnist, device: str, threads: int) -> dict[str, Callable[[], None]]:
    """One epoch of each peer."""
    images, labels = _on_device(data, device)
    steps = -(-len(images) // NOTEBOOK.batch_size)

    def notebook_loop() -> None:
        torch.set_num_threads(threads)
        peers.notebook_loop(mnist, device, steps)

    def one_at_a_time() -> None:
        torch.set_num_threads(threads)
        peers.one_network(images, labels)

    return {"notebook's loop": notebook_loop, "one at a time": one_at_a_time}


def _on_device(data: Mnist, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    images = torch.from_numpy(network_inputs(data.train_images, True))
    return images.to(device), torch.from_numpy(data.train_labels).to(device)
