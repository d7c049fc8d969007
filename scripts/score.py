"""Rule `score`: structural measures of a block, compared with its nulls."""

from pathlib import Path

from clusterability.contingency import Tables
from clusterability.files import write_parquet
from clusterability.networks import load_networks
from clusterability.partitions import HeldOut, Partitions
from clusterability.scoring import cluster_rows, observed_tables, score_rows
from clusterability.storage import StoredItems, load_items
from job import running

with running(snakemake):
    layer = snakemake.wildcards.layer
    networks = load_networks(Path(snakemake.input.networks))
    partitions = load_items(Path(snakemake.input.partitions), Partitions)
    held_out = load_items(Path(snakemake.input.held_out), HeldOut)
    nulls = {
        null: StoredItems([file], Tables)
        for null, file in zip(snakemake.params.nulls, snakemake.input.nulls, strict=True)
    }
    observed = observed_tables(networks, layer, partitions, held_out)
    scores = score_rows(networks, layer, partitions, observed, nulls)
    clusters = cluster_rows(networks, layer, partitions, observed)
    write_parquet(Path(snakemake.output.scores), scores)
    write_parquet(Path(snakemake.output.clusters), clusters)
