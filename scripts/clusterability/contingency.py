"""The tables that all structural measures are computed from.

For a weight matrix W and a partition into k clusters on each side: T, the share of abs(W) between
each pair of clusters; T2, the same for W squared; I(P), the mutual information of all of abs(W);
and the clusters' sizes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy.special import xlogy

from clusterability.graph import DEAD
from clusterability.partitions import HeldOut, Key, Labels, Partitions, labels_of


@dataclass(frozen=True)
class Tables:
    """Tables of partitions into k clusters; leading axes as the caller likes.

    Attributes:
        weights: T, [..., k, k]: shares of abs(W) by U cluster and V cluster; they sum to 1.
        squares: T2, [..., k, k]: the same for W squared.
        mi_total: I(P) in nats, [...].
        row_sizes, column_sizes: live units in each cluster, [..., k].
        held_out: I(row; V cluster) in nats on rows that the V clusters were not found from, [...];
            NaN where it was not asked for.

    Where k is infeasible or all weights are zero, T, T2 are NaN.
    """

    weights: np.ndarray
    squares: np.ndarray
    mi_total: np.ndarray
    row_sizes: np.ndarray
    column_sizes: np.ndarray
    held_out: np.ndarray


def stack_tables(tables: Sequence[Tables]) -> Tables:
    """Tables of one shape along a new first axis."""
    columns = {f.name: np.stack([getattr(t, f.name) for t in tables]) for f in fields(Tables)}
    return Tables(**columns)


def stack_by_key(found: Sequence[Mapping[Key, Tables]]) -> dict[Key, Tables]:
    """As `stack_tables`, for tables by (method, k)."""
    return {key: stack_tables([tables[key] for tables in found]) for key in found[0]}


def block_sums(matrices: np.ndarray, rows: np.ndarray, columns: np.ndarray, k: int) -> np.ndarray:
    """Sums [..., k, k] of matrices [..., m, n] over the blocks of labels [..., m] and [..., n].

    Units with the label -1 are left out.
    """
    return one_hot(rows, k).swapaxes(-1, -2) @ (matrices @ one_hot(columns, k))


def one_hot(labels: np.ndarray, k: int) -> np.ndarray:
    """Membership [..., units, k] as float64; all zero for the label -1."""
    return (labels[..., None] == np.arange(k)).astype(np.float64)


def tables_of(
    matrix: np.ndarray, partitions: Labels, held_out: Mapping[Key, float] | None = None
) -> dict[Key, Tables]:
    """Tables of one weight matrix for many partitions at once.

    Args:
        matrix: weights [m, n].
        partitions: labels of rows [m] and columns [n] by (method, k).
        held_out: what `held_out_information` gives, where it is known.

    Returns:
        Tables without leading axes by (method, k).
    """
    weights = np.abs(matrix.astype(np.float64))
    squares = weights**2
    if weights.sum() > 0:
        weights, squares = weights / weights.sum(), squares / squares.sum()
    mi_total = mutual_information(weights)
    members = [one_hot(rows, k).T for (_, k), (rows, _) in partitions.items()]
    # One product for all partitions: the matrix is read once.
    both = np.concatenate(members) @ np.concatenate([weights, squares], axis=1)
    result = {}
    start = 0
    for (method, k), (rows, columns) in partitions.items():
        sums = both[start : start + k].reshape(k, 2, -1) @ one_hot(columns, k)
        start += k
        result[method, k] = Tables(
            weights=_shares(sums[:, 0]),
            squares=_shares(sums[:, 1]),
            mi_total=mi_total,
            row_sizes=np.bincount(rows[rows != DEAD], minlength=k),
            column_sizes=np.bincount(columns[columns != DEAD], minlength=k),
            held_out=np.array((held_out or {}).get((method, k), np.nan)),
        )
    return result


def partition_tables(
    matrix: np.ndarray,
    partitions: Mapping[Key, Partitions],
    held_out: Mapping[Key, HeldOut],
    index: int,
) -> dict[Key, Tables]:
    """Tables of one matrix out of those that were clustered together.

    Args:
        matrix: weights [m, n].
        partitions, held_out: of all matrices, by (method, k); `held_out` may be empty.
        index: which matrix it is.
    """
    information = held_out_information(matrix, labels_of(held_out, index)) if held_out else {}
    return tables_of(matrix, labels_of(partitions, index), information)


def held_out_information(matrix: np.ndarray, held_out: Labels) -> dict[Key, float]:
    """I(row; V cluster) in nats of abs(W) on held-out rows, by (method, k).

    NaN where these rows have no weight in any cluster.

    Args:
        matrix: weights [m, n].
        held_out: rows to judge on, bool [m], and labels of the columns [n], by (method, k).
    """
    weights = np.abs(matrix.astype(np.float64))
    members = [one_hot(columns, k) for (_, k), (_, columns) in held_out.items()]
    # One product for all partitions, as in `tables_of`.
    sums = weights @ np.concatenate(members, axis=1)
    result = {}
    start = 0
    for (method, k), (rows, _) in held_out.items():
        joint = sums[rows, start : start + k]
        start += k
        total = joint.sum()
        result[method, k] = float(mutual_information(joint / total)) if total > 0 else np.nan
    return result


def _shares(sums: np.ndarray) -> np.ndarray:
    total = sums.sum()
    return sums / total if total > 0 else np.full_like(sums, np.nan)


def mutual_information(joint: np.ndarray) -> np.ndarray:
    """Mutual information in nats of joint distributions [..., m, n], each of sum 1.

    Sum of P ln P, less those of the marginals; 0 ln 0 = 0 (Cover & Thomas 2006, eq. 2.28). NaN
    where the entries do not sum to a positive number. Never below 0: rounding is cut off.
    """
    total = joint.sum(axis=(-2, -1))
    entropy_terms = xlogy(joint, joint).sum(axis=(-2, -1))
    for axis in (-1, -2):
        marginal = joint.sum(axis=axis)
        entropy_terms = entropy_terms - xlogy(marginal, marginal).sum(axis=-1)
    return np.where(total > 0, np.maximum(entropy_terms, 0), np.nan)
