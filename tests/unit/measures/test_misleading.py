"""Small examples of how each measure, method, scaling and null misleads: those of docs/measures.md.

Each shows the number that misleads and, where there is one, a number that does not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from clusterability.analysis.agreement import mean_agreement
from clusterability.analysis.choosing_k.gap_and_stability import gap_k, singular_values, stability
from clusterability.clustering.block_sums import Tables
from clusterability.clustering.catalogue import METHODS
from clusterability.clustering.held_out import held_out_clusters
from clusterability.clustering.spectral import cluster, cluster_with_starts
from clusterability.clustering.summing import held_out_information, tables_of
from clusterability.comparison import Comparison, compare
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.contender_catalogue import CONTENDERS
from clusterability.measures.label_agreement import adjusted_mutual_information
from clusterability.measures.structure import FUNCTIONS
from clusterability.networks.graph import network_matrices
from clusterability.networks.partitions import Labels, labels_of
from clusterability.networks.scaled_layer import layers_of_methods
from clusterability.networks.scaling import scale_weights
from clusterability.networks.scaling_names import SCALINGS
from clusterability.networks.sinkhorn import balance
from clusterability.networks.stacked import Networks
from clusterability.networks.synthetic import synthesise
from clusterability.networks.synthetic_recipe import SyntheticRecipe
from clusterability.nulls import shuffle_nonzero
from clusterability.nulls.catalogue import NULLS
from clusterability.nulls.labels import label_tables
from clusterability.results.structure_rows import observed_tables, score_rows
from clusterability.results.untrained import with_untrained
from clusterability.statistics import replicate_p
from documents import ITEMS, all_tests, defined_tests, entries, named_tests
from null_draws import null_tables
from project import DOCS

DOCUMENT = DOCS / "measures.md"

DRAWS = 39
NETWORK = ("example", 0)
NAME = (*NETWORK, "fc1")

# --- the document ------------------------------------------------------------------------------


def test_every_identifier_has_an_entry_with_all_items():
    found = entries(DOCUMENT)
    scalings = [f"-{scaling}" for scaling in SCALINGS if scaling != "none"]
    assert list(found) == [*MEASURES, *CONTENDERS, *METHODS, *scalings, *NULLS]
    assert all(items == ITEMS for items in found.values())


def test_the_document_names_tests_that_exist_and_all_of_these():
    named, own = named_tests(DOCUMENT), defined_tests(Path(__file__))
    assert named <= all_tests()
    about_the_document = {
        "test_every_identifier_has_an_entry_with_all_items",
        "test_the_document_names_tests_that_exist_and_all_of_these",
    }
    assert own - about_the_document <= named


# --- matrices ----------------------------------------------------------------------------------


def noise(seed: int = 0, m: int = 24, n: int = 24) -> np.ndarray:
    """Weights [m, n] without structure, as initial weights are."""
    return np.random.default_rng(seed).uniform(-1, 1, (m, n))


def blocks(means: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A matrix of square blocks with these values, and the labels of either side."""
    return np.kron(means, np.ones((size, size))), np.arange(len(means)).repeat(size)


def synthetic(seed: int = 0, **recipe) -> np.ndarray:
    networks, _ = synthesise("synthetic", SyntheticRecipe(**recipe), [seed])
    return networks.weights["fc1"][0].astype(float)


# --- numbers -----------------------------------------------------------------------------------


def value(measure: str, tables: Tables) -> np.ndarray:
    return FUNCTIONS[measure](tables)


def values(matrix: np.ndarray, rows, columns, k: int) -> dict[str, float]:
    """All measures of a partition but `held_out`."""
    labels = {("given", k): (np.array(rows), np.array(columns))}
    tables = tables_of(np.asarray(matrix, float), labels)["given", k]
    return {name: float(value(name, tables)) for name in MEASURES if name != "held_out"}


