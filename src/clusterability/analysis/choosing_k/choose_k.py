"""Choice of k: by the largest z over k, by the gap between singular values, by stability.

The largest of several z is large by chance alone. Therefore, the same maximum is taken for each
draw of a null. Draw d of a network is the same random matrix at every k, so under the null, the
largest z of a network and those of its draws are exchangeable (the max-statistic test of Westfall &
Young 1993). If the network's largest z is not among the highest 5 %, the answer is k = 1: no
clusters. This requires nulls that recluster each draw; it does not hold for permuted labels.

The k of the largest z is where a measure stands out most from chance, in units of its null's
standard deviation, which varies with k. It is not always the number of clusters: with three planted
clusters, mutual information chooses k = 3; modularity stands out about as much at k = 2, with two
of them merged.

Evidence is gathered and judged in blocks of networks, and joined; `best_k_rows` writes the
resulting tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from types import MappingProxyType

import numpy as np

from clusterability.analysis.choosing_k.gap_and_stability import gap_k, singular_values, stability
from clusterability.analysis.choosing_k.k_by_bits import (
    BitsSeries,
    bits_series,
    join_series,
    same_bits_agreement,
    searching,
)
from clusterability.analysis.choosing_k.largest_z import (
    Choice,
    choose,
    halves,
    standardised,
    total_of_deciding,
)
from clusterability.clustering.block_sums import Tables
from clusterability.comparison import compare
from clusterability.jobs.adaptive_job import AdaptiveDraws
from clusterability.measures.catalogue import DIRECTED, MEASURES, STANDARDISED
from clusterability.measures.label_agreement import adjusted_mutual_information
from clusterability.measures.structure import FUNCTIONS
from clusterability.networks.partitions import Key, Partitions, Starts
from clusterability.networks.scaled_layer import ScaledLayer
from clusterability.results.measured_draws import Measured
from clusterability.results.structure_rows import observed_tables


@dataclass(frozen=True)
class Evidence:
    """Evidence for choosing k: the networks of one condition at one layer.

    Attributes:
        condition, layer: identifiers of the networks.
        seeds: one per network, all different.
        observed: tables [networks, ...] by (method, k).
        nulls: measures of draws, [networks, draws], by null, then by (method, k), then by measure
            (DIRECTED, and those of other packages). Draw d of a network is the same matrix at every
            k, reclustered.
        gap_k: k of the largest gap between singular values, int [networks].
        stability: stability of the U and of the V side, each [networks], by (method, k); a key may
            be missing, as for a method without restarts.
        same_bits_ami: `k_by_bits.same_bits_agreement` at each network's k of most bits, [networks],
            by method; a method may be missing.
        adaptive: nulls with adaptive draws (`stopping`); `nulls` then has the largest number, with
            undefined draws behind those made at all k.
    """

    condition: str
    layer: str
    seeds: Sequence[int]
    observed: Mapping[Key, Tables]
    nulls: Mapping[str, Measured]
    gap_k: np.ndarray
    stability: Mapping[Key, tuple[np.ndarray, np.ndarray]]
    same_bits_ami: Mapping[str, np.ndarray] = field(default_factory=dict)
    adaptive: Mapping[str, AdaptiveDraws] = field(default_factory=dict)


@dataclass(frozen=True)
class Series:
    """One measure of one method at every k against one null, with the draws summarised.

    Attributes:
        method, measure, null: identifiers.
        k_values: numbers of clusters, ascending.
        values, means, z: values of the networks, means of their draws, and directed z, each
            [networks, k].
        choice: choice of each network.
        total: sum over deciding networks of the selection half of z within the pool of a network
            and its draws, [k, 1 + draws].
        deciding: number of these networks.
        drawn: whether any draw is defined.
        draws: number of defined draws, [networks, k].
        selection: whether a network is in the half that k is chosen on, [networks].
        most: largest number of draws, for adaptive draws.
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
    draws: np.ndarray
    selection: np.ndarray
    most: int | None = None

    @property
    def names(self) -> dict[str, str]:
        return {"method": self.method, "measure": self.measure, "null": self.null}


