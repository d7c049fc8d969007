"""Contenders: known answers by hand, SciPy and scikit-learn, and what misleads them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats.contingency import association
from sklearn.cluster import SpectralCoclustering

from clusterability.clustering.spectral import cluster
from clusterability.clustering.summing import tables_of
from clusterability.measures.contenders import held_out_entries, spectral
from clusterability.measures.structure import mi
from clusterability.networks.synthetic import synthesise
from clusterability.networks.synthetic_recipe import SyntheticRecipe

NAME = ("trained", 0, "fc1")


def blocks(k: int, size: int, inside: float = 1.0, outside: float = 0.0) -> np.ndarray:
    """k diagonal blocks of constant weights."""
    labels = np.arange(k).repeat(size)
    return np.where(labels[:, None] == labels, inside, outside)


def matrix(seed: int = 0, **recipe) -> np.ndarray:
    networks, _ = synthesise("random", SyntheticRecipe(**recipe), [seed])
    return networks.weights["fc1"][0]


def entries(weights: np.ndarray, k: int, method: str = "matched") -> float:
    return held_out_entries(weights, NAME, k, method, 5)


# --- spectral ----------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3, 5])
def test_separate_blocks_explain_all_and_strengths_nothing(k):
    assert spectral(blocks(k, 4), k) == pytest.approx(k - 1)
    strengths = np.outer(np.arange(1, 9), np.arange(1, 13)) * 1.0
    assert spectral(strengths, k) == pytest.approx(0, abs=1e-12)


def test_planted_blocks():
    """T = inside r, outside (1 - r)/(k - 1): each of the k - 1 singular values is (kr - 1)/(k - 1).

    At a = 3, b = 1, k = 4: r = 1/2, so 3 (1/3)^2.
    """
    assert spectral(blocks(4, 6, 3, 1), 4) == pytest.approx(1 / 3)


def test_singular_values_are_those_of_numpy():
    weights = np.abs(matrix(rows=20, columns=30))
    scaled = weights / np.sqrt(np.outer(weights.sum(1), weights.sum(0)))
    values = np.linalg.svd(scaled.astype(float), compute_uv=False)
    for k in (2, 5, 20):
        assert spectral(weights, k) == pytest.approx(np.square(values[1:k]).sum(), rel=1e-6)


@pytest.mark.parametrize("k", [2, 4])
def test_no_partition_has_more_contingency(k):
    """phi squared of T, by SciPy: Cramer's V squared is phi squared / (k - 1)."""
    weights = np.round(np.abs(matrix(rows=24, columns=24, clusters=4, contrast=0.5)) * 1e4)
    found = SpectralCoclustering(k, random_state=0).fit(weights)
    sides = [np.eye(k)[labels] for labels in (found.row_labels_, found.column_labels_)]
    table = (sides[0].T @ weights @ sides[1]).astype(int)
    assert association(table, "cramer") ** 2 * (k - 1) <= spectral(weights, k)


def test_dead_units_count_for_nothing_and_k_has_to_be_feasible():
    weights = matrix(rows=6, columns=9)
    wider = np.zeros((8, 9))
    wider[:6] = weights
    assert spectral(wider, 3) == pytest.approx(spectral(weights, 3))
    assert np.isnan(spectral(weights, 7))
    assert np.isnan(entries(weights, 7))


def test_spectral_takes_low_rank_for_clusters():
    """Rank 2 without any cluster is far above its shuffles; held-out entries cannot say so either.

    What is low rank is predicted by parts along its vectors: an honest gain, of no clusters.
    """
    weights = matrix(rank=2, rank_share=0.8)
    source = np.random.default_rng(0)
    draws = [spectral(source.permuted(weights.ravel()).reshape(weights.shape), 4) for _ in range(9)]
    assert spectral(weights, 4) > 1.5 * max(draws)
    assert entries(weights, 4) > 0


# --- held-out entries --------------------------------------------------------------------------


def test_entries_of_separate_blocks_are_known_by_the_others():
    """ln k, but for the mean weight that is added and how many of a unit's weights are hidden."""
    assert entries(blocks(3, 40), 3) == pytest.approx(np.log(3), rel=0.05)


@pytest.mark.parametrize("inside", [2.0, 4.0])
def test_entries_of_constant_blocks_come_to_the_information_of_their_table(inside):
    weights = blocks(4, 24, inside, 1)
    (found,) = cluster(weights[None], [NAME], [4], ["matched"], 5).values()
    (tables,) = tables_of(weights, {("any", 4): (found.rows[0], found.columns[0])}).values()
    assert entries(weights, 4) == pytest.approx(float(mi(tables)), abs=0.02)


def test_strengths_are_no_clusters():
    source = np.random.default_rng(1)
    weights = np.outer(source.lognormal(size=40), source.lognormal(size=50))
    assert entries(weights, 4) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("recipe", [{}, {"heterogeneity": 0.5}, {"entries": "normal"}])
def test_noise_is_below_zero_and_clear_clusters_above(recipe):
    for seed in range(3):
        assert entries(matrix(seed, **recipe), 4) < 0
    planted = {"clusters": 4, "contrast": 0.5} | recipe
    assert entries(matrix(**planted), 4) > 0.01


def test_heavy_tails_are_above_zero_by_chance():
    """Poisson's likelihood takes one large weight for many small ones that agree."""
    assert entries(matrix(0, entries="t2"), 4) > 0
    draws = [entries(matrix(seed, entries="normal"), 4) for seed in range(4)]
    assert max(draws) < 0


def test_clusters_too_weak_to_predict_are_missed_though_spectral_sees_them():
    """At a contrast of 0.07, `spectral` is above all shuffles, and held-out entries are below 0."""
    weights = matrix(clusters=4, contrast=0.07)
    source = np.random.default_rng(2)
    draws = [
        spectral(source.permuted(weights.ravel()).reshape(weights.shape), 4) for _ in range(19)
    ]
    assert spectral(weights, 4) > max(draws)
    assert entries(weights, 4) < 0
