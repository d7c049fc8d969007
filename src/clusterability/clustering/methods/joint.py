"""Method `joint`: k-means over the units of both sides together."""

from __future__ import annotations

import math

from clusterability.clustering.problem import Labelling, Problem


def partition(problem: Problem) -> Labelling:
    """k-means on singular vectors 2 to 1 + ceil(log2 k) of both sides together, scaled by D^-1/2.

    Args:
        problem: one matrix at one k.

    References:
        Dhillon 2001, Co-clustering documents and words using bipartite spectral graph
        partitioning, KDD, eq. 12. doi:10.1145/502512.502550
    """
    count = math.ceil(math.log2(problem.k))
    return problem.both_sides(problem.embedding.nontrivial(count, problem.k))
