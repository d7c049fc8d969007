"""Method `whole`: the units of all layers at once (Filan et al. 2021)."""

from __future__ import annotations

from clusterability.clustering.problem import Found, Problem


def partition(problem: Problem) -> Found:
    """k-means on k eigenvectors of the graph's normalised adjacency, scaled by D^-1/2.

    The eigenvectors with the largest eigenvalues are the pairs of singular vectors of the graph's
    even x odd block, and these are the eigenvalues.
    """
    return problem.both_sides(problem.embedding.leading(problem.k))
