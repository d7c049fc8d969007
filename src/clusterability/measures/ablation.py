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
from scipy.linalg.blas import sgemm

from clusterability.comparison import Comparison, compare
from clusterability.compiled import compiled
from clusterability.measures.activations import Activities
from clusterability.measures.lesions import Lesions, lesion_test
from clusterability.randomness import StreamName, generator

Ablation = Literal["zero", "mean"]
ABLATIONS: tuple[Ablation, ...] = ("zero", "mean")

_IMAGES_AT_ONCE = 512
"""What the next layer gets of so many images stays in the processor's cache."""

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

    Only what comes behind the layer is computed; behind the last hidden layer it is linear. What
    the next layer gets differs between the ablations by a constant of each group, so that one
    product serves both.
    """

    def __init__(
        self,
        following: Sequence[np.ndarray],
        activities: Activities,
        classes: np.ndarray,
        biases: Sequence[np.ndarray] | None = None,
    ) -> None:
        """A layer with weights behind it.

        Args:
            following: weights [out, in] behind the layer, at least one; ReLU between them.
            activities: [images, units] of the layer, 0 or more.
            classes: whole numbers [images], 0 to the last layer's outputs - 1.
            biases: [out] of each of the weights; None where there are none.
        """
        order = np.argsort(classes, kind="stable")
        self.classes = classes[order]
        self.counts: Counts = np.bincount(classes, minlength=following[-1].shape[0])
        self.following = following
        if biases is None:
            biases = [np.zeros(len(weight), np.float32) for weight in following]
        self.biases = [bias[:, None] for bias in biases]
        self.units = np.ascontiguousarray(activities[order].T)
        self.means = self.units.mean(axis=1, dtype=np.float64).astype(np.float32)
        self.whole = following[0] @ self.units + self.biases[0]

    def intact_hits(self) -> Counts:
        """Images by class, [classes], that the network classifies correctly."""
        logits = self._logits(self.whole, np.zeros(len(self.whole), np.float32))
        return self._hits(logits[:, None])[0]

    def hits_without(self, groups: np.ndarray) -> Counts:
        """The same without each of the groups, bool [groups, units].

        Returns:
            [ablations, groups, classes], in the order of ABLATIONS.
        """
        found = np.empty((len(ABLATIONS), len(groups), len(self.counts)), np.int64)
        for number, group in enumerate(groups):
            order = np.concatenate([np.flatnonzero(group), np.flatnonzero(~group)])
            found[:, number] = self.hits_without_first(order[None], [int(group.sum())])[:, 0, 0]
        return found

    def hits_without_first(self, orders: np.ndarray, sizes: Sequence[int]) -> Counts:
        """Hits without the first units of each order [draws, units that may be ablated].

        A unit is taken away once a draw for all sizes: groups of one draw are nested.

        Returns:
            [ablations, sizes, draws, classes], in the order of ABLATIONS.
        """
        images, outputs = self.units.shape[1], len(self.counts)
        found = np.empty((len(ABLATIONS), len(sizes), len(orders), outputs), np.int64)
        logits = np.empty((outputs, len(ABLATIONS), len(sizes), images), np.float32)
        for draw, order in enumerate(orders):
            for begin in range(0, images, _IMAGES_AT_ONCE):
                part = slice(begin, begin + _IMAGES_AT_ONCE)
                for place, preactivations, means in self._nested(order, sizes, part):
                    for ablation, constant in enumerate((np.zeros_like(means), means)):
                        logits[:, ablation, place, part] = self._logits(preactivations, constant)
            flat = self._hits(logits.reshape(outputs, -1, images))
            found[:, :, draw] = flat.reshape(len(ABLATIONS), len(sizes), outputs)
        return found

    def _nested(
        self, order: np.ndarray, sizes: Sequence[int], part: slice
    ) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Place of each size, and what the next layer gets without the first units of the order.

        Of some of the images, [units of it, images], with the first units at zero; and what these
        units' means would add, [units of it].

        Beyond half of the layer it is built up from nothing: then nothing is what is left at the
        end, and not the rounding errors of taking everything away.
        """
        units = self.units[order, part]
        weights = np.ascontiguousarray(self.following[0].T[order])
        means = np.zeros((len(order) + 1, weights.shape[1]), np.float32)
        np.cumsum(weights * self.means[order, None], axis=0, dtype=np.float64, out=means[1:])
        ascending = np.argsort(sizes, kind="stable")
        half = len(self.units) / 2
        taken, total = 0, self.whole[:, part].copy()
        for place in (place for place in ascending if sizes[place] <= half):
            more = slice(taken, sizes[place])
            total = _plus_product(total, weights[more], units[more], -1)
            taken = sizes[place]
            yield place, total, means[taken]
        left = len(order)
        others = np.setdiff1d(np.arange(len(self.units)), order)
        total = self.following[0][:, others] @ self.units[others, part] + self.biases[0]
        for place in (place for place in ascending[::-1] if sizes[place] > half):
            more = slice(sizes[place], left)
            total = _plus_product(total, weights[more], units[more], 1)
            left = sizes[place]
            yield place, total, means[left]

    def _logits(self, preactivations: np.ndarray, constant: np.ndarray) -> np.ndarray:
        """Logits [classes, images] from what the next layer gets, [units of it, images].

        Args:
            preactivations: all but a constant of each unit.
            constant: [units of it].
        """
        if len(self.following) == 1:
            return preactivations + constant[:, None]
        activities = np.empty_like(preactivations)
        _rectify(preactivations, constant, activities)
        for weight, bias in zip(self.following[1:-1], self.biases[1:-1], strict=True):
            activities = np.maximum(weight @ activities + bias, 0)
        return self.following[-1] @ activities + self.biases[-1]

    def _hits(self, logits: np.ndarray) -> Counts:
        """Hits [groups, classes] of logits [classes, groups, images]; the first of equal ones."""
        hits = np.zeros((logits.shape[1], len(self.counts)), np.int64)
        _count_hits(logits, np.cumsum(self.counts), hits)
        return hits


