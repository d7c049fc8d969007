"""Rule `null`: tables of weights drawn anew, at all k of a block, clustered as the networks are."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.jobs.clustering_job import NullJob
from clusterability.networks.scaled_layer import scaled_layers
from clusterability.networks.stacked import load_networks
from clusterability.nulls.clustered_again import block_redrawn_tables
from clusterability.results.npz_files import save_items

with running(snakemake):
    wildcards, params = snakemake.wildcards, snakemake.params
    asked = NullJob(**params.job)
    networks = load_networks(Path(snakemake.input.networks))
    layers = scaled_layers(networks, wildcards.layer, asked.scalings)
    tables = block_redrawn_tables(wildcards.null, layers, params.k_values, asked)
    save_items(Path(snakemake.output.tables), tables)
