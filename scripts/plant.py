"""Rule `plant`: the partition that was planted in a layer of a block of networks."""

from pathlib import Path

from clusterability.networks import load_networks
from clusterability.planted import planted_partitions
from clusterability.storage import save_items
from job import running

with running(snakemake):
    networks = load_networks(Path(snakemake.input.networks))
    save_items(Path(snakemake.output.planted), planted_partitions(networks))
