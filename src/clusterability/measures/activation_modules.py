"""Modularity of activations: do clusters of the weights contain units that are active together?

After Lange, Rolnick & Kording 2022, Clustering units in neural networks: upstream vs downstream
information, TMLR, who cluster units by the modularity of their similarities. Here, the partition is
that of the weights. docs/function.md lists what misleads these measures.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clusterability.clustering.block_sums import one_hot
from clusterability.clustering.spectral import cluster
from clusterability.measures.activations import Activities
from clusterability.measures.label_agreement import agreement, live_labels
from clusterability.networks.live_units import DEAD
from clusterability.randomness import StreamName

_RESTARTS = 10
_NO_SPREAD = 1e-12
"""A smaller variance of normalised activations is rounding: the unit is constant."""

Floats = npt.NDArray[np.float64]


class ActivationModules:
    """Correlation graph of a layer's units, and its clusters, each computed once.

    Args:
        activities: normalised activations, [images, units].
        name: condition, seed and layer: the random stream of the clustering.

    >>> activations = np.array([[0, 0, 0, 0], [0, 0, 1, 1], [1, 1, 0, 0], [1, 1, 1, 1]], np.float32)
    >>> modules = ActivationModules(activations, ("example",))
    >>> measures = modules.measures(np.array([[0, 0, 1, 1]]), k=2)
    >>> {name: values.round(3).tolist() for name, values in measures.items()}
    {'activation_q': [0.5], 'activation_ami': [1.0]}
    """

    def __init__(self, activities: Activities, name: StreamName) -> None:
        self._links, self._name = co_activity(activities), name
        self._clusters: dict[tuple[bytes, int], np.ndarray | None] = {}

    def measures(self, labellings: np.ndarray, k: int) -> dict[str, Floats]:
        """Measures of each labelling, [labellings], by identifier.

        Args:
            labellings: cluster of each unit, [labellings, units], from 0 to k - 1; -1 for dead
                units, which are the same in all labellings.
            k: number of clusters.

        Returns:
            `activation_q`: Newman's modularity of the labels in the graph of `co_activity`.
            `activation_ami`: adjusted mutual information of the labels and the clusters of that
                graph.
            Units that are constant over the images are left out of both.
        """
        alive = (labellings != DEAD).all(axis=0) & self._links.any(axis=0)
        links, labels = self._links[np.ix_(alive, alive)], labellings[:, alive]
        # Nearly all partitions have the same live units, so the cache has few entries.
        key = (alive.tobytes(), k)
        if key not in self._clusters:
            self._clusters[key] = activity_clusters(links, k, self._name)
        return {
            "activation_q": modularity(links, labels, k),
            "activation_ami": _agreement(labels, self._clusters[key]),
        }


def co_activity(activities: Activities) -> Floats:
    """Absolute correlations of units over images, with a zero diagonal.

    Args:
        activities: activations [images, units].

    Returns:
        abs(Pearson correlation), [units, units]; 0 for units that do not vary.

    >>> co_activity(np.array([[0.0, 1.0, 5.0], [1.0, 0.0, 5.0]], np.float32)).round(6).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    centred = activities - activities.mean(axis=0, dtype=np.float64)
    spread = np.sqrt(np.square(centred).mean(axis=0))
    scaled = np.divide(centred, spread, out=np.zeros_like(centred), where=spread**2 > _NO_SPREAD)
    links = np.abs(scaled.T @ scaled) / max(len(activities), 1)
    np.fill_diagonal(links, 0)
    return np.asarray(links)


def modularity(links: Floats, labellings: np.ndarray, k: int) -> Floats:
    """Newman's modularity Q of several labellings of a weighted graph.

        Q = sum over clusters c of [ w_c / 2m - (s_c / 2m)^2 ]

    with w_c the weight within cluster c (each edge counted twice), s_c the sum of its units'
    strengths and 2m the sum of all weights.

    Args:
        links: symmetric weights [units, units].
        labellings: cluster of each unit, [labellings, units], from 0 to k - 1.
        k: number of clusters.

    Returns:
        Q, [labellings]; NaN if all weights are zero.

    References:
        Newman 2004, Analysis of weighted networks, Phys. Rev. E 70, 056131.
        doi:10.1103/PhysRevE.70.056131

    >>> pairs = np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]])
    >>> modularity(pairs, np.array([[0, 0, 1, 1], [0, 1, 0, 1]]), k=2).tolist()
    [0.5, -0.5]
    """
    total = links.sum()
    if not total > 0:
        return np.full(len(labellings), np.nan)
    members = one_hot(labellings, k).swapaxes(1, 2)
    inside = ((members @ links) * members).sum(axis=-1)
    strengths = members @ links.sum(axis=1)
    return np.asarray((inside / total - np.square(strengths / total)).sum(axis=-1))


def activity_clusters(links: Floats, k: int, name: StreamName) -> np.ndarray | None:
    """Normalised spectral clustering of a graph.

    Each unit is linked to itself with weight 1, its correlation with itself.

    Args:
        links: symmetric weights [units, units], zero on the diagonal.
        k: number of clusters.
        name: condition, seed and layer: the random stream.

    Returns:
        Labels [units]; None if k is infeasible.

    References:
        Ng, Jordan & Weiss 2001, On spectral clustering: analysis and an algorithm, NIPS 14.
    """
    graph = links + np.eye(len(links))
    partitions = cluster(graph[None], [(*name, "co-activity")], [k], ["matched"], _RESTARTS)
    (partition,) = partitions.values()
    return partition.rows[0] if partition.feasible[0] else None


def _agreement(labellings: np.ndarray, clusters: np.ndarray | None) -> Floats:
    """Adjusted mutual information (Vinh, Epps & Bailey 2010) of each labelling and the clusters."""
    result = np.full(len(labellings), np.nan)
    if clusters is None:
        return result
    # Permuted labels have the same cluster sizes, unless constant units are left out.
    different, group = np.unique(np.sort(labellings, axis=1), axis=0, return_inverse=True)
    group = group.reshape(-1)  # two axes in NumPy 2.0.0
    for number in range(len(different)):
        same = group == number
        numbered = live_labels(np.vstack([labellings[same], clusters]))
        result[same] = agreement(numbered[:-1], numbered[-1])["ami"]
    return result
