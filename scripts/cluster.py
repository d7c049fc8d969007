"""Rule `cluster`: partition layers of a block of networks, at all k of a block."""

from clusterability_workflow.job import running
from clusterability_workflow.layers import layers_of

from clusterability.clustering.all_scales import block_partitions
from clusterability.jobs.clustering_job import ClusteringJob
from clusterability.networks.scaled_layer import scaled_layers
from clusterability.results.npz_files import save_items

with running(snakemake):
    params, job = snakemake.params, ClusteringJob(**snakemake.params.job)
    for layer in layers_of(snakemake):
        scaled = scaled_layers(layer.networks(), layer.name, job.scalings)
        clusterings = block_partitions(scaled, params.k_values, job)
        for name, items in clusterings._asdict().items():
            save_items(layer.output(name), items)
