"""Rule `cluster`: partitions of one layer of a block of networks, at all k of a block."""

from pathlib import Path

from clusterability.clustering import cluster
from clusterability.networks import load_networks
from clusterability.storage import save_items
from job import logged

with logged(snakemake.log[0]):
    layer, study = snakemake.wildcards.layer, snakemake.params.study
    networks = load_networks(Path(snakemake.input.networks))
    partitions = cluster(
        networks.weights[layer],
        [(networks.condition, seed, layer, "network") for seed in networks.seeds],
        snakemake.params.k_values,
        study["methods"],
        study["restarts"],
    )
    save_items(Path(snakemake.output.partitions), partitions)
