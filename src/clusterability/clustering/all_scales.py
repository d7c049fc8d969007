"""Partitions of one layer of a block of networks at every scale of the weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from clusterability.clustering.held_out import held_out_clusters
from clusterability.clustering.spectral import cluster_with_starts
from clusterability.jobs.clustering_job import ClusteringJob
from clusterability.names import NETWORK
from clusterability.networks.partitions import HeldOut, Key, Partitions, Starts
from clusterability.networks.scaled_layer import ScaledLayer


class ClusteredLayer(NamedTuple):
    """Clusterings of one layer by (method, k).

    Attributes:
        partitions: partitions of all networks.
        starts: labels from every restart.
        held_out: V clusters found on half of the rows, for measures on the other half.
    """

    partitions: dict[Key, Partitions]
    starts: dict[Key, Starts]
    held_out: dict[Key, HeldOut]


def block_partitions(
    layers: Sequence[ScaledLayer], k_values: Sequence[int], job: ClusteringJob
) -> ClusteredLayer:
    """Cluster one layer of every network in a block.

    Args:
        layers: the layer at each scale.
        k_values: numbers of clusters.
        job: methods and restarts.
    """
    clustered = ClusteredLayer({}, {}, {})
    for layer in layers:
        arguments = (layer.matrices, layer.streams, k_values, job.methods, job.restarts)
        partitions, starts = cluster_with_starts(*arguments)
        clustered.partitions.update(layer.renamed(partitions))
        clustered.starts.update(layer.renamed(starts))
        if layer.layer != NETWORK:
            clustered.held_out.update(layer.renamed(held_out_clusters(*arguments)))
    return clustered
