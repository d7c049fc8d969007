"""Measures of a partition from the activations of its units on images.

Activations are normalised by `activations.normalised`. Units that are never active are left out.
All labellings, the observed one and those of the null `groups`, are computed together by the same
code. docs/function.md describes what each measure sees and what misleads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from clusterability.clustering.block_sums import one_hot
from clusterability.measures.activations import Activities
from clusterability.measures.function_catalogue import GROUPS
from clusterability.measures.information import (
    entropy,
    entropy_correction,
    information_correction,
    mutual_information_of_counts,
    n_log_n,
)
from clusterability.networks.live_units import DEAD
from clusterability.randomness import StreamName, generator

BINS = 7
"""Quantile bins of a cluster's positive mean activations; zero is a separate state."""
_STATES = 1 + BINS

Floats = npt.NDArray[np.float64]


def permuted_labels(labels: np.ndarray, name: StreamName, draws: int) -> np.ndarray:
    """Draws of the null `groups`: labels permuted among the live units.

    A draw permutes the units in the same way for all methods and k.

    Args:
        labels: cluster of each unit, [units]; -1 for dead units, which keep it.
        name: condition, seed and layer.
        draws: number of draws; a draw depends on its index, not on the number of draws.

    Returns:
        Labels [draws, units].

    >>> permuted_labels(np.array([0, 1, -1, 1]), ("example",), draws=5)[:, 2].tolist()
    [-1, -1, -1, -1, -1]
    """
    live = np.flatnonzero(labels != DEAD)
    result = np.repeat(labels[None], draws, axis=0)
    for number in range(draws):
        order = generator("draw", *name, GROUPS, number).permutation(len(live))
        result[number, live] = labels[live[order]]
    return result


def activity_measures(
    activities: Activities, classes: np.ndarray, labellings: np.ndarray, k: int
) -> dict[str, Floats]:
    """Activation measures of several labellings.

    Args:
        activities: normalised activations [images, units].
        classes: class of each image, integer [images], 0 or more.
        labellings: cluster of each unit, [labellings, units], from 0 to k - 1; -1 for dead units.
        k: number of clusters.

    Returns:
        [labellings] by identifier, with Y the class, Z the dominant cluster and b_a the binned
        mean activation of cluster a:
        `class_mi`: I(Y; Z) in nats minus its bias. Z is the cluster with the largest
        |h_a| / sqrt(n_a), the first of equals; "none active" is a separate state. After Rossigneux
        & Haroun 2026, who do not divide by sqrt(n_a).
        `dominance`: exp H(Z), the effective number of clusters that dominate on some images.
        `cluster_class_mi`: mean over clusters of I(Y; b_a).
        `between_mi`: mean over pairs of clusters of I(b_a; b_b) / min(H(b_a), H(b_b)), with
        0 / 0 = 0; NaN for fewer than two clusters.
        `between_mi_given_class`: the same with I(b_a; b_b | Y) and H(b_a | Y), minus their bias
        within each class; it may be negative.

    References:
        Bias: Miller 1955, Note on the bias of information estimates.

    >>> activations = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    >>> measures = activity_measures(activations, np.array([0, 0, 1, 1]), np.array([[0, 1]]), k=2)
    >>> measures["dominance"].round(3).tolist(), measures["between_mi"].round(3).tolist()
    ([2.0], [1.0])
    """
    images = _Images(activities, classes)
    clusters = _Clusters(images, labellings, k)
    dominant = clusters.dominant_counts
    states = clusters.class_counts
    nonempty = clusters.sizes > 0
    return {
        "class_mi": mutual_information_of_counts(dominant) - information_correction(dominant),
        "dominance": np.exp(entropy(dominant.sum(axis=-2))),
        "cluster_class_mi": _mean(mutual_information_of_counts(states), nonempty),
        **_between(clusters, nonempty),
    }


class _Images:
    """Activations on images sorted by class, so that those of each class are contiguous."""

    def __init__(self, activities: Activities, classes: np.ndarray) -> None:
        order = np.argsort(classes, kind="stable")
        _, self.classes = np.unique(classes[order], return_inverse=True)
        self.starts = np.searchsorted(self.classes, np.arange(self.classes.max() + 2))
        self.activities = np.ascontiguousarray(activities[order].T)  # [units, images]
        self.active = self.activities.any(axis=1)

    @property
    def slices(self) -> list[slice]:
        """Slice of each class's images."""
        return [slice(*ends) for ends in zip(self.starts[:-1], self.starts[1:], strict=True)]


@dataclass(frozen=True)
class _Clusters:
    """Activations of the clusters of all labellings."""

    images: _Images
    labellings: np.ndarray
    k: int

    @cached_property
    def sizes(self) -> np.ndarray:
        """Number of units per cluster, active or not, [labellings, k]."""
        return (self.labellings[:, None] == np.arange(self.k)[:, None]).sum(axis=-1)

    @cached_property
    def _members(self) -> np.ndarray:
        """Active units of each cluster, float32 [labellings, k, units]."""
        members = one_hot(self.labellings, self.k).swapaxes(1, 2).astype(np.float32)
        return np.ascontiguousarray(members * self.images.active)

    def _means(self, of_units: np.ndarray) -> np.ndarray:
        """Means [labellings, k, images] over active units of values [units, images]."""
        count = np.maximum(self._members.sum(axis=-1, keepdims=True), 1)
        flat = self._members.reshape(-1, of_units.shape[0]) @ of_units
        return flat.reshape(*self._members.shape[:2], -1) / count

    @cached_property
    def dominant_counts(self) -> np.ndarray:
        """Images by class and dominant cluster (k: none active), [labellings, classes, k + 1]."""
        powers = self._means(np.square(self.images.activities))
        strongest = np.where(powers.any(axis=1), powers.argmax(axis=1), self.k)
        return _counts(strongest, self.images.classes, self.k + 1).swapaxes(-1, -2)

    @cached_property
    def states(self) -> np.ndarray:
        """Binned mean activation of each cluster on each image, [labellings, k, images]."""
        return _quantile_states(self._means(self.images.activities))

    @cached_property
    def class_counts(self) -> np.ndarray:
        """Images by state and class, [labellings, k, states, classes]."""
        return _counts(self.states, self.images.classes, _STATES)


