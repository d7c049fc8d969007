"""How accuracy falls, class by class, where units of a hidden layer are ablated.

An ablated unit is set to zero, or to its mean over the images. A cluster's fall is compared with
those of random groups of as many units (Filan et al. 2021; Hod, Casper, Filan et al. 2022).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from clusterability.activities import Activities
from clusterability.comparison import Comparison, compare
from clusterability.randomness import StreamName, generator

Ablation = Literal["zero", "mean"]
ABLATIONS: tuple[Ablation, ...] = ("zero", "mean")

LEAST_ACCURACY = 0.2
"""Below it, a network has nothing to lose: its falls are undefined."""
LEAST_FALL = 0.01
"""Below such a mean fall, which classes it comes from is chance: coherence is undefined."""

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def group_orders(units: np.ndarray, name: StreamName, draws: int) -> np.ndarray:
    """Permutations [draws, units] of units, whose first s are a random group of s of them.

    Groups of one draw are nested. A draw depends on its number, not on how many there are.

    Args:
        units: numbers of the units that have a cluster.
        name: condition, seed and layer.
        draws: number of draws.
    """
    return np.array(
        [generator("draw", *name, "ablation", number).permutation(units) for number in range(draws)]
    )


class AblatedLayer:
    """A hidden layer of one network, and what the network says without some of its units.

    Only what comes behind the layer is computed; behind the last hidden layer it is linear.
    """

    def __init__(
        self,
        following: Sequence[np.ndarray],
        activities: Activities,
        classes: np.ndarray,
        ablation: Ablation = "zero",
    ) -> None:
        """A layer with weights behind it.

        Args:
            following: weights [out, in] behind the layer, at least one; ReLU between them.
            activities: [images, units] of the layer, 0 or more.
            classes: whole numbers [images], 0 to the last layer's outputs - 1.
            ablation: what units are set to.
        """
        order = np.argsort(classes, kind="stable")
        self.classes = classes[order]
        self.counts: Counts = np.bincount(classes, minlength=following[-1].shape[0])
        self.following = following
        units = np.ascontiguousarray(activities[order].T)
        rest = units.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
        rest = rest if ablation == "mean" else np.zeros_like(rest)
        # What a unit adds, [units, images], to what the next layer gets when all are ablated.
        self.added = units - rest
        self.without_any = np.repeat(following[0] @ rest, units.shape[1], axis=1)
        self.whole = self.without_any + following[0] @ self.added

    def intact_hits(self) -> Counts:
        """Images by class, [classes], that the network classifies correctly."""
        return self._hits(self._logits(self.whole)[:, None])[0]

    def hits_without(self, groups: np.ndarray) -> Counts:
        """The same without each of the groups, bool [groups, units]: [groups, classes]."""
        found = []
        for group in groups:
            preactivations = self._less(self.whole, np.flatnonzero(group))
            if 2 * group.sum() > len(group):
                preactivations = self._plus(self.without_any, np.flatnonzero(~group))
            found.append(self._hits(self._logits(preactivations)[:, None]))
        return np.concatenate(found)

    def hits_without_first(self, orders: np.ndarray, sizes: Sequence[int]) -> Counts:
        """Hits [sizes, draws, classes] without the first units of each order [draws, units].

        A unit is taken away once a draw for all sizes: groups of one draw are nested.
        """
        images = self.whole.shape[1]
        outputs = len(self.counts)
        found = np.empty((len(sizes), len(orders), outputs), np.int64)
        logits = np.empty((outputs, len(sizes), images), np.float32)
        for draw, order in enumerate(orders):
            for place, preactivations in self._nested(order, sizes):
                logits[:, place] = self._logits(preactivations)
            found[:, draw] = self._hits(logits)
        return found

    def _nested(self, order: np.ndarray, sizes: Sequence[int]) -> Iterator[tuple[int, np.ndarray]]:
        """Place of each size, and what the next layer gets without the first units of the order.

        Beyond half of the layer it is built up from nothing: then nothing is what is left at the
        end, and not the rounding errors of taking everything away.
        """
        other = np.setdiff1d(np.arange(len(self.added)), order)
        ascending = np.argsort(sizes, kind="stable")
        few = [place for place in ascending if 2 * sizes[place] <= len(self.added)]
        many = [place for place in ascending[::-1] if 2 * sizes[place] > len(self.added)]
        taken, preactivations = 0, self.whole
        for place in few:
            preactivations = self._less(preactivations, order[taken : sizes[place]])
            taken = sizes[place]
            yield place, preactivations
        left, preactivations = len(order), self._plus(self.without_any, other)
        for place in many:
            preactivations = self._plus(preactivations, order[sizes[place] : left])
            left = sizes[place]
            yield place, preactivations

    def _less(self, preactivations: np.ndarray, units: np.ndarray) -> np.ndarray:
        if not len(units):
            return preactivations
        return preactivations - self.following[0][:, units] @ self.added[units]

    def _plus(self, preactivations: np.ndarray, units: np.ndarray) -> np.ndarray:
        if not len(units):
            return preactivations
        return preactivations + self.following[0][:, units] @ self.added[units]

    def _logits(self, preactivations: np.ndarray) -> np.ndarray:
        """Logits [classes, images] from what the next layer gets, [units of it, images]."""
        found = preactivations
        for weight in self.following[1:]:
            found = weight @ np.maximum(found, 0)
        return found

    def _hits(self, logits: np.ndarray) -> Counts:
        """Hits [groups, classes] of logits [classes, groups, images]; the first of equal ones."""
        largest, said = logits[0].copy(), np.zeros(logits.shape[1:], np.int16)
        for number in range(1, len(logits)):
            np.copyto(said, number, where=logits[number] > largest)
            np.maximum(largest, logits[number], out=largest)
        right = said == self.classes
        starts = np.searchsorted(self.classes, np.arange(len(self.counts) + 1))
        sums = np.zeros((len(right), right.shape[1] + 1), np.int64)
        np.cumsum(right, axis=1, out=sums[:, 1:])
        return np.diff(sums[:, starts], axis=1)


def accurate(hits: Counts, counts: Counts) -> bool:
    """Whether a network with these hits by class has enough accuracy to lose."""
    return bool(hits.sum() >= LEAST_ACCURACY * counts.sum())


@dataclass(frozen=True)
class Effects:
    """What the ablation of clusters does, compared with random groups of the same sizes.

    Attributes:
        importance: fall in accuracy, [clusters].
        importance_compared: with the falls of random groups.
        coherence: range over classes of the fall in a class over their mean, [clusters]; NaN where
            that mean is below LEAST_FALL.
        coherence_compared: with those of random groups, where these are defined.
        falls: fall in each class, [clusters, classes]; NaN for classes without images.
        falls_compared: with those of random groups.
    """

    importance: Floats
    importance_compared: Comparison
    coherence: Floats
    coherence_compared: Comparison
    falls: Floats
    falls_compared: Comparison

    @property
    def share(self) -> Floats:
        """Fall over the sum of itself and the mean fall of random groups; 1/2 is neutral.

        [clusters], undefined where that sum is not positive (Hod, Casper, Filan et al. 2022).
        """
        total = self.importance + self.importance_compared.mean
        return np.divide(self.importance, total, out=np.full(len(total), np.nan), where=total > 0)


def compare_effects(intact: Counts, hits: Counts, group_hits: Counts, counts: Counts) -> Effects:
    """Falls of clusters, compared with those of random groups.

    Args:
        intact: hits by class of the network as it is, [classes].
        hits: without each cluster, [clusters, classes].
        group_hits: without random groups of each cluster's size, [clusters, draws, classes].
        counts: images by class, [classes].
    """
    falls, group_falls = (_falls(intact, found, counts) for found in (hits, group_hits))
    importance = (intact - hits).sum(axis=-1) / counts.sum()
    group_importance = (intact - group_hits).sum(axis=-1) / counts.sum()
    coherence, group_coherence = _coherence(falls), _coherence(group_falls)
    return Effects(
        importance=importance,
        importance_compared=compare(importance, group_importance, direction=1),
        coherence=coherence,
        coherence_compared=compare(coherence, group_coherence, direction=1),
        falls=falls,
        falls_compared=compare(falls, group_falls.swapaxes(-1, -2), direction=1),
    )


def _falls(intact: Counts, hits: Counts, counts: Counts) -> Floats:
    """Fall in accuracy in each class, [..., classes]."""
    return np.where(counts > 0, (intact - hits) / np.maximum(counts, 1), np.nan)


def _coherence(falls: Floats) -> Floats:
    """Range over classes of the falls [..., classes], over their mean."""
    seen = falls[..., np.isfinite(falls).reshape(-1, falls.shape[-1]).all(axis=0)]
    mean = seen.mean(axis=-1)
    enough = np.where(mean >= LEAST_FALL, mean, np.nan)
    return (seen.max(axis=-1) - seen.min(axis=-1)) / enough
