"""Networks that add: what is known of their units, on networks that are written down by hand."""

from __future__ import annotations

import runpy
import sys

import numpy as np
import pytest

import clusterability as cl
from project import ROOT

MODULUS = 13


@pytest.fixture(scope="module")
def command() -> dict:
    folder = str(ROOT / "scripts" / "commands")
    sys.path.insert(0, folder)
    try:
        return runpy.run_path(f"{folder}/modular_addition.py")
    finally:
        sys.path.remove(folder)


@pytest.fixture(scope="module")
def by_hand() -> tuple[np.ndarray, np.ndarray]:
    """Frequencies [36] and weights [36, 26] of cosines of both numbers, as published."""
    units = np.repeat(np.arange(1, 7), 6)
    phases = np.tile(np.arange(6), 6)
    angles = 2 * np.pi * np.outer(units, np.arange(MODULUS)) / MODULUS
    sides = [np.cos(angles + phases[:, None]), np.cos(angles + 2 * phases[:, None])]
    return units, np.concatenate(sides, axis=1)


def test_the_frequency_of_a_unit_that_was_written_down(command, by_hand):
    units, weights = by_hand
    assert (command["frequencies"](weights) == units).all()
    assert np.allclose(command["powers"](weights).max(axis=1), 1)


def test_the_basis_is_that_of_numpys_transform(command, by_hand):
    _, weights = by_hand
    ours = weights @ command["inputs_in_waves"](MODULUS).T
    theirs = np.fft.rfft(weights.reshape(-1, 2, MODULUS), norm="ortho")
    sizes = np.hypot(
        ours.reshape(-1, 2, MODULUS)[..., 1::2], ours.reshape(-1, 2, MODULUS)[..., 2::2]
    )
    assert np.allclose(sizes, 2**0.5 * np.abs(theirs[..., 1:]))


def test_clusters_are_the_frequencies_in_their_own_basis_only(command, by_hand):
    units, weights = by_hand
    groups = ([str(unit) for unit in units], None)
    waves = command["inputs_in_waves"](MODULUS)
    in_waves, in_inputs = (
        cl.agreement(matrix, groups, 6, draws=1).set_index("measure").loc["ami", "value"]
        for matrix in (weights @ waves.T, weights)
    )
    assert in_waves == pytest.approx(1)
    assert in_inputs < 0.5


def test_frequencies_save_bits_between_what_is_within_and_what_is_not(command, by_hand):
    units, weights = by_hand
    matrix = weights @ command["inputs_in_waves"](MODULUS).T
    permuted = np.random.default_rng(0).permutation(units)
    (*_, known), (*_, other) = (
        command["bits_of_frequencies"](matrix, [str(unit) for unit in labels])[1]
        for labels in (units, permuted)
    )
    assert known > 100
    assert other < 0
