"""Small examples of how bits, the search for them and ranks mislead: those of docs/measures.md."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

from clusterability.clustering.saved_bits import MatrixBits
from clusterability.clustering.spectral import cluster, cluster_with_starts
from clusterability.clustering.summing import tables_of
from clusterability.measures.structure import barber_q, bits_joint, bits_per_weight
from clusterability.networks.partitions import labels_of
from clusterability.networks.two_way_ranks import two_way_ranks

NAMES = [("example", 0, "fc1")]


def described(matrix: np.ndarray, k: int = 4):
    """The tables of what the search finds."""
    found = cluster(matrix[None], NAMES, [k], ["described"], 3)
    return tables_of(matrix, labels_of(found, 0))["described", k]


def strengths(source, units: int, spread: float = 0.5) -> np.ndarray:
    return np.exp(spread * source.standard_normal(units))


def planted(source, units: int, k: int, ratio: float) -> np.ndarray:
    labels = np.arange(units) % k
    return source.standard_normal((units, units)) * np.where(labels[:, None] == labels, ratio, 1)


def test_bits_take_strengths_for_clusters():
    source = np.random.default_rng(0)
    noise = source.standard_normal((64, 64))
    unequal = noise * strengths(source, 64)[:, None] * strengths(source, 64)
    assert described(noise).bits == 0
    assert described(unequal).bits > 500
    assert described(two_way_ranks(unequal)).bits == 0


def test_bits_of_low_rank_without_clusters():
    source = np.random.default_rng(0)
    rank_four = source.standard_normal((64, 4)) @ source.standard_normal((4, 64)) / 2
    noisy = rank_four + source.standard_normal((64, 64))
    assert described(noisy).bits > 20
    assert described(two_way_ranks(noisy)).bits == 0


def test_bits_per_weight_do_not_tell_how_sure():
    source = np.random.default_rng(1)
    large = described(planted(source, 200, 2, 1.5), 2)
    small = MatrixBits(np.diag([1.0, 1.0, 0.5])[:2]).saved(
        {("any", 2): (np.array([0, 1]), np.array([0, 1, -1]))}
    )["any", 2]
    assert large.bits > 200
    assert small.blocks < 20
    assert abs(small.blocks) / 4 > bits_per_weight(large) == large.bits / 200**2


def test_bits_within_miss_a_checkerboard():
    source, labels = np.random.default_rng(0), np.arange(40) % 4
    heavy = (labels[:, None] + labels) % 2 == 0
    matrix = source.standard_normal((40, 40)) * np.where(heavy, 3, 1)
    found = tables_of(matrix, {("any", 4): (labels, labels)})["any", 4]
    assert found.bits > 40
    assert found.bits_within < 0


def test_bits_of_one_side_are_of_strengths():
    source = np.random.default_rng(0)
    matrix = source.standard_normal((60, 40)) * np.repeat([1, 2], 30)[:, None]
    assert described(matrix).bits_u > 50
    assert described(matrix).bits_v == 0
    assert described(matrix.T).bits_v > 50
    assert described(two_way_ranks(matrix)).bits_u == 0


def test_joint_bits_count_the_strengths_of_the_other_side():
    source = np.random.default_rng(0)
    rows, columns = np.repeat([1, 2], 30)[:, None], np.repeat([1, 2], 30)
    one = described(source.standard_normal((60, 60)) * rows)
    both = described(source.standard_normal((60, 60)) * rows * columns)
    assert abs(bits_joint(one)) < 5
    assert bits_joint(both) > 50


def test_refined_has_a_larger_q_on_noise():
    source = np.random.default_rng(0)
    noise = source.standard_normal((60, 60))
    found = cluster(noise[None], NAMES, [4], ["matched", "refined"], 3)
    q = {
        method: float(barber_q(tables))
        for (method, _), tables in tables_of(noise, labels_of(found, 0)).items()
    }
    assert q["refined"] > q["matched"] + 0.01 > 0.05
    unequal = noise * strengths(source, 60, 1)[:, None] * strengths(source, 60, 1)
    clear = planted(source, 60, 4, 1.5)
    values = []
    for matrix in (unequal, clear):
        labels = labels_of(cluster(matrix[None], NAMES, [4], ["refined"], 3), 0)
        values.append(float(barber_q(tables_of(matrix, labels)["refined", 4])))
    assert values[0] > values[1]


def test_described_finds_a_number_rather_than_a_partition():
    """Strengths can be cut in many ways that save nearly as many bits."""
    source = np.random.default_rng(3)
    matrix = source.standard_normal((96, 96)) * strengths(source, 96)[:, None]
    matrix *= strengths(source, 96)
    _, starts = cluster_with_starts(matrix[None], NAMES, [8], ["described"], 3)
    found = starts["described", 8]
    ends = [(found.rows[0, i], found.columns[0, i]) for i in range(found.rows.shape[1])]
    key = ("described", 8)
    bits = [MatrixBits(matrix).saved({key: end})[key].blocks for end in ends]
    agreement = [
        adjusted_mutual_info_score(first[0], second[0]) for first in ends for second in ends
    ]
    assert min(bits) > 0.95 * max(bits) > 1000
    assert min(agreement) < 0.8


def test_ranked_weights_of_low_rank_have_bits_without_clusters():
    source = np.random.default_rng(0)
    matrix = source.standard_normal((64, 4)) @ source.standard_normal((4, 64))
    assert described(two_way_ranks(matrix)).bits > 100


def test_ranked_zeros_and_ones_say_less():
    source, labels = np.random.default_rng(0), np.arange(60) % 2
    chance = np.where(labels[:, None] == labels, 0.4, 0.12)
    ones = (source.random((60, 60)) < chance).astype(float)
    assert described(ones).bits > described(two_way_ranks(ones)).bits + 20
