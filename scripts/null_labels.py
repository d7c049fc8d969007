"""Rule `null_labels`: tables of permuted labels, nothing clustered."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.jobs.clustering_job import LabelsJob
from clusterability.networks.partitions import HeldOut, Partitions
from clusterability.networks.scaled_layer import layers_of_methods
from clusterability.networks.stacked import load_networks
from clusterability.nulls.labels import block_label_tables
from clusterability.results.npz_files import load_items, save_items

with running(snakemake):
    layer, asked = snakemake.wildcards.layer, LabelsJob(**snakemake.params.job)
    networks = load_networks(Path(snakemake.input.networks))
    partitions = load_items(Path(snakemake.input.partitions), Partitions)
    held_out = load_items(Path(snakemake.input.held_out), HeldOut)
    layers = layers_of_methods(networks, layer, partitions)
    tables = block_label_tables(
        layers, asked.draws, partitions, held_out, snakemake.threads, asked.fewer
    )
    save_items(Path(snakemake.output.tables), tables)
