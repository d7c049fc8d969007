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

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from clusterability.analysis.agreement import adjusted_mutual_information
from clusterability.analysis.gap_and_stability import gap_k, singular_values, stability
from clusterability.analysis.k_by_bits import (
    BitsSeries,
    bits_series,
    cell_columns,
    join_series,
    network_columns,
    same_bits_agreement,
    searching,
)
from clusterability.analysis.largest_z import (
    Choice,
    choose,
    choose_by_mean,
    halves,
    standardised,
    total_of_deciding,
)
from clusterability.clustering.block_sums import Tables
from clusterability.comparison import compare
from clusterability.measures.catalogue import MEASURES, STANDARDISED
from clusterability.measures.structure import FUNCTIONS
from clusterability.networks.layer_names import tensor_name
from clusterability.networks.partitions import Key, Partitions, Starts
from clusterability.networks.scaled_layer import ScaledLayer
from clusterability.results.effect_sizes import z_errors
from clusterability.results.measured_draws import Measured
from clusterability.results.structure_rows import observed_tables
from clusterability.statistics import compared_means, interval, replicate_p

BEST_K_NETWORKS_COLUMNS = [
    "condition",
    "seed",
    "layer",
    "method",
    "measure",
    "null",
    "k",
    "k_candidate",
    "k_u",
    "k_v",
    "value",
    "drawn_most",
    "z",
    "p_max",
    "at_edge",
    "plateau",
    "gap_k",
    "stability_u",
    "stability_v",
    "same_bits_ami",
]
"""Columns of `best_k_network_rows`."""

BEST_K_COLUMNS = [
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
    "at_edge",
    "plateau",
    "gap_k",
    "stability_u",
    "stability_v",
    "same_bits_ami",
]
"""Columns of `best_k_rows`."""


@dataclass(frozen=True)
class Evidence:
    """What k is chosen from: the networks of one condition, at one layer.

    Attributes:
        condition, layer: what the networks are.
        seeds: one a network, all different.
        observed: tables [networks, ...] by (method, k).
        nulls: what measures say of draws, [networks, draws], by null, then by (method, k), then by
            measure; others may be among them. Draw d of a network is the same matrix at every k,
            clustered again.
        gap_k: k of the largest gap between singular values, int [networks].
        stability: of the U and of the V side, each [networks], by (method, k); a key may be
            missing, as for a method without starts of its own.
        same_bits_ami: `k_by_bits.same_bits_agreement` at each network's k of most bits, [networks],
            by method; a method may be missing.
    """

    condition: str
    layer: str
    seeds: Sequence[int]
    observed: Mapping[Key, Tables]
    nulls: Mapping[str, Measured]
    gap_k: np.ndarray
    stability: Mapping[Key, tuple[np.ndarray, np.ndarray]]
    same_bits_ami: Mapping[str, np.ndarray] = field(default_factory=dict)


# --- rows --------------------------------------------------------------------------------------


_REACH = 1.96
"""Standard errors within which z are as good."""
_INTEGERS = dict.fromkeys(("k", "k_candidate", "gap_k"), "Int64")
"""Types of the columns that may be empty but hold no fractions."""


def rows_by_network(evidence: Evidence) -> pd.DataFrame:
    """`best_k_network_rows` of all networks at once."""
    return best_k_network_rows(judge(evidence))


def rows_by_cell(evidence: Evidence) -> pd.DataFrame:
    """`best_k_rows` of all networks at once."""
    return best_k_rows(judge(evidence))


