"""Null `strength`: the weights permuted, every unit's sum of abs(W) kept.

Keeps the strength of every unit, its sum of abs(W), and which weights are zero. It asks whether
there is more structure than units of different strengths bring with them.

A = abs(W) is balanced to equal row and equal column sums, its non-zero entries are permuted among
their own places, and the result is scaled to the row and column sums of A. Balancing comes first:
permuted as they are, the entries would carry the differences of strength to other places, and
scaling would add them a second time.

Approximate, and made for A_ij = r_i c_j E_ij where the entries of E are exchangeable: balancing
ties the entries together, so that they are no longer quite exchangeable. docs/measures.md says how
far its p can be trusted. The null `shuffle` of Filan et al. 2021 does not keep strengths.
"""

from __future__ import annotations

import numpy as np

from clusterability.clustering.held_out import held_out_clusters
from clusterability.networks.sinkhorn import balance, scale_to
from clusterability.nulls.redrawing import Draw
from clusterability.nulls.shuffle_nonzero import permute_nonzero
from clusterability.randomness import StreamName

# Clusters of columns sort them by strength, too, and the strengths of the other rows go along:
# where strengths differ, the null `labels` is too weak for held-out information.
__all__ = ["held_out_clusters", "redraw"]


def redraw(matrix: np.ndarray, name: StreamName) -> Draw:
    """What makes draw number i, float64 [m, n], non-negative: strengths know no sign.

    The relative error of every row and column sum is at most 1e-9. A draw that cannot be scaled is
    NaN throughout, and so is every draw of a matrix that cannot be balanced.

    Args:
        matrix: weights [m, n].
        name: condition, seed and layer.

    Of weights without any structure but strengths, every draw gives their absolute values:

    >>> draw = redraw(np.outer([1.0, 2.0], [3.0, -1.0]), ("trained", 0, "fc1"))
    >>> draw(0).round(9).tolist()
    [[3.0, 1.0], [6.0, 2.0]]
    """
    weights = np.abs(matrix.astype(np.float64))
    sums = weights.sum(axis=1), weights.sum(axis=0)
    permute = permute_nonzero(balance(weights), (*name, "strength"))
    return lambda number: scale_to(permute(number), *sums)
