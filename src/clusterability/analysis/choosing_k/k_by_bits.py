"""Choosing k by saved bits: the k that saves most, or 1, no clusters, where that is not enough.

Bits pay for the clusters that they name, so that no half of the networks has to be held back: the
largest of several is larger than that of one k by log2 of their number at most. It works for a
single network, and without draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from types import MappingProxyType
from typing import Any

import numpy as np

from clusterability.analysis.choosing_k.largest_z import NO_CLUSTERS
from clusterability.clustering.block_sums import Tables
from clusterability.clustering.method_kinds import chooses
from clusterability.clustering.saved_bits import MatrixBits
from clusterability.comparison import compare
from clusterability.jobs.adaptive_job import AdaptiveDraws
from clusterability.measures.catalogue import VERDICT_BITS
from clusterability.networks.partitions import Key, Starts
from clusterability.statistics import interval
from clusterability.stopping import stopped_p

MEASURE = "bits"
_NEARLY = 0.95
"""Starts that save so large a share of the most are as good."""

Agreement = Callable[[np.ndarray, np.ndarray], float]
"""Of two labellings of the same units."""


@dataclass(frozen=True)
class BitsSeries:
    """What one method saves at every k.

    Attributes:
        method: which.
        k_values: rising.
        values: saved bits, [networks, k]; NaN where undefined.
        sides: clusters that hold units, of the U and of the V side, [networks, k, 2].
        same_bits_ami: at each network's own best k, [networks]; NaN but for methods that search
            for what saves bits.
        draws: the most that each draw saves at any k, [networks, draws] by null.
        most: draws that there are at most, by null, where they ended by a rule.
    """

    method: str
    k_values: Sequence[int]
    values: np.ndarray
    sides: np.ndarray
    same_bits_ami: np.ndarray
    draws: Mapping[str, np.ndarray]
    most: Mapping[str, int] = field(default_factory=dict)


def bits_series(
    method: str,
    observed: Mapping[Key, Tables],
    drawn: Mapping[str, Mapping[Key, Mapping[str, np.ndarray]]],
    same_bits_ami: np.ndarray,
    adaptive: Mapping[str, AdaptiveDraws] = MappingProxyType({}),
) -> BitsSeries:
    """Sums up one method's evidence; `Evidence` in `choose_k` has the arguments."""
    k_values = sorted(k for name, k in observed if name == method)
    tables = [observed[method, k] for k in k_values]
    with_draws = {
        null: np.stack([found[method, k][MEASURE] for k in k_values])
        for null, found in drawn.items()
        if all((method, k) in found for k in k_values)
    }
    sizes = [(each.row_sizes, each.column_sizes) for each in tables]
    return BitsSeries(
        method=method,
        k_values=k_values,
        values=np.stack([each.bits for each in tables], axis=1),
        sides=np.stack([[(s > 0).sum(axis=-1) for s in both] for both in sizes]).transpose(2, 0, 1),
        same_bits_ami=same_bits_ami,
        draws={null: np.fmax.reduce(draws, axis=0) for null, draws in with_draws.items()},
        most={null: asked.most(method) for null, asked in adaptive.items()},
    )


def join_series(parts: Sequence[BitsSeries]) -> BitsSeries:
    """Of blocks of networks, in their order."""
    return replace(
        parts[0],
        values=np.concatenate([part.values for part in parts]),
        sides=np.concatenate([part.sides for part in parts]),
        same_bits_ami=np.concatenate([part.same_bits_ami for part in parts]),
        draws={
            null: np.concatenate([part.draws[null] for part in parts]) for null in parts[0].draws
        },
    )


