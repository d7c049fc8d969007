"""Choosing k: by the largest z over k, by the gap between singular values, by stability.

The largest of several z is large by chance alone. The same maximum is therefore taken for each
draw of a null: draw d of a network is the same random matrix at every k, so the largest z of a
network and those of its draws are alike by chance (the max-statistic test of Westfall & Young
1993). Where the largest z of the network is not among the highest 5 %, the answer is k = 1, no
clusters. This holds for nulls that cluster each draw again: the maximum over permutations of found
labels is another thing.

The k of the largest z is where a measure stands out most from chance, in units of its null's
spread, which changes with k: not always the number of clusters. Three planted clusters are found
at k = 3 by mutual information; modularity stands out about as much at k = 2, where two are merged.

How good the partition at the chosen k is cannot be read off the networks that it was chosen from:
k is chosen on one half of the seeds and the measure is reported on the other half.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from clusterability.clustering.block_sums import Tables
from clusterability.clustering.embedding import embed
from clusterability.comparison import compare
from clusterability.measures.structure import MEASURES
from clusterability.networks.live_units import DEAD, live_units
from clusterability.networks.partitions import Key
from clusterability.numerics import one_thread
from clusterability.statistics import SIGNIFICANT, compared_means, interval, replicate_p

NO_CLUSTERS = 1
"""The k of a layer without clusters."""

_TIE = 1e-9
"""Gaps that differ by no more are equal: rounding decides between them."""


@dataclass(frozen=True)
class Evidence:
    """What k is chosen from: the networks of one condition, at one layer.

    Attributes:
        condition, layer: what the networks are.
        seeds: one a network, all different.
        observed: tables [networks, ...] by (method, k).
        nulls: tables [networks, draws, ...] by null, then by (method, k); others may be among them.
            Draw d of a network is the same matrix at every k, clustered again.
        gap_k: k of the largest gap between singular values, int [networks].
        stability: of the U and of the V side, each [networks], by (method, k); a key may be
            missing, as for a method without starts of its own.
    """

    condition: str
    layer: str
    seeds: Sequence[int]
    observed: Mapping[Key, Tables]
    nulls: Mapping[str, Mapping[Key, Tables]]
    gap_k: np.ndarray
    stability: Mapping[Key, tuple[np.ndarray, np.ndarray]]


# --- the largest z -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """The k of the largest z, for one or many networks.

    Attributes:
        place: its place among the values of k, int [...]; 0 where no k has a z.
        candidate: that k, int [...].
        p: of the largest z against the largest z of each draw, [...]; NaN where no k has a z.
    """

    place: np.ndarray
    candidate: np.ndarray
    p: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Whether any k has a z, bool [...]."""
        return np.isfinite(self.p)

    @property
    def k(self) -> np.ndarray:
        """The answer, int [...]: the candidate where p <= 0.05, else 1."""
        return np.where(self.p <= SIGNIFICANT, self.candidate, NO_CLUSTERS)


def standardised(values: np.ndarray, draws: np.ndarray, direction: int) -> np.ndarray:
    """Directed z of each network and of each of its draws, within the pool of both.

    The network is one item of the pool like its draws, so that all items are exchangeable where
    the null holds. Its z cannot exceed draws / sqrt(1 + draws), and grows with the z against the
    draws alone: the k of the largest z is the same.

    Args:
        values: [networks, k], NaN where undefined.
        draws: [networks, k, draws], NaN where undefined.
        direction: 1 where higher is better, -1 where lower is.

    Returns:
        [networks, k, 1 + draws], the network first. NaN at a k at which the network has no value,
        as where k is infeasible, or at which the pool has no spread, as at k = 1.

    >>> standardised(np.array([[2.0]]), np.array([[[0.0, 1.0]]]), direction=1).tolist()
    [[[1.0, -1.0, 0.0]]]
    """
    pool = np.concatenate([values[..., None], draws], axis=-1)
    found = compare(values, pool, direction)
    spread = np.where(np.isfinite(found.z), found.deviation, np.nan)
    return direction * (pool - found.mean[..., None]) / spread[..., None]


