"""Draw until every value of the networks is decided; see `drawing` for fixed numbers of draws."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from clusterability_workflow.drawing import write_layers
from clusterability_workflow.layers import Layer

from clusterability.clustering.block_sums import KeyedTables
from clusterability.jobs.clustering_job import NullJob
from clusterability.networks.partitions import HeldOut, Partitions
from clusterability.networks.scaled_layer import ScaledLayer, scaled_layers
from clusterability.nulls.clustered_again import drawn_one_by_one
from clusterability.nulls.redrawing import RandomModel
from clusterability.results.adaptive_draws import adaptive_tables
from clusterability.results.kept_draws import KeptDraws
from clusterability.results.npz_files import load_items
from clusterability.results.structure_rows import observed_tables
from clusterability.signals import told_to_stop


def draw_layers_until_decided(
    job: Any, null_job: NullJob, model: RandomModel, decides: Mapping[str, Any] | None = None
) -> None:
    """Write the tables of draws of all layers of a job.

    Args:
        job: the object `snakemake` of a rule's script; its inputs include the partitions.
        null_job: methods, and the maximum number of draws.
        model: the null model.
        decides: what determines the draws, besides the job's parameters.
    """
    added = job.params.get("measures", [])

    def tables_of(layer: Layer, kept: KeptDraws) -> KeyedTables:
        layers = scaled_layers(layer.networks(), layer.name, null_job.scalings)
        partitions = load_items(layer.input("partitions"), Partitions)
        held_out = load_items(layer.input("held_out"), HeldOut)
        tables = deque(kept.found())

        def of_network(scaled: ScaledLayer) -> Iterator[KeyedTables]:
            # Deterministic: the rule stops each network at the same draw as before.
            done = 0
            while tables:
                done += 1
                yield tables.popleft()
            what = (model, [scaled], job.params.k_values, null_job, job.threads, done)
            yield from kept.keeping(drawn_one_by_one(*what))

        with told_to_stop(kept.stop):
            observed = observed_tables(layers, partitions, held_out)
            return adaptive_tables(layers, null_job, partitions, observed, of_network, added)

    write_layers(job, tables_of, decides)