def best_k_network_rows(judged: Judged) -> pd.DataFrame:
    """The k of each network, one row a (network, method, measure, null).

    By the largest z: measures without z are left out, and those without draws. And by saved bits,
    also without draws: measure `bits`. Columns beside the cell's:

    - `k`: the answer, 1 for no clusters: `k_candidate` where `p_max` <= 0.05; by bits, where
      `value` is at least 20.
    - `k_candidate`: k of the largest z, or of most bits; `k_u`, `k_v`: clusters that hold units
      there, of either side; `value`: the measure there; `drawn_most`: the most that any draw
      saves.
    - `z`: the directed z, against the draws alone. It is the largest of several: compare it with
      nothing but `p_max`, p of the largest z (of most bits) against that of each draw.
    - `at_edge`: whether it is the largest k: more might have been chosen.
    - `plateau`: all k whose z is within the Monte Carlo error of the largest, as "3-5,7".
    - `gap_k`: k of the largest gap between singular values.
    - `stability_u`, `stability_v`: agreement of the starts of k-means at `k_candidate`.
    - `same_bits_ami`: agreement of the starts that save nearly as many bits as the best.

    `k`, `k_candidate` and `p_max` are empty where no k has a z, or bits.
    """
    frames = [_network_frame(judged, series) for series in judged.known_series]
    for series in judged.known_bits:
        frames += [_bits_frame(judged, series, found) for found in network_columns(series)]
    rows = (
        pd.concat(frames, ignore_index=True)
        if frames
        else pd.DataFrame(columns=BEST_K_NETWORKS_COLUMNS)
    )
    integers = _INTEGERS | dict.fromkeys(("k_u", "k_v"), "Int64")
    return rows.reindex(columns=BEST_K_NETWORKS_COLUMNS).astype(integers)


def best_k_rows(judged: Judged) -> pd.DataFrame:
    """One k for all networks, one row a (method, measure, null).

    By the largest mean z, and by the largest mean of saved bits, as `best_k_network_rows`. Columns
    beside the cell's:

    - `k`, `k_candidate`: as for a network, from the mean z of the selection half (`halves`), of
      `n_select` networks; `p_select`: p of its largest mean z.
    - `value`, `excess` (value - null mean), `z` (directed, against the draws alone), with `_low`
      and `_high`: means over the `n_report` networks of the other half that have a value at
      `k_candidate`, and 95 % t intervals; `p`: the t test that the mean z is above 0. All empty
      where there is one network only.
    - By bits, all networks choose and are reported: see `k_by_bits`.
    - `at_edge`, `plateau`: as for a network, of the mean.
    - `gap_k`: the median over all networks, the lower one of two; `stability_u`, `stability_v`:
      means over all networks at `k_candidate`; `same_bits_ami`: mean over all networks.
    """
    rows = [_cell_row(judged, series) for series in judged.known_series]
    for series in judged.known_bits:
        names = {
            "condition": judged.condition,
            "layer": tensor_name(judged.layer),
            "method": series.method,
        }
        rows += [{**names, **found, **_gap(judged)} for found in cell_columns(series)]
    return pd.DataFrame(rows, columns=BEST_K_COLUMNS).astype(_INTEGERS)


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
        draws: how many there are.
        selection: whether a network is of the half that k is chosen on, [networks].
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
    draws: int
    selection: np.ndarray

    @property
    def names(self) -> dict[str, str]:
        return {"method": self.method, "measure": self.measure, "null": self.null}


@dataclass(frozen=True)
class Judged:
    """What `Evidence` says of its networks. It is small: draws are summed up.

    Attributes:
        condition, layer, seeds, gap_k, stability: as in `Evidence`.
        series: by method, measure and null.
        bits: by method.
    """

    condition: str
    layer: str
    seeds: Sequence[int]
    gap_k: np.ndarray
    stability: Mapping[Key, tuple[np.ndarray, np.ndarray]]
    series: Sequence[_Series]
    bits: Sequence[BitsSeries] = ()

    @property
    def known_series(self) -> list[_Series]:
        """Those in which any network has a value, and any draw."""
        return [one for one in self.series if one.drawn and np.isfinite(one.values).any()]

    @property
    def known_bits(self) -> list[BitsSeries]:
        """Those of methods by which any network has bits."""
        return [one for one in self.bits if np.isfinite(one.values).any()]


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
    for null, drawn in evidence.nulls.items():
        methods = dict.fromkeys(method for method, _ in evidence.observed)
        with_draws = {method for method, _ in drawn}
        for method in (method for method in methods if method in with_draws):
            for measure, values, draws in _measured(evidence.observed, drawn, method):
                k_values = sorted(k for name, k in evidence.observed if name == method)
                series = _series((method, measure, null), k_values, values, draws, chosen)
                found[series.method, series.measure, series.null] = series
    # By method and measure, then by null: draws of a null are in memory one after the other.
    methods = dict.fromkeys(method for method, _, _ in found)
    order = product(methods, STANDARDISED, evidence.nulls)
    return Judged(
        condition=evidence.condition,
        layer=evidence.layer,
        seeds=seeds,
        gap_k=evidence.gap_k,
        stability=evidence.stability,
        series=[found[name] for name in order if name in found],
        bits=[
            bits_series(method, evidence.observed, evidence.nulls, ami)
            for method, ami in _same_bits_by_method(evidence).items()
        ],
    )