def found(matrix: np.ndarray, k: int, method: str = "matched") -> Labels:
    """The partition that a method finds."""
    return labels_of(cluster(matrix[None], [(*NAME, "network")], [k], [method], 3), 0)


def found_values(matrix: np.ndarray, k: int, method: str = "matched") -> dict[str, float]:
    return values(matrix, *found(matrix, k, method)[method, k], k)


def against(
    null: str, matrix: np.ndarray, k: int, measure: str, method: str = "matched"
) -> Comparison:
    """A measure of the partition that a method finds, compared with a null."""
    labels = found(matrix, k, method)
    if null == "labels":
        draws = label_tables(matrix, NAME, DRAWS, labels, {})
    else:
        layer = {"fc1": matrix}
        asked = (NETWORK, DRAWS, [k], [method], 3)
        draws = null_tables(null, layer, "fc1", *asked)
    observed = value(measure, tables_of(matrix, labels)[method, k])
    direction = MEASURES[measure].direction
    return compare(np.array(observed), value(measure, draws[method, k]), direction)


def held_out_against_labels(matrix: np.ndarray, k: int, seed: int = 0) -> tuple[float, Comparison]:
    """Held-out information of `matched`, and how it compares with permuted V labels."""
    name = ("example", seed, "fc1")
    halves = held_out_clusters(matrix[None], [(*name, "network")], [k], ["matched"], 3)
    held = labels_of(halves, 0)
    draws = label_tables(matrix, name, DRAWS, found(matrix, k), held)["matched", k]
    information = held_out_information(matrix, held)["matched", k]
    return information, compare(np.array(information), value("held_out", draws), 1)


# --- measures ----------------------------------------------------------------------------------


def test_mi_total_is_large_without_clusters():
    heavy_tails = noise() ** 9
    modules, labels = blocks(np.array([[3, 1], [1, 3]]), 12)
    without, planted = (values(matrix, labels, labels, 2) for matrix in (heavy_tails, modules))
    assert without["mi_total"] > 9 * planted["mi_total"]
    assert without["mi"] < 0.01 * planted["mi"]


def test_mi_grows_with_k_on_noise():
    grid = (2, 4, 8, 16)
    information = [found_values(noise(), k)["mi"] for k in grid]
    assert information == sorted(information)
    assert information[-1] > 5 * information[0]
    assert all(against("shuffle", noise(), k, "mi").p > 0.05 for k in grid)


def test_mi_is_blind_to_pairing():
    matrix, labels = blocks(np.eye(3), 4)
    paired, mispaired = (values(matrix, labels, (labels + shift) % 3, 3) for shift in (0, 1))
    assert mispaired["mi"] == pytest.approx(paired["mi"]) == pytest.approx(np.log(3))
    assert mispaired["barber_q"] == pytest.approx(-1 / 3)


def test_mi_preserved_is_one_where_every_unit_is_a_cluster():
    every = np.arange(24)
    assert values(noise(), every, every, 24)["mi_preserved"] == pytest.approx(1)
    compared = against("shuffle", noise(), 24, "mi_preserved")
    assert compared.mean == pytest.approx(1)
    assert np.isnan(compared.z)


def test_mi_preserved_is_small_for_clear_but_weak_clusters():
    weak = synthetic(rows=96, columns=96, clusters=4, contrast=0.2)
    assert found_values(weak, 4)["mi_preserved"] < 0.25
    assert against("shuffle", weak, 4, "mi_preserved").z > 50


def test_barber_q_misses_clusters_that_avoid_each_other():
    matrix, labels = blocks(3 - 2 * np.eye(4), 5)
    measured = values(matrix, labels, labels, 4)
    assert measured["barber_q"] == pytest.approx(-0.15)
    assert measured["mi_preserved"] == pytest.approx(1)


