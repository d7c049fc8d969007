"""Lesion test of Filan et al. 2021 (arXiv:2103.03386): statistics of one layer's sub-clusters.

A sub-cluster consists of the units of one cluster in one hidden layer. The network without them is
compared with the network without equally many random units of the layer. docs/function.md explains
how this differs from this project's `importance` and `coherence`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LARGE_SHARE = 0.05
"""Sub-clusters with a smaller share of the layer's live units are small."""
LEAST_FALL = 0.01
"""A smaller drop in accuracy is unimportant, however significant it is."""
_TIE = 1e-12
"""Values closer than this are equal, so that rounding does not decide comparisons."""

COMPLETE, SMALL, IMPORTANT = "complete", "small", "important"
PRUNABLE, LEAST_IMPORTANT = "prunable", "least_important"
SMALL_FALL, UNCERTAIN, OTHER = "small_fall", "uncertain", "other"
CATEGORIES = (
    IMPORTANT,
    SMALL_FALL,
    UNCERTAIN,
    LEAST_IMPORTANT,
    PRUNABLE,
    OTHER,
    SMALL,
    COMPLETE,
)
"""Categories of sub-clusters; the last two are not tested."""


@dataclass(frozen=True)
class Lesions:
    """Accuracy without each sub-cluster, compared with random groups.

    Every array is [sub-clusters]. p-values are one-sided, (1 + random groups beyond the value) / (n
    + 1).

    Attributes:
        importance: drop in accuracy over all images; `group_importance` is its mean over groups.
        importance_p: p of a larger drop for a random group.
        accuracy: mean over classes of the accuracy in a class; `group_accuracy` is its mean over
            groups.
        accuracy_p: p of a lower accuracy for a random group.
        range: range over classes of the change in accuracy, divided by the absolute mean change;
            infinite where that mean is 0, NaN where no class changes. `group_range` is the mean
            over groups with a finite range.
        range_p: p of a larger range for a random group; NaN where `range` is.
    """

    importance: Floats
    group_importance: Floats
    importance_p: Floats
    accuracy: Floats
    group_accuracy: Floats
    accuracy_p: Floats
    range: Floats
    group_range: Floats
    range_p: Floats

    @property
    def accuracy_factor(self) -> Floats:
        """Accuracy without random units divided by that without the sub-cluster; NaN if 0."""
        return _ratio(self.group_accuracy, self.accuracy)

    @property
    def range_factor(self) -> Floats:
        """Range without random units divided by that without the sub-cluster; NaN if undefined."""
        return _ratio(self.group_range, self.range)


def lesion_test(intact: Counts, hits: Counts, group_hits: Counts, counts: Counts) -> Lesions:
    """Lesion statistics from numbers of correct predictions.

    Args:
        intact: correct predictions of the intact network, [classes].
        hits: correct predictions without each sub-cluster, [sub-clusters, classes].
        group_hits: correct predictions without random groups of its size, [sub-clusters, draws,
            classes].
        counts: images by class, [classes]; classes without images are left out.

    References:
        Filan et al. 2021, Clusterability in neural networks. arXiv:2103.03386

    >>> groups = np.array([[[9, 7], [8, 8]]])
    >>> lesions = lesion_test(np.array([9, 8]), np.array([[3, 8]]), groups, np.array([10, 10]))
    >>> lesions.importance.tolist(), lesions.importance_p.round(3).tolist()
    ([0.3], [0.333])
    """
    drops, group_drops = (
        (intact - correct).sum(axis=-1) / counts.sum() for correct in (hits, group_hits)
    )
    seen = counts > 0
    before, after, group_after = (
        correct[..., seen] / counts[seen] for correct in (intact, hits, group_hits)
    )
    accuracy, group_accuracy = after.mean(axis=-1), group_after.mean(axis=-1)
    ranges, group_ranges = _ranges(after - before), _ranges(group_after - before)
    return Lesions(
        importance=drops,
        group_importance=group_drops.mean(axis=-1),
        importance_p=larger_p(drops, group_drops),
        accuracy=accuracy,
        group_accuracy=group_accuracy.mean(axis=-1),
        accuracy_p=larger_p(-accuracy, -group_accuracy),
        range=ranges,
        group_range=_finite_means(group_ranges),
        range_p=larger_p(ranges, group_ranges),
    )


def larger_p(values: Floats, draws: Floats) -> Floats:
    """One-sided p = (1 + number of larger draws) / (n + 1); NaN where the value is.

    As in Filan et al. 2021 and unlike `compare`, a draw equal to the value does not count. Neither
    does a draw that is NaN.

    Args:
        values: [...].
        draws: [..., draws].

    >>> larger_p(np.array([2.0]), np.array([[1.0, 2.0, 3.0]])).tolist()
    [0.5]
    """
    tie = _TIE * np.maximum(np.abs(values), 1)
    p = (1 + (draws > (values + tie)[..., None]).sum(axis=-1)) / (draws.shape[-1] + 1)
    return np.where(np.isnan(values), np.nan, p)


def categories(importance: Floats, p: Floats, share: Floats, draws: int) -> npt.NDArray[np.str_]:
    """Category of each sub-cluster, one of CATEGORIES; the first rule that applies.

    A drop is significant if p < 1 / draws, that is, if no random group has a larger one.

    Args:
        importance: drop in accuracy, [sub-clusters].
        p: p of a larger drop for a random group, [sub-clusters].
        share: units of the sub-cluster as a share of the layer's live units, [sub-clusters].
        draws: number of random groups.

    >>> categories(np.array([0.2, 0.0]), np.array([0.01, 1.0]), np.array([0.3, 0.3]), 99).tolist()
    ['important', 'prunable']
    """
    # A drop is a ratio of integers, and rounding may put 0.01 just below the threshold.
    certain, never, much = p < 1 / draws, p == 1, importance >= LEAST_FALL - _TIE
    rules = {
        COMPLETE: share == 1,
        SMALL: share < LARGE_SHARE,
        IMPORTANT: certain & much,
        PRUNABLE: never & ~much,
        LEAST_IMPORTANT: never & much,
        SMALL_FALL: certain,
        UNCERTAIN: ~certain & much,
    }
    return np.select(list(rules.values()), list(rules), OTHER)


def _ranges(changes: Floats) -> Floats:
    """Range over classes of changes [..., classes], divided by their absolute mean."""
    spread, mean = np.ptp(changes, axis=-1), np.abs(changes.mean(axis=-1))
    ratio = np.divide(spread, mean, out=np.full(spread.shape, np.inf), where=mean > _TIE)
    return np.where((spread <= _TIE) & (mean <= _TIE), np.nan, ratio)


def _finite_means(values: Floats) -> Floats:
    finite = np.isfinite(values)
    return _ratio(np.where(finite, values, 0).sum(axis=-1), finite.sum(axis=-1).astype(float))


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole != 0)