def _same_bits_by_method(evidence: Evidence) -> dict[str, np.ndarray]:
    """How far starts that save as much agree, [networks], of every method.

    Of those without bits in this block, too: another block of the same networks may have some.
    """
    nothing = np.full(len(evidence.seeds), np.nan)
    methods = dict.fromkeys(method for method, _ in evidence.observed)
    return {method: evidence.same_bits_ami.get(method, nothing) for method in methods}


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
        bits=[join_series(parts) for parts in zip(*(block.bits for block in blocks), strict=True)],
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
        selection=np.concatenate([part.selection for part in parts]),
    )


def _measured(
    observed: Mapping[Key, Tables], drawn: Measured, method: str
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Every measure with a direction: values [networks, k] and draws [networks, k, draws]."""
    values: dict[str, list[np.ndarray]] = {measure: [] for measure in STANDARDISED}
    draws: dict[str, list[np.ndarray]] = {measure: [] for measure in STANDARDISED}
    for k in sorted(k for name, k in observed if name == method):
        of_draws = drawn[method, k]  # once: it may lie in a file
        for measure in STANDARDISED:
            values[measure].append(FUNCTIONS[measure](observed[method, k]))
            draws[measure].append(of_draws[measure])
    for measure in STANDARDISED:
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
        draws=draws.shape[-1],
        selection=np.isin(np.arange(len(values)), selection),
    )


def _network_frame(judged: Judged, series: _Series) -> pd.DataFrame:
    choice, rows = series.choice, np.arange(len(series.z))
    columns = {
        "condition": judged.condition,
        "seed": judged.seeds,
        "layer": tensor_name(judged.layer),
        **series.names,
        **_answer(choice),
        "value": np.where(choice.known, series.values[rows, choice.place], np.nan),
        "z": series.z[rows, choice.place],
        "p_max": choice.p,
        **_edge_and_plateau(
            series.z, choice.place, series.k_values, z_errors(series.z, np.array(series.draws))
        ),
        "gap_k": judged.gap_k,
        **_stability_at(judged, series.method, choice),
    }
    return pd.DataFrame(columns)


def _bits_frame(judged: Judged, series: BitsSeries, found: Mapping[str, Any]) -> pd.DataFrame:
    columns = {
        "condition": judged.condition,
        "seed": judged.seeds,
        "layer": tensor_name(judged.layer),
        "method": series.method,
        "gap_k": judged.gap_k,
        **found,
    }
    return pd.DataFrame(columns)


def _gap(judged: Judged) -> dict[str, int]:
    return {"gap_k": int(np.quantile(judged.gap_k, 0.5, method="lower"))}


def _edge_and_plateau(
    z: np.ndarray, place: np.ndarray | int, k_values: Sequence[int], error: np.ndarray
) -> dict[str, Any]:
    """Whether the k at a place is the largest, and which k are as good but for Monte Carlo error.

    Args:
        z: [networks, k], NaN where undefined; error: of each.
        place: of the largest z.
        k_values: rising.
    """
    places = np.broadcast_to(place, len(z))
    largest = z[np.arange(len(z)), places] - _REACH * error[np.arange(len(z)), places]
    as_good = z >= largest[:, None]
    known = np.isfinite(z)
    last = z.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    edge = known.any(axis=1) & (places == last) & (places > 0)
    texts = [_as_text([k for k, one in zip(k_values, row, strict=True) if one]) for row in as_good]
    if isinstance(place, int):
        return {"at_edge": bool(edge[0]), "plateau": texts[0]}
    return {"at_edge": edge, "plateau": texts}


def _as_text(k_values: Sequence[int]) -> str | None:
    """Numbers as blocks.

    >>> _as_text([3, 4, 5, 7])
    '3-5,7'
    """
    parts: list[list[int]] = []
    for k in k_values:
        if parts and parts[-1][-1] == k - 1:
            parts[-1].append(k)
        else:
            parts.append([k])
    return ",".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else str(p[0]) for p in parts) or None


def _cell_row(judged: Judged, series: _Series) -> dict[str, Any]:
    _, report = halves(judged.seeds)
    choice = choose_by_mean(series.total, series.deciding, series.k_values)
    agreement = _stability_at(judged, series.method, choice)
    deciding = series.z[series.selection]
    deciding = deciding[np.isfinite(deciding).any(axis=1)]
    z = deciding.mean(axis=0) if len(deciding) else np.full(len(series.k_values), np.nan)
    squares = z_errors(deciding, np.array(series.draws)) ** 2
    error = np.sqrt(squares.sum(axis=0)) / max(len(deciding), 1)
    return {
        "condition": judged.condition,
        "layer": tensor_name(judged.layer),
        **series.names,
        **{name: float(k) for name, k in _answer(choice).items()},
        "p_select": float(choice.p),
        "n_select": series.deciding,
        **_report(series, report if choice.known else report[:0], int(choice.place)),
        **_edge_and_plateau(z[None], int(choice.place), series.k_values, error[None]),
        **_gap(judged),
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


def gather(
    layers: Sequence[ScaledLayer],
    partitions: Mapping[Key, Partitions],
    starts: Mapping[Key, Starts],
    nulls: Mapping[str, Measured],
) -> Iterator[Evidence]:
    """The evidence, scale by scale: each scale of the weights has singular values of its own.

    Args:
        layers: the layer that the partitions are of, at each scale: of all networks of a condition
            or of a block of them.
        partitions, starts: [networks, ...] by (method, k).
        nulls: what measures say of draws by null, of all scales.
    """
    for scaled in layers:
        own, of_starts = scaled.own(partitions), scaled.own(starts)
        k_values = sorted({k for _, k in own})
        gaps = [gap_k(singular_values(matrix), k_values) for matrix in scaled.matrices]
        observed = observed_tables([scaled], own, {})
        yield Evidence(
            condition=scaled.networks.condition,
            layer=scaled.layer,
            seeds=scaled.networks.seeds,
            observed=observed,
            nulls=nulls,
            gap_k=np.array(gaps),
            stability={key: _both_sides(item) for key, item in of_starts.items()},
            same_bits_ami=_same_bits(scaled, observed, of_starts),
        )


def _same_bits(
    scaled: ScaledLayer, observed: Mapping[Key, Tables], starts: Mapping[Key, Starts]
) -> dict[str, np.ndarray]:
    """`k_by_bits.same_bits_agreement` of each network at its k of most bits, by method."""
    methods = searching(list(dict.fromkeys(method for method, _ in starts)))
    found = {method: np.full(len(scaled.matrices), np.nan) for method in methods}
    for number, matrix in enumerate(scaled.matrices):
        most = {method: _most_bits(observed, method, number) for method in methods}
        asked = {method: k for method, k in most.items() if k is not None}
        ami = same_bits_agreement(matrix, starts, number, asked, adjusted_mutual_information)
        for method, value in ami.items():
            found[method][number] = value
    return found


def _most_bits(observed: Mapping[Key, Tables], method: str, number: int) -> int | None:
    """The k at which a network saves most bits; None where it saves none that are defined."""
    bits = {k: float(each.bits[number]) for (name, k), each in observed.items() if name == method}
    known = {k: value for k, value in bits.items() if np.isfinite(value)}
    return max(sorted(known), key=known.__getitem__, default=None)


def _both_sides(starts: Starts) -> tuple[np.ndarray, np.ndarray]:
    ami = adjusted_mutual_information
    return stability(starts.rows, ami), stability(starts.columns, ami)
