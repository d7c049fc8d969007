"""Choice of k by saved bits: the k that saves most, or 1, no clusters, if that is not enough.

Bits pay for naming the clusters, so no half of the networks has to be held back: the largest of
several exceeds that of a single k by at most log2 of their number. This works for a single network,
and without draws.
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
"""Restarts that save at least this share of the most bits are equally good."""

Agreement = Callable[[np.ndarray, np.ndarray], float]
"""Agreement of two labellings of the same units."""


@dataclass(frozen=True)
class BitsSeries:
    """Bits saved by one method at every k.

    Attributes:
        method: name of the method.
        k_values: numbers of clusters, ascending.
        values: saved bits, [networks, k]; NaN where undefined.
        sides: non-empty clusters on the U and V side, [networks, k, 2].
        same_bits_ami: agreement at each network's best k, [networks]; NaN except for methods that
            search by saved bits.
        draws: the most bits that each draw saves at any k, [networks, draws] by null.
        most: largest number of draws, by null, for adaptive draws.
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
    """Summarise one method's evidence; the arguments are described in `choose_k.Evidence`."""
    k_values = sorted(k for name, k in observed if name == method)
    tables = [observed[method, k] for k in k_values]
    with_draws = {
        null: np.stack([measured[method, k][MEASURE] for k in k_values])
        for null, measured in drawn.items()
        if all((method, k) in measured for k in k_values)
    }
    sizes = [(each.row_sizes, each.column_sizes) for each in tables]
    return BitsSeries(
        method=method,
        k_values=k_values,
        values=np.stack([each.bits for each in tables], axis=1),
        sides=np.stack([[(s > 0).sum(axis=-1) for s in both] for both in sizes]).transpose(2, 0, 1),
        same_bits_ami=same_bits_ami,
        draws={null: np.fmax.reduce(draws, axis=0) for null, draws in with_draws.items()},
        most={null: rule.most(method) for null, rule in adaptive.items()},
    )


def join_series(parts: Sequence[BitsSeries]) -> BitsSeries:
    """Join series of blocks of networks, in their order."""
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
    """Columns of the table `best_k_networks` by null, or for no null without draws."""
    known = np.isfinite(series.values).any(axis=1)
    index = _largest(series.values)
    rows = np.arange(len(index))
    values = series.values[rows, index]
    candidate = np.asarray(series.k_values)[index]
    columns = {
        "k": np.where(values >= VERDICT_BITS, candidate, NO_CLUSTERS),
        "k_candidate": candidate,
        "k_u": series.sides[rows, index, 0],
        "k_v": series.sides[rows, index, 1],
        "value": values,
    }
    columns = {name: np.where(known, column, np.nan) for name, column in columns.items()}
    last = _last(series.values)
    if chooses(series.method):  # the search may end with fewer than k clusters
        most = np.asarray(series.k_values)[last]
        columns["at_edge"] = known & (series.sides[rows, index].max(axis=1) == most)
    else:
        columns["at_edge"] = known & (index == last) & (index > 0)
    columns["same_bits_ami"] = series.same_bits_ami
    nulls = series.draws or {"": np.empty((len(index), 0))}
    return [
        {
            **columns,
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
    means = values.mean(axis=0)  # NaN at a k that is infeasible for some network
    index = int(_largest(means[None])[0])
    mean, low, high = interval(values[:, index])
    candidate = series.k_values[index]
    columns = {
        "measure": MEASURE,
        "k": float(candidate if mean >= VERDICT_BITS else NO_CLUSTERS),
        "k_candidate": float(candidate),
        "n_select": len(values),
        "n_report": len(values),
        "value": mean,
        "value_low": low,
        "value_high": high,
        "at_edge": bool(index == _last(means[None])[0] and index > 0),
        "same_bits_ami": interval(series.same_bits_ami)[0],
    }
    return [{**columns, "null": null or None} for null in series.draws or [""]]


def _most(draws: np.ndarray) -> np.ndarray:
    """Maximum over each network's draws [networks, draws]; NaN if none is defined."""
    most = np.fmax.reduce(draws, axis=1, initial=-np.inf)
    return np.where(np.isfinite(most), most, np.nan)


def _largest(values: np.ndarray) -> np.ndarray:
    """Index of the first largest value of each row; 0 if there is none."""
    return np.where(np.isfinite(values), values, -np.inf).argmax(axis=1)


def _last(values: np.ndarray) -> np.ndarray:
    """Index of the last defined value of each row."""
    return values.shape[1] - 1 - np.isfinite(values)[:, ::-1].argmax(axis=1)


def same_bits_agreement(
    matrix: np.ndarray,
    starts: Mapping[Key, Starts],
    number: int,
    k: Mapping[str, int],
    agreement: Agreement,
) -> dict[str, float]:
    """Mean agreement among the restarts that save nearly as many bits as the best, by method.

    The mean over both sides and all pairs of restarts whose bits are at least 95 % of the maximum;
    1 if there is only one, NaN if no restart saves any bits. Below 0.8, many partitions are equally
    good, and no clusters should be named.

    Args:
        matrix: weights [m, n].
        starts: labels of every restart, by (method, k).
        number: index of the matrix in `starts`.
        k: number of clusters by method, for methods that search by saved bits.
        agreement: agreement of two labellings.
    """
    bits, means = MatrixBits(matrix), {}
    for method, clusters in k.items():
        labels = starts[method, clusters]
        ends = list(zip(labels.rows[number], labels.columns[number], strict=True))
        saved = [bits.saved({(method, clusters): e})[method, clusters].blocks for e in ends]
        most = max(saved)
        good = [end for end, value in zip(ends, saved, strict=True) if value >= _NEARLY * most]
        pairs = [
            agreement(first[side], second[side])
            for first, second in combinations(good, 2)
            for side in (0, 1)
        ]
        means[method] = (float(np.mean(pairs)) if pairs else 1.0) if most > 0 else np.nan
    return means


def searching(methods: Sequence[str]) -> list[str]:
    """Methods that search by saved bits."""
    return [method for method in methods if chooses(method)]
