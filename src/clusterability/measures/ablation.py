"""Drop in accuracy, class by class, when units of a hidden layer are ablated.

An ablated unit is set to zero, or to its mean over the images. The drop for a cluster is compared
with the drops for random groups of the same size (Filan et al. 2021, arXiv:2103.03386; Hod, Filan,
Casper et al. 2022, arXiv:2110.08058).
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
"""Images per chunk: their inputs to the next layer stay in the processor's cache."""

LEAST_ACCURACY = 0.2
"""Below this accuracy, a network has nothing to lose: its drops in accuracy are undefined."""
LEAST_FALL = 0.01
"""Below this mean drop, the classes that bear it are due to chance: coherence is undefined."""

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def group_orders(units: np.ndarray, name: StreamName, draws: int) -> np.ndarray:
    """Random permutations of units; the first s units of each are a random group of size s.

    The groups of one draw are nested. A draw depends on its index, not on the number of draws.

    Args:
        units: indices of the units that have a cluster, [units].
        name: condition, seed and layer.
        draws: number of draws.

    Returns:
        Permuted unit indices, [draws, units].

    >>> group_orders(np.array([2, 5, 7]), ("example",), draws=4).shape
    (4, 3)
    """
    return np.array(
        [generator("draw", *name, "ablation", number).permutation(units) for number in range(draws)]
    )


class AblatedLayer:
    """Hidden layer of one network, for counting correct predictions without some of its units.

    Only the layers behind it are computed; behind the last hidden layer, everything is linear. The
    inputs to the next layer differ between the two kinds of ablation by a constant per group, so
    one matrix product serves both.

    >>> identity = np.eye(2, dtype=np.float32)
    >>> layer = AblatedLayer([identity], identity, classes=np.arange(2))
    >>> layer.intact_hits().tolist()
    [1, 1]
    >>> layer.hits_without(np.array([[False, True]]))[0].tolist()  # unit 1 set to zero
    [[1, 0]]
    """

    def __init__(
        self,
        following: Sequence[np.ndarray],
        activities: Activities,
        classes: np.ndarray,
        biases: Sequence[np.ndarray] | None = None,
    ) -> None:
        """Prepare a layer, given the weights behind it.

        Args:
            following: weights [out, in] of the layers behind it, at least one, with ReLU between
                them.
            activities: activations of the layer, non-negative [images, units].
            classes: true class of each image, integer [images], from 0.
            biases: [out] for each weight matrix; None if there are none.
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
        """Correct predictions of the intact network by class, [classes]."""
        logits = self._logits(self.whole, np.zeros(len(self.whole), np.float32))
        return self._correct(logits[:, None])[0]

    def hits_without(self, groups: np.ndarray) -> Counts:
        """Correct predictions without each of the groups.

        Args:
            groups: ablated units, bool [groups, units].

        Returns:
            Counts [ablations, groups, classes], in the order of ABLATIONS.
        """
        correct = np.empty((len(ABLATIONS), len(groups), len(self.counts)), np.int64)
        for number, group in enumerate(groups):
            order = np.concatenate([np.flatnonzero(group), np.flatnonzero(~group)])
            correct[:, number] = self.hits_without_first(order[None], [int(group.sum())])[:, 0, 0]
        return correct

    def hits_without_first(self, orders: np.ndarray, sizes: Sequence[int]) -> Counts:
        """Correct predictions without the first units of each order.

        The groups of one draw are nested, so each unit is removed only once per draw.

        Args:
            orders: permutations of the units that may be ablated, [draws, units].
            sizes: numbers of units to ablate.

        Returns:
            Counts [ablations, sizes, draws, classes], in the order of ABLATIONS.
        """
        images, outputs = self.units.shape[1], len(self.counts)
        correct = np.empty((len(ABLATIONS), len(sizes), len(orders), outputs), np.int64)
        logits = np.empty((outputs, len(ABLATIONS), len(sizes), images), np.float32)
        for draw, order in enumerate(orders):
            for begin in range(0, images, _IMAGES_AT_ONCE):
                part = slice(begin, begin + _IMAGES_AT_ONCE)
                for index, preactivations, means in self._nested(order, sizes, part):
                    for ablation, constant in enumerate((np.zeros_like(means), means)):
                        logits[:, ablation, index, part] = self._logits(preactivations, constant)
            flat = self._correct(logits.reshape(outputs, -1, images))
            correct[:, :, draw] = flat.reshape(len(ABLATIONS), len(sizes), outputs)
        return correct

    def _nested(
        self, order: np.ndarray, sizes: Sequence[int], part: slice
    ) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Inputs to the next layer without the first units of an order, size by size.

        Yields the index of the size; the preactivations [next units, images] of some images with
        the first units at zero; and what the means of these units would add, [next units].

        Groups larger than half of the layer are built up from nothing, so that with no unit left
        the result is exactly zero rather than the rounding error of subtracting everything.
        """
        units = self.units[order, part]
        weights = np.ascontiguousarray(self.following[0].T[order])
        means = np.zeros((len(order) + 1, weights.shape[1]), np.float32)
        np.cumsum(weights * self.means[order, None], axis=0, dtype=np.float64, out=means[1:])
        ascending = np.argsort(sizes, kind="stable")
        half = len(self.units) / 2
        taken, total = 0, self.whole[:, part].copy()
        for index in (index for index in ascending if sizes[index] <= half):
            more = slice(taken, sizes[index])
            total = _plus_product(total, weights[more], units[more], -1)
            taken = sizes[index]
            yield index, total, means[taken]
        left = len(order)
        others = np.setdiff1d(np.arange(len(self.units)), order)
        total = self.following[0][:, others] @ self.units[others, part] + self.biases[0]
        for index in (index for index in ascending[::-1] if sizes[index] > half):
            more = slice(sizes[index], left)
            total = _plus_product(total, weights[more], units[more], 1)
            left = sizes[index]
            yield index, total, means[left]

    def _logits(self, preactivations: np.ndarray, constant: np.ndarray) -> np.ndarray:
        """Logits [classes, images] from the inputs to the next layer, [next units, images].

        Args:
            preactivations: inputs without a constant per unit.
            constant: [next units].
        """
        if len(self.following) == 1:
            return preactivations + constant[:, None]
        activations = np.empty_like(preactivations)
        _rectify(preactivations, constant, activations)
        for weight, bias in zip(self.following[1:-1], self.biases[1:-1], strict=True):
            activations = np.maximum(weight @ activations + bias, 0)
        return self.following[-1] @ activations + self.biases[-1]

    def _correct(self, logits: np.ndarray) -> Counts:
        """Correct predictions [groups, classes] from logits [classes, groups, images].

        Ties go to the first class.
        """
        correct = np.zeros((logits.shape[1], len(self.counts)), np.int64)
        _count_correct(logits, np.cumsum(self.counts), correct)
        return correct


