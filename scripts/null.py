"""Rule `null`: tables of weights drawn anew, at all k of a block, clustered as the networks are."""

from pathlib import Path

from clusterability_workflow.drawing import write_draws
from clusterability_workflow.job import running

from clusterability.jobs.clustering_job import NullJob
from clusterability.networks.scaled_layer import scaled_layers
from clusterability.networks.stacked import load_networks
from clusterability.nulls.redrawing import RandomModel

with running(snakemake):
    asked = NullJob(**snakemake.params.job)
    networks = load_networks(Path(snakemake.input.networks))
    layers = scaled_layers(networks, snakemake.wildcards.layer, asked.scalings)
    write_draws(snakemake, layers, asked, RandomModel.named(snakemake.wildcards.null))
