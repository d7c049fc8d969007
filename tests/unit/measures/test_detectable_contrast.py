"""The contrast that bits see: against simulations of the search, and against numbers by hand."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clusterability.clustering.code_lengths import BIT, classes_length, labels_length
from clusterability.clustering.saved_bits import MatrixBits
from clusterability.clustering.spectral import cluster
from clusterability.errors import UserError
from clusterability.measures.detectable_contrast import (
    Group,
    Planted,
    _code_saved,
    _gain_of_unit,
    _mean_length,
    _standard_deviation,
    detectable_contrast,
    grouping_bits,
    groupings,
    ways,
)
from clusterability.networks.partitions import labels_of
from clusterability.networks.size_classes import size_classes
from clusterability.networks.two_way_ranks import two_way_ranks
from project import DOCS


def planted_matrix(source, rows: int, columns: int, clusters: int, ratio: float):
    """A matrix, and the labels of its clusters."""
    labels = [source.permutation(np.arange(units) % clusters) for units in (rows, columns)]
    inside = labels[0][:, None] == labels[1]
    return source.standard_normal((rows, columns)) * np.where(inside, ratio, 1), labels


def share_seen(shape: tuple[int, int, int], ratio: float, scaling: str, matrices: int) -> float:
    """Share of matrices in which the search saves 20 bits in at most ten clusters."""
    seen = 0
    for seed in range(matrices):
        name = ("power", seed, "fc1")
        matrix, _ = planted_matrix(np.random.default_rng(seed), *shape, ratio)
        if scaling == "ranked":
            matrix = two_way_ranks(matrix, name)
        found = labels_of(cluster(matrix[None], [name], [10], ["described"], 3), 0)
        seen += MatrixBits(matrix).saved(found)["described", 10].blocks >= 20
    return seen / matrices


@pytest.mark.slow
@pytest.mark.parametrize("scaling", ["none", "ranked"])
@pytest.mark.parametrize("shape", [(10, 128, 4), (64, 96, 4), (128, 128, 4), (64, 96, 2)])
def test_a_search_sees_the_contrast_in_about_80_percent(shape, scaling):
    """5 % of the ratio below it, fewer than 80 % are seen, and 8 % above it more."""
    ratio, matrices = detectable_contrast(*shape, scaling), 40
    spread = stats.binom(matrices, 0.8)
    assert share_seen(shape, 0.95 * ratio, scaling, matrices) * matrices <= spread.ppf(0.95)
    assert share_seen(shape, 1.08 * ratio, scaling, matrices) * matrices >= spread.ppf(0.05)


def test_ratios_are_between_those_of_the_published_study():
    """docs/bits.csv: 20 matrices at each contrast; within 5 % of those at which 80 % are seen."""
    table = pd.read_csv(DOCS / "bits.csv").query("study == 'power'")
    pattern = r"planted_(?P<contrast>\d+)_(?P<rows>\d+)x(?P<columns>\d+)$"
    table = table.join(table["condition"].str.extract(pattern)).dropna(subset="contrast")
    cells = table.groupby(["rows", "columns", "method"])
    assert len(cells) == 8
    for (rows, columns, method), cell in cells:
        contrast = cell["contrast"].astype(float) / 100
        ratios = np.where(contrast < 1, (1 + 3 * contrast) / (1 - contrast + 1e-12), np.inf)
        seen = cell["clusters"].to_numpy() >= 0.8
        found = detectable_contrast(
            int(rows), int(columns), 4, "ranked" if method.endswith("ranked") else "none"
        )
        assert ratios[~seen].max() * 0.95 < found < ratios[seen].min() * 1.05, (rows, columns)


@pytest.mark.parametrize("shape", [(12, 60, 3), (40, 40, 2), (64, 96, 4)])
def test_the_planted_partition_saves_what_is_calculated(shape):
    """Mean and spread over matrices of the code of the planted blocks, by plain counting."""
    ratio, clusters = 2.5, shape[2]
    saved = []
    for seed in range(300):
        matrix, (rows, columns) = planted_matrix(np.random.default_rng(seed), *shape, ratio)
        codes = size_classes(matrix).codes
        nats = classes_length(np.bincount(codes.ravel(), minlength=8))
        for a, b in itertools.product(range(clusters), repeat=2):
            block = codes[np.ix_(rows == a, columns == b)]
            nats -= classes_length(np.bincount(block.ravel(), minlength=8))
        saved.append(nats)
    planted = Planted(*shape, ratio)
    p, q = planted.chances
    groups = {1: Group(clusters, p, q)}
    found, spread = _code_saved(shape[:2], groups), _standard_deviation(planted, groups)
    error = np.std(saved) / np.sqrt(len(saved))
    assert found == pytest.approx(np.mean(saved), abs=4 * error + 0.01 * abs(found))
    assert spread == pytest.approx(np.std(saved), rel=0.15)


def test_chances_of_classes_are_those_of_many_weights():
    source = np.random.default_rng(0)
    inside, outside = (
        3 * np.abs(source.standard_normal(200_000)),
        np.abs(source.standard_normal(600_000)),
    )
    bounds = np.quantile(np.concatenate([inside, outside]), np.arange(1, 8) / 8)
    for chances, sizes in zip(Planted(64, 64, 4, 3.0).chances, (inside, outside), strict=True):
        counted = np.bincount(np.searchsorted(bounds, sizes), minlength=8) / len(sizes)
        assert chances == pytest.approx(counted, abs=0.003)
        assert chances.sum() == pytest.approx(1)


@pytest.mark.parametrize("count", [3, 40, 700, 5000])
def test_the_mean_length_of_a_code_is_that_of_multinomial_counts(count):
    chances = np.array([0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.2, 0.2])
    counts = np.random.default_rng(0).multinomial(count, chances, 40_000)
    lengths = classes_length(counts)
    error = lengths.std() / np.sqrt(len(lengths))
    assert _mean_length(chances, count) == pytest.approx(lengths.mean(), abs=4 * error + 1e-9)


def test_the_gain_of_a_unit_is_that_of_units_that_go_where_they_belong_more():
    """Many columns: what they say for the best of the clusters, less what for their own."""
    p, q = Planted(40, 40, 3, 2.0).chances
    logs, each = np.log(p / q), 10
    source = np.random.default_rng(0)
    own = logs[source.choice(8, (50_000, each), p=p)].sum(axis=1)
    others = logs[source.choice(8, (50_000, 2, each), p=q)].sum(axis=2).max(axis=1)
    expected = np.maximum(0, others - own).mean()
    found = _gain_of_unit({1: Group(3, p, q)}, each)
    assert found == pytest.approx(expected, rel=0.15)
    assert expected > 0.05


def test_one_grouping_by_hand():
    """Without a contrast all blocks have the frequencies of all: labels and classes are lost."""
    mean, _ = grouping_bits(Planted(64, 64, 2, 1.0), (1, 1))
    octiles = np.full(8, 1 / 8)
    code = classes_length(np.full(8, 64 * 64 / 8)) - 4 * _mean_length(octiles, 32 * 32) - 3.5
    names = 2 * labels_length(np.array([32, 32])) + 2 * np.log(10)
    assert mean == pytest.approx((code - names) / BIT, abs=0.01)
    assert mean < -100


def test_groupings_are_counted():
    assert groupings(2) == [(1, 1)]
    assert set(groupings(5)) == {(3, 2), (4, 1), (2, 2, 1), (3, 1, 1), (2, 1, 1, 1), (1,) * 5}
    for sizes in groupings(5):
        labels = {
            frozenset(frozenset(np.flatnonzero(np.array(each) == a)) for a in set(each))
            for each in itertools.product(range(5), repeat=5)
        }
        fits = [g for g in labels if sorted(map(len, g)) == sorted(sizes)]
        assert ways(sizes) == len(fits)


def test_larger_matrices_show_fainter_clusters_and_sides_can_be_exchanged():
    shapes = [(24, 24), (32, 32), (64, 64), (128, 128), (512, 512)]
    found = [detectable_contrast(*shape) for shape in shapes]
    assert found == sorted(found, reverse=True)
    assert found[-1] > 1
    assert detectable_contrast(10, 128) == detectable_contrast(128, 10)
    assert detectable_contrast(64, 96, 2) < detectable_contrast(64, 96, 4)
    assert detectable_contrast(32, 32) < detectable_contrast(32, 32, scaling="ranked")


def test_what_ten_times_the_size_does_not_show_is_none():
    assert detectable_contrast(10, 10, 2) is None
    assert Planted(10, 10, 2, 10.0).power < 0.2


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ((10, 128, 11, "none"), "clusters: found 11, expected 2 to 10, the smaller side"),
        ((10, 128, 1, "none"), "clusters: found 1, expected 2 to 10, the smaller side"),
        ((10, 128, 4, "balanced"), "scaling: found 'balanced', expected one of none, ranked"),
    ],
)
def test_what_is_not_known_is_refused(asked, line):
    with pytest.raises(UserError, match=f"^{line}$"):
        detectable_contrast(*asked)


def test_the_document_has_the_ratios_that_are_calculated():
    row = r"^\| (\d+) . (\d+) \| (\d+) \| ([\d.]+) \| [\d.]+ \| ([\d.]+) \| [\d.]+ \|$"
    found = re.findall(row, (DOCS / "bits-calibration.md").read_text(), re.M)
    assert len(found) == 9
    for rows, columns, clusters, *ratios in found:
        shape = int(rows), int(columns), int(clusters)
        calculated = [detectable_contrast(*shape, scaling) for scaling in ("none", "ranked")]
        assert [f"{ratio:.2f}" for ratio in calculated] == ratios, shape
