"""Entropy and mutual information, in nats, of discrete states from their counts.

Plug-in estimates use the observed frequencies. They are biased: entropies are too low and mutual
informations too high, by about the number of occupied cells over twice the number of samples. The
corrections of Miller 1955 (Note on the bias of information estimates) remove this bias.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

Floats = npt.NDArray[np.float64]


def entropy(counts: np.ndarray) -> Floats:
    """Plug-in entropy H = -sum of p ln p in nats.

    Args:
        counts: samples per state, [..., states].

    Returns:
        H, [...]; 0 where there are no samples.

    >>> f"{float(entropy(np.array([5, 5, 0]))):.4f}"
    '0.6931'
    """
    samples = counts.sum(axis=-1)
    return _entropy(n_log_n(counts).sum(axis=-1), samples)


def entropy_correction(counts: np.ndarray) -> Floats:
    """Bias to add to `entropy`: (K - 1) / (2N) with K occupied states and N samples (Miller 1955).

    >>> float(entropy_correction(np.array([5, 5, 0])))
    0.05
    """
    return _per_samples((counts > 0).sum(axis=-1) - 1, counts.sum(axis=-1))


def mutual_information_of_counts(joint: np.ndarray) -> Floats:
    """Plug-in mutual information I(a; b) = H(a) + H(b) - H(a, b) in nats.

    Args:
        joint: samples by both states, [..., a, b].

    Returns:
        I, [...], at least 0.

    References:
        Cover & Thomas 2006, Elements of Information Theory, eq. 2.45. doi:10.1002/047174882X

    >>> f"{float(mutual_information_of_counts(np.array([[5, 0], [0, 5]]))):.4f}"
    '0.6931'
    """
    first, second = joint.sum(axis=-1), joint.sum(axis=-2)
    both = joint.reshape(*joint.shape[:-2], -1)
    # Rounding can give values just below 0.
    return np.maximum(entropy(first) + entropy(second) - entropy(both), 0)


def information_correction(joint: np.ndarray) -> Floats:
    """Bias to subtract from `mutual_information_of_counts`: (K_ab - K_a - K_b + 1) / (2N).

    K are the numbers of occupied cells of the joint counts [..., a, b] and of their marginals, N
    the number of samples (Miller 1955).

    >>> float(information_correction(np.array([[5, 0], [0, 5]])))
    -0.05
    """
    cells = (joint > 0).sum(axis=(-2, -1))
    margins = (joint.sum(axis=-1) > 0).sum(axis=-1) + (joint.sum(axis=-2) > 0).sum(axis=-1)
    return _per_samples(cells - margins + 1, joint.sum(axis=(-2, -1)))


def n_log_n(counts: np.ndarray) -> Floats:
    """n ln n of integers n >= 0, from a table because logarithms of many counts are slow.

    >>> n_log_n(np.array([0, 1, 2])).round(4).tolist()
    [0.0, 0.0, 1.3863]
    """
    numbers = counts.astype(np.intp, copy=False)
    known = np.arange(int(numbers.max(initial=0)) + 1)
    return np.asarray(xlogy(known, known)[numbers])


def _entropy(sum_n_log_n: Floats, samples: np.ndarray) -> Floats:
    known = np.maximum(samples, 1)
    return np.maximum(np.log(known) - sum_n_log_n / known, 0)


def _per_samples(terms: np.ndarray, samples: np.ndarray) -> Floats:
    return np.where(samples > 0, terms / (2 * np.maximum(samples, 1)), 0.0)
