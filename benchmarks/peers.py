"""Peers of the project's kernels: the code that one would write first.

Each of these is complete and correct; it does one thing at a time.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse.linalg
import torch
from sklearn.cluster import KMeans, SpectralClustering, SpectralCoclustering
from torch import nn

from clusterability.clustering.block_sums import Tables, mutual_information
from clusterability.training.images import FILES

# --- training ----------------------------------------------------------------------------------


def _network() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(784, 128, bias=False), nn.ReLU(),
        nn.Linear(128, 128, bias=False), nn.ReLU(),
        nn.Linear(128, 10, bias=False),
    )  # fmt: skip


def notebook_loop(mnist: Path, device: str, steps: int | None = None) -> None:
    """One epoch of the notebook: torchvision's dataset, a DataLoader, plain SGD.

    Args:
        mnist: folder of the four IDX files.
        device: as PyTorch names it.
        steps: so many steps instead of a whole epoch.
    """
    from torchvision import datasets, transforms

    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "MNIST", "raw")
        raw.mkdir(parents=True)
        for name in FILES:
            (raw / name).symlink_to((mnist / name).resolve())
        transform = transforms.Compose(
            [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
        )
        images = datasets.MNIST(folder, train=True, transform=transform)
    loader = torch.utils.data.DataLoader(images, batch_size=64, shuffle=True)
    network = _network().to(device)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
    criterion = nn.CrossEntropyLoss()
    for step, (batch, labels) in enumerate(loader):
        if step == steps:
            break
        optimizer.zero_grad()
        loss = criterion(network(batch.view(len(batch), -1).to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
    loss.item()


def one_network(images: torch.Tensor, labels: torch.Tensor) -> None:
    """One epoch of one network on tensors that lie in the device's memory.

    Args:
        images: [images, pixels], normalised.
        labels: [images].
    """
    network = _network().to(images.device)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
    order = torch.randperm(len(images), device=images.device)
    for chosen in order.split(64):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(images[chosen]), labels[chosen])
        loss.backward()
        optimizer.step()
    loss.item()


# --- clustering --------------------------------------------------------------------------------


def normalised(matrix: np.ndarray) -> np.ndarray:
    """D_U^-1/2 abs(W) D_V^-1/2."""
    weights = np.abs(matrix)
    return weights / np.sqrt(np.outer(weights.sum(axis=1), weights.sum(axis=0)))


def singular_vectors(matrix: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k leading left and right singular vectors, by scipy's svds where it may be asked."""
    if k < min(matrix.shape):
        left, values, right = scipy.sparse.linalg.svds(matrix, k=k, random_state=0)
        order = np.argsort(-values)
        return left[:, order], right[order].T
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    return left[:, :k], right[:k].T


def spectral_grid(
    matrix: np.ndarray, k_values: Sequence[int], starts: int, seed: int = 0
) -> list[float]:
    """Clusters both sides of one matrix at each k: the inertia of each k-means."""
    feasible = [k for k in k_values if k <= min(matrix.shape)]
    sides = singular_vectors(normalised(matrix), max(feasible))
    inertias = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for k in feasible:
            for vectors in sides:
                fitted = KMeans(k, n_init=starts, random_state=seed).fit(vectors[:, :k])
                inertias.append(float(fitted.inertia_))
    return inertias


def whole_network(adjacency: np.ndarray, k: int, starts: int) -> np.ndarray:
    """Labels of a network's units by scikit-learn, from the adjacency [units, units]."""
    model = SpectralClustering(k, affinity="precomputed", n_init=starts, random_state=0)
    return model.fit(adjacency).labels_


def coclusters(
    matrix: np.ndarray, k: int, starts: int, method: str = "arpack"
) -> tuple[np.ndarray, np.ndarray]:
    """Labels of rows and columns by scikit-learn's co-clustering (Dhillon 2001).

    method: of its singular vectors; "randomized" gets those of weights without a gap wrong.
    """
    model = SpectralCoclustering(k, svd_method=method, n_init=starts, random_state=0).fit(matrix)
    return model.row_labels_, model.column_labels_


