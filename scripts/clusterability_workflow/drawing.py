"""Run jobs of nulls that redraw weights; they keep draws while they run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from clusterability_workflow.layers import Layer, layers_of

from clusterability.clustering.block_sums import KeyedTables
from clusterability.files import file_digest
from clusterability.jobs.clustering_job import NullJob
from clusterability.networks.scaled_layer import scaled_layers
from clusterability.nulls.clustered_again import drawn_one_by_one, stacked_draws
from clusterability.nulls.redrawing import RandomModel
from clusterability.results.kept_draws import KeptDraws
from clusterability.results.npz_files import save_items
from clusterability.signals import told_to_stop

TablesOf = Callable[[Layer, KeptDraws], KeyedTables]
"""Function that makes the tables of a layer from kept draws and from new ones, which it keeps."""


def draw_layers(
    job: Any, null_job: NullJob, model: RandomModel, decides: Mapping[str, Any] | None = None
) -> None:
    """Write the tables of a fixed number of draws of all layers of a job.

    Args:
        job: the object `snakemake` of a rule's script.
        null_job: settings of the draws.
        model: the null model.
        decides: what determines the draws, besides the job's parameters.
    """

    def tables_of(layer: Layer, kept: KeptDraws) -> KeyedTables:
        scaled = scaled_layers(layer.networks(), layer.name, null_job.scalings)
        done = kept.found()
        what = (model, scaled, job.params.k_values, null_job, job.threads)
        with told_to_stop(kept.stop):
            drawn = chain(done, kept.keeping(drawn_one_by_one(*what, done=len(done))))
            return stacked_draws(scaled, null_job, drawn)

    write_layers(job, tables_of, decides)


def write_layers(job: Any, tables_of: TablesOf, decides: Mapping[str, Any] | None = None) -> None:
    """Write the tables of all layers of a job, and keep draws until all are written.

    Draws are kept because Snakemake removes the output of failed jobs.

    Args:
        job, decides: as in `draw_layers`.
        tables_of: function that makes the tables of one layer.
    """
    seconds = (job.config.get("training") or {}).get("checkpoint_every", 30)
    parameters = {key: value for key, value in job.params.items() if key != "layers"}
    parameters |= dict(decides or {})
    layers = list(layers_of(job))
    files = {layer.input("networks") for layer in layers}
    weights = {file: file_digest(file) for file in files}  # several layers share a file
    kept = [
        KeptDraws.of_job(
            layer.output("tables"), weights[layer.input("networks")], parameters, seconds
        )
        for layer in layers
    ]
    for layer, draws in zip(layers, kept, strict=True):
        save_items(layer.output("tables"), tables_of(layer, draws))
        if layer is not layers[-1]:
            draws.keep()
    for draws in kept:
        draws.remove()