@compiled
def _rectify(preactivations: np.ndarray, constant: np.ndarray, activations: np.ndarray) -> None:
    """Fill activations [units, images] with max(preactivations + constant [units], 0)."""
    for unit in range(len(constant)):
        row, shift, result = preactivations[unit], constant[unit], activations[unit]
        for image in range(len(row)):
            result[image] = max(row[image] + shift, np.float32(0))


@compiled
def _count_correct(logits: np.ndarray, ends: np.ndarray, correct: np.ndarray) -> None:
    """Add to counts [groups, classes]; images are sorted by class, and classes end at `ends`."""
    classes, groups, images = logits.shape
    largest, predicted = np.empty(images, logits.dtype), np.empty(images, np.int32)
    for group in range(groups):
        for number in range(classes):
            row = logits[number, group]
            for image in range(images):
                larger = number == 0 or row[image] > largest[image]
                largest[image] = row[image] if larger else largest[image]
                predicted[image] = number if larger else predicted[image]
        begin = 0
        for number in range(classes):
            for image in range(begin, ends[number]):
                correct[group, number] += predicted[image] == number
            begin = ends[number]


def _plus_product(
    total: np.ndarray, weights: np.ndarray, units: np.ndarray, sign: int
) -> np.ndarray:
    """Total [rows, images] plus sign times the product of weights [units, rows] and units.

    Overwrites `total`: BLAS accumulates in place, where NumPy would write the product to memory and
    read it again. The transposes have the memory layout that BLAS needs.
    """
    if not len(units):
        return total
    product = sgemm(sign, units.T, weights.T, beta=1, c=total.T, trans_b=True, overwrite_c=True)
    return product.T


def accurate(hits: Counts, counts: Counts) -> bool:
    """Whether a network is accurate enough to have something to lose.

    Args:
        hits: correct predictions by class, [classes].
        counts: images by class, [classes].

    >>> [accurate(np.array(correct), np.array([10, 10])) for correct in ([1, 2], [2, 2])]
    [False, True]
    """
    return bool(hits.sum() >= LEAST_ACCURACY * counts.sum())


