"""Rule `cluster`: partitions of one layer of a block of networks, at all k of a block."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.clustering.all_scales import block_partitions
from clusterability.jobs.clustering_job import ClusteringJob
from clusterability.networks.stacked import load_networks
from clusterability.results.npz_files import save_items

with running(snakemake):
    layer, params = snakemake.wildcards.layer, snakemake.params
    networks = load_networks(Path(snakemake.input.networks))
    found = block_partitions(networks, layer, params.k_values, ClusteringJob(**params.job))
    for name, items in found._asdict().items():
        save_items(Path(getattr(snakemake.output, name)), items)
