"""The tables that all structural measures are computed from.

For a weight matrix W and a partition into k clusters on each side: T, the share of abs(W) between
each pair of clusters; T2, the same for W squared; I(P), the mutual information of all of abs(W);
and the clusters' sizes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from clusterability.networks.partitions import Key


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
        bits, bits_within, bits_u, bits_v: saved bits, [...], as `saved_bits.SavedBits` has them.

    Where k is infeasible or all weights are zero, T, T2 are NaN.
    """

    weights: np.ndarray
    squares: np.ndarray
    mi_total: np.ndarray
    row_sizes: np.ndarray
    column_sizes: np.ndarray
    held_out: np.ndarray
    bits: np.ndarray
    bits_within: np.ndarray
    bits_u: np.ndarray
    bits_v: np.ndarray

    def at(self, place: int) -> Tables:
        """Those at a place of the first axis."""
        return Tables(**{f.name: getattr(self, f.name)[place] for f in fields(Tables)})


KeyedTables = dict[Key, Tables]
"""Tables by (method, k)."""


def stack_tables(tables: Sequence[Tables]) -> Tables:
    """Tables of one shape along a new first axis."""
    columns = {f.name: np.stack([getattr(t, f.name) for t in tables]) for f in fields(Tables)}
    return Tables(**columns)


def stack_by_key(found: Sequence[Mapping[Key, Tables]]) -> KeyedTables:
    """As `stack_tables`, for tables by (method, k); the first has all keys, later ones may not."""
    return {
        key: stack_tables([tables[key] for tables in found if key in tables]) for key in found[0]
    }


def one_hot(labels: np.ndarray, k: int) -> np.ndarray:
    """Membership [..., units, k] as float64; all zero for the label -1."""
    return (labels[..., None] == np.arange(k)).astype(np.float64)


def mutual_information(joint: np.ndarray) -> np.ndarray:
    """Mutual information in nats of joint distributions [..., m, n], each of sum 1.

    Sum of P ln P, less those of the marginals; 0 ln 0 = 0 (Cover & Thomas 2006, eq. 2.28). NaN
    where the entries do not sum to a positive number. Never below 0: rounding is cut off.
    """
    total = joint.sum(axis=(-2, -1))
    entropy_terms = p_ln_p(joint).sum(axis=(-2, -1))
    for axis in (-1, -2):
        entropy_terms = entropy_terms - p_ln_p(joint.sum(axis=axis)).sum(axis=-1)
    return np.where(total > 0, np.maximum(entropy_terms, 0), np.nan)


def p_ln_p(shares: np.ndarray) -> np.ndarray:
    """p ln p, with 0 ln 0 = 0."""
    return shares * np.log(np.where(shares > 0, shares, 1))
