"""The k of the largest z: against the largest z of each draw, for one network or for several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clusterability.comparison import compare
from clusterability.statistics import SIGNIFICANT
from clusterability.stopping import stopped_p

NO_CLUSTERS = 1
"""The k of a layer without clusters."""


@dataclass(frozen=True)
class Choice:
    """The k of the largest z, for one or many networks.

    Attributes:
        place: its place among the values of k, int [...]; 0 where no k has a z.
        candidate: that k, int [...].
        p: of the largest z against the largest z of each draw, [...]; NaN where no k has a z.
    """

    place: np.ndarray
    candidate: np.ndarray
    p: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Whether any k has a z, bool [...]."""
        return np.isfinite(self.p)

    @property
    def k(self) -> np.ndarray:
        """The answer, int [...]: the candidate where p <= 0.05, else 1."""
        return np.where(self.p <= SIGNIFICANT, self.candidate, NO_CLUSTERS)


def standardised(values: np.ndarray, draws: np.ndarray, direction: int) -> np.ndarray:
    """Directed z of each network and of each of its draws, within the pool of both.

    The network is one item of the pool like its draws, so that all items are exchangeable where
    the null holds. Its z cannot exceed draws / sqrt(1 + draws), and grows with the z against the
    draws alone: the k of the largest z is the same.

    Args:
        values: [networks, k], NaN where undefined.
        draws: [networks, k, draws], NaN where undefined.
        direction: 1 where higher is better, -1 where lower is.

    Returns:
        [networks, k, 1 + draws], the network first. NaN at a k at which the network has no value,
        as where k is infeasible, or at which the pool has no spread, as at k = 1.

    >>> standardised(np.array([[2.0]]), np.array([[[0.0, 1.0]]]), direction=1).tolist()
    [[[1.0, -1.0, 0.0]]]
    """
    pool = np.concatenate([values[..., None], draws], axis=-1)
    found = compare(values, pool, direction)
    spread = np.where(np.isfinite(found.z), found.deviation, np.nan)
    return direction * (pool - found.mean[..., None]) / spread[..., None]


def choose(z: np.ndarray, k_values: Sequence[int], most: int | None = None) -> Choice:
    """The k of the largest z; the smallest of several.

    p = (1 + number of draws whose largest z is at least as large) / (draws + 1), or
    `stopping.stopped_p`.

    Args:
        z: [..., k, 1 + draws], the network first; NaN where undefined.
        k_values: rising.
        most: draws that there are at most, where they ended by a rule.

    >>> z = np.array([[0.5, -1.0, 0.5], [1.0, -1.0, 0.0]])
    >>> found = choose(z, [2, 3])
    >>> int(found.candidate), round(float(found.p), 3), int(found.k)
    (3, 0.333, 1)
    """
    largest = np.fmax.reduce(z, axis=-2)
    network = z[..., 0]
    place = np.where(np.isfinite(network), network, -np.inf).argmax(axis=-1)
    compared = (largest[..., 0], largest[..., 1:], 1)
    p = compare(*compared).p if most is None else stopped_p(*compared, most)
    return Choice(place=place, candidate=np.asarray(k_values)[place], p=p)


def halves(seeds: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the networks that k is chosen on and of those that it is reported on.

    The first, third, ... of the sorted seeds against the second, fourth, ...: seeds added at the
    end leave the others in their halves.

    >>> [half.tolist() for half in halves([0, 1, 2, 7, 5])]
    [[0, 2, 3], [1, 4]]
    """
    order = np.argsort(seeds, kind="stable")
    return order[::2], order[1::2]


def choose_together(z: np.ndarray, k_values: Sequence[int]) -> tuple[Choice, int]:
    """One k for several networks, and how many of them decide: the k of the largest mean z.

    Draws of the same number, one a network, are one draw of the mean. Networks without any z do
    not count, and a k at which one of the others has no z is left out: means over different
    networks could not be compared.

    Args:
        z: [networks, k, 1 + draws], as `standardised` gives it.
        k_values: rising.
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
    """The k of the largest mean of z, of which `total` [k, 1 + draws] is the sum."""
    # Without networks 0 / NaN: no mean, and no warning either.
    return choose(total / (deciding or np.nan), k_values, most)
