"""Rule `cluster`: partitions of one layer of a block of networks, at all k of a block."""

from pathlib import Path

from clusterability.block_clustering import block_partitions
from clusterability.networks import load_networks
from clusterability.storage import save_items
from job import running

with running(snakemake):
    layer, params = snakemake.wildcards.layer, snakemake.params
    networks = load_networks(Path(snakemake.input.networks))
    found = block_partitions(networks, layer, params.k_values, params.study)
    for name, items in found._asdict().items():
        save_items(Path(getattr(snakemake.output, name)), items)
