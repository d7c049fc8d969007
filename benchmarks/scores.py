"""Scoring: partitions a second. Probing: ablations a second, against a forward pass for each."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from benchmarks import peers
from benchmarks.machine import product_rate
from benchmarks.timing import Row, paired
from clusterability.clustering.summing import tables_of
from clusterability.measures.ablation import ABLATIONS, AblatedLayer, group_orders
from clusterability.measures.activations import hidden_activities
from clusterability.measures.structure import FUNCTIONS

METHODS = ("notebook", "matched", "joint")
K_VALUES = range(2, 13)
SIZES = (784, 128, 128, 10)
IMAGES = 2000


def rows(rounds: int, quick: bool) -> list[Row]:
    with threadpool_limits(1):
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            layers = range(len(SIZES) - 2)
            return [_scoring_row(rounds), *(_probing_row(at, rounds, quick) for at in layers)]
        finally:
            torch.set_num_threads(before)


def _scoring_row(rounds: int) -> Row:
    """All tables and measures of the partitions of a draw of fc1."""
    source = np.random.default_rng(0)
    matrix = source.uniform(-1, 1, (128, 784))
    partitions = {
        (method, k): (source.integers(0, k, 128), source.integers(0, k, 784))
        for method in METHODS
        for k in K_VALUES
    }

    def ours() -> list[list[float]]:
        tables = tables_of(matrix, partitions)
        return [peers.measured(table, FUNCTIONS) for table in tables.values()]

    def theirs() -> list[list[float]]:
        return [
            peers.measured(peers.masked_tables(matrix, *labels, key[1]), FUNCTIONS)
            for key, labels in partitions.items()
        ]

    columns = paired(ours, theirs, rounds).columns(len(partitions), rate=True)
    equal = np.allclose(ours(), theirs(), rtol=1e-9, equal_nan=True)
    return Row(
        part="scoring", item="128 x 784, all measures", unit="partitions a second",
        peer="masks, one by one", **columns,
        quality="equal" if equal else "different",
    )  # fmt: skip


def _probing_row(layer: int, rounds: int, quick: bool) -> Row:
    """Random groups of many sizes, ablated to zero and to the mean."""
    source = np.random.default_rng(layer)
    weights = [
        source.uniform(-1, 1, (out, in_)).astype(np.float32) / np.float32(np.sqrt(in_))
        for in_, out in pairwise(SIZES)
    ]
    images = source.standard_normal((IMAGES, SIZES[0])).astype(np.float32)
    classes = source.integers(0, SIZES[-1], IMAGES)
    activities = hidden_activities(weights, images)[layer]
    units, sizes = activities.shape[1], list(range(4, 100, 4))
    orders = group_orders(np.arange(units), ("bench", 0, "fc1"), 2 if quick else 4)
    count = len(ABLATIONS) * len(sizes) * len(orders)
    tensors = [torch.from_numpy(weight) for weight in weights]
    shown, targets = torch.from_numpy(images), torch.from_numpy(classes)
    means = torch.from_numpy(activities.mean(axis=0))

    def ours() -> np.ndarray:
        ablated = AblatedLayer(weights[layer + 1 :], activities, classes)
        return ablated.hits_without_first(orders, sizes)

    def theirs() -> np.ndarray:
        hits = [
            peers.ablated_hits(tensors, shown, targets, layer, _change(order[:size], rest))
            for rest in (torch.zeros(units), means)
            for size in sizes
            for order in orders
        ]
        return np.array(hits).reshape(len(ABLATIONS), len(sizes), len(orders), -1)

    columns = paired(ours, theirs, max(rounds // 2, 1)).columns(count, rate=True)
    differing = np.abs(ours() - theirs()).sum() / (2 * count * IMAGES)
    # Behind the layer alone, each unit taken away once a draw for all sizes and both ablations.
    following = [a * b for a, b in pairwise(SIZES[layer + 1 :])]
    products = 2 * IMAGES * len(orders) * (following[0] + len(sizes) * 2 * sum(following[1:]))
    return Row(
        part="probing", item=f"fc{layer + 1}, 2,000 images", unit="ablations a second",
        peer="a forward pass each", **columns,
        limit=products * columns["ours"] / count / product_rate("float32", 1),
        limit_of="float32 product", quality=f"{differing:.0e} of the answers differ",
    )  # fmt: skip


def _change(group: np.ndarray, rest: torch.Tensor) -> Callable[[torch.Tensor], None]:
    chosen = torch.from_numpy(group)

    def change(activity: torch.Tensor) -> None:
        activity[:, chosen] = rest[chosen]

    return change
