"""Column clusters found on half of the rows, to be judged on the other half.

k-means finds clusters in noise, too. V clusters found on one half of the rows predict the other
half only if there is structure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clusterability.clustering.method_kinds import chooses
from clusterability.clustering.spectral import cluster
from clusterability.networks.live_units import live_units
from clusterability.networks.partitions import HeldOut, Key
from clusterability.randomness import StreamName, generator


def held_out_clusters(
    matrices: np.ndarray,
    names: Sequence[StreamName],
    k_values: Sequence[int],
    methods: Sequence[str],
    restarts: int,
) -> dict[Key, HeldOut]:
    """V clusters of each matrix from a random half of its live rows, by (method, k).

    Methods that search for the most bits are skipped: half of the rows has fewer bits to save. So
    are whole networks: the layer of a unit determines which rows it can connect to, and mostly
    its cluster.

    Arguments as in `spectral.cluster`. All methods and k share one split. With an odd number of
    live rows, the larger half is clustered.
    """
    methods = [method for method in methods if not chooses(method)]
    judged = [_judged_rows(matrix, name) for matrix, name in zip(matrices, names, strict=True)]
    halves = _halves(matrices, judged)
    partitions = cluster(
        halves, [(*name, "held out") for name in names], k_values, methods, restarts
    )
    masks = np.stack([mask for mask, _ in judged])
    return {key: HeldOut(masks, partition.columns) for key, partition in partitions.items()}


def _judged_rows(matrix: np.ndarray, name: StreamName) -> tuple[np.ndarray, np.ndarray]:
    """Mask [m] of the rows to judge on, and indices of the rows to cluster."""
    live = np.flatnonzero(live_units(matrix).rows)
    order = generator("held out", *name).permutation(live)
    middle = (len(live) + 1) // 2
    mask = np.zeros(len(matrix), bool)
    mask[order[middle:]] = True
    return mask, np.sort(order[:middle])


def _halves(matrices: np.ndarray, judged: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Rows to cluster, [matrices, rows, n], padded with zero (dead) rows where a matrix has fewer.

    They are cut out rather than masked so that matrices of equal shape are clustered together.
    """
    most = max((len(rows) for _, rows in judged), default=0)
    result = np.zeros((len(matrices), most, matrices.shape[2]), matrices.dtype)
    for index, (_, rows) in enumerate(judged):
        result[index, : len(rows)] = matrices[index, rows]
    return result