def choose(z: np.ndarray, k_values: Sequence[int]) -> Choice:
    """The k of the largest z; the smallest of several.

    p = (1 + number of draws whose largest z is at least as large) / (draws + 1).

    Args:
        z: [..., k, 1 + draws], the network first; NaN where undefined.
        k_values: rising.

    >>> z = np.array([[0.5, -1.0, 0.5], [1.0, -1.0, 0.0]])
    >>> found = choose(z, [2, 3])
    >>> int(found.candidate), round(float(found.p), 3), int(found.k)
    (3, 0.333, 1)
    """
    largest = np.fmax.reduce(z, axis=-2)
    network = z[..., 0]
    place = np.where(np.isfinite(network), network, -np.inf).argmax(axis=-1)
    return Choice(
        place=place,
        candidate=np.asarray(k_values)[place],
        p=compare(largest[..., 0], largest[..., 1:], direction=1).p,
    )


def halves(seeds: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the networks that k is chosen on and of those that it is reported on.

    The first, third, ... of the sorted seeds against the second, fourth, ...: seeds added at the
    end leave the others in their halves.

    >>> [half.tolist() for half in halves([0, 1, 2, 7, 5])]
    [[0, 2, 3], [1, 4]]
    """
    order = np.argsort(seeds, kind="stable")
    return order[::2], order[1::2]


def choose_together(z: np.ndarray, k_values: Sequence[int]) -> tuple[Choice, int]:
    """One k for several networks, and how many of them decide: the k of the largest mean z.

    Draws of the same number, one a network, are one draw of the mean. Networks without any z do
    not count, and a k at which one of the others has no z is left out: means over different
    networks could not be compared.

    Args:
        z: [networks, k, 1 + draws], as `standardised` gives it.
        k_values: rising.
    """
    total, deciding = total_of_deciding(z)
    return choose_by_mean(total, deciding, k_values), deciding


def total_of_deciding(z: np.ndarray) -> tuple[np.ndarray, int]:
    """Sum [k, 1 + draws] of z [networks, k, 1 + draws] over networks with any z; their number."""
    deciding = z[np.isfinite(z[..., 0]).any(axis=1)]
    return deciding.sum(axis=0), len(deciding)


def choose_by_mean(total: np.ndarray, deciding: int, k_values: Sequence[int]) -> Choice:
    """The k of the largest mean of z, of which `total` [k, 1 + draws] is the sum."""
    # Without networks 0 / NaN: no mean, and no warning either.
    return choose(total / (deciding or np.nan), k_values)


# --- the singular-value gap --------------------------------------------------------------------


def singular_values(matrix: np.ndarray) -> np.ndarray:
    """All singular values of D_U^-1/2 abs(W) D_V^-1/2 (Dhillon 2001), falling; the first is 1.

    Args:
        matrix: weights W [m, n]; dead units are left out.

    Returns:
        float64 [min(live rows, live columns)]; empty where no unit is live.
    """
    live = live_units(matrix)
    count = min(live.shape)
    if count == 0:
        return np.empty(0)
    adjacency = np.abs(live.take(matrix).astype(np.float64))
    with one_thread():
        return embed(adjacency, count).singular_values


def gap_k(values: np.ndarray, k_values: Sequence[int]) -> int:
    """The k with the largest gap sigma_k - sigma_(k+1), or 1: the eigengap heuristic.

    von Luxburg 2007, section 8.3, for singular values. k clusters without weight between them
    have k singular values of 1, and the next is smaller.

    It needs no clustering and no draws, and so tells nothing of chance. It misleads in these ways:

    - sigma_1 is 1 always, and random weights leave a wide gap behind it. Weak clusters, whose
      sigma_k lies nearer to sigma_(k+1) than sigma_2 to 1, are answered with 1.
    - A few units that nearly only link to each other have a singular value near 1 of their own.
    - Singular values have no sign: clusters that avoid each other count like those that seek each
      other, while most measures call only the latter good.
    - Beyond the last singular value comes 0: a k equal to the smaller side competes with its own
      sigma, not with a gap.

    Args:
        values: singular values, falling.
        k_values: numbers of clusters; those above the number of values are infeasible. 1 is
            always among the answers.

    Returns:
        The smallest of equals; 1 where there are no values.

    >>> gap_k(np.array([1.0, 0.9, 0.85, 0.2]), [2, 3, 4])
    3
    """
    feasible = [k for k in sorted({NO_CLUSTERS, *k_values}) if k <= len(values)]
    gaps = {k: gap for k, gap in enumerate(-np.diff(values, append=0), start=1) if k in feasible}
    largest = max(gaps.values(), default=0)
    return next((k for k, gap in gaps.items() if gap >= largest - _TIE), NO_CLUSTERS)


# --- stability ---------------------------------------------------------------------------------


def stability(labels: np.ndarray, ami: Callable[[np.ndarray, np.ndarray], float]) -> np.ndarray:
    """Mean adjusted mutual information over all pairs of starts of k-means, [matrices].

    It measures the optimiser: a high one says that the starts agree, not that there are clusters
    (Ben-David, von Luxburg & Pal 2006). NaN with fewer than two starts or without live units.

    Args:
        labels: [matrices, starts, units] of one side; units with the label -1 are left out.
        ami: adjusted mutual information of two labellings [units].
    """
    return np.array([_stability_of(starts, ami) for starts in labels], dtype=float)


def _stability_of(starts: np.ndarray, ami: Callable[[np.ndarray, np.ndarray], float]) -> float:
    live = starts[:, (starts != DEAD).all(axis=0)]
    if live.shape[0] < 2 or live.shape[1] == 0:
        return np.nan
    return float(np.mean([ami(first, second) for first, second in combinations(live, 2)]))


# --- rows --------------------------------------------------------------------------------------

NETWORK_COLUMNS = [
    "condition",
    "seed",
    "layer",
    "method",
    "measure",
    "null",
    "k",
    "k_candidate",
    "z",
    "p_max",
    "gap_k",
    "stability_u",
    "stability_v",
]
"""Columns of `network_rows`."""

CELL_COLUMNS = [
    "condition",
    "layer",
    "method",
    "measure",
    "null",
    "k",
    "k_candidate",
    "p_select",
    "n_select",
    "n_report",
    "value",
    "value_low",
    "value_high",
    "excess",
    "excess_low",
    "excess_high",
    "z",
    "z_low",
    "z_high",
    "p",
    "gap_k",
    "stability_u",
    "stability_v",
]
"""Columns of `cell_rows`."""

_INTEGERS = {"k": "Int64", "k_candidate": "Int64", "gap_k": "Int64"}
"""Types of the columns that may be empty but hold no fractions."""


def rows_by_network(evidence: Evidence) -> pd.DataFrame:
    """`network_rows` of all networks at once."""
    return network_rows(judge(evidence))


def rows_by_cell(evidence: Evidence) -> pd.DataFrame:
    """`cell_rows` of all networks at once."""
    return cell_rows(judge(evidence))


def network_rows(judged: Judged) -> pd.DataFrame:
    """The k of each network, one row a (network, method, measure, null).

    Measures without direction are left out, and those without draws. Columns beside the cell's:

    - `k`: the answer, 1 for no clusters, by `p_max`, p of the largest z.
    - `k_candidate`: k of the largest z; `z`: the directed z at it, against the draws alone. It is
      the largest of several: compare it with nothing but `p_max`.
    - `gap_k`: k of the largest gap between singular values.
    - `stability_u`, `stability_v`: agreement of the starts of k-means at `k_candidate`.

    `k`, `k_candidate` and `p_max` are empty where no k has a z.
    """
    frames = [_network_frame(judged, series) for series in judged.known_series]
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=NETWORK_COLUMNS)
    return rows[NETWORK_COLUMNS].astype(_INTEGERS)


def cell_rows(judged: Judged) -> pd.DataFrame:
    """One k for all networks, one row a (method, measure, null).

    Measures without direction are left out, and those without draws. Columns beside the cell's:

    - `k`, `k_candidate`: as for a network, from the mean z of the selection half (`halves`), of
      `n_select` networks; `p_select`: p of its largest mean z.
    - `value`, `excess` (value - null mean), `z` (directed, against the draws alone), with `_low`
      and `_high`: means over the `n_report` networks of the other half that have a value at
      `k_candidate`, and 95 % t intervals; `p`: the t test that the mean z is above 0. All empty
      where there is one network only.
    - `gap_k`: the median over all networks, the lower one of two; `stability_u`, `stability_v`:
      means over all networks at `k_candidate`.
    """
    rows = [_cell_row(judged, series) for series in judged.known_series]
    return pd.DataFrame(rows, columns=CELL_COLUMNS).astype(_INTEGERS)


# --- block by block ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Series:
    """One measure of one method at every k against one null: what its draws say, without them.

    Attributes:
        method, measure, null: which.
        k_values: rising.
        values, means, z: of the network, of its draws, and directed against them, [networks, k].
        choice: of each network.
        total: sum over the deciding networks of the selection of the z within the pool of a
            network and its draws, [k, 1 + draws].
        deciding: how many these are.
        drawn: whether any draw is defined.
    """

    method: str
    measure: str
    null: str
    k_values: Sequence[int]
    values: np.ndarray
    means: np.ndarray
    z: np.ndarray
    choice: Choice
    total: np.ndarray
    deciding: int
    drawn: bool

    @property
    def names(self) -> dict[str, str]:
        return {"method": self.method, "measure": self.measure, "null": self.null}


@dataclass(frozen=True)
class Judged:
    """What `Evidence` says of its networks. It is small: draws are summed up.

    Attributes:
        condition, layer, seeds, gap_k, stability: as in `Evidence`.
        series: by method, measure and null.
    """

    condition: str
    layer: str
    seeds: Sequence[int]
    gap_k: np.ndarray
    stability: Mapping[Key, tuple[np.ndarray, np.ndarray]]
    series: Sequence[_Series]

    @property
    def known_series(self) -> list[_Series]:
        """Those in which any network has a value, and any draw."""
        return [one for one in self.series if one.drawn and np.isfinite(one.values).any()]


def judge(evidence: Evidence, selection: Collection[int] | None = None) -> Judged:
    """Sums up evidence, of all networks or of a block of them.

    Args:
        evidence: of the block.
        selection: seeds that k is chosen on, of all blocks; those of the block's own half where it
            is all there is.
    """
    seeds = list(evidence.seeds)
    if selection is None:
        selection = [seeds[number] for number in halves(seeds)[0]]
    chosen = np.array([number for number in np.argsort(seeds) if seeds[number] in selection], int)
    found: dict[tuple[str, str, str], _Series] = {}
    for null, tables in evidence.nulls.items():
        for method in dict.fromkeys(method for method, _ in evidence.observed):
            for measure, values, draws in _measured(evidence.observed, tables, method):
                k_values = sorted(k for name, k in evidence.observed if name == method)
                series = _series((method, measure, null), k_values, values, draws, chosen)
                found[series.method, series.measure, series.null] = series
    # By method and measure, then by null: draws of a null are in memory one after the other.
    methods = dict.fromkeys(method for method, _, _ in found)
    order = [
        (m, measure, null) for m in methods for measure in _DIRECTED for null in evidence.nulls
    ]
    return Judged(
        condition=evidence.condition,
        layer=evidence.layer,
        seeds=seeds,
        gap_k=evidence.gap_k,
        stability=evidence.stability,
        series=[found[name] for name in order],
    )


def join_judged(blocks: Sequence[Judged]) -> Judged:
    """What blocks say together, in their order."""
    first = blocks[0]
    return Judged(
        condition=first.condition,
        layer=first.layer,
        seeds=[seed for block in blocks for seed in block.seeds],
        gap_k=np.concatenate([block.gap_k for block in blocks]),
        stability={
            key: (
                np.concatenate([block.stability[key][0] for block in blocks]),
                np.concatenate([block.stability[key][1] for block in blocks]),
            )
            for key in first.stability
        },
        series=[_joined(parts) for parts in zip(*(block.series for block in blocks), strict=True)],
    )


def _joined(parts: Sequence[_Series]) -> _Series:
    choices = [part.choice for part in parts]
    return replace(
        parts[0],
        values=np.concatenate([part.values for part in parts]),
        means=np.concatenate([part.means for part in parts]),
        z=np.concatenate([part.z for part in parts]),
        choice=Choice(
            place=np.concatenate([choice.place for choice in choices]),
            candidate=np.concatenate([choice.candidate for choice in choices]),
            p=np.concatenate([choice.p for choice in choices]),
        ),
        total=np.sum([part.total for part in parts], axis=0),
        deciding=sum(part.deciding for part in parts),
        drawn=any(part.drawn for part in parts),
    )


_DIRECTED = [name for name, measure in MEASURES.items() if measure.direction]


def _measured(
    observed: Mapping[Key, Tables], drawn: Mapping[Key, Tables], method: str
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Every measure with a direction: values [networks, k] and draws [networks, k, draws].

    The tables of one k are looked up after those of another: they may lie in a file.
    """
    values: dict[str, list[np.ndarray]] = {measure: [] for measure in _DIRECTED}
    draws: dict[str, list[np.ndarray]] = {measure: [] for measure in _DIRECTED}
    for k in sorted(k for name, k in observed if name == method):
        tables = drawn[method, k]
        for measure in _DIRECTED:
            function = MEASURES[measure].function
            values[measure].append(function(observed[method, k]))
            draws[measure].append(function(tables))
    for measure in _DIRECTED:
        yield measure, np.stack(values[measure], axis=1), np.stack(draws[measure], axis=1)


def _series(
    names: tuple[str, str, str],
    k_values: Sequence[int],
    values: np.ndarray,
    draws: np.ndarray,
    selection: np.ndarray,
) -> _Series:
    """Sums up values [networks, k] and draws [networks, k, draws]."""
    direction = MEASURES[names[1]].direction
    pooled = standardised(values, draws, direction)
    compared = compare(values, draws, direction)
    total, deciding = total_of_deciding(pooled[selection])
    return _Series(
        *names,
        k_values=k_values,
        values=values,
        means=compared.mean,
        z=compared.z,
        choice=choose(pooled, k_values),
        total=total,
        deciding=deciding,
        drawn=bool(np.isfinite(draws).any()),
    )


def _network_frame(judged: Judged, series: _Series) -> pd.DataFrame:
    choice = series.choice
    columns = {
        "condition": judged.condition,
        "seed": judged.seeds,
        "layer": judged.layer,
        **series.names,
        **_answer(choice),
        "z": series.z[np.arange(len(series.z)), choice.place],
        "p_max": choice.p,
        "gap_k": judged.gap_k,
        **_stability_at(judged, series.method, choice),
    }
    return pd.DataFrame(columns)


def _cell_row(judged: Judged, series: _Series) -> dict[str, Any]:
    _, report = halves(judged.seeds)
    choice = choose_by_mean(series.total, series.deciding, series.k_values)
    agreement = _stability_at(judged, series.method, choice)
    return {
        "condition": judged.condition,
        "layer": judged.layer,
        **series.names,
        **{name: float(k) for name, k in _answer(choice).items()},
        "p_select": float(choice.p),
        "n_select": series.deciding,
        **_report(series, report if choice.known else report[:0], int(choice.place)),
        "gap_k": int(np.quantile(judged.gap_k, 0.5, method="lower")),
        **{side: interval(values)[0] for side, values in agreement.items()},
    }


def _answer(choice: Choice) -> dict[str, np.ndarray]:
    """The chosen k, NaN where no k has a z."""
    found = {"k": choice.k, "k_candidate": choice.candidate}
    return {name: np.where(choice.known, k, np.nan) for name, k in found.items()}


def _report(series: _Series, networks: np.ndarray, place: int) -> dict[str, float]:
    """The measure at one k for networks that had no part in choosing it."""
    values, means, z = (each[networks, place] for each in (series.values, series.means, series.z))
    return {
        "n_report": int(np.isfinite(values).sum()),
        **compared_means(values, means, z),
        "p": replicate_p(z),
    }


def _stability_at(judged: Judged, method: str, choice: Choice) -> dict[str, np.ndarray]:
    """Stability of both sides at each network's candidate k, or at the one of all networks."""
    networks = len(judged.seeds)
    unknown = np.full(networks, np.nan)
    candidates = np.broadcast_to(np.where(choice.known, choice.candidate, 0), networks)
    both = [judged.stability.get((method, k), (unknown, unknown)) for k in candidates]
    return {
        name: np.array([found[side][network] for network, found in enumerate(both)])
        for side, name in enumerate(("stability_u", "stability_v"))
    }
