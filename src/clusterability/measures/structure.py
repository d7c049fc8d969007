"""Structural measures: how good a partition is by the weights, as functions of block sums.

`catalogue` names them. To add a measure, write a function in a module of the same name,
`added/<name>.py`, and add an entry to the catalogue.

T [k, k] are the shares of abs(W) by U cluster and V cluster, with row sums p and column sums q; T2,
p2 and q2 are the same for W squared. Every function takes `Tables` with any leading axes and
returns an array of these axes, NaN where undefined. Logarithms are natural. docs/measures.md
describes what each measure sees and what misleads it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import numpy as np
from scipy.special import rel_entr

from clusterability.clustering.block_sums import Tables, mutual_information
from clusterability.extensions import named
from clusterability.measures import added
from clusterability.measures.catalogue import MEASURES

_NO_INFORMATION = 1e-12
"""A smaller I(P) in nats is rounding error."""


def mi_total(tables: Tables) -> np.ndarray:
    """Mutual information I(P) in nats between output unit and input unit, with P = abs(W) / sum.

        I(P) = sum over i, j of P_ij ln(P_ij / (p_i q_j)),   in [0, ln min(m, n)]

    It depends on the weights alone, not on the partition.

    Args:
        tables: block sums.

    References:
        Cover & Thomas 2006, Elements of Information Theory, eq. 2.28. doi:10.1002/047174882X

    >>> from clusterability.clustering.summing import tables_of
    >>> tables = tables_of(np.eye(2) + 0.5, {("any", 2): ([0, 1], [0, 1])})["any", 2]
    >>> round(mi_total(tables).item(), 4)
    0.1308
    """
    return np.asarray(tables.mi_total)


def mi(tables: Tables) -> np.ndarray:
    """Mutual information I(T) in nats between U cluster and V cluster.

        I(T) = sum over a, b of T_ab ln(T_ab / (p_a q_b)),   in [0, ln k]

    It does not depend on how clusters are paired.

    Args:
        tables: block sums.

    References:
        Dhillon, Mallela & Modha 2003, Information-theoretic co-clustering, KDD, eq. 1 and
        Lemma 2.1. doi:10.1145/956750.956764

    >>> from clusterability.clustering.summing import tables_of
    >>> tables = tables_of(np.eye(2), {("any", 2): ([0, 1], [0, 1])})["any", 2]
    >>> round(mi(tables).item(), 4)  # ln 2
    0.6931
    """
    return mutual_information(tables.weights)


def mi_preserved(tables: Tables) -> np.ndarray:
    """Share of mutual information that the partition preserves, I(T) / I(P), in [0, 1].

    Args:
        tables: block sums.

    Returns:
        The share; NaN where I(P) < 1e-12.

    References:
        Dhillon, Mallela & Modha 2003, Information-theoretic co-clustering, KDD.
        doi:10.1145/956750.956764

    >>> from clusterability.clustering.summing import tables_of
    >>> tables = tables_of(np.eye(4), {("any", 2): ([0, 0, 1, 1], [0, 0, 1, 1])})["any", 2]
    >>> mi_preserved(tables).round(9).item()  # ln 2 / ln 4
    0.5
    """
    total = np.asarray(tables.mi_total)
    defined = total >= _NO_INFORMATION
    return np.where(defined, mi(tables) / np.where(defined, total, 1), np.nan)


def barber_q(tables: Tables) -> np.ndarray:
    """Barber's bipartite modularity Q = tr T - p.q, in [-1/2, 1 - 1/k].

    Args:
        tables: block sums.

    References:
        Barber 2007, Modularity and community detection in bipartite networks, Phys. Rev. E 76,
        066102, eq. 16. doi:10.1103/PhysRevE.76.066102

    >>> from clusterability.clustering.summing import tables_of
    >>> tables = tables_of(np.eye(2) + 0.5, {("any", 2): ([0, 1], [0, 1])})["any", 2]
    >>> barber_q(tables).item()
    0.25
    """
    return _modularity(tables.weights)


def newman_q(tables: Tables) -> np.ndarray:
    """Newman's modularity of the graph, ignoring that it is bipartite: Q = tr T - |p + q|^2 / 4.

    Args:
        tables: block sums.

    References:
        Newman 2006, Modularity and community structure in networks, PNAS 103, 8577, eq. 1.
        doi:10.1073/pnas.0601602103

    >>> from clusterability.clustering.summing import tables_of
    >>> tables = tables_of(np.eye(2) + 0.5, {("any", 2): ([0, 1], [0, 1])})["any", 2]
    >>> newman_q(tables).item()
    0.25
    """
    p, q = _marginals(tables.weights)
    return _trace(tables.weights) - ((p + q) ** 2).sum(axis=-1) / 4


def ncut(tables: Tables) -> np.ndarray:
    """Normalised cut of the bipartite graph, k' - 2 sum of T_aa / (p_a + q_a), in [0, k'].

    The sum is over the k' clusters with weight. Lower is better.

    Args:
        tables: block sums.

    References:
        Shi & Malik 2000, Normalized cuts and image segmentation. doi:10.1109/34.868688
        Filan et al. 2021, Clusterability in neural networks. arXiv:2103.03386

    >>> from clusterability.clustering.summing import tables_of
    >>> tables = tables_of(np.eye(2) + 0.5, {("any", 2): ([0, 1], [0, 1])})["any", 2]
    >>> ncut(tables).item()
    0.5
    """
    return ncut_terms(tables).sum(axis=-1)


def ncut_per_cluster(tables: Tables) -> np.ndarray:
    """Normalised cut per cluster with weight, ncut / k', in [0, 1]. Lower is better.

    Args:
        tables: block sums.

    >>> from clusterability.clustering.summing import tables_of
    >>> tables = tables_of(np.eye(2) + 0.5, {("any", 2): ([0, 1], [0, 1])})["any", 2]
    >>> ncut_per_cluster(tables).item()
    0.25
    """
    p, q = _marginals(tables.weights)
    clusters = (p + q > 0).sum(axis=-1)
    return ncut(tables) / np.where(clusters > 0, clusters, np.nan)


def within_weight(tables: Tables) -> np.ndarray:
    """Share of abs(W) within clusters, tr T, in [0, 1].

    Args:
        tables: block sums.

    >>> from clusterability.clustering.summing import tables_of
    >>> tables = tables_of(np.eye(2) + 0.5, {("any", 2): ([0, 1], [0, 1])})["any", 2]
    >>> within_weight(tables).item()
    0.75
    """
    return _trace(tables.weights)


def clusterability(tables: Tables) -> np.ndarray:
    """Share of W squared within clusters, tr T2, in [0, 1].

    By chance it is about 1/k with clusters of equal size, and more with unequal ones.

    Args:
        tables: block sums.

    References:
        Golechha et al. 2025. arXiv:2502.02470

    >>> from clusterability.clustering.summing import tables_of
    >>> tables = tables_of(np.eye(2) + 0.5, {("any", 2): ([0, 1], [0, 1])})["any", 2]
    >>> clusterability(tables).item()
    0.9
    """
    return _trace(tables.squares)


def clusterability_adjusted(tables: Tables) -> np.ndarray:
    """Clusterability adjusted for chance, (C - E) / (1 - E), at most 1.

    C is `clusterability`, and E = sum over a of |U_a| |V_a| / (m n) its mean over independent
    permutations of the labels on both sides.

    Args:
        tables: block sums.

    Returns:
        The adjusted share; NaN where E = 1.

    >>> from clusterability.clustering.summing import tables_of
    >>> tables = tables_of(np.eye(2) + 0.5, {("any", 2): ([0, 1], [0, 1])})["any", 2]
    >>> clusterability_adjusted(tables).round(9).item()
    0.8
    """
    pairs = (tables.row_sizes * tables.column_sizes).sum(axis=-1)
    units = tables.row_sizes.sum(axis=-1) * tables.column_sizes.sum(axis=-1)
    expected = pairs / np.where(units > 0, units, np.nan)
    room = np.where(expected < 1, 1 - expected, np.nan)
    return (clusterability(tables) - expected) / room


def clusterability_q(tables: Tables) -> np.ndarray:
    """Modularity of W squared, tr T2 - p2.q2, in [-1/2, 1 - 1/k]: the formula of `barber_q` on T2.

    Args:
        tables: block sums.

    >>> from clusterability.clustering.summing import tables_of
    >>> tables = tables_of(np.eye(2) + 0.5, {("any", 2): ([0, 1], [0, 1])})["any", 2]
    >>> clusterability_q(tables).item()
    0.4
    """
    return _modularity(tables.squares)


def held_out(tables: Tables) -> np.ndarray:
    """Mutual information I(row; V cluster) in nats on held-out rows, in [0, ln k].

    A random half of the rows is clustered. The mutual information is that of abs(W) in the other
    half, summed over the columns of each V cluster. It is never exactly 0 on noise: compare it with
    the null `labels`, and with `strength` where strengths differ.

    Args:
        tables: block sums.

    Returns:
        Nats; NaN where the clustered half has fewer live rows than k, or nothing was held out.

    >>> from clusterability.clustering.summing import tables_of
    >>> held_out(tables_of(np.eye(2), {("any", 2): ([0, 1], [0, 1])})["any", 2]).item()
    nan
    """
    return np.asarray(tables.held_out)


def bits(tables: Tables) -> np.ndarray:
    """Saved bits: how much the clusters shorten the description of the weights, net of the labels.

        [D(all weights) - sum over a, b of D(weights between a and b) - labels of both sides] / ln 2

    D is the code length of the size classes (`clustering.code_lengths`). If weights are
    exchangeable, chance rarely gives values above 0; docs/bits.md has the bound. Bits do not depend
    on how clusters are paired.

    Args:
        tables: block sums.

    References:
        Krichevsky & Trofimov 1981. doi:10.1109/TIT.1981.1056331
        Rissanen 1978, Modeling by shortest data description. doi:10.1016/0005-1098(78)90005-5

    >>> from clusterability.clustering.summing import tables_of
    >>> blocks, halves = np.kron(np.eye(2), np.ones((4, 4))), [0] * 4 + [1] * 4
    >>> tables = tables_of(blocks, {("any", 2): (halves, halves)})["any", 2]
    >>> round(bits(tables).item(), 2)
    37.38
    """
    return np.asarray(tables.bits)


def bits_per_weight(tables: Tables) -> np.ndarray:
    """Saved bits per weight between live units, `bits` / (m n).

    Args:
        tables: block sums.

    >>> from clusterability.clustering.summing import tables_of
    >>> blocks, halves = np.kron(np.eye(2), np.ones((4, 4))), [0] * 4 + [1] * 4
    >>> tables = tables_of(blocks, {("any", 2): (halves, halves)})["any", 2]
    >>> round(bits_per_weight(tables).item(), 3)
    0.584
    """
    weights = tables.row_sizes.sum(axis=-1) * tables.column_sizes.sum(axis=-1)
    return tables.bits / np.where(weights > 0, weights, np.nan)


def bits_within(tables: Tables) -> np.ndarray:
    """Saved bits if only weights within clusters (a = b) and between clusters are told apart.

    Args:
        tables: block sums.

    >>> from clusterability.clustering.summing import tables_of
    >>> blocks, halves = np.kron(np.eye(2), np.ones((4, 4))), [0] * 4 + [1] * 4
    >>> tables = tables_of(blocks, {("any", 2): (halves, halves)})["any", 2]
    >>> round(bits_within(tables).item(), 2)
    42.07
    """
    return np.asarray(tables.bits_within)


def bits_u(tables: Tables) -> np.ndarray:
    """Saved bits of the best row clusters that a search finds with all columns in one cluster.

    Args:
        tables: block sums.

    Returns:
        Bits, at least 0; NaN for partitions that are not themselves searched for by saved bits.

    >>> from clusterability.clustering.summing import tables_of
    >>> bits_u(tables_of(np.eye(2), {("matched", 2): ([0, 1], [0, 1])})["matched", 2]).item()
    nan
    """
    return np.asarray(tables.bits_u)


def bits_v(tables: Tables) -> np.ndarray:
    """Saved bits of the best column clusters that a search finds with all rows in one cluster.

    Args:
        tables: block sums.

    Returns:
        Bits, at least 0; NaN for partitions that are not themselves searched for by saved bits.

    >>> from clusterability.clustering.summing import tables_of
    >>> bits_v(tables_of(np.eye(2), {("matched", 2): ([0, 1], [0, 1])})["matched", 2]).item()
    nan
    """
    return np.asarray(tables.bits_v)


def bits_joint(tables: Tables) -> np.ndarray:
    """Bits that clusters of both sides save beyond the better side, bits - max(bits_u, bits_v, 0).

    Args:
        tables: block sums.

    Returns:
        Bits; NaN for partitions that are not themselves searched for by saved bits.

    >>> from clusterability.clustering.summing import tables_of
    >>> blocks, halves = np.kron(np.eye(2), np.ones((4, 4))), [0] * 4 + [1] * 4
    >>> tables = tables_of(blocks, {("described", 2): (halves, halves)})["described", 2]
    >>> round(bits_joint(tables).item(), 2)
    35.38
    """
    return tables.bits - np.maximum(np.maximum(tables.bits_u, tables.bits_v), 0)


def barber_terms(tables: Tables) -> np.ndarray:
    """Term T_aa - p_a q_a of each cluster, [..., k]; they sum to `barber_q`."""
    p, q = _marginals(tables.weights)
    return _diagonal(tables.weights) - p * q


def ncut_terms(tables: Tables) -> np.ndarray:
    """Term 1 - 2 T_aa / (p_a + q_a) of each cluster, [..., k], 0 if empty; they sum to `ncut`."""
    p, q = _marginals(tables.weights)
    volume = p + q
    inside = 2 * _diagonal(tables.weights) / np.where(volume == 0, 1, volume)
    return np.where(volume == 0, 0.0, 1 - inside)


def mi_terms(tables: Tables) -> np.ndarray:
    """Term of each U cluster, sum over b of T_ab ln(T_ab / (p_a q_b)), [..., k]; sum to `mi`."""
    p, q = _marginals(tables.weights)
    return rel_entr(tables.weights, p[..., :, None] * q[..., None, :]).sum(axis=-1)


def mean_strengths(tables: Tables) -> np.ndarray:
    """Mean strength of each cluster's U units, relative to that of all U units, [..., k].

        p_a m / m_a, with m live U units, m_a of them in cluster a

    This is what a cluster has without any partner on the other side, and so the baseline of its
    other terms. NaN where it has no U unit.
    """
    p, _ = _marginals(tables.weights)
    sizes = tables.row_sizes
    return p * sizes.sum(axis=-1, keepdims=True) / np.where(sizes > 0, sizes, np.nan)


def effective_clusters(tables: Tables) -> np.ndarray:
    """Number of clusters that contain at least one unit of either side."""
    return ((tables.row_sizes + tables.column_sizes) > 0).sum(axis=-1)


_BUILT_IN: tuple[Callable[[Tables], np.ndarray], ...] = (
    mi_total,
    mi,
    mi_preserved,
    barber_q,
    newman_q,
    ncut,
    ncut_per_cluster,
    within_weight,
    clusterability,
    clusterability_adjusted,
    clusterability_q,
    held_out,
    bits,
    bits_per_weight,
    bits_within,
    bits_u,
    bits_v,
    bits_joint,
)


def _function(name: str) -> Callable[[Tables], np.ndarray]:
    """Look up a measure by name: defined above, or in the module of its name."""
    known = {function.__name__: function for function in _BUILT_IN}
    if name in known:
        return known[name]
    return getattr(import_module(f"{added.__name__}.{name}"), name)


def _marginals(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return table.sum(axis=-1), table.sum(axis=-2)


def _diagonal(table: np.ndarray) -> np.ndarray:
    return np.diagonal(table, axis1=-2, axis2=-1)


def _trace(table: np.ndarray) -> np.ndarray:
    return _diagonal(table).sum(axis=-1)


def _modularity(table: np.ndarray) -> np.ndarray:
    p, q = _marginals(table)
    return _trace(table) - (p * q).sum(axis=-1)


class _Functions(dict[str, Callable[[Tables], np.ndarray]]):
    """Functions of the library; `functions[name]` also gives functions of other packages."""

    def __missing__(self, name: str) -> Callable[[Tables], np.ndarray]:
        extension = named("measure", name)
        function = extension.function()

        def checked(tables: Tables) -> np.ndarray:
            values, shape = np.asarray(function(tables), float), np.shape(tables.mi_total)
            if values.shape != shape:
                raise extension.fault(f"values of shape {values.shape}", f"the shape {shape}")
            return values

        return checked


FUNCTIONS: dict[str, Callable[[Tables], np.ndarray]] = _Functions()
FUNCTIONS |= {name: _function(name) for name in MEASURES}
"""Functions from tables to values, by measure, in the order of tables and figures."""
