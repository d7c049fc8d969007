"""Null clusterings: shuffles a second over a grid of k, against scipy and scikit-learn.

One thread each. Both cluster the same matrices from equally many starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks import peers
from benchmarks.machine import product_rate
from benchmarks.timing import Row, paired
from clusterability.clustering.embedding import embed
from clusterability.clustering.kmeans import candidates_per_step, kmeans
from clusterability.clustering.spectral import cluster
from clusterability.networks.graph import network_matrices, network_units
from clusterability.randomness import StreamName, generator

K_VALUES = range(2, 13)
STARTS = 10
SHAPES = ((128, 784), (128, 128), (10, 128))
NETWORK = (784, 256, 256, 256, 256, 10)
NETWORK_K, NETWORK_STARTS = 12, 25


def rows(rounds: int, quick: bool) -> list[Row]:
    rate = product_rate("float64", 1)
    with threadpool_limits(1):
        # Small matrices are done soon, and what a call costs once would show with few of them.
        counts = [2 if quick and min(shape) * max(shape) > 50_000 else 8 for shape in SHAPES]
        results = [_grid_row(*pair, rounds, rate) for pair in zip(SHAPES, counts, strict=True)]
        results.append(_network_row(1 if quick else 3, rounds))
        results.append(_kmeans_row(1024 if quick else 4096, rounds))
        return [*results, _modularity_row((60, 80) if quick else (300, 400), rounds)]


def names(count: int) -> list[StreamName]:
    return [("bench", number, "fc1", "shuffle", number) for number in range(count)]


def _grid_row(shape: tuple[int, int], count: int, rounds: int, rate: float) -> Row:
    matrices = np.random.default_rng(0).uniform(-1, 1, (count, *shape))

    def ours() -> None:
        cluster(matrices, names(count), K_VALUES, ["matched"], STARTS)

    def theirs() -> list[list[float]]:
        return [
            peers.spectral_grid(matrix, K_VALUES, STARTS, seed)
            for seed, matrix in enumerate(matrices)
        ]

    columns = paired(ours, theirs, rounds).columns(count, rate=True)
    mine, other = _inertia(matrices), np.array(theirs())
    shares = np.divide(mine, other, out=np.ones_like(mine), where=other > 1e-9)
    error = shares.std() / np.sqrt(shares.size)
    return Row(
        part="nulls", item=f"{shape[0]} x {shape[1]}, k = 2 ... 12", unit="draws a second",
        peer="svds and scikit-learn", **columns,
        limit=_operations(shape) * columns["ours"] / rate, limit_of="float64 product",
        quality=f"inertia {shares.mean():.4f} ± {error:.4f} of theirs",
    )  # fmt: skip


def _inertia(matrices: np.ndarray) -> np.ndarray:
    """Inertia of our partitions of each matrix, [matrices, k and sides], as `spectral_grid` has it.

    From the labels, and from the peer's points: the same but for signs.
    """
    partitions = cluster(matrices, names(len(matrices)), K_VALUES, ["matched"], STARTS)
    inertias = []
    for number, matrix in enumerate(matrices):
        feasible = [k for k in K_VALUES if k <= min(matrix.shape)]
        sides = peers.singular_vectors(peers.normalised(matrix), max(feasible))
        for k in feasible:
            partition = partitions["matched", k]
            inertias.append(inertia(sides[0][:, :k], partition.rows[number]))
            inertias.append(inertia(sides[1][:, :k], partition.columns[number]))
    return np.array(inertias).reshape(len(matrices), -1)


def inertia(points: np.ndarray, labels: np.ndarray) -> float:
    """Sum of squared distances of points from the means of their clusters."""
    groups = [points[labels == name] for name in np.unique(labels)]
    return sum(float(np.square(group - group.mean(axis=0)).sum()) for group in groups)


def _operations(shape: tuple[int, int]) -> float:
    """Floating-point operations of one draw that cannot be done without.

    The Gram matrix and the other side's vectors; for k-means, each point's product with each
    centre in each iteration, and with each candidate of the start.
    """
    m, n = shape
    embedding = embed(np.random.default_rng(0).uniform(0, 1, shape), min(16, *shape))
    total = 2.0 * min(shape) * m * n + 2.0 * 16 * m * n
    for k in K_VALUES:
        for points in (embedding.left[:, :k], embedding.right[:, :k]):
            if k <= min(shape):
                uniforms = generator("bench", k).random((STARTS, k, candidates_per_step(k)))
                iterations = kmeans(points, k, uniforms).iterations.sum()
                trials = STARTS * (k - 1) * candidates_per_step(k)
                total += 2.0 * points.size * (k * iterations + trials)
    return total


def _kmeans_row(count: int, rounds: int) -> Row:
    """Points of a random matrix's embedding."""
    weights = np.random.default_rng(0).uniform(0, 1, (count, 512))
    points = embed(weights, 16).left[:, : max(K_VALUES)]
    k = max(K_VALUES)
    uniforms = generator("bench", k).random((STARTS, k, candidates_per_step(k)))

    def ours() -> np.ndarray:
        clustering = kmeans(points, k, uniforms)
        return clustering.labels[clustering.best]

    def theirs() -> np.ndarray:
        return peers.faiss_kmeans(points, k, STARTS)

    columns = paired(ours, theirs, rounds).columns(1, rate=False)
    share = inertia(points, ours()) / inertia(points, theirs())
    return Row(
        part="nulls", item=f"k-means of {count} points, k = {k}, ten starts", unit="s",
        peer="faiss", **columns, quality=f"inertia {share:.4f} of theirs",
    )  # fmt: skip