@compiled
def _rectify(preactivations: np.ndarray, constant: np.ndarray, activities: np.ndarray) -> None:
    """Fills activities [units, images] with preactivations + constant [units], or 0 below it."""
    for unit in range(len(constant)):
        own, shift, result = preactivations[unit], constant[unit], activities[unit]
        for image in range(len(own)):
            result[image] = max(own[image] + shift, np.float32(0))


@compiled
def _count_hits(logits: np.ndarray, ends: np.ndarray, hits: np.ndarray) -> None:
    """Adds to hits [groups, classes]; images are sorted by class, and each class ends at `ends`."""
    classes, groups, images = logits.shape
    largest, said = np.empty(images, logits.dtype), np.empty(images, np.int32)
    for group in range(groups):
        for number in range(classes):
            own = logits[number, group]
            for image in range(images):
                larger = number == 0 or own[image] > largest[image]
                largest[image] = own[image] if larger else largest[image]
                said[image] = number if larger else said[image]
        begin = 0
        for number in range(classes):
            for image in range(begin, ends[number]):
                hits[group, number] += said[image] == number
            begin = ends[number]


def _plus_product(
    total: np.ndarray, weights: np.ndarray, units: np.ndarray, sign: int
) -> np.ndarray:
    """The total [rows, images] plus sign x the product of weights [units, rows] and units.

    It is written over `total`: BLAS adds to what is there, where numpy would write the product to
    memory and read it again. The transposes lie in memory as BLAS likes them.
    """
    if not len(units):
        return total
    product = sgemm(sign, units.T, weights.T, beta=1, c=total.T, trans_b=True, overwrite_c=True)
    return product.T


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
        lesions: the same hits in the way of Filan et al. 2021.
    """

    importance: Floats
    importance_compared: Comparison
    coherence: Floats
    coherence_compared: Comparison
    falls: Floats
    falls_compared: Comparison
    lesions: Lesions

    @property
    def share(self) -> Floats:
        """Fall over the sum of itself and the mean fall of random groups; 1/2 is neutral.

        [clusters], undefined where that sum is not positive (Hod, Casper, Filan et al. 2022).
        """
        total = self.importance + self.importance_compared.mean
        return np.divide(self.importance, total, out=np.full(len(total), np.nan), where=total > 0)


@dataclass(frozen=True)
class Kept:
    """What a network says with clusters alone, compared with random groups of the same sizes.

    Attributes:
        accuracy: share of the images that are classified correctly, [clusters].
        compared: with those of random groups alone.
        falls: fall in each class from the whole network, [clusters, classes]; NaN for classes
            without images.
        falls_compared: with those of random groups alone.
    """

    accuracy: Floats
    compared: Comparison
    falls: Floats
    falls_compared: Comparison


def compare_kept(intact: Counts, hits: Counts, group_hits: Counts, counts: Counts) -> Kept:
    """Accuracy with clusters alone; the arguments are those of `compare_effects`."""
    falls, group_falls = (_falls(intact, found, counts) for found in (hits, group_hits))
    accuracy, of_groups = (found.sum(axis=-1) / counts.sum() for found in (hits, group_hits))
    return Kept(
        accuracy=accuracy,
        compared=compare(accuracy, of_groups, direction=1),
        falls=falls,
        falls_compared=compare(falls, group_falls.swapaxes(-1, -2), direction=1),
    )


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
        lesions=lesion_test(intact, hits, group_hits, counts),
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
