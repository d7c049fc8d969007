"""k of the largest z, against the largest z of each draw, for one network or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clusterability.comparison import compare
from clusterability.statistics import SIGNIFICANT
from clusterability.stopping import stopped_p

NO_CLUSTERS = 1
"""k of a layer without clusters."""


@dataclass(frozen=True)
class Choice:
    """k of the largest z, for one or many networks.

    Attributes:
        index: its index among the values of k, int [...]; 0 if no k has a z.
        candidate: that k, int [...].
        p: p of the largest z against the largest z of each draw, [...]; NaN if no k has a z.
    """

    index: np.ndarray
    candidate: np.ndarray
    p: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Whether any k has a z, bool [...]."""
        return np.isfinite(self.p)

    @property
    def k(self) -> np.ndarray:
        """The answer, int [...]: the candidate if p <= 0.05, else 1."""
        return np.where(self.p <= SIGNIFICANT, self.candidate, NO_CLUSTERS)


def standardised(values: np.ndarray, draws: np.ndarray, direction: int) -> np.ndarray:
    """Directed z of each network and each of its draws, within the pool of both.

    The network is in the pool like its draws, so that all items are exchangeable under the null.
    Its z cannot exceed draws / sqrt(1 + draws) and increases with the z against the draws alone, so
    the k of the largest z is the same.

    Args:
        values: [networks, k], NaN where undefined.
        draws: [networks, k, draws], NaN where undefined.
        direction: 1 if higher is better, -1 if lower is.

    Returns:
        [networks, k, 1 + draws], the network first. NaN at a k where the network has no value, as
        where k is infeasible, or where the pool has no spread, as at k = 1.

    >>> standardised(np.array([[2.0]]), np.array([[[0.0, 1.0]]]), direction=1).tolist()
    [[[1.0, -1.0, 0.0]]]
    """
    pool = np.concatenate([values[..., None], draws], axis=-1)
    comparison = compare(values, pool, direction)
    spread = np.where(np.isfinite(comparison.z), comparison.deviation, np.nan)
    return direction * (pool - comparison.mean[..., None]) / spread[..., None]


def choose(z: np.ndarray, k_values: Sequence[int], most: int | None = None) -> Choice:
    """Choose the k of the largest z, the smallest in case of ties.

    p = (1 + number of draws whose largest z is at least as large) / (draws + 1), or
    `stopping.stopped_p`.

    Args:
        z: [..., k, 1 + draws], the network first; NaN where undefined.
        k_values: numbers of clusters, ascending.
        most: largest number of draws, for adaptive draws.

    >>> z = np.array([[0.5, -1.0, 0.5], [1.0, -1.0, 0.0]])
    >>> choice = choose(z, [2, 3])
    >>> int(choice.candidate), round(float(choice.p), 3), int(choice.k)
    (3, 0.333, 1)
    """
    largest = np.fmax.reduce(z, axis=-2)
    network = z[..., 0]
    index = np.where(np.isfinite(network), network, -np.inf).argmax(axis=-1)
    compared = (largest[..., 0], largest[..., 1:], 1)
    p = compare(*compared).p if most is None else stopped_p(*compared, most)
    return Choice(index=index, candidate=np.asarray(k_values)[index], p=p)


def halves(seeds: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the networks that k is chosen on, and of those that it is reported on.

    The first, third, ... of the sorted seeds against the second, fourth, ...: seeds added at the
    end leave the others in their halves.

    >>> [half.tolist() for half in halves([0, 1, 2, 7, 5])]
    [[0, 2, 3], [1, 4]]
    """
    order = np.argsort(seeds, kind="stable")
    return order[::2], order[1::2]


def choose_together(z: np.ndarray, k_values: Sequence[int]) -> tuple[Choice, int]:
    """One k for several networks, by the largest mean z, and the number of deciding networks.

    Draws with the same index, one per network, form one draw of the mean. Networks without any z
    are left out, and so is a k at which one of the others has no z: means over different networks
    are not comparable.

    Args:
        z: [networks, k, 1 + draws], result of `standardised`.
        k_values: numbers of clusters, ascending.
    """
    total, deciding = total_of_deciding(z)
    return choose_by_mean(total, deciding, k_values), deciding


def total_of_deciding(z: np.ndarray) -> tuple[np.ndarray, int]:
    """Sum [k, 1 + draws] of z [networks, k, 1 + draws] over networks with any z; their number."""
    deciding = z[np.isfinite(z[..., 0]).any(axis=1)]
    return deciding.sum(axis=0), len(deciding)


def choose_by_mean(
    total: np.ndarray, deciding: int, k_values: Sequence[int], most: int | None = None
) -> Choice:
    """Choose the k of the largest mean z, given its sum `total` [k, 1 + draws]."""
    # Dividing by NaN gives no mean without networks, and no warning.
    return choose(total / (deciding or np.nan), k_values, most)
