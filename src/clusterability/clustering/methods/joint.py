"""Method `joint`: the units of both sides at once (Dhillon 2001)."""

from __future__ import annotations

import math

from clusterability.clustering.problem import Found, Problem


def partition(problem: Problem) -> Found:
    """k-means on the vectors 2 to 1 + ceil(log2 k) of both sides together (eq. 12)."""
    count = math.ceil(math.log2(problem.k))
    return problem.both_sides(problem.embedding.nontrivial(count, problem.k))
