"""The verdict on each layer of one network in memory: what a study's rule `answer` says of it.

The same as in a study of the same network under the same name, with `described` at `none` and
`ranked`, and with the one k that is the most that a layer is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from clusterability.analysis.choosing_k.best_k_rows import best_k_network_rows
from clusterability.analysis.choosing_k.choose_k import gather, judge
from clusterability.analysis.verdict import VERDICT_COLUMNS, Contrast, verdict_rows
from clusterability.jobs.clustering_job import ClusteringJob, NullJob
from clusterability.measures.catalogue import VERDICT_BITS
from clusterability.networks.layer_names import tensor_name
from clusterability.networks.scaled_layer import ScaledLayer, scaled_layers
from clusterability.networks.stacked import Networks
from clusterability.nulls.degrees import are_counts
from clusterability.numerics import ONE_AT_A_TIME, Workers
from clusterability.results.measured_draws import Measured, measured
from clusterability.results.one_network import largest_k
from clusterability.results.single.work import Work, clustered, cost_of, redrawn
from clusterability.results.structure_rows import cluster_rows

METHOD, SCALINGS, JUDGED = "described", ["none", "ranked"], "described-ranked"
DRAWS = 19
"""So many draws of each null: the chance that none of them saves as much is 1/20."""
NULLS = ("strength", "rotated_u")
"""What clusters have to lie beyond: the strengths of units, and mixtures of them. Of zeros and ones
and of counts, `degrees` stands for `strength`."""
MOST_CLUSTERS = 12
"""A side."""


@dataclass(frozen=True)
class Extent:
    """The largest layers, in weights, that are searched and of which draws are made.

    A search takes seconds for a million weights, and 38 draws of two nulls take 38 of them.
    """

    searched: float = math.inf
    drawn: float = math.inf


EXTENTS = {
    "auto": Extent(2_000_000, 250_000),
    "bits": Extent(drawn=0),
    "draws": Extent(),
}
"""What a command can be asked for, beside no verdict."""


def layer_verdicts(
    networks: Networks,
    restarts: int = 3,
    nulls: Mapping[str, int] | None = None,
    contrast: Contrast | None = None,
    work: Work | None = None,
    workers: Workers = ONE_AT_A_TIME,
    extent: Extent = EXTENTS["draws"],
) -> pd.DataFrame:
    """Rows of the table `verdict`, one a layer with two live units on either side.

    Draws are made of those layers alone whose clusters pay: of the others, they decide nothing.

    Args:
        networks: a block of one.
        restarts: starts of the search.
        nulls: draws by null. None: DRAWS of each of NULLS, or of `degrees`.
        contrast: the smallest contrast that would have been seen.
        work: told of each step; may keep them.
        workers: draws at a time.
        extent: the largest layers that are searched, and of which draws are made; larger ones are
            left out, or not compared.
    """
    work = Work() if work is None else work
    asked: dict[str, tuple[int, dict[str, int]]] = {}
    for name, stack in networks.weights.items():
        k, size = min(MOST_CLUSTERS, largest_k(networks, name)), stack[0].size
        if k >= 2 and size <= extent.searched:
            draws = _usual_nulls(networks, name) if nulls is None else dict(nulls)
            asked[name] = k, draws if size <= extent.drawn else {}
    work.begin(sum(_cost(networks, name, draws) for name, (_, draws) in asked.items()))
    frames = []
    for name, (k, draws) in asked.items():
        work.step(f"{tensor_name(name)}: verdict")
        layers = scaled_layers(networks, name, SCALINGS)
        frames.append(_layer_verdict(layers, k, restarts, draws, contrast, work, workers))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=VERDICT_COLUMNS)


def _cost(networks: Networks, layer: str, draws: Mapping[str, int]) -> float:
    """Of a layer whose clusters pay: see `work.Work`."""
    return networks.weights[layer][0].size * float(len(SCALINGS) + sum(draws.values()))


def _usual_nulls(networks: Networks, layer: str) -> dict[str, int]:
    strengths, mixtures = NULLS
    kept = "degrees" if are_counts(networks.weights[layer]) else strengths
    return {kept: DRAWS, mixtures: DRAWS}


def _layer_verdict(
    layers: Sequence[ScaledLayer],
    k: int,
    restarts: int,
    draws: Mapping[str, int],
    contrast: Contrast | None,
    work: Work,
    workers: Workers,
) -> pd.DataFrame:
    networks, layer = layers[0].networks, layers[0].layer
    place = f"{layer}/verdict"
    found = clustered(work, place, layers, [k], ClusteringJob([METHOD], restarts, SCALINGS))
    evidence = list(gather(layers, found.partitions, found.starts, {}))
    observed = {key: tables for item in evidence for key, tables in item.observed.items()}
    nulls: dict[str, Measured] = {}
    pays = bool((observed[JUDGED, k].bits >= VERDICT_BITS).any())
    for null, count in draws.items() if pays else ():
        work.step(f"{tensor_name(layer)}: verdict, {null}")
        job = NullJob([METHOD], restarts, SCALINGS, count, {METHOD: 0})
        threads = workers.at_once(layers[0].matrices[0].size)
        nulls[null] = measured(redrawn(work, place, null, layers, [k], job, threads))
    if not pays:
        work.skip(_cost(networks, layer, draws) - cost_of(layers, [k]))
    judged = [judge(replace(item, nulls=nulls)) for item in evidence]
    best = pd.concat(map(best_k_network_rows, judged), ignore_index=True)
    clusters = cluster_rows(networks, layer, found.partitions, observed, layers)
    return verdict_rows(best, clusters, contrast)
