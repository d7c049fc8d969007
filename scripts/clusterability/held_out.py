"""Clusters of columns found from half of the rows: does the other half know them too?

What k-means finds in a matrix it finds in noise as well. Clusters of the V side that were found
from one half of the rows say something about the other half only where there is structure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clusterability.clustering import cluster
from clusterability.graph import live_units
from clusterability.partitions import HeldOut, Key
from clusterability.randomness import StreamName, generator


def held_out_clusters(
    matrices: np.ndarray,
    names: Sequence[StreamName],
    k_values: Sequence[int],
    methods: Sequence[str],
    restarts: int,
) -> dict[Key, HeldOut]:
    """V clusters of each matrix from one half of its live rows, drawn at random, by (method, k).

    Arguments are those of `clustering.cluster`. One split serves all methods and k. Of an odd
    number of live rows, the larger half is the one that clusters are found from.
    """
    judged = np.stack(
        [_judged_rows(matrix, name) for matrix, name in zip(matrices, names, strict=True)]
    )
    # Without its weights, a row is dead and has no say.
    halves = np.where(judged[:, :, None], 0, matrices)
    found = cluster(halves, [(*name, "held out") for name in names], k_values, methods, restarts)
    return {key: HeldOut(judged, partition.columns) for key, partition in found.items()}


def _judged_rows(matrix: np.ndarray, name: StreamName) -> np.ndarray:
    """Half of the live rows, as a mask [m]."""
    live = np.flatnonzero(live_units(matrix).rows)
    rows = generator("held out", *name).permutation(live)[(len(live) + 1) // 2 :]
    mask = np.zeros(len(matrix), bool)
    mask[rows] = True
    return mask