def _modularity_row(shape: tuple[int, int], rounds: int) -> Row:
    """The best Q over k of planted blocks: leidenalg looks for it, `matched` does not."""
    inside = np.arange(shape[0])[:, None] % 4 == np.arange(shape[1]) % 4
    matrix = np.abs(np.random.default_rng(0).standard_normal(shape)) * np.where(inside, 1.5, 1)

    def ours() -> float:
        partitions = cluster(matrix[None], names(1), range(2, 9), ["matched"], STARTS)
        labels = [(partition.rows[0], partition.columns[0]) for partition in partitions.values()]
        return max(peers.barber_q(matrix, *each) for each in labels)

    def theirs() -> float:
        return peers.barber_q(matrix, *peers.leiden_partition(matrix, 1))

    columns = paired(ours, theirs, rounds).columns(1, rate=False)
    return Row(
        part="nulls", item=f"best Q of {shape[0]} x {shape[1]}, k = 2 ... 8", unit="s",
        peer="leidenalg, one run", **columns, quality=f"Q {ours() / theirs():.4f} of theirs",
    )  # fmt: skip


# --- whole networks ----------------------------------------------------------------------------


def _network_row(count: int, rounds: int) -> Row:
    source = np.random.default_rng(0)
    networks = [
        [source.uniform(-1, 1, (out, in_)) / np.sqrt(in_) for in_, out in pairwise(NETWORK)]
        for _ in range(count)
    ]
    adjacencies = [adjacency(weights) for weights in networks]

    def ours() -> list[np.ndarray]:
        return [_labels(weights) for weights in networks]

    def theirs() -> list[np.ndarray]:
        return [peers.whole_network(edges, NETWORK_K, NETWORK_STARTS) for edges in adjacencies]

    columns = paired(ours, theirs, rounds).columns(count, rate=True)
    cuts = [
        np.mean([normalised_cut(*pair) for pair in zip(adjacencies, labels, strict=True)])
        for labels in (ours(), theirs())
    ]
    return Row(
        part="nulls", item=f"network 784-256x4-10, k = {NETWORK_K}", unit="draws a second",
        peer="SpectralClustering", **columns, quality=f"n-cut {cuts[0] / cuts[1]:.4f} of theirs",
    )  # fmt: skip


def _labels(weights: Sequence[np.ndarray]) -> np.ndarray:
    matrix = network_matrices(weights)
    arguments = (matrix[None], names(1), [NETWORK_K], ["whole"], NETWORK_STARTS)
    partition = cluster(*arguments)["whole", NETWORK_K]
    even, odd = network_units(NETWORK)
    labels = np.empty(sum(NETWORK), int)
    labels[even], labels[odd] = partition.rows[0], partition.columns[0]
    return labels


def adjacency(weights: Sequence[np.ndarray]) -> np.ndarray:
    """abs(W) between all units of a network, [units, units]."""
    sizes = [weights[0].shape[1], *(len(matrix) for matrix in weights)]
    ends = np.cumsum([0, *sizes])
    edges = np.zeros((ends[-1], ends[-1]))
    for number, matrix in enumerate(weights):
        of, to = (slice(ends[at], ends[at + 1]) for at in (number, number + 1))
        edges[to, of], edges[of, to] = np.abs(matrix), np.abs(matrix).T
    return edges


def normalised_cut(edges: np.ndarray, labels: np.ndarray) -> float:
    """Sum over clusters of cut / volume (Shi & Malik 2000)."""
    members = labels == np.unique(labels)[:, None]
    volumes = members @ edges.sum(axis=1)
    inside = np.einsum("ku,uv,kv->k", members, edges, members, optimize=True)
    return float(((volumes - inside) / volumes).sum())
