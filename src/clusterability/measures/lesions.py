"""The lesion test of Filan et al. 2021, in their way: numbers of one hidden layer's sub-clusters.

A sub-cluster is the units of one cluster in one hidden layer. The network without them is compared
with the same network without as many random units of the layer. docs/function.md says how this
differs from `importance` and `coherence`, which are ours.
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
"""A smaller fall in accuracy is not important, however certain it is."""
_TIE = 1e-12
"""Numbers that differ by no more are equal: rounding must not decide what is below what."""

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
"""What a sub-cluster may be; the last two are not tested."""


@dataclass(frozen=True)
class Lesions:
    """What the network says without each of the sub-clusters, and without random groups.

    Every array is [sub-clusters]. p are one-sided, (1 + random groups on the far side) / (n + 1).

    Attributes:
        importance: fall in accuracy over all images; `group_importance` is its mean over groups.
        importance_p: that a random group's fall is larger.
        accuracy: mean over classes of the accuracy in a class; `group_accuracy` as above.
        accuracy_p: that a random group's is lower.
        range: range over classes of the change in a class, over the mean change's size; infinite
            where that mean is 0, NaN where no class changes. `group_range` is the mean over the
            groups with a finite one.
        range_p: that a random group's is larger; NaN where `range` is.
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
        """How many times as accurate the network is without random units; NaN without accuracy."""
        return _ratio(self.group_accuracy, self.accuracy)

    @property
    def range_factor(self) -> Floats:
        """How many times as unequally classes change without random units; NaN where undefined."""
        return _ratio(self.group_range, self.range)


def lesion_test(intact: Counts, hits: Counts, group_hits: Counts, counts: Counts) -> Lesions:
    """Their statistics, from images that are classified correctly.

    Args:
        intact: by the network as it is, by class, [classes].
        hits: without each sub-cluster, [sub-clusters, classes].
        group_hits: without random groups of its size, [sub-clusters, draws, classes].
        counts: images by class, [classes]; classes without images count for nothing.
    """
    falls, group_falls = (
        (intact - found).sum(axis=-1) / counts.sum() for found in (hits, group_hits)
    )
    seen = counts > 0
    before, after, group_after = (
        found[..., seen] / counts[seen] for found in (intact, hits, group_hits)
    )
    accuracy, group_accuracy = after.mean(axis=-1), group_after.mean(axis=-1)
    ranges, group_ranges = _ranges(after - before), _ranges(group_after - before)
    return Lesions(
        importance=falls,
        group_importance=group_falls.mean(axis=-1),
        importance_p=larger_p(falls, group_falls),
        accuracy=accuracy,
        group_accuracy=group_accuracy.mean(axis=-1),
        accuracy_p=larger_p(-accuracy, -group_accuracy),
        range=ranges,
        group_range=_finite_means(group_ranges),
        range_p=larger_p(ranges, group_ranges),
    )


def larger_p(values: Floats, draws: Floats) -> Floats:
    """(1 + draws that are larger) / (n + 1); NaN where the value is.

    As theirs, and not as `compare`: a draw that ties does not count. A draw that is NaN does not
    either.

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
    """CATEGORIES of sub-clusters by their table, [sub-clusters]; the first that fits.

    Certain is p below 1 / draws: no random group falls more.

    Args:
        importance: fall in accuracy.
        p: that of a random group is larger.
        share: units of the sub-cluster over live units of the layer.
        draws: number of random groups.
    """
    # A fall is a difference of whole numbers over their sum: 0.01 may come out a little smaller.
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
    """Range over classes of changes [..., classes], over the size of their mean."""
    spread, mean = np.ptp(changes, axis=-1), np.abs(changes.mean(axis=-1))
    found = np.divide(spread, mean, out=np.full(spread.shape, np.inf), where=mean > _TIE)
    return np.where((spread <= _TIE) & (mean <= _TIE), np.nan, found)


def _finite_means(values: Floats) -> Floats:
    finite = np.isfinite(values)
    return _ratio(np.where(finite, values, 0).sum(axis=-1), finite.sum(axis=-1).astype(float))


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole != 0)
