"""Verdict on each layer of one network in memory, as in a study's rule `answer`.

It equals the verdict of a study of the same network under the same name, with `described` at `none`
and `ranked`, and with the largest k as the only one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd

from clusterability.analysis.choosing_k.best_k_rows import best_k_network_rows
from clusterability.analysis.choosing_k.choose_k import Evidence, gather, judge
from clusterability.analysis.verdict import VERDICT_COLUMNS, Contrast, verdict_rows
from clusterability.jobs.clustering_job import ClusteringJob, NullJob
from clusterability.measures.catalogue import VERDICT_BITS
from clusterability.networks.layer_names import tensor_name
from clusterability.networks.partitions import Key, Partitions
from clusterability.networks.scaled_layer import ScaledLayer, scaled_layers
from clusterability.networks.stacked import Networks
from clusterability.nulls.degrees import are_counts
from clusterability.numerics import ONE_AT_A_TIME, Workers, in_threads
from clusterability.results.measured_draws import Measured, measured
from clusterability.results.one_network import largest_k
from clusterability.results.single.work import Work, clustered, cost_of, redrawn
from clusterability.results.structure_rows import cluster_rows

METHOD, SCALINGS, JUDGED = "described", ["none", "ranked"], "described-ranked"
DRAWS = 19
"""Draws per null: the chance that none of them saves as much is 1/20."""
NULLS = ("strength", "rotated_u")
"""Nulls that clusters have to exceed: strengths of units, and mixtures of units. For zeros and ones
and for counts, `degrees` replaces `strength`."""
MOST_CLUSTERS = 12
"""Clusters per side."""


@dataclass(frozen=True)
class Extent:
    """Largest layers, in weights, that are searched and for which nulls are drawn.

    A search takes seconds for a million weights, and 38 times as long with 19 draws of two nulls.
    """

    searched: float = math.inf
    drawn: float = math.inf


EXTENTS = {
    "auto": Extent(2_000_000, 250_000),
    "bits": Extent(drawn=0),
    "draws": Extent(),
}
"""Extents by option of the command, which can also ask for no verdict."""


def layer_verdicts(
    networks: Networks,
    restarts: int = 3,
    nulls: Mapping[str, int] | None = None,
    contrast: Contrast | None = None,
    work: Work | None = None,
    workers: Workers = ONE_AT_A_TIME,
    extent: Extent = EXTENTS["draws"],
) -> pd.DataFrame:
    """Rows of the table `verdict`, one per layer with at least two live units per side.

    Nulls are drawn only for layers whose clusters save enough bits; for the others, they do not
    matter.

    Args:
        networks: a block of one network.
        restarts: restarts of the search.
        nulls: draws by null. None: DRAWS of each of NULLS, with `degrees` for counts.
        contrast: function for the smallest contrast that would have been detected.
        work: receives each step, and may store them.
        workers: layers searched, and draws computed, in parallel.
        extent: largest layers that are searched, and for which nulls are drawn; larger ones are
            left out, or not compared.
    """
    work = Work() if work is None else work
    requested: dict[str, tuple[int, dict[str, int]]] = {}
    for name, stack in networks.weights.items():
        k, size = min(MOST_CLUSTERS, largest_k(networks, name)), stack[0].size
        if k >= 2 and size <= extent.searched:
            draws = _usual_nulls(networks, name) if nulls is None else dict(nulls)
            requested[name] = k, draws if size <= extent.drawn else {}
    work.begin(sum(_cost(networks, name, draws) for name, (_, draws) in requested.items()))
    largest = max((networks.weights[name][0].size for name in requested), default=0)

    def search(name: str) -> _Searched:
        return _search(networks, name, requested[name][0], restarts, work)

    searches = in_threads(search, requested, workers.at_once(largest))
    frames = [
        _layer_verdict(searched, k, restarts, draws, contrast, work, workers)
        for searched, (k, draws) in zip(searches, requested.values(), strict=True)
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=VERDICT_COLUMNS)


def _cost(networks: Networks, layer: str, draws: Mapping[str, int]) -> float:
    """Cost of a layer with enough saved bits: see `work.Work`."""
    return networks.weights[layer][0].size * float(len(SCALINGS) + sum(draws.values()))


def _usual_nulls(networks: Networks, layer: str) -> dict[str, int]:
    strengths, mixtures = NULLS
    kept = "degrees" if are_counts(networks.weights[layer]) else strengths
    return {kept: DRAWS, mixtures: DRAWS}


class _Searched(NamedTuple):
    """A layer at each scaling, its partitions, and the evidence for them without nulls."""

    layers: Sequence[ScaledLayer]
    partitions: Mapping[Key, Partitions]
    evidence: Sequence[Evidence]


def _search(networks: Networks, layer: str, k: int, restarts: int, work: Work) -> _Searched:
    work.step(f"{tensor_name(layer)}: verdict")
    layers = scaled_layers(networks, layer, SCALINGS)
    job = ClusteringJob([METHOD], restarts, SCALINGS)
    clusterings = clustered(work, _step_name(layer), layers, [k], job)
    evidence = list(gather(layers, clusterings.partitions, clusterings.starts, {}))
    return _Searched(layers, clusterings.partitions, evidence)


def _step_name(layer: str) -> str:
    return f"{layer}/verdict"


def _layer_verdict(
    searched: _Searched,
    k: int,
    restarts: int,
    draws: Mapping[str, int],
    contrast: Contrast | None,
    work: Work,
    workers: Workers,
) -> pd.DataFrame:
    layers, partitions, evidence = searched
    networks, layer = layers[0].networks, layers[0].layer
    observed = {key: tables for item in evidence for key, tables in item.observed.items()}
    nulls: dict[str, Measured] = {}
    pays = bool((observed[JUDGED, k].bits >= VERDICT_BITS).any())
    for null, count in draws.items() if pays else ():
        work.step(f"{tensor_name(layer)}: verdict, {null}")
        job = NullJob([METHOD], restarts, SCALINGS, count, {METHOD: 0})
        threads = workers.at_once(layers[0].matrices[0].size)
        nulls[null] = measured(redrawn(work, _step_name(layer), null, layers, [k], job, threads))
    if not pays:
        work.skip(_cost(networks, layer, draws) - cost_of(layers, [k]))
    judged = [judge(replace(item, nulls=nulls)) for item in evidence]
    best = pd.concat(map(best_k_network_rows, judged), ignore_index=True)
    clusters = cluster_rows(networks, layer, partitions, observed, layers)
    return verdict_rows(best, clusters, contrast)
