"""Modules of what units do: do clusters of the weights hold units that are active together?

After Lange, Rolnick & Kording 2022, who cluster units by the modularity of their similarities; here
the partition is that of the weights. docs/function.md says what misleads these measures.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clusterability.clustering.block_sums import one_hot
from clusterability.clustering.spectral import cluster
from clusterability.measures.activations import Activities
from clusterability.networks.live_units import DEAD
from clusterability.randomness import StreamName

_RESTARTS = 10
_NO_SPREAD = 1e-12
"""A variance below it, of activities of root mean square 1, is rounding: the unit is constant."""

Floats = npt.NDArray[np.float64]


class ActivationModules:
    """The graph of a layer's units that are active together, and its clusters, each found once.

    Args:
        activities: [images, units], normalised.
        name: condition, seed and layer, for clusters of the activities.
    """

    def __init__(self, activities: Activities, name: StreamName) -> None:
        self._links, self._name = co_activity(activities), name
        self._clusters: dict[tuple[bytes, int], np.ndarray | None] = {}

    def measures(self, labellings: np.ndarray, k: int) -> dict[str, Floats]:
        """Measures of each labelling, [labellings], by identifier.

        Args:
            labellings: clusters [labellings, units], 0 to k - 1; -1 for dead units. All have the
                same dead units.
            k: number of clusters.

        Returns:
            `activation_q`: Newman's modularity of the labels in the graph of `co_activity`.
            `activation_ami`: adjusted mutual information of the labels with clusters of that graph.
            Units that are constant over the images count for nothing.
        """
        alive = (labellings != DEAD).all(axis=0) & self._links.any(axis=0)
        links, labels = self._links[np.ix_(alive, alive)], labellings[:, alive]
        # Nearly always, all partitions have the same live units.
        asked = (alive.tobytes(), k)
        if asked not in self._clusters:
            self._clusters[asked] = activity_clusters(links, k, self._name)
        return {
            "activation_q": modularity(links, labels, k),
            "activation_ami": _agreement(labels, self._clusters[asked]),
        }


def co_activity(activities: Activities) -> Floats:
    """Sizes of the correlations of units over images, [units, units], 0 on the diagonal.

    0 for units that do not vary.

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
    """Newman's Q of labellings [labellings, units] of a weighted graph [units, units].

    Sum over clusters of [weight inside / 2m - (strength / 2m)^2], 2m the sum of all weights
    (Newman 2004, eq. 5 with weights). NaN without any weight.
    """
    total = links.sum()
    if not total > 0:
        return np.full(len(labellings), np.nan)
    members = one_hot(labellings, k).swapaxes(1, 2)
    inside = ((members @ links) * members).sum(axis=-1)
    strengths = members @ links.sum(axis=1)
    return np.asarray((inside / total - np.square(strengths / total)).sum(axis=-1))


def activity_clusters(links: Floats, k: int, name: StreamName) -> np.ndarray | None:
    """Clusters [units] of a graph by normalised spectral clustering; None where k is infeasible.

    Each unit is linked to itself by 1, its correlation with itself (Ng, Jordan & Weiss 2001).
    """
    graph = links + np.eye(len(links))
    found = cluster(graph[None], [(*name, "co-activity")], [k], ["matched"], _RESTARTS)
    (partition,) = found.values()
    return partition.rows[0] if partition.feasible[0] else None


def _agreement(labellings: np.ndarray, clusters: np.ndarray | None) -> Floats:
    """Adjusted mutual information (Vinh, Epps & Bailey 2010) of each labelling with clusters."""
    if clusters is None:
        return np.full(len(labellings), np.nan)
    # Imported here: it takes a second, and whoever reads this module for other reasons waits.
    from sklearn.metrics import adjusted_mutual_info_score

    return np.array([adjusted_mutual_info_score(labels, clusters) for labels in labellings])