def faiss_kmeans(points: np.ndarray, k: int, starts: int) -> np.ndarray:
    """Labels of points [points, dimensions] by faiss, in float32 as it has them."""
    import faiss

    values = np.ascontiguousarray(points, np.float32)
    model = faiss.Kmeans(
        points.shape[1], k, niter=100, nredo=starts, seed=1, min_points_per_centroid=1
    )
    model.train(values)
    return model.index.search(values, 1)[1][:, 0]


def leiden_partition(matrix: np.ndarray, runs: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of rows and columns with the best Barber's Q of some runs of leidenalg.

    Q is the sum over clusters of what lies inside, less the product of both sides' shares. That is
    the constant Potts model with these shares as sizes of nodes, less that of each side by itself.
    """
    import igraph
    import leidenalg

    shares = np.abs(matrix) / np.abs(matrix).sum()
    m, n = shares.shape
    rows, columns = np.nonzero(shares)
    graph = igraph.Graph(m + n, np.column_stack([rows, m + columns]).tolist())
    sides = [*shares.sum(axis=1), *[0.0] * n], [*[0.0] * m, *shares.sum(axis=0)]
    both = np.add(*sides).tolist()

    def potts(edges: Any, sizes: list[float], **weights: Any) -> Any:
        options = {"node_sizes": sizes, "resolution_parameter": 1.0, "correct_self_loops": True}
        return leidenalg.CPMVertexPartition(edges, **options, **weights)

    best, best_labels = -np.inf, np.zeros(m + n, int)
    for seed in range(runs):
        layers = [potts(graph, both, weights=shares[rows, columns].tolist())]
        layers += [potts(igraph.Graph(m + n), side) for side in sides]
        optimiser = leidenalg.Optimiser()
        optimiser.set_rng_seed(seed)
        optimiser.optimise_partition_multiplex(layers, layer_weights=[1, -1, -1], n_iterations=-1)
        labels = np.array(layers[0].membership)
        value = barber_q(matrix, labels[:m], labels[m:])
        if value > best:
            best, best_labels = value, labels
    return best_labels[:m], best_labels[m:]


def barber_q(matrix: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> float:
    """Barber's modularity of labels (Barber 2007): inside, less what strengths explain."""
    shares = np.abs(matrix) / np.abs(matrix).sum()
    expected = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    return float((shares - expected)[rows[:, None] == columns].sum())


# --- scoring -----------------------------------------------------------------------------------


def masked_tables(matrix: np.ndarray, rows: np.ndarray, columns: np.ndarray, k: int) -> Tables:
    """Tables of one partition, by masks."""
    weights = np.abs(matrix.astype(np.float64))
    squares = weights**2
    sums = np.zeros((2, k, k))
    for a in range(k):
        for b in range(k):
            block = np.ix_(rows == a, columns == b)
            sums[:, a, b] = weights[block].sum(), squares[block].sum()
    return Tables(
        weights=sums[0] / sums[0].sum(),
        squares=sums[1] / sums[1].sum(),
        mi_total=mutual_information(weights / weights.sum()),
        row_sizes=np.array([(rows == a).sum() for a in range(k)]),
        column_sizes=np.array([(columns == b).sum() for b in range(k)]),
        held_out=np.array(np.nan),
        **dict.fromkeys(("bits", "bits_within", "bits_u", "bits_v"), np.array(np.nan)),
    )


# --- probing -----------------------------------------------------------------------------------


@torch.no_grad()
def ablated_hits(
    weights: Sequence[torch.Tensor], images: torch.Tensor, classes: torch.Tensor, layer: int,
    change: Callable[[torch.Tensor], None],
) -> list[int]:  # fmt: skip
    """Hits by class of one forward pass of a network, a hidden layer's activities changed."""
    activity = images
    for number, weight in enumerate(weights[:-1]):
        activity = torch.relu(activity @ weight.T)
        if number == layer:
            change(activity)
    predictions = (activity @ weights[-1].T).argmax(dim=1)
    return torch.bincount(classes[predictions == classes], minlength=len(weights[-1])).tolist()


def measured(tables: Tables, measures: Mapping[str, Callable[[Tables], Any]]) -> list[float]:
    """All measures of one partition."""
    return [float(function(tables)) for function in measures.values()]