def test_newman_q_falls_where_the_sides_of_a_cluster_differ_in_strength():
    without_structure = np.outer([4, 1], [1, 4])
    measured = values(without_structure, [0, 1], [0, 1], 2)
    assert measured["newman_q"] == pytest.approx(-0.18)
    assert measured["barber_q"] == pytest.approx(0)


def test_ncut_is_zero_where_one_pair_splits_off():
    matrix = np.ones((10, 10))
    matrix[0] = matrix[:, 0] = np.arange(10) == 0
    labels = np.minimum(np.arange(10), 1)
    measured = values(matrix, labels, labels, 2)
    assert measured["ncut"] == pytest.approx(0)
    assert measured["barber_q"] == pytest.approx(2 * 81 / 82**2)


def test_ncut_and_ncut_per_cluster_grow_with_k_without_structure():
    for k in (2, 3, 6):
        matrix, labels = blocks(np.ones((k, k)), 12 // k)
        measured = values(matrix, labels, labels, k)
        assert measured["ncut"] == pytest.approx(k - 1)
        assert measured["ncut_per_cluster"] == pytest.approx(1 - 1 / k)
        assert measured["barber_q"] == pytest.approx(0)


@pytest.mark.parametrize("measure", ["within_weight", "clusterability"])
def test_unequal_sizes_raise(measure):
    equal, unequal = (np.repeat([0, 1], sizes) for sizes in ([5, 5], [9, 1]))
    measured = [values(np.ones((10, 10)), labels, labels, 2) for labels in (equal, unequal)]
    assert [each[measure] for each in measured] == pytest.approx([0.5, 0.82])
    for corrected in ("barber_q", "clusterability_adjusted", "clusterability_q"):
        assert [each[corrected] for each in measured] == pytest.approx([0, 0])


def test_clusterability_is_decided_by_one_large_weight():
    matrix, labels = np.ones((8, 8)), np.arange(2).repeat(4)
    matrix[0, 0] = 30
    measured = values(matrix, labels, labels, 2)
    assert measured["clusterability"] == pytest.approx((900 + 31) / (900 + 63))
    assert measured["clusterability_q"] < 0.04


def test_clusterability_adjusted_takes_strengths_for_structure():
    strengths, labels = np.array([4, 4, 4, 1, 1, 1]), np.arange(2).repeat(3)
    measured = values(np.outer(strengths, strengths), labels, labels, 2)
    assert measured["clusterability_adjusted"] == pytest.approx(225 / 289)
    assert measured["clusterability_q"] == pytest.approx(0)


def test_clusterability_q_misses_clusters_beside_one_large_weight():
    matrix, labels = blocks(np.eye(2), 4)
    assert values(matrix, labels, labels, 2)["clusterability_q"] == pytest.approx(0.5)
    matrix[0, 0] = 100
    measured = values(matrix, labels, labels, 2)
    assert measured["clusterability_q"] < 0.004
    assert measured["barber_q"] > 0.2


def test_held_out_of_planted_blocks():
    """The known answer: ln k + r ln r + (1 - r) ln((1 - r) / (k - 1)), here with r = 3 / 5."""
    matrix, labels = blocks(np.ones((3, 3)) + 2 * np.eye(3), 4)
    judged = np.arange(12) % 2 == 1
    information = held_out_information(matrix, {("planted", 3): (judged, labels)})
    expected = np.log(3) + 0.6 * np.log(0.6) + 0.4 * np.log(0.2)
    assert information["planted", 3] == pytest.approx(expected)


def test_held_out_of_noise_is_not_zero():
    information, compared = held_out_against_labels(noise(), 4)
    assert information > 0.01
    assert abs(compared.z) < 2


def test_held_out_of_few_rows_hangs_on_the_split():
    matrix = np.kron(np.eye(3), np.ones((2, 6)))
    matrix = matrix + 0.01 * np.random.default_rng(1).random(matrix.shape)
    information = [held_out_against_labels(matrix, 3, seed)[0] for seed in range(10)]
    assert max(information) > 1
    assert min(information) < 0.4


def test_held_out_takes_strengths_for_structure():
    """The embedding of `matched` holds the strengths, and so its clusters are not random ones."""
    z: dict[str, list[float]] = {"as they are": [], "balanced": []}
    for seed in range(20):
        weights = np.abs(synthetic(seed, rows=40, columns=40, heterogeneity=1.5))
        for scale, matrix in zip(z, (weights, balance(weights)), strict=True):
            z[scale].append(float(held_out_against_labels(matrix, 4, seed)[1].z))
    assert np.mean(z["as they are"]) > 1.5
    assert abs(np.mean(z["balanced"])) < 0.7


def test_held_out_against_strength_is_fair_where_strengths_differ():
    z = []
    for seed in range(12):
        matrix = np.abs(synthetic(seed, rows=40, columns=40, heterogeneity=1.5))
        information = held_out_against_labels(matrix, 4, seed)[0]
        asked = ({"fc1": matrix}, "fc1", ("example", seed), DRAWS, [4], ["matched"], 3)
        draws = null_tables("strength", *asked)["matched", 4]
        z.append(float(compare(np.array(information), value("held_out", draws), 1).z))
    assert abs(np.mean(z)) < 0.7


# --- methods -----------------------------------------------------------------------------------


def test_notebook_pairs_clusters_by_chance():
    matrix, _ = blocks(np.eye(3), 4)
    matrix = matrix + 0.01 * np.random.default_rng(0).random(matrix.shape)
    as_they_come, matched = (found_values(matrix, 3, method) for method in ("notebook", "matched"))
    assert as_they_come["barber_q"] < 0.01
    assert matched["barber_q"] > 0.65
    assert as_they_come["mi"] == pytest.approx(matched["mi"])


def test_matched_has_a_positive_q_on_noise():
    for seed in range(5):
        assert found_values(noise(seed), 4)["barber_q"] > 0.03
    assert against("shuffle", noise(), 4, "barber_q").p > 0.05


def test_joint_has_too_few_vectors_for_clusters_of_unequal_contrast():
    means = np.ones((4, 4)) + np.diag([8, 8, 1, 1])
    matrix, labels = blocks(means, 8)
    matrix = matrix * np.random.default_rng(0).uniform(0.7, 1.3, matrix.shape)
    agreement = {
        method: adjusted_rand_score(labels, found(matrix, 4, method)[method, 4][0])
        for method in ("joint", "matched")
    }
    assert agreement["joint"] < 0.8
    assert agreement["matched"] == 1


def test_whole_takes_layers_for_clusters():
    layers = [np.ones((8, 8)) for _ in range(3)]
    matrix = network_matrices(layers)
    even, odd = found(matrix, 2, "whole")["whole", 2]
    input_and_first, second_and_output = set(even[:8]) | set(odd[:8]), set(even[8:]) | set(odd[8:])
    assert len(input_and_first) == len(second_and_output) == 1
    assert input_and_first != second_and_output
    measured = values(matrix, even, odd, 2)
    # Two layers of three lie inside clusters.
    assert measured["barber_q"] == pytest.approx(2 / 3 - 4 / 9)
    assert measured["ncut"] == pytest.approx(2 / 3)
    for layer in layers:
        labels = np.arange(8) % 2
        assert values(layer, labels, labels, 2)["barber_q"] == pytest.approx(0)


# --- scalings ----------------------------------------------------------------------------------


def test_weights_as_they_are_show_scales_that_change_no_function():
    first, labels = blocks(np.ones((2, 2)) + 2 * np.eye(2), 4)
    weights = {"fc1": first[None], "fc2": np.ones((1, 3, 8))}
    factors = np.where(labels == 0, 10, 1)
    rescaled = {"fc1": weights["fc1"] * factors[:, None], "fc2": weights["fc2"] / factors}
    for scaling, same in (("none", False), ("unit-norm", True), ("balanced", True)):
        before, after = (
            values(scale_weights(each, scaling)["fc1"][0], labels, labels, 2)["barber_q"]
            for each in (weights, rescaled)
        )
        assert (abs(before - after) < 1e-9) == same


@pytest.mark.parametrize("scaling", ["unit-norm", "balanced"])
def test_scaling_gives_weak_units_the_weight_of_others(scaling):
    modules, labels = blocks(np.eye(2) + 0.1, 4)
    weak = 1e-3 * np.random.default_rng(0).uniform(0.1, 1, (8, 8))
    weights = {"fc1": np.vstack([modules, weak])[None], "fc2": np.ones((1, 2, 16))}
    rows = [*labels, *(np.arange(8) % 2)]
    as_they_are, scaled = (
        values(scale_weights(weights, name)["fc1"][0], rows, labels, 2)["barber_q"]
        for name in ("none", scaling)
    )
    assert as_they_are > 0.4
    assert scaled < 0.25


def test_a_layer_that_cannot_be_balanced_has_no_partition():
    scaled = scale_weights({"fc1": np.array([[[1.0, 1.0], [0.0, 1.0]]])}, "balanced")["fc1"]
    partition = cluster(scaled, [NAME], [1, 2], ["matched"], 3)
    assert not any(each.feasible.any() for each in partition.values())


# --- nulls -------------------------------------------------------------------------------------


def test_shuffle_takes_strengths_for_structure_of_either_sign():
    source = np.random.default_rng(0)
    weights = source.uniform(0, 1, (40, 40)) * np.exp(source.normal(size=40))
    assert against("shuffle", weights, 4, "mi").z < -2.5
    assert against("shuffle", weights, 4, "mi_preserved").z > 2.5
    z = {"mi": [], "mi_preserved": []}
    for _ in range(8):
        weights = source.uniform(0, 1, (40, 40)) * np.exp(source.normal(size=40))
        for measure, values in z.items():
            values.append(float(against("strength", weights, 4, measure).z))
    # Two standard errors of a mean of eight.
    assert all(abs(np.mean(values)) < 0.7 for values in z.values())


def test_shuffle_hides_clusters_among_units_of_different_strengths():
    weights = synthetic(rows=48, columns=48, clusters=2, contrast=0.4, heterogeneity=1.2)
    assert against("shuffle", weights, 2, "mi").z < -2
    assert against("strength", weights, 2, "mi").z > 2


def test_shuffle_nonzero_and_strength_see_no_clusters_in_a_pattern_of_zeros():
    matrix, _ = blocks(np.eye(2), 6)
    matrix[[0, 2, 7], [1, 3, 8]] = 0
    assert np.array_equal(shuffle_nonzero.redraw(matrix, NAME)(0), matrix)
    assert np.isnan(against("shuffle_nonzero", matrix, 2, "barber_q").z)
    assert np.isnan(against("strength", matrix, 2, "barber_q").z)
    assert against("shuffle", matrix, 2, "barber_q").z > 5


def test_labels_are_beaten_by_partitions_of_noise():
    for measure in ("mi", "barber_q", "ncut"):
        by_labels = against("labels", noise(), 4, measure)
        assert by_labels.z > 4
        assert by_labels.p == pytest.approx(1 / (DRAWS + 1))
        assert against("shuffle", noise(), 4, measure).p > 0.05


def scores_of(condition: str, matrices: np.ndarray) -> pd.DataFrame:
    """Scores of networks of one layer, compared with nothing, as a study has them."""
    networks = Networks(condition, tuple(range(len(matrices))), {}, {"fc1": matrices})
    names = [(condition, seed, "fc1", "network") for seed in networks.seeds]
    partitions = cluster(matrices, names, [4], ["matched"], 3)
    observed = observed_tables(layers_of_methods(networks, "fc1", partitions), partitions, {})
    return score_rows(networks, "fc1", partitions, observed, {})


def test_untrained_takes_another_distribution_of_weights_for_structure():
    fresh = np.stack([noise(seed) for seed in range(100, 100 + DRAWS)])
    changed = noise(2) ** 3
    compared = with_untrained(
        scores_of("changed", changed[None]), scores_of("fresh", fresh), {"changed": "fresh"}
    ).set_index("measure")
    for measure in ("mi", "barber_q", "ncut"):
        assert compared.loc[measure, "z"] > 5
        assert against("shuffle", changed, 4, measure).p > 0.05


# --- z, q, k, agreement ------------------------------------------------------------------------


def test_a_large_z_can_go_with_a_small_effect():
    weak = synthetic(rows=96, columns=256, clusters=2, contrast=0.15)
    compared = against("shuffle", weak, 2, "barber_q")
    assert compared.z > 20
    assert found_values(weak, 2)["barber_q"] - compared.mean < 0.06


def test_two_seeds_give_no_discovery_whatever_their_z():
    assert replicate_p(np.array([10.0, 30.0])) > 0.1
    assert replicate_p(np.array([0.8, 1.0, 1.1, 1.2])) < 0.001


def test_gap_k_misses_weak_clusters():
    weak = synthetic(rows=48, columns=48, clusters=4, contrast=0.3)
    assert gap_k(singular_values(weak), range(2, 7)) == 1
    assert against("shuffle", weak, 4, "mi").z > 20


def test_restarts_agree_on_noise():
    names = [(*NAME, "network")]
    _, starts = cluster_with_starts(noise(1)[None], names, [2], ["joint"], 3)
    for labels in (starts["joint", 2].rows, starts["joint", 2].columns):
        assert stability(labels, adjusted_mutual_information) == pytest.approx(1)
    assert against("shuffle", noise(1), 2, "mi", "joint").p > 0.05


def test_nmi_of_unrelated_labels_is_high_where_clusters_are_many():
    first, second = np.random.default_rng(0).integers(0, 12, (2, 24))
    ami, ari, nmi = mean_agreement(np.stack([first, second]), NAME, DRAWS).values
    assert nmi > 0.6
    assert abs(ami) < 0.1
    assert abs(ari) < 0.1


def test_layers_agree_where_units_have_the_same_strength_in_both():
    source = np.random.default_rng(0)
    first, second = source.uniform(0, 1, (2, 40, 40))
    strengths = np.exp(source.normal(size=40))
    below, above = first * strengths[:, None], second * strengths
    agreement = [
        adjusted_mutual_information(
            found(lower, 4)["matched", 4][0], found(upper, 4)["matched", 4][1]
        )
        for lower, upper in ((below, above), (balance(below), balance(above)))
    ]
    assert agreement[0] > 0.2
    assert agreement[1] < 0.1


def test_worn_out_units_take_the_clusters_of_the_others():
    """Weight decay leaves units with weights of 1e-36: not dead, and with D^-1/2 far from all."""
    source = np.random.default_rng(0)
    matrix = source.uniform(0, 1, (60, 40))
    matrix[:30, :20] *= 6
    matrix[30:, 20:] *= 6
    worn = np.zeros((70, 50))
    worn[60:] = 1e-36 * 10 ** source.uniform(-3, 0, (10, 50))
    worn[:, 40:] = 1e-36 * 10 ** source.uniform(-3, 0, (70, 10))
    worn[:60, :40] = matrix

    def largest_cluster(weights: np.ndarray) -> int:
        """Of the units that are not worn out."""
        names = [("any", 0, "network", "network")]
        found = cluster(weights[None].astype(np.float32), names, [4], ["whole"], 25)["whole", 4]
        labels = np.concatenate([found.rows[0, :60], found.columns[0, :40]])
        return int(np.bincount(labels).max())

    assert largest_cluster(matrix) <= 50
    assert largest_cluster(worn) == 100
