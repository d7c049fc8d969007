"""How good a partition is, from the weights: structural measures as functions of the tables.

`catalogue` names them. A function in a module of its own, `added/<name>.py`, both of one name, is a
measure as soon as a line there names it.

`p` and `q` are the row sums and column sums of T; `p2` and `q2` those of T2. Every function takes
`Tables` with any leading axes and returns an array of those axes, NaN where it is not defined.
Logarithms are natural. docs/measures.md says what each measure sees and what misleads it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import numpy as np
from scipy.special import rel_entr

from clusterability.clustering.block_sums import Tables, mutual_information
from clusterability.measures import added
from clusterability.measures.catalogue import MEASURES

_NO_INFORMATION = 1e-12
"""I(P) below it counts as none."""


def mi_total(tables: Tables) -> np.ndarray:
    """I(P), the mutual information between output unit and input unit of all of abs(W), in nats.

    In [0, ln min(m, n)]. A property of the weights: no partition enters.
    """
    return np.asarray(tables.mi_total)


def mi(tables: Tables) -> np.ndarray:
    """I(T), the mutual information between U cluster and V cluster, in nats, in [0, ln k].

    Dhillon, Mallela & Modha 2003, eq. 1 and Lemma 2.1. Blind to how clusters are paired.
    """
    return mutual_information(tables.weights)


def mi_preserved(tables: Tables) -> np.ndarray:
    """I(T) / I(P), in [0, 1]; undefined where I(P) < 1e-12 (Dhillon, Mallela & Modha 2003)."""
    total = np.asarray(tables.mi_total)
    defined = total >= _NO_INFORMATION
    return np.where(defined, mi(tables) / np.where(defined, total, 1), np.nan)


def barber_q(tables: Tables) -> np.ndarray:
    """tr T - p.q, in [-1/2, 1 - 1/k]: bipartite modularity (Barber 2007, eq. 16)."""
    return _modularity(tables.weights)


def newman_q(tables: Tables) -> np.ndarray:
    """tr T - |p + q|^2 / 4: modularity of the graph taken as a plain one (Newman 2006, eq. 1)."""
    p, q = _marginals(tables.weights)
    return _trace(tables.weights) - ((p + q) ** 2).sum(axis=-1) / 4


def ncut(tables: Tables) -> np.ndarray:
    """k' - 2 sum of T_aa / (p_a + q_a) over the k' clusters with weight, in [0, k'].

    Normalised cut of the bipartite graph (Shi & Malik 2000; Filan et al. 2021). Lower is better.
    """
    return ncut_terms(tables).sum(axis=-1)


def ncut_per_cluster(tables: Tables) -> np.ndarray:
    """ncut / k', in [0, 1]. Lower is better."""
    p, q = _marginals(tables.weights)
    clusters = (p + q > 0).sum(axis=-1)
    return ncut(tables) / np.where(clusters > 0, clusters, np.nan)


def within_weight(tables: Tables) -> np.ndarray:
    """tr T, in [0, 1]: the share of abs(W) inside clusters."""
    return _trace(tables.weights)


def clusterability(tables: Tables) -> np.ndarray:
    """tr T2, in [0, 1]: the share of W squared inside clusters (Golechha et al. 2025).

    About 1/k by chance with clusters of equal size, more with unequal ones.
    """
    return _trace(tables.squares)


def clusterability_adjusted(tables: Tables) -> np.ndarray:
    """(C - E) / (1 - E), at most 1; C is `clusterability`, E its mean over permuted labels.

    E = sum of |U_a| |V_a| / (m n), both sides permuted independently. Undefined at E = 1.
    """
    pairs = (tables.row_sizes * tables.column_sizes).sum(axis=-1)
    units = tables.row_sizes.sum(axis=-1) * tables.column_sizes.sum(axis=-1)
    expected = pairs / np.where(units > 0, units, np.nan)
    room = np.where(expected < 1, 1 - expected, np.nan)
    return (clusterability(tables) - expected) / room


def clusterability_q(tables: Tables) -> np.ndarray:
    """tr T2 - p2.q2, in [-1/2, 1 - 1/k]: Barber's form on W squared."""
    return _modularity(tables.squares)


def held_out(tables: Tables) -> np.ndarray:
    """I(row; V cluster) in nats on rows that the V clusters were not found from, in [0, ln k].

    Half of the rows, drawn at random, are clustered; the mutual information is that of the other
    half's abs(W), summed over the columns of each cluster. Never exactly 0 on noise: compare it
    with the null `labels`, and where strengths differ with `strength`. Undefined where the half
    that clusters are found from has fewer live rows than k.
    """
    return np.asarray(tables.held_out)


def bits(tables: Tables) -> np.ndarray:
    """[D(all weights) - sum over a, b of D(weights between a and b) - labels of both sides] / ln 2.

    D is the code of Krichevsky & Trofimov 1981 of classes of sizes (`clustering.code_lengths`);
    docs/bits.md has the bound on values above 0 where weights are exchangeable. Blind to how
    clusters are paired.
    """
    return np.asarray(tables.bits)


def bits_per_weight(tables: Tables) -> np.ndarray:
    """bits / (m n), m and n live units."""
    weights = tables.row_sizes.sum(axis=-1) * tables.column_sizes.sum(axis=-1)
    return tables.bits / np.where(weights > 0, weights, np.nan)


def bits_within(tables: Tables) -> np.ndarray:
    """As `bits`, with two sets of weights only: inside clusters (a = b), and between them."""
    return np.asarray(tables.bits_within)


def bits_u(tables: Tables) -> np.ndarray:
    """As `bits`, of the best clusters of rows that a search finds with all columns in one, >= 0.

    Of partitions that are searched for by their bits; undefined for others.
    """
    return np.asarray(tables.bits_u)


def bits_v(tables: Tables) -> np.ndarray:
    """As `bits_u`, of clusters of columns."""
    return np.asarray(tables.bits_v)


def bits_joint(tables: Tables) -> np.ndarray:
    """bits - max(bits_u, bits_v, 0): what clusters of rows *and* of columns save together."""
    return tables.bits - np.maximum(np.maximum(tables.bits_u, tables.bits_v), 0)


def barber_terms(tables: Tables) -> np.ndarray:
    """T_aa - p_a q_a for each cluster, [..., k]; they sum to `barber_q`."""
    p, q = _marginals(tables.weights)
    return _diagonal(tables.weights) - p * q


def ncut_terms(tables: Tables) -> np.ndarray:
    """1 - 2 T_aa / (p_a + q_a) for each cluster, [..., k], 0 for empty ones; sum to `ncut`."""
    p, q = _marginals(tables.weights)
    volume = p + q
    inside = 2 * _diagonal(tables.weights) / np.where(volume == 0, 1, volume)
    return np.where(volume == 0, 0.0, 1 - inside)


def mi_terms(tables: Tables) -> np.ndarray:
    """Sum over b of T_ab ln(T_ab / (p_a q_b)) for each U cluster, [..., k]; they sum to `mi`."""
    p, q = _marginals(tables.weights)
    return rel_entr(tables.weights, p[..., :, None] * q[..., None, :]).sum(axis=-1)


def mean_strengths(tables: Tables) -> np.ndarray:
    """Mean strength of each cluster's U units, over that of all units, [..., k].

    p_a m / m_a with m live U units, m_a of them in the cluster: what a cluster has without any
    partner on the other side, and so the baseline of its other terms. NaN where it has no U unit.
    """
    p, _ = _marginals(tables.weights)
    sizes = tables.row_sizes
    return p * sizes.sum(axis=-1, keepdims=True) / np.where(sizes > 0, sizes, np.nan)


def effective_clusters(tables: Tables) -> np.ndarray:
    """Number of clusters that hold a unit of either side."""
    return ((tables.row_sizes + tables.column_sizes) > 0).sum(axis=-1)


_HERE: tuple[Callable[[Tables], np.ndarray], ...] = (
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
    """The measure of this name: from above, or from the module of its name."""
    known = {function.__name__: function for function in _HERE}
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


FUNCTIONS: dict[str, Callable[[Tables], np.ndarray]] = {name: _function(name) for name in MEASURES}
"""From tables to values, by the name of the measure, in the order of tables and figures."""
