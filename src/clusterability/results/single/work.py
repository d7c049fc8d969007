"""Steps of a long score, with hooks to report them and to keep their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from clusterability.clustering.all_scales import ClusteredLayer, block_partitions
from clusterability.clustering.block_sums import KeyedTables, Tables
from clusterability.jobs.clustering_job import ClusteringJob, NullJob
from clusterability.networks.partitions import Key, Partitions
from clusterability.networks.scaled_layer import ScaledLayer
from clusterability.nulls.clustered_again import drawn_one_by_one, stacked_draws
from clusterability.nulls.redrawing import RandomModel
from clusterability.results.adaptive_draws import adaptive_tables

Report = Callable[[str], None]
"""Receives a description of the next step."""

LABELS_COST = 0.1
"""Approximate cost of a draw without clustering relative to one with it, for the time left."""


class Work:
    """Steps that are reported but not kept.

    Costs are in units of clustering one weight once, and serve to show progress.
    """

    def __init__(self, report: Report | None = None) -> None:
        self.step: Report = report or (lambda text: None)

    def begin(self, cost: float) -> None:
        """Begin a part of the work with this total cost."""

    def skip(self, cost: float) -> None:
        """Skip expected work of this cost."""

    def clusters(
        self, step_name: str, cost: float, make: Callable[[], ClusteredLayer]
    ) -> ClusteredLayer:
        """Partitions of a layer; `step_name` is unique."""
        return make()

    def draws(
        self, step_name: str, cost: float, make: Callable[[int], Iterator[KeyedTables]]
    ) -> Iterator[KeyedTables]:
        """Draws one by one, each of this cost; `make(n)` makes all but the first n."""
        return make(0)

    def permuted(self, step_name: str, cost: float, make: Callable[[], KeyedTables]) -> KeyedTables:
        """All draws of a null that does not cluster."""
        return make()


def clustered(
    work: Work, step_name: str, layers: Sequence[ScaledLayer], k: Sequence[int], job: ClusteringJob
) -> ClusteredLayer:
    """Partitions of a layer at each scaling; see `all_scales.block_partitions`."""
    return work.clusters(step_name, cost_of(layers, k), lambda: block_partitions(layers, k, job))


def redrawn(
    work: Work,
    step_name: str,
    null: str,
    layers: Sequence[ScaledLayer],
    k: Sequence[int],
    job: NullJob,
    threads: int,
) -> KeyedTables:
    """Draws of a null; see `clustered_again.block_redrawn_tables`."""
    model, cost = RandomModel.named(null), cost_of(layers, k) / len(layers)
    drawn = partial(drawn_one_by_one, model, layers, k, job, threads)
    return stacked_draws(layers, job, work.draws(f"{step_name}.{null}", cost, drawn))


def redrawn_until_decided(
    work: Work,
    step_name: str,
    null: str,
    layers: Sequence[ScaledLayer],
    k: Sequence[int],
    job: NullJob,
    threads: int,
    partitions: Mapping[Key, Partitions],
    observed: Mapping[Key, Tables],
    added: Sequence[str] = (),
) -> KeyedTables:
    """Draws of a null for a block of one; see `adaptive_draws.adaptive_tables`."""
    model = RandomModel.named(null)

    def of_network(scaled: ScaledLayer) -> Iterator[KeyedTables]:
        cost, made = cost_of([scaled], k), 0
        drawn = partial(drawn_one_by_one, model, [scaled], k, job, threads)
        try:
            for draw in work.draws(f"{step_name}.{null}.{scaled.scaling}", cost, drawn):
                made += 1
                yield draw
        finally:
            work.skip(cost * (job.draws - made))

    return adaptive_tables(layers, job, partitions, observed, of_network, added)


def cost_of(layers: Sequence[ScaledLayer], k: Sequence[int]) -> float:
    """Cost of clustering a layer once at each scaling."""
    return float(sum(layer.matrices[0].size for layer in layers) * len(k))
