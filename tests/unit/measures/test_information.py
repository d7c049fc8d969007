"""Entropy and information from counts: scikit-learn, closed forms, and what the correction does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import mutual_info_score

from clusterability.measures.information import (
    entropy,
    entropy_correction,
    information_correction,
    mutual_information_of_counts,
    n_log_n,
)


def test_information_is_that_of_scikit_learn():
    source = np.random.default_rng(0)
    first, second = source.integers(0, 4, (2, 300))
    second = np.where(source.random(300) < 0.5, first, second)
    joint = np.zeros((4, 5), int)  # a state that never occurs changes nothing
    np.add.at(joint, (first, second), 1)
    assert mutual_information_of_counts(joint) == pytest.approx(mutual_info_score(first, second))


def test_entropy_is_that_of_scipy():
    counts = np.array([[3, 0, 5, 1], [0, 0, 9, 0], [0, 0, 0, 0]])
    assert entropy(counts)[0] == pytest.approx(stats.entropy(counts[0]))
    assert entropy(counts)[1:].tolist() == [0, 0]


@pytest.mark.parametrize("flip", [0.0, 0.1, 0.5])
def test_binary_symmetric_channel(flip):
    """Cover & Thomas 2006, section 7.1.4: ln 2 - H(flip) for a fair bit."""
    joint = np.array([[1 - flip, flip], [flip, 1 - flip]]) * 1000
    expected = np.log(2) - stats.entropy([flip, 1 - flip])
    assert mutual_information_of_counts(joint.round().astype(int)) == pytest.approx(expected)


def test_corrections_by_hand():
    assert entropy_correction(np.array([5, 0, 3, 2])) == pytest.approx(2 / 20)
    # Three occupied cells, two rows, two columns, four samples.
    joint = np.array([[2, 1, 0], [0, 1, 0]])
    assert information_correction(joint) == pytest.approx((3 - 2 - 2 + 1) / 8)
    nothing = np.zeros((2, 2), int)
    assert information_correction(nothing) == mutual_information_of_counts(nothing) == 0


def test_corrected_information_of_independent_states_is_near_zero_on_average():
    source = np.random.default_rng(1)
    joint = source.multinomial(400, np.full(24, 1 / 24), 2000).reshape(-1, 4, 6)
    plain = mutual_information_of_counts(joint)
    corrected = plain - information_correction(joint)
    error = 4 * plain.std() / np.sqrt(len(plain))
    assert plain.mean() > 0.015
    assert abs(corrected.mean()) < 0.001 + error


def test_n_log_n_of_whole_numbers():
    counts = np.array([[0, 1], [2, 7]])
    assert n_log_n(counts) == pytest.approx(np.array([[0, 0], [2 * np.log(2), 7 * np.log(7)]]))
