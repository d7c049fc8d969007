"""Rule `score`: structural measures of a block, compared with its nulls, and of its draws."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.clustering.block_sums import Tables
from clusterability.files import write_parquet
from clusterability.networks.partitions import HeldOut, Partitions
from clusterability.networks.scaled_layer import layers_of_methods
from clusterability.networks.stacked import load_networks
from clusterability.results.measured_draws import measured, save_measured
from clusterability.results.npz_files import StoredItems, load_items
from clusterability.results.structure_rows import cluster_rows, observed_tables, score_rows

with running(snakemake):
    layer = snakemake.wildcards.layer
    networks = load_networks(Path(snakemake.input.networks))
    partitions = load_items(Path(snakemake.input.partitions), Partitions)
    held_out = load_items(Path(snakemake.input.held_out), HeldOut)
    nulls = {
        null: StoredItems([file], Tables)
        for null, file in zip(snakemake.params.nulls, snakemake.input.nulls, strict=True)
    }
    layers = layers_of_methods(networks, layer, partitions)
    observed = observed_tables(layers, partitions, held_out)
    scores = score_rows(networks, layer, partitions, observed, nulls)
    clusters = cluster_rows(networks, layer, partitions, observed, layers)
    write_parquet(Path(snakemake.output.scores), scores)
    write_parquet(Path(snakemake.output.clusters), clusters)
    drawn = {null: measured(nulls[null]) for null in snakemake.params.choosing}
    save_measured(Path(snakemake.output.draws), drawn)