def network_columns(series: BitsSeries) -> list[dict[str, Any]]:
    """Columns of the table `best_k_networks` by null, or for none where there are no draws."""
    known = np.isfinite(series.values).any(axis=1)
    place = _largest(series.values)
    rows = np.arange(len(place))
    values = series.values[rows, place]
    candidate = np.asarray(series.k_values)[place]
    found = {
        "k": np.where(values >= VERDICT_BITS, candidate, NO_CLUSTERS),
        "k_candidate": candidate,
        "k_u": series.sides[rows, place, 0],
        "k_v": series.sides[rows, place, 1],
        "value": values,
    }
    found = {name: np.where(known, column, np.nan) for name, column in found.items()}
    last = _last(series.values)
    if chooses(series.method):  # it may end with fewer clusters than it was asked for
        most = np.asarray(series.k_values)[last]
        found["at_edge"] = known & (series.sides[rows, place].max(axis=1) == most)
    else:
        found["at_edge"] = known & (place == last) & (place > 0)
    found["same_bits_ami"] = series.same_bits_ami
    nulls = series.draws or {"": np.empty((len(place), 0))}
    return [
        {
            **found,
            "measure": MEASURE,
            "null": null or None,
            "drawn_most": _most(draws),
            "p_max": _p(values, draws, series.most.get(null)),
        }
        for null, draws in nulls.items()
    ]


def _p(values: np.ndarray, draws: np.ndarray, most: int | None) -> np.ndarray:
    """p of the most bits, [networks]."""
    return compare(values, draws, 1).p if most is None else stopped_p(values, draws, 1, most)


def cell_columns(series: BitsSeries) -> list[dict[str, Any]]:
    """Columns of the table `best_k`: one k for all networks, that of the largest mean."""
    values = series.values[np.isfinite(series.values).any(axis=1)]
    if not len(values):
        return []
    means = values.mean(axis=0)  # NaN at a k that some network cannot hold
    place = int(_largest(means[None])[0])
    mean, low, high = interval(values[:, place])
    candidate = series.k_values[place]
    found = {
        "measure": MEASURE,
        "k": float(candidate if mean >= VERDICT_BITS else NO_CLUSTERS),
        "k_candidate": float(candidate),
        "n_select": len(values),
        "n_report": len(values),
        "value": mean,
        "value_low": low,
        "value_high": high,
        "at_edge": bool(place == _last(means[None])[0] and place > 0),
        "same_bits_ami": interval(series.same_bits_ami)[0],
    }
    return [{**found, "null": null or None} for null in series.draws or [""]]


def _most(draws: np.ndarray) -> np.ndarray:
    """The most of each network's draws [networks, draws]; NaN where none is defined."""
    most = np.fmax.reduce(draws, axis=1, initial=-np.inf)
    return np.where(np.isfinite(most), most, np.nan)


def _largest(values: np.ndarray) -> np.ndarray:
    """The first place of the largest value of each row; 0 where there is none."""
    return np.where(np.isfinite(values), values, -np.inf).argmax(axis=1)


def _last(values: np.ndarray) -> np.ndarray:
    """The last place of each row that has a value."""
    return values.shape[1] - 1 - np.isfinite(values)[:, ::-1].argmax(axis=1)


def same_bits_agreement(
    matrix: np.ndarray,
    starts: Mapping[Key, Starts],
    number: int,
    k: Mapping[str, int],
    agreement: Agreement,
) -> dict[str, float]:
    """Mean agreement among the starts that save nearly as much as the best, by method.

    The mean over both sides and over all pairs of the starts whose bits are at least 95 % of the
    most; 1 where one start does, NaN where no start saves any. Below 0.8 there are many ways to cut
    the matrix that are as good, and no clusters to be named.

    Args:
        matrix: weights [m, n].
        starts: labels of every start, by (method, k).
        number: of the matrix among those of the starts.
        k: number of clusters by method, of those that search for what saves bits.
        agreement: of two labellings.
    """
    bits, found = MatrixBits(matrix), {}
    for method, clusters in k.items():
        labels = starts[method, clusters]
        ends = list(zip(labels.rows[number], labels.columns[number], strict=True))
        saved = [bits.saved({(method, clusters): e})[method, clusters].blocks for e in ends]
        most = max(saved)
        good = [end for end, own in zip(ends, saved, strict=True) if own >= _NEARLY * most]
        pairs = [
            agreement(first[side], second[side])
            for first, second in combinations(good, 2)
            for side in (0, 1)
        ]
        found[method] = (float(np.mean(pairs)) if pairs else 1.0) if most > 0 else np.nan
    return found


def searching(methods: Sequence[str]) -> list[str]:
    """Those methods that search for what saves bits."""
    return [method for method in methods if chooses(method)]
