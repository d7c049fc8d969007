"""Partitions of a block of networks at all scales of the weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from clusterability.clustering.held_out import held_out_clusters
from clusterability.clustering.spectral import cluster_with_starts
from clusterability.jobs.clustering_job import ClusteringJob
from clusterability.names import NETWORK
from clusterability.networks.graph import layer_matrices
from clusterability.networks.partitions import HeldOut, Key, Partitions, Starts
from clusterability.networks.scaling import at_scale, scale_weights
from clusterability.networks.stacked import Networks
from clusterability.randomness import StreamName


class BlockPartitions(NamedTuple):
    """By (method, k): the partitions, the labels of all starts, and the held-out V clusters."""

    partitions: dict[Key, Partitions]
    starts: dict[Key, Starts]
    held_out: dict[Key, HeldOut]


def own_streams(networks: Networks, layer: str) -> list[StreamName]:
    """Names of the random streams of the networks' own partitions of a layer, one a network."""
    return [(networks.condition, seed, layer, "network") for seed in networks.seeds]


def block_partitions(
    networks: Networks, layer: str, k_values: Sequence[int], job: ClusteringJob
) -> BlockPartitions:
    """Partitions of one layer of all networks.

    Args:
        networks: the block.
        layer: of the networks, or "network".
        k_values: numbers of clusters.
        job: methods, restarts and scalings.
    """
    names = own_streams(networks, layer)
    found = BlockPartitions({}, {}, {})
    for scaling in job.scalings:
        matrices = layer_matrices(scale_weights(networks.weights, scaling), layer)
        asked = (matrices, names, k_values, job.methods, job.restarts)
        partitions, starts = cluster_with_starts(*asked)
        found.partitions.update(at_scale(partitions, scaling))
        found.starts.update(at_scale(starts, scaling))
        if layer != NETWORK:
            found.held_out.update(at_scale(held_out_clusters(*asked), scaling))
    return found
