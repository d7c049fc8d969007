"""Entropy and mutual information of discrete states, in nats, from counts of their occurrence.

Plain estimates are those of the observed frequencies. They are biased: entropies come out too low
and informations too high, by about the number of occupied cells over twice the number of samples
(Miller 1955). The corrected ones take that away.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

Floats = npt.NDArray[np.float64]


def entropy(counts: np.ndarray) -> Floats:
    """H [...] in nats of the frequencies of counts [..., states]; 0 where there are no samples.

    >>> f"{float(entropy(np.array([5, 5, 0]))):.4f}"
    '0.6931'
    """
    samples = counts.sum(axis=-1)
    return _entropy(n_log_n(counts).sum(axis=-1), samples)


def entropy_correction(counts: np.ndarray) -> Floats:
    """What to add to `entropy`: (K - 1) / (2N), K occupied states, N samples (Miller 1955)."""
    return _per_samples((counts > 0).sum(axis=-1) - 1, counts.sum(axis=-1))


def mutual_information_of_counts(joint: np.ndarray) -> Floats:
    """I [...] in nats of the frequencies of joint counts [..., a, b], at least 0.

    Cover & Thomas 2006, eq. 2.45: H(a) + H(b) - H(a, b).
    """
    first, second = joint.sum(axis=-1), joint.sum(axis=-2)
    both = joint.reshape(*joint.shape[:-2], -1)
    # Never below 0: rounding is cut off.
    return np.maximum(entropy(first) + entropy(second) - entropy(both), 0)


def information_correction(joint: np.ndarray) -> Floats:
    """What to take from `mutual_information_of_counts`: (K_ab - K_a - K_b + 1) / (2N).

    K are the occupied cells of the joint counts [..., a, b] and of their margins (Miller 1955).
    """
    cells = (joint > 0).sum(axis=(-2, -1))
    margins = (joint.sum(axis=-1) > 0).sum(axis=-1) + (joint.sum(axis=-2) > 0).sum(axis=-1)
    return _per_samples(cells - margins + 1, joint.sum(axis=(-2, -1)))


def n_log_n(counts: np.ndarray) -> Floats:
    """n ln n of whole numbers n >= 0, by a table: logarithms of many counts take long."""
    numbers = counts.astype(np.intp, copy=False)
    known = np.arange(int(numbers.max(initial=0)) + 1)
    return np.asarray(xlogy(known, known)[numbers])


def _entropy(sum_n_log_n: Floats, samples: np.ndarray) -> Floats:
    known = np.maximum(samples, 1)
    return np.maximum(np.log(known) - sum_n_log_n / known, 0)


def _per_samples(terms: np.ndarray, samples: np.ndarray) -> Floats:
    return np.where(samples > 0, terms / (2 * np.maximum(samples, 1)), 0.0)
