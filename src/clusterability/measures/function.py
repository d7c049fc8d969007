"""How good a partition is, from what its units do on images: measures of activities.

Activities are those of `activities.normalised`. Units that are never active count for nothing. All
labellings, the observed one and those of the null `groups`, go through the same code at once.
docs/function.md says what each measure sees and what misleads it.
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
"""Quantile bins of a cluster's positive mean activities; zero is a state of its own."""
_STATES = 1 + BINS

Floats = npt.NDArray[np.float64]


def permuted_labels(labels: np.ndarray, name: StreamName, draws: int) -> np.ndarray:
    """Draws of the null `groups`: labels [units] permuted among the live units, [draws, units].

    A draw permutes the units in the same way for all methods and k.

    Args:
        labels: clusters; -1 for dead units, which stay so.
        name: condition, seed and layer.
        draws: number of draws; a draw depends on its number, not on how many there are.
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
    """Measures of the activities of each labelling, [labellings], by identifier.

    Args:
        activities: [images, units], normalised.
        classes: whole numbers [images], 0 or more.
        labellings: clusters [labellings, units], 0 to k - 1; -1 for dead units.
        k: number of clusters.

    Returns:
        `class_mi`: I(Y; Z) in nats less its bias, Y the class and Z the cluster whose activity
        |h_a| / sqrt(n_a) is the largest on an image (the first of equal ones; an image on which
        none is active is a state of its own); after Rossigneux & Haroun 2026, who do not divide.
        `dominance`: exp H(Z), the effective number of clusters that are ever the strongest.
        `cluster_class_mi`: mean over clusters of I(Y; b_a), b_a the state of the cluster's mean
        activity. `between_mi`: mean over pairs of clusters of I(b_a; b_b) / min(H(b_a), H(b_b)),
        where 0 / 0 is 0; NaN for fewer than two clusters. `between_mi_given_class`: the same with
        I(b_a; b_b | Y) and H(b_a | Y), both less their bias within each class; it may be negative.
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
    """Activities on images, sorted by class: those of a class lie together."""

    def __init__(self, activities: Activities, classes: np.ndarray) -> None:
        order = np.argsort(classes, kind="stable")
        _, self.classes = np.unique(classes[order], return_inverse=True)
        self.starts = np.searchsorted(self.classes, np.arange(self.classes.max() + 2))
        self.activities = np.ascontiguousarray(activities[order].T)  # [units, images]
        self.active = self.activities.any(axis=1)

    @property
    def slices(self) -> list[slice]:
        """Places of each class's images."""
        return [slice(*ends) for ends in zip(self.starts[:-1], self.starts[1:], strict=True)]


@dataclass(frozen=True)
class _Clusters:
    """What the clusters of all labellings do on the images."""

    images: _Images
    labellings: np.ndarray
    k: int

    @cached_property
    def sizes(self) -> np.ndarray:
        """Units of each cluster, active or not, [labellings, k]."""
        return (self.labellings[:, None] == np.arange(self.k)[:, None]).sum(axis=-1)

    @cached_property
    def _members(self) -> np.ndarray:
        """Active units of each cluster, [labellings, k, units] in float32."""
        members = one_hot(self.labellings, self.k).swapaxes(1, 2).astype(np.float32)
        return np.ascontiguousarray(members * self.images.active)

    def _means(self, of_units: np.ndarray) -> np.ndarray:
        """Means [labellings, k, images] over active units of something [units, images]."""
        count = np.maximum(self._members.sum(axis=-1, keepdims=True), 1)
        flat = self._members.reshape(-1, of_units.shape[0]) @ of_units
        return flat.reshape(*self._members.shape[:2], -1) / count

    @cached_property
    def dominant_counts(self) -> np.ndarray:
        """Images by class and strongest cluster (k: none is active), [labellings, classes, k+1]."""
        powers = self._means(np.square(self.images.activities))
        strongest = np.where(powers.any(axis=1), powers.argmax(axis=1), self.k)
        return _counts(strongest, self.images.classes, self.k + 1).swapaxes(-1, -2)

    @cached_property
    def states(self) -> np.ndarray:
        """State of each cluster's mean activity on each image, [labellings, k, images]."""
        return _quantile_states(self._means(self.images.activities))

    @cached_property
    def class_counts(self) -> np.ndarray:
        """Images by state and class, [labellings, k, states, classes]."""
        return _counts(self.states, self.images.classes, _STATES)


