"""Partitions of a block of networks at all scales of the weights."""

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
    """By (method, k): the partitions, the labels of all starts, and the held-out V clusters."""

    partitions: dict[Key, Partitions]
    starts: dict[Key, Starts]
    held_out: dict[Key, HeldOut]


def block_partitions(
    layers: Sequence[ScaledLayer], k_values: Sequence[int], job: ClusteringJob
) -> ClusteredLayer:
    """Partitions of one layer of all networks of a block.

    Args:
        layers: the layer at each scale.
        k_values: numbers of clusters.
        job: methods and restarts.
    """
    found = ClusteredLayer({}, {}, {})
    for layer in layers:
        asked = (layer.matrices, layer.streams, k_values, job.methods, job.restarts)
        partitions, starts = cluster_with_starts(*asked)
        found.partitions.update(layer.renamed(partitions))
        found.starts.update(layer.renamed(starts))
        if layer.layer != NETWORK:
            found.held_out.update(layer.renamed(held_out_clusters(*asked)))
    return found
