"""Structural measures of one matrix and partition, from their definitions in docs/measures.md."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_NO_INFORMATION = 1e-12


@dataclass(frozen=True)
class Tables:
    """Tables from which measures are computed.

    Attributes:
        shares, squares: T and T2, [k, k]: shares of abs(W) and of W squared, by U and V cluster.
        information: I(P) in nats.
        row_sizes, column_sizes: live units of each cluster, [k].
    """

    shares: np.ndarray
    squares: np.ndarray
    information: float
    row_sizes: np.ndarray
    column_sizes: np.ndarray


def tables_of(matrix: np.ndarray, rows: np.ndarray, columns: np.ndarray, k: int) -> Tables:
    """Compute the tables of a partition, block by block.

    Args:
        matrix: weights W [m, n].
        rows, columns: labels [m] and [n] from 0 to k - 1; -1 for dead units.
        k: number of clusters per side.
    """
    sizes = np.abs(np.asarray(matrix, np.float64))
    sums, squares = np.zeros((k, k)), np.zeros((k, k))
    largest = sizes.max(initial=0.0)
    for a in range(k):
        for b in range(k):
            block = sizes[rows == a][:, columns == b]
            sums[a, b] = block.sum()
            squares[a, b] = ((block / largest) ** 2).sum() if largest else 0.0
    return Tables(
        _share(sums),
        _share(squares),
        information(sizes),
        np.array([(rows == a).sum() for a in range(k)]),
        np.array([(columns == b).sum() for b in range(k)]),
    )


def _share(sums: np.ndarray) -> np.ndarray:
    total = sums.sum()
    return sums / total if total > 0 else np.full_like(sums, np.nan)


def information(joint: np.ndarray) -> float:
    """Mutual information of a joint distribution in nats; NaN if it is all zeros.

    I = sum of P ln(P / (P_i P_j)), P = joint / sum (Cover & Thomas 2006, eq. 2.28).

    >>> round(information(np.eye(2)), 4)  # ln 2
    0.6931
    """
    total = joint.sum()
    if not total > 0:
        return math.nan
    shares = joint / total
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    terms = 0.0
    for i, row in enumerate(shares):
        nonzero = row > 0
        terms += float((row[nonzero] * np.log(row[nonzero] / (rows[i] * columns[nonzero]))).sum())
    return max(terms, 0.0)


def measures_of(tables: Tables) -> dict[str, float]:
    """All measures by name, except bits and held-out information; empty for undefined tables."""
    if np.isnan(tables.shares).any():
        return {}
    weights, squares = tables.shares, tables.squares
    p, q = weights.sum(axis=1), weights.sum(axis=0)
    p2, q2 = squares.sum(axis=1), squares.sum(axis=0)
    clusters = range(len(weights))
    inside = sum(weights[a, a] for a in clusters)
    inside_squares = sum(squares[a, a] for a in clusters)
    cuts = [1 - 2 * weights[a, a] / (p[a] + q[a]) for a in clusters if p[a] + q[a] > 0]
    between_clusters = information(weights)
    known = tables.information >= _NO_INFORMATION
    return {
        "mi_total": tables.information,
        "mi": between_clusters,
        "mi_preserved": between_clusters / tables.information if known else math.nan,
        "barber_q": inside - sum(p[a] * q[a] for a in clusters),
        "newman_q": inside - sum((p[a] + q[a]) ** 2 for a in clusters) / 4,
        "ncut": sum(cuts),
        "ncut_per_cluster": sum(cuts) / len(cuts),
        "within_weight": inside,
        "clusterability": inside_squares,
        "clusterability_adjusted": _adjusted(inside_squares, tables),
        "clusterability_q": inside_squares - sum(p2[a] * q2[a] for a in clusters),
    }


def _adjusted(inside: float, tables: Tables) -> float:
    """(C - E) / (1 - E), with E = sum of |U_a| |V_a| / (m n); NaN at E = 1."""
    m, n = tables.row_sizes.sum(), tables.column_sizes.sum()
    pairs = sum(int(u) * int(v) for u, v in zip(tables.row_sizes, tables.column_sizes, strict=True))
    expected = pairs / (m * n)
    return (inside - expected) / (1 - expected) if expected < 1 else math.nan


def held_out(matrix: np.ndarray, rows: np.ndarray, columns: np.ndarray, k: int) -> float:
    """I(row; V cluster) of abs(W) in nats, over the rows selected by a mask [m].

    `columns` are labels [n].
    """
    judged = np.abs(np.asarray(matrix, np.float64))[rows]
    sums = [judged[:, columns == b].sum(axis=1) for b in range(k)]
    return information(np.stack(sums, axis=1))
