"""Clusters of columns found from half of the rows: does the other half know them too?

What k-means finds in a matrix it finds in noise as well. Clusters of the V side that were found
from one half of the rows say something about the other half only where there is structure.
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
    """V clusters of each matrix from one half of its live rows, drawn at random, by (method, k).

    Not for methods that search for what saves bits, which half of the rows has fewer of. Not for
    whole networks: which rows a unit of one can be linked to goes by its layer, and its
    cluster mostly says which layer that is.

    Arguments are those of `spectral.cluster`. One split serves all methods and k. Of an odd
    number of live rows, the larger half is the one that clusters are found from.
    """
    methods = [method for method in methods if not chooses(method)]
    judged = [_judged_rows(matrix, name) for matrix, name in zip(matrices, names, strict=True)]
    halves = _halves(matrices, judged)
    found = cluster(halves, [(*name, "held out") for name in names], k_values, methods, restarts)
    masks = np.stack([mask for mask, _ in judged])
    return {key: HeldOut(masks, partition.columns) for key, partition in found.items()}


def _judged_rows(matrix: np.ndarray, name: StreamName) -> tuple[np.ndarray, np.ndarray]:
    """A mask [m] of the rows to judge on, and the numbers of those to find clusters from."""
    live = np.flatnonzero(live_units(matrix).rows)
    order = generator("held out", *name).permutation(live)
    middle = (len(live) + 1) // 2
    mask = np.zeros(len(matrix), bool)
    mask[order[middle:]] = True
    return mask, np.sort(order[:middle])


def _halves(matrices: np.ndarray, judged: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Rows to find clusters from, [matrices, rows, n]; rows of zeros, dead, where some have fewer.

    Not the whole matrices with dead rows: those of one shape are clustered together.
    """
    most = max((len(rows) for _, rows in judged), default=0)
    result = np.zeros((len(matrices), most, matrices.shape[2]), matrices.dtype)
    for index, (_, rows) in enumerate(judged):
        result[index, : len(rows)] = matrices[index, rows]
    return result
