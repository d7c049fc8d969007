"""Rule `score`: structural measures of a block, compared with its nulls."""

from pathlib import Path

from clusterability.contingency import Tables
from clusterability.files import write_parquet
from clusterability.networks import load_networks
from clusterability.partitions import Partitions
from clusterability.scoring import cluster_rows, score_rows
from clusterability.storage import load_items
from job import logged

with logged(snakemake.log[0]):
    layer = snakemake.wildcards.layer
    networks = load_networks(Path(snakemake.input.networks))
    partitions = load_items(Path(snakemake.input.partitions), Partitions)
    nulls = {
        null: load_items(Path(file), Tables)
        for null, file in zip(snakemake.params.nulls, snakemake.input.nulls, strict=True)
    }
    write_parquet(Path(snakemake.output.scores), score_rows(networks, layer, partitions, nulls))
    write_parquet(Path(snakemake.output.clusters), cluster_rows(networks, layer, partitions))
