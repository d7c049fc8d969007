"""Rule `cluster`: partitions of one layer of a block of networks, at all k of a block."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.clustering.all_scales import block_partitions
from clusterability.jobs.clustering_job import ClusteringJob
from clusterability.networks.scaled_layer import scaled_layers
from clusterability.networks.stacked import load_networks
from clusterability.results.npz_files import save_items

with running(snakemake):
    params, asked = snakemake.params, ClusteringJob(**snakemake.params.job)
    networks = load_networks(Path(snakemake.input.networks))
    layers = scaled_layers(networks, snakemake.wildcards.layer, asked.scalings)
    found = block_partitions(layers, params.k_values, asked)
    for name, items in found._asdict().items():
        save_items(Path(getattr(snakemake.output, name)), items)
