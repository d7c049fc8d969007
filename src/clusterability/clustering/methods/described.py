"""Method `described`: at most k clusters per side, chosen by the bits that they save."""

from __future__ import annotations

from math import log

import numpy as np

from clusterability.clustering.describing import Descent
from clusterability.clustering.methods.matched import pair_clusters
from clusterability.clustering.problem import Labelling, Problem
from clusterability.clustering.summing import all_block_sums


def partition(problem: Problem) -> Labelling:
    """Partition with the shortest description found from any start.

    V clusters are paired with U clusters as in `matched`.

    Args:
        problem: one matrix at one k, the maximum number of clusters per side.

    References:
        Merging: Peixoto 2014, Phys. Rev. E 89, 012804. doi:10.1103/PhysRevE.89.012804
        Code: Krichevsky & Trofimov 1981. doi:10.1109/TIT.1981.1056331
    """
    k, adjacency = problem.k, problem.adjacency
    levels = [shortest(descent, k) for descent in problem.descents]
    ends = list(zip(problem.descents, levels, strict=True))
    descent, level = min(ends, key=lambda end: cost(end[0], end[1], k))
    rows, columns = descent.rows[level], descent.columns[level]
    if level > 1:
        rows, columns = problem.grid.settled(rows, columns)
    (table,) = all_block_sums(adjacency, {("described", k): (rows, columns)})
    return Labelling(
        rows,
        pair_clusters(table)[columns],
        np.stack([descent.rows[level] for descent, level in ends]),
        np.stack([descent.columns[level] for descent, level in ends]),
    )


def shortest(descent: Descent, k: int) -> int:
    """Number of clusters, at most k, with the lowest cost."""
    levels = range(1, min(k + 1, len(descent.lengths)))
    return min(levels, key=lambda level: cost(descent, level, k))


def cost(descent: Descent, level: int, k: int) -> float:
    """Nats of a description, plus 2 ln k for choosing the numbers of clusters if there are any."""
    return float(descent.lengths[level]) + (2 * log(k) if level > 1 else 0.0)
