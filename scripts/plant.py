"""Rule `plant`: write the partition planted in a layer of a block of networks."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.networks.stacked import load_networks
from clusterability.results.npz_files import save_items
from clusterability.training.planting import planted_partitions

with running(snakemake):
    networks = load_networks(Path(snakemake.input.networks))
    save_items(Path(snakemake.output.planted), planted_partitions(networks))