@dataclass(frozen=True)
class Judged:
    """Summary of `Evidence`. It is small, since draws are summarised.

    Attributes:
        condition, layer, seeds, gap_k, stability: as in `Evidence`.
        series: one per method, measure and null.
        bits: one per method.
    """

    condition: str
    layer: str
    seeds: Sequence[int]
    gap_k: np.ndarray
    stability: Mapping[Key, tuple[np.ndarray, np.ndarray]]
    series: Sequence[Series]
    bits: Sequence[BitsSeries] = ()

    @property
    def known_series(self) -> list[Series]:
        """Series in which any network has a value, and any draw is defined."""
        return [
            series for series in self.series if series.drawn and np.isfinite(series.values).any()
        ]

    @property
    def known_bits(self) -> list[BitsSeries]:
        """Bits of methods with which any network has bits."""
        return [series for series in self.bits if np.isfinite(series.values).any()]


def judge(evidence: Evidence, selection: Collection[int] | None = None) -> Judged:
    """Summarise evidence for all networks or for a block of them.

    Args:
        evidence: evidence of the block.
        selection: seeds of all blocks that k is chosen on; by default, the block is taken to be all
            networks and split in halves.
    """
    seeds = list(evidence.seeds)
    if selection is None:
        selection = [seeds[number] for number in halves(seeds)[0]]
    chosen = np.array([number for number in np.argsort(seeds) if seeds[number] in selection], int)
    by_name: dict[tuple[str, str, str], Series] = {}
    for null, drawn in evidence.nulls.items():
        methods = dict.fromkeys(method for method, _ in evidence.observed)
        with_draws = {method for method, _ in drawn}
        for method in (method for method in methods if method in with_draws):
            for measure, values, draws in _measured(evidence.observed, drawn, method):
                k_values = sorted(k for name, k in evidence.observed if name == method)
                of_null = evidence.adaptive.get(null)
                most = of_null.most(method) if of_null else None
                series = _series((method, measure, null), k_values, values, draws, chosen, most)
                by_name[series.method, series.measure, series.null] = series
    # Sorted by method and measure, then null; computed null by null, with one null in memory.
    methods = dict.fromkeys(method for method, _, _ in by_name)
    measures = dict.fromkeys(measure for _, measure, _ in by_name)
    order = product(methods, measures, evidence.nulls)
    return Judged(
        condition=evidence.condition,
        layer=evidence.layer,
        seeds=seeds,
        gap_k=evidence.gap_k,
        stability=evidence.stability,
        series=[by_name[name] for name in order if name in by_name],
        bits=[
            bits_series(method, evidence.observed, evidence.nulls, ami, evidence.adaptive)
            for method, ami in _same_bits_by_method(evidence).items()
        ],
    )


def _same_bits_by_method(evidence: Evidence) -> dict[str, np.ndarray]:
    """Agreement of restarts that save nearly as many bits, [networks], for every method.

    Methods without bits in this block are included: another block may have some.
    """
    undefined = np.full(len(evidence.seeds), np.nan)
    methods = dict.fromkeys(method for method, _ in evidence.observed)
    return {method: evidence.same_bits_ami.get(method, undefined) for method in methods}


def join_judged(blocks: Sequence[Judged]) -> Judged:
    """Join the summaries of blocks, in their order."""
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


def _joined(parts: Sequence[Series]) -> Series:
    choices = [part.choice for part in parts]
    return replace(
        parts[0],
        values=np.concatenate([part.values for part in parts]),
        means=np.concatenate([part.means for part in parts]),
        z=np.concatenate([part.z for part in parts]),
        choice=Choice(
            index=np.concatenate([choice.index for choice in choices]),
            candidate=np.concatenate([choice.candidate for choice in choices]),
            p=np.concatenate([choice.p for choice in choices]),
        ),
        total=np.sum([part.total for part in parts], axis=0),
        deciding=sum(part.deciding for part in parts),
        drawn=any(part.drawn for part in parts),
        draws=np.concatenate([part.draws for part in parts]),
        selection=np.concatenate([part.selection for part in parts]),
    )