@dataclass(frozen=True)
class Effects:
    """Effects of ablating clusters, compared with random groups of the same sizes.

    Attributes:
        importance: drop in accuracy, [clusters].
        importance_compared: comparison with the drops for random groups.
        coherence: range over classes of the drop in accuracy, divided by its mean over classes,
            [clusters]; NaN where that mean is below LEAST_FALL.
        coherence_compared: comparison with the coherence of random groups, where it is defined.
        falls: drop in accuracy in each class, [clusters, classes]; NaN for classes without images.
        falls_compared: comparison with the drops for random groups.
        lesions: lesion test of Filan et al. 2021 on the same predictions.
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
        """Drop in accuracy, divided by the sum of itself and the mean drop for random groups.

        [clusters]; 1/2 is neutral. NaN where that sum is not positive (Hod, Filan, Casper et al.
        2022, arXiv:2110.08058).
        """
        total = self.importance + self.importance_compared.mean
        return np.divide(self.importance, total, out=np.full(len(total), np.nan), where=total > 0)


@dataclass(frozen=True)
class Kept:
    """Accuracy with one cluster alone, compared with random groups of the same sizes.

    Attributes:
        accuracy: accuracy with all other units ablated, [clusters].
        compared: comparison with random groups alone.
        falls: drop in accuracy in each class relative to the intact network, [clusters, classes];
            NaN for classes without images.
        falls_compared: comparison with random groups alone.
    """

    accuracy: Floats
    compared: Comparison
    falls: Floats
    falls_compared: Comparison


def compare_kept(intact: Counts, hits: Counts, group_hits: Counts, counts: Counts) -> Kept:
    """Accuracy with clusters alone, compared with random groups alone.

    Args:
        intact: correct predictions of the intact network, [classes].
        hits: correct predictions with each cluster alone, [clusters, classes].
        group_hits: correct predictions with random groups of each cluster's size alone,
            [clusters, draws, classes].
        counts: images by class, [classes].

    >>> groups = np.array([[[2, 3], [1, 4]]])
    >>> kept = compare_kept(np.array([9, 8]), np.array([[7, 8]]), groups, np.array([10, 10]))
    >>> kept.accuracy.tolist(), kept.compared.mean.tolist()
    ([0.75], [0.25])
    """
    drops, group_drops = (
        _accuracy_drops(intact, correct, counts) for correct in (hits, group_hits)
    )
    accuracy, of_groups = (correct.sum(axis=-1) / counts.sum() for correct in (hits, group_hits))
    return Kept(
        accuracy=accuracy,
        compared=compare(accuracy, of_groups, direction=1),
        falls=drops,
        falls_compared=compare(drops, group_drops.swapaxes(-1, -2), direction=1),
    )


def compare_effects(intact: Counts, hits: Counts, group_hits: Counts, counts: Counts) -> Effects:
    """Drops in accuracy after ablating clusters, compared with random groups.

        importance = sum over classes of (intact - hits) / sum of counts
        coherence = (max - min over classes of the drop in a class) / mean drop

    Args:
        intact: correct predictions of the intact network, [classes].
        hits: correct predictions without each cluster, [clusters, classes].
        group_hits: correct predictions without random groups of each cluster's size, [clusters,
            draws, classes].
        counts: images by class, [classes].

    >>> groups = np.array([[[9, 7], [8, 8]]])
    >>> effects = compare_effects(np.array([9, 8]), np.array([[3, 8]]), groups, np.array([10, 10]))
    >>> effects.importance.tolist(), effects.coherence.tolist(), effects.falls.tolist()
    ([0.3], [2.0], [[0.6, 0.0]])
    """
    drops, group_drops = (
        _accuracy_drops(intact, correct, counts) for correct in (hits, group_hits)
    )
    importance = (intact - hits).sum(axis=-1) / counts.sum()
    group_importance = (intact - group_hits).sum(axis=-1) / counts.sum()
    coherence, group_coherence = _coherence(drops), _coherence(group_drops)
    return Effects(
        importance=importance,
        importance_compared=compare(importance, group_importance, direction=1),
        coherence=coherence,
        coherence_compared=compare(coherence, group_coherence, direction=1),
        falls=drops,
        falls_compared=compare(drops, group_drops.swapaxes(-1, -2), direction=1),
        lesions=lesion_test(intact, hits, group_hits, counts),
    )


def _accuracy_drops(intact: Counts, hits: Counts, counts: Counts) -> Floats:
    """Drop in accuracy in each class, [..., classes]; NaN for classes without images."""
    return np.where(counts > 0, (intact - hits) / np.maximum(counts, 1), np.nan)


def _coherence(drops: Floats) -> Floats:
    """Range over classes of the drops [..., classes], divided by their mean."""
    seen = drops[..., np.isfinite(drops).reshape(-1, drops.shape[-1]).all(axis=0)]
    mean = seen.mean(axis=-1)
    enough = np.where(mean >= LEAST_FALL, mean, np.nan)
    return (seen.max(axis=-1) - seen.min(axis=-1)) / enough
