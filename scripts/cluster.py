"""Rule `cluster`: partitions of one layer of a block of networks, at all k of a block."""

from pathlib import Path

from clusterability.clustering import cluster_with_starts
from clusterability.graph import layer_matrices
from clusterability.held_out import held_out_clusters
from clusterability.names import NETWORK
from clusterability.networks import load_networks
from clusterability.scaling import at_scale, scale_weights
from clusterability.storage import save_items
from job import running

with running(snakemake):
    layer, study = snakemake.wildcards.layer, snakemake.params.study
    networks = load_networks(Path(snakemake.input.networks))
    names = [(networks.condition, seed, layer, "network") for seed in networks.seeds]
    partitions, starts, held_out = {}, {}, {}
    for scaling in study["scalings"]:
        matrices = layer_matrices(scale_weights(networks.weights, scaling), layer)
        asked = (names, snakemake.params.k_values, study["methods"], study["restarts"])
        found, found_starts = cluster_with_starts(matrices, *asked)
        partitions |= at_scale(found, scaling)
        starts |= at_scale(found_starts, scaling)
        if layer != NETWORK:
            held_out |= at_scale(held_out_clusters(matrices, *asked), scaling)
    save_items(Path(snakemake.output.partitions), partitions)
    save_items(Path(snakemake.output.starts), starts)
    save_items(Path(snakemake.output.held_out), held_out)