def _quantile_states(values: np.ndarray) -> np.ndarray:
    """0 for zero, else the quantile bin 1 to BINS of a positive value, along the last axis.

    Bin j ends at the smallest value that j / BINS of the positive values do not exceed, so that
    equal values are in one bin; with ties, bins may stay empty.
    """
    ranked = np.sort(values, axis=-1)
    positive = (values > 0).sum(axis=-1, keepdims=True)
    shares = np.arange(1, BINS)
    places = values.shape[-1] - positive + np.maximum(-(-shares * positive // BINS), 1) - 1
    ends = np.take_along_axis(ranked, np.minimum(places, values.shape[-1] - 1), axis=-1)
    states = (values > 0).astype(np.int8)
    for number in range(BINS - 1):
        states += (values > ends[..., number, None]) & (values > 0)
    return states


def _counts(states: np.ndarray, classes: np.ndarray, number: int) -> np.ndarray:
    """Images by state and class, [..., number of states, classes], of states [..., images]."""
    count = int(classes.max()) + 1
    flat = states.reshape(-1, states.shape[-1])
    cells = (np.arange(len(flat))[:, None] * number + flat) * count + classes
    counts = np.bincount(cells.ravel(), minlength=len(flat) * number * count)
    return counts.reshape(*states.shape[:-1], number, count)


def _between(clusters: _Clusters, nonempty: np.ndarray) -> dict[str, Floats]:
    """The two measures of what clusters say of each other."""
    k = clusters.k
    first, second = np.triu_indices(k, 1)
    shape = len(clusters.labellings), k, k
    total: np.ndarray = np.zeros((*shape, _STATES, _STATES), np.float32)
    information, given = np.zeros(shape), np.zeros((*shape[:2],))
    members = _state_members(clusters.states)
    images = members.shape[-1]
    for place in clusters.images.slices:
        joint = _joint_counts(members[..., place])
        share = (place.stop - place.start) / images
        information += share * _pair_information(joint, corrected=True)
        own = _own_counts(joint)
        given += share * (entropy(own) + entropy_correction(own))
        total += joint
    plain = _pair_information(total, corrected=False)
    alone = entropy(_own_counts(total))
    pairs = nonempty[:, first] & nonempty[:, second]
    return {
        "between_mi": _mean(_ratio(plain, alone, first, second), pairs),
        "between_mi_given_class": _mean(_ratio(information, given, first, second), pairs),
    }


def _state_members(states: np.ndarray) -> np.ndarray:
    """Which state a cluster is in, [labellings, k, states, images] in float32."""
    return (states[:, :, None] == np.arange(_STATES, dtype=np.int8)[:, None]).astype(np.float32)


def _joint_counts(members: np.ndarray) -> np.ndarray:
    """Images by the states of two clusters, [labellings, k, k, states, states]."""
    labellings, k, states, images = members.shape
    flat = members.reshape(labellings, k * states, images)
    joint = flat @ flat.swapaxes(1, 2)
    return joint.reshape(labellings, k, states, k, states).swapaxes(2, 3)


def _own_counts(joint: np.ndarray) -> np.ndarray:
    """Images by state of each cluster, [labellings, k, states]: the diagonal of joint counts."""
    own = np.diagonal(joint, axis1=1, axis2=2)  # [labellings, states, states, k]
    return np.diagonal(own, axis1=1, axis2=2)


def _pair_information(joint: np.ndarray, corrected: bool) -> Floats:
    """Mutual information in nats between clusters, [labellings, k, k], of joint counts."""
    own = _own_counts(joint)
    samples = max(float(own[0, 0].sum()), 1)
    alone = n_log_n(own).sum(axis=-1)
    terms = n_log_n(joint).sum(axis=(-2, -1)) - alone[:, :, None] - alone[:, None, :]
    information = np.maximum(terms / samples + np.log(samples), 0)
    if not corrected:
        return information
    occupied = (own > 0).sum(axis=-1)
    cells = (joint > 0).sum(axis=(-2, -1))
    return information - (cells - occupied[:, :, None] - occupied[:, None] + 1) / (2 * samples)


def _ratio(information: Floats, entropies: Floats, first: np.ndarray, second: np.ndarray) -> Floats:
    """I(a; b) / min(H(a), H(b)) of pairs, [labellings, pairs]; 0 where that entropy is none."""
    smaller = np.minimum(entropies[:, first], entropies[:, second])
    found = information[:, first, second]
    return np.divide(found, smaller, out=np.zeros_like(found), where=smaller > _NO_ENTROPY)


_NO_ENTROPY = 1e-12


def _mean(values: Floats, counted: np.ndarray) -> Floats:
    """Mean [labellings] over what counts, [labellings, n]; NaN where nothing does."""
    count = counted.sum(axis=-1)
    total = np.where(counted, values, 0).sum(axis=-1)
    return np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)
