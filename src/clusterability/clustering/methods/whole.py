"""Method `whole`: k-means over the units of all layers at once."""

from __future__ import annotations

from clusterability.clustering.problem import Labelling, Problem


def partition(problem: Problem) -> Labelling:
    """k-means on k eigenvectors of the graph's normalised adjacency matrix, scaled by D^-1/2.

    The eigenvectors with the largest eigenvalues are pairs of singular vectors of the block between
    even and odd layers, and the singular values are these eigenvalues.

    Args:
        problem: the network as one bipartite graph, at one k.

    References:
        Filan et al. 2021, Clusterability in neural networks. arXiv:2103.03386
    """
    return problem.both_sides(problem.embedding.leading(problem.k))
