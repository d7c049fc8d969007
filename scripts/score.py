"""Rule `score`: score a block's clusters, compare them with nulls, and store scores of draws."""

from clusterability_workflow.job import running
from clusterability_workflow.layers import layers_of

from clusterability.clustering.block_sums import Tables
from clusterability.files import write_parquet
from clusterability.jobs.adaptive_job import AdaptiveDraws
from clusterability.networks.partitions import HeldOut, Partitions
from clusterability.networks.scaled_layer import layers_of_methods
from clusterability.results.measured_draws import measured, save_measured
from clusterability.results.npz_files import StoredItems, load_items
from clusterability.results.structure_rows import cluster_rows, observed_tables, score_rows

with running(snakemake):
    adaptive = AdaptiveDraws.by_null(snakemake.params.get("adaptive", {}))
    added = snakemake.params.get("measures", [])
    for layer in layers_of(snakemake):
        networks = layer.networks()
        partitions = load_items(layer.input("partitions"), Partitions)
        held_out = load_items(layer.input("held_out"), HeldOut)
        nulls = {
            null: StoredItems([file], Tables)
            for null, file in zip(snakemake.params.nulls, layer.inputs["nulls"], strict=True)
        }
        scaled = layers_of_methods(networks, layer.name, partitions)
        observed = observed_tables(scaled, partitions, held_out)
        scores = score_rows(networks, layer.name, partitions, observed, nulls, adaptive, added)
        clusters = cluster_rows(networks, layer.name, partitions, observed, scaled)
        write_parquet(layer.output("scores"), scores)
        write_parquet(layer.output("clusters"), clusters)
        drawn = {null: measured(nulls[null], added) for null in snakemake.params.choosing}
        save_measured(layer.output("draws"), drawn)
