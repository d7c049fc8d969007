"""Block sums of a partition, from which all structural measures are computed.

A weight matrix W and a partition into k clusters per side give T, the share of abs(W) between each
U cluster and each V cluster; T2, the same for W squared; I(P), the mutual information of abs(W)
before clustering; and the cluster sizes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from clusterability.networks.partitions import Key


@dataclass(frozen=True)
class Tables:
    """Block sums of partitions into k clusters per side, with any leading axes.

    Attributes:
        weights: T, [..., k, k]: shares of abs(W) by U cluster and V cluster; they sum to 1.
        squares: T2, [..., k, k]: the same for W squared.
        mi_total: I(P) in nats, [...].
        row_sizes, column_sizes: live units per cluster, [..., k].
        held_out: I(row; V cluster) in nats on rows that were not clustered, [...]; NaN if it was
            not computed.
        bits, bits_within, bits_u, bits_v: saved bits, [...], as in `saved_bits.SavedBits`.

    T and T2 are NaN where k is infeasible or all weights are zero.
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

    def at(self, index: int) -> Tables:
        """Tables at one index of the first axis."""
        return Tables(**{f.name: getattr(self, f.name)[index] for f in fields(Tables)})


KeyedTables = dict[Key, Tables]
"""Tables by (method, k)."""


def stack_tables(tables: Sequence[Tables]) -> Tables:
    """Stack tables of equal shape along a new first axis."""
    columns = {f.name: np.stack([getattr(t, f.name) for t in tables]) for f in fields(Tables)}
    return Tables(**columns)


def stack_by_key(parts: Sequence[Mapping[Key, Tables]]) -> KeyedTables:
    """Stack tables by (method, k) along a new first axis.

    The first mapping has all keys; later ones may lack some.
    """
    return {
        key: stack_tables([tables[key] for tables in parts if key in tables]) for key in parts[0]
    }


def one_hot(labels: np.ndarray, k: int) -> np.ndarray:
    """Membership matrix [..., units, k] as float64; all zeros for the label -1."""
    return (labels[..., None] == np.arange(k)).astype(np.float64)


def mutual_information(joint: np.ndarray) -> np.ndarray:
    """Mutual information in nats of joint distributions.

        I = sum over i, j of P_ij ln P_ij - sum over i of p_i ln p_i - sum over j of q_j ln q_j

    with 0 ln 0 = 0, and p and q the marginals of P.

    Args:
        joint: P, [..., m, n]; the entries of each distribution sum to 1.

    Returns:
        I, [...]. Rounding errors below 0 are set to 0. NaN where the entries do not sum to a
        positive number.

    References:
        Cover & Thomas 2006, Elements of Information Theory, eq. 2.28. doi:10.1002/047174882X

    >>> mutual_information(np.eye(2) / 2).round(4).item()  # ln 2
    0.6931
    """
    total = joint.sum(axis=(-2, -1))
    entropy_terms = p_ln_p(joint).sum(axis=(-2, -1))
    for axis in (-1, -2):
        entropy_terms = entropy_terms - p_ln_p(joint.sum(axis=axis)).sum(axis=-1)
    return np.where(total > 0, np.maximum(entropy_terms, 0), np.nan)


def p_ln_p(shares: np.ndarray) -> np.ndarray:
    """Elementwise p ln p, with 0 ln 0 = 0."""
    return shares * np.log(np.where(shares > 0, shares, 1))
