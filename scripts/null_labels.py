"""Rule `null_labels`: permute labels without clustering, and write their tables."""

from clusterability_workflow.job import running
from clusterability_workflow.layers import layers_of

from clusterability.jobs.clustering_job import LabelsJob
from clusterability.networks.partitions import HeldOut, Partitions
from clusterability.networks.scaled_layer import layers_of_methods
from clusterability.nulls.labels import block_label_tables
from clusterability.results.npz_files import load_items, save_items

with running(snakemake):
    job = LabelsJob(**snakemake.params.job)
    for layer in layers_of(snakemake):
        partitions = load_items(layer.input("partitions"), Partitions)
        held_out = load_items(layer.input("held_out"), HeldOut)
        scaled = layers_of_methods(layer.networks(), layer.name, partitions)
        tables = block_label_tables(
            scaled, job.draws, partitions, held_out, snakemake.threads, job.fewer
        )
        save_items(layer.output("tables"), tables)