def _quantile_states(values: np.ndarray) -> np.ndarray:
    """State 0 for zero, else the quantile bin 1 to BINS among positive values, along the last axis.

    Bin j ends at the smallest value that at least j / BINS of the positive values do not exceed.
    Equal values share a bin, so ties may leave bins empty.
    """
    ranked = np.sort(values, axis=-1)
    positive = (values > 0).sum(axis=-1, keepdims=True)
    shares = np.arange(1, BINS)
    positions = values.shape[-1] - positive + np.maximum(-(-shares * positive // BINS), 1) - 1
    ends = np.take_along_axis(ranked, np.minimum(positions, values.shape[-1] - 1), axis=-1)
    states = (values > 0).astype(np.int8)
    for number in range(BINS - 1):
        states += (values > ends[..., number, None]) & (values > 0)
    return states


def _counts(states: np.ndarray, classes: np.ndarray, number: int) -> np.ndarray:
    """Images by state and class, [..., number of states, classes], from states [..., images]."""
    count = int(classes.max()) + 1
    flat = states.reshape(-1, states.shape[-1])
    cells = (np.arange(len(flat))[:, None] * number + flat) * count + classes
    counts = np.bincount(cells.ravel(), minlength=len(flat) * number * count)
    return counts.reshape(*states.shape[:-1], number, count)


def _between(clusters: _Clusters, nonempty: np.ndarray) -> dict[str, Floats]:
    """Measures `between_mi` and `between_mi_given_class`."""
    k = clusters.k
    first, second = np.triu_indices(k, 1)
    shape = len(clusters.labellings), k, k
    total: np.ndarray = np.zeros((*shape, _STATES, _STATES), np.float32)
    information, given = np.zeros(shape), np.zeros((*shape[:2],))
    members = _state_members(clusters.states)
    images = members.shape[-1]
    for part in clusters.images.slices:
        joint = _joint_counts(members[..., part])
        share = (part.stop - part.start) / images
        information += share * _pair_information(joint, corrected=True)
        marginal = _marginal_counts(joint)
        given += share * (entropy(marginal) + entropy_correction(marginal))
        total += joint
    plain = _pair_information(total, corrected=False)
    alone = entropy(_marginal_counts(total))
    pairs = nonempty[:, first] & nonempty[:, second]
    return {
        "between_mi": _mean(_ratio(plain, alone, first, second), pairs),
        "between_mi_given_class": _mean(_ratio(information, given, first, second), pairs),
    }


def _state_members(states: np.ndarray) -> np.ndarray:
    """One-hot states of each cluster, float32 [labellings, k, states, images]."""
    return (states[:, :, None] == np.arange(_STATES, dtype=np.int8)[:, None]).astype(np.float32)


def _joint_counts(members: np.ndarray) -> np.ndarray:
    """Images by the joint states of two clusters, [labellings, k, k, states, states]."""
    labellings, k, states, images = members.shape
    flat = members.reshape(labellings, k * states, images)
    joint = flat @ flat.swapaxes(1, 2)
    return joint.reshape(labellings, k, states, k, states).swapaxes(2, 3)


def _marginal_counts(joint: np.ndarray) -> np.ndarray:
    """Images by state of each cluster, [labellings, k, states]: the diagonal of joint counts."""
    diagonal = np.diagonal(joint, axis1=1, axis2=2)  # [labellings, states, states, k]
    return np.diagonal(diagonal, axis1=1, axis2=2)


def _pair_information(joint: np.ndarray, corrected: bool) -> Floats:
    """Mutual information in nats between clusters, [labellings, k, k], from joint counts."""
    marginal = _marginal_counts(joint)
    samples = max(float(marginal[0, 0].sum()), 1)
    alone = n_log_n(marginal).sum(axis=-1)
    terms = n_log_n(joint).sum(axis=(-2, -1)) - alone[:, :, None] - alone[:, None, :]
    information = np.maximum(terms / samples + np.log(samples), 0)
    if not corrected:
        return information
    occupied = (marginal > 0).sum(axis=-1)
    cells = (joint > 0).sum(axis=(-2, -1))
    return information - (cells - occupied[:, :, None] - occupied[:, None] + 1) / (2 * samples)


def _ratio(information: Floats, entropies: Floats, first: np.ndarray, second: np.ndarray) -> Floats:
    """I(a; b) / min(H(a), H(b)) for pairs, [labellings, pairs]; 0 where that entropy is 0."""
    smaller = np.minimum(entropies[:, first], entropies[:, second])
    pair_information = information[:, first, second]
    return np.divide(
        pair_information, smaller, out=np.zeros_like(pair_information), where=smaller > _NO_ENTROPY
    )


_NO_ENTROPY = 1e-12


def _mean(values: Floats, counted: np.ndarray) -> Floats:
    """Mean [labellings] over entries of [labellings, n] that count; NaN if none does."""
    count = counted.sum(axis=-1)
    total = np.where(counted, values, 0).sum(axis=-1)
    return np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)