def _measured(
    observed: Mapping[Key, Tables], drawn: Measured, method: str
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Values [networks, k] and draws [networks, k, draws] of every directed measure."""
    values: dict[str, list[np.ndarray]] = {}
    draws: dict[str, list[np.ndarray]] = {}
    for k in sorted(k for name, k in observed if name == method):
        of_draws = drawn[method, k]  # read once, as it may be in a file
        for measure in _deciding(of_draws):
            values.setdefault(measure, []).append(FUNCTIONS[measure](observed[method, k]))
            draws.setdefault(measure, []).append(of_draws[measure])
    for measure in values:
        yield measure, np.stack(values[measure], axis=1), np.stack(draws[measure], axis=1)


def _deciding(measures: Iterable[str]) -> list[str]:
    """Measures that k is chosen by: STANDARDISED, then those of other packages that have a z."""
    others = [name for name in measures if name not in DIRECTED]
    return [*STANDARDISED, *(name for name in others if MEASURES[name].standardised)]


def _series(
    names: tuple[str, str, str],
    k_values: Sequence[int],
    values: np.ndarray,
    draws: np.ndarray,
    selection: np.ndarray,
    most: int | None,
) -> Series:
    """Summarise values [networks, k] and draws [networks, k, draws]."""
    direction = MEASURES[names[1]].direction
    pooled = standardised(values, draws, direction)
    compared = compare(values, draws, direction)
    total, deciding = total_of_deciding(pooled[selection])
    return Series(
        *names,
        k_values=k_values,
        values=values,
        means=compared.mean,
        z=compared.z,
        choice=choose(pooled, k_values, most),
        total=total,
        deciding=deciding,
        drawn=bool(np.isfinite(draws).any()),
        draws=compared.count,
        selection=np.isin(np.arange(len(values)), selection),
        most=most,
    )


def gather(
    layers: Sequence[ScaledLayer],
    partitions: Mapping[Key, Partitions],
    starts: Mapping[Key, Starts],
    nulls: Mapping[str, Measured],
    adaptive: Mapping[str, AdaptiveDraws] = MappingProxyType({}),
) -> Iterator[Evidence]:
    """Gather evidence scale by scale: each scale of the weights has its singular values.

    Args:
        layers: one layer at each scale, for all networks of a condition or a block of them.
        partitions, starts: partitions and restarts [networks, ...] by (method, k).
        nulls: measures of draws by null, for all scales.
        adaptive: nulls with adaptive draws.
    """
    for scaled in layers:
        of_scale, of_starts = scaled.of_scaling(partitions), scaled.of_scaling(starts)
        k_values = sorted({k for _, k in of_scale})
        gaps = [gap_k(singular_values(matrix), k_values) for matrix in scaled.matrices]
        observed = observed_tables([scaled], of_scale, {})
        yield Evidence(
            condition=scaled.networks.condition,
            layer=scaled.layer,
            seeds=scaled.networks.seeds,
            observed=observed,
            nulls=nulls,
            gap_k=np.array(gaps),
            stability={key: _both_sides(labels) for key, labels in of_starts.items()},
            same_bits_ami=_same_bits(scaled, observed, of_starts),
            adaptive=adaptive,
        )


def _same_bits(
    scaled: ScaledLayer, observed: Mapping[Key, Tables], starts: Mapping[Key, Starts]
) -> dict[str, np.ndarray]:
    """`k_by_bits.same_bits_agreement` of each network at its k of most bits, by method."""
    methods = searching(list(dict.fromkeys(method for method, _ in starts)))
    agreement = {method: np.full(len(scaled.matrices), np.nan) for method in methods}
    for number, matrix in enumerate(scaled.matrices):
        most = {method: _most_bits(observed, method, number) for method in methods}
        k_by_method = {method: k for method, k in most.items() if k is not None}
        ami = same_bits_agreement(matrix, starts, number, k_by_method, adjusted_mutual_information)
        for method, value in ami.items():
            agreement[method][number] = value
    return agreement


def _most_bits(observed: Mapping[Key, Tables], method: str, number: int) -> int | None:
    """k at which a network saves most bits; None if no bits are defined."""
    bits = {k: float(each.bits[number]) for (name, k), each in observed.items() if name == method}
    known = {k: value for k, value in bits.items() if np.isfinite(value)}
    return max(sorted(known), key=known.__getitem__, default=None)


def _both_sides(starts: Starts) -> tuple[np.ndarray, np.ndarray]:
    ami = adjusted_mutual_information
    return stability(starts.rows, ami), stability(starts.columns, ami)
