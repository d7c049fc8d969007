"""Synthetic networks against the formulas of planted blocks, and against their own promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats
from sklearn.metrics import adjusted_rand_score

from clusterability.clustering.spectral import cluster
from clusterability.clustering.summing import tables_of
from clusterability.measures.structure import FUNCTIONS
from clusterability.networks.stacked import Networks
from clusterability.networks.synthetic import block_means, cluster_sizes, synthesise
from clusterability.networks.synthetic_recipe import SyntheticRecipe


def matrix_and_labels(seed: int = 0, **recipe) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    networks, planted = synthesise("synthetic", SyntheticRecipe(**recipe), [seed])
    return networks.weights["fc1"][0], planted.rows[0], planted.columns[0]


def magnitudes(seed: int = 0, **recipe) -> np.ndarray:
    return np.abs(matrix_and_labels(seed, **recipe)[0].astype(float))


def planted_values(clusters: int, **recipe) -> dict[str, float]:
    """Measures of the planted partition of a large matrix."""
    matrix, rows, columns = matrix_and_labels(rows=600, columns=720, clusters=clusters, **recipe)
    tables = tables_of(matrix, {("planted", clusters): (rows, columns)})["planted", clusters]
    return {name: float(function(tables)) for name, function in FUNCTIONS.items()}


def planted_mi(r: float, k: int) -> float:
    """Mutual information of k equal blocks with the share r of weight inside, 0 < r < 1."""
    return np.log(k) + r * np.log(r) + (1 - r) * np.log((1 - r) / (k - 1))


# --- planted structure -------------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3, 6])
@pytest.mark.parametrize("contrast", [0.1, 0.5, 0.9])
def test_planted_blocks_have_the_measures_of_the_formulas(k, contrast):
    r = 1 / k + contrast * (1 - 1 / k)
    found = planted_values(k, contrast=contrast)
    assert found["within_weight"] == pytest.approx(r, abs=0.005)
    assert found["barber_q"] == pytest.approx(r - 1 / k, abs=0.005)
    assert found["ncut"] == pytest.approx(k * (1 - r), abs=0.02)
    assert found["mi"] == pytest.approx(planted_mi(r, k), abs=0.01)


@pytest.mark.parametrize("k", [2, 4])
def test_extremes_of_contrast(k):
    nothing, everything = planted_values(k, contrast=0), planted_values(k, contrast=1)
    assert nothing["barber_q"] == pytest.approx(0, abs=0.005)
    assert nothing["mi"] == pytest.approx(0, abs=1e-4)
    assert everything["within_weight"] == pytest.approx(1, abs=1e-12)
    assert everything["clusterability"] == pytest.approx(1, abs=1e-12)
    assert everything["ncut"] == pytest.approx(0, abs=1e-12)
    assert everything["mi"] == pytest.approx(np.log(k), abs=1e-3)


@pytest.mark.parametrize("k", [3, 4])
def test_shifted_blocks_are_seen_by_mi_and_not_on_the_diagonal(k):
    r = 1 / k + 0.6 * (1 - 1 / k)
    found = planted_values(k, contrast=0.6, pattern="shifted")
    light = (1 - r) / (k - 1)
    assert found["mi"] == pytest.approx(planted_mi(r, k), abs=0.01)
    assert found["within_weight"] == pytest.approx(light, abs=0.005)
    assert found["barber_q"] == pytest.approx(light - 1 / k, abs=0.005)


@pytest.mark.parametrize("contrast", [0.3, 0.8])
def test_checkerboard_holds_the_information_of_two_clusters(contrast):
    found = planted_values(4, contrast=contrast, pattern="checkerboard")
    assert found["mi"] == pytest.approx(planted_mi(0.5 + contrast / 2, 2), abs=0.01)


def test_patterns_of_heavy_blocks():
    """By hand, for three clusters at full contrast: heavy share 1/3, 1/3 and 5/9."""
    found = {
        pattern: block_means(SyntheticRecipe(clusters=3, pattern=pattern))
        for pattern in ("assortative", "shifted", "checkerboard")
    }
    assert found["assortative"] == pytest.approx(np.diag([3, 3, 3]))
    assert found["shifted"] == pytest.approx(np.array([[0, 3, 0], [0, 0, 3], [3, 0, 0]]))
    board = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    assert found["checkerboard"] == pytest.approx(board * 9 / 5)


@given(
    pattern=st.sampled_from(["assortative", "shifted", "checkerboard"]),
    clusters=st.integers(1, 9),
    contrast=st.floats(0, 1),
)
@settings(deadline=None)
def test_share_of_heavy_blocks_is_linear_in_contrast(pattern, clusters, contrast):
    recipe = {"pattern": pattern, "clusters": clusters}
    means = block_means(SyntheticRecipe(**recipe, contrast=contrast)) / clusters**2
    heavy = block_means(SyntheticRecipe(**recipe, contrast=1)) > 0
    assert means.sum() == pytest.approx(1)
    expected = heavy.mean() + contrast * (1 - heavy.mean())
    assert means[heavy].sum() == pytest.approx(expected)


@pytest.mark.parametrize("pattern", ["assortative", "shifted"])
@pytest.mark.parametrize(("heterogeneity", "unequal"), [(0, 0), (0.5, 0), (0, 0.4), (0.3, 0.3)])
def test_clustering_finds_the_planted_partition(pattern, heterogeneity, unequal):
    matrix, rows, columns = matrix_and_labels(
        rows=60,
        columns=80,
        clusters=3,
        contrast=0.8,
        pattern=pattern,
        heterogeneity=heterogeneity,
        unequal=unequal,
    )
    name = ("synthetic", 0, "fc1", "network")
    found = cluster(matrix[None], [name], [3], ["matched"], 10)["matched", 3]
    assert adjusted_rand_score(rows, found.rows[0]) == 1
    assert adjusted_rand_score(columns, found.columns[0]) == 1


def test_clustering_finds_the_two_colours_of_a_checkerboard():
    matrix, rows, columns = matrix_and_labels(
        rows=60, columns=80, clusters=4, contrast=0.8, pattern="checkerboard"
    )
    name = ("synthetic", 0, "fc1", "network")
    found = cluster(matrix[None], [name], [2], ["matched"], 10)["matched", 2]
    assert adjusted_rand_score(rows, found.rows[0]) == 1
    assert adjusted_rand_score(columns, found.columns[0]) == 1


def test_the_clusters_of_a_checkerboard_are_its_colours():
    """Full contrast, three clusters: 0 and 2 are one; a weight is zero where colours differ."""
    recipe = {"clusters": 3, "pattern": "checkerboard"}
    matrix, rows, columns = matrix_and_labels(rows=30, columns=30, **recipe)
    assert SyntheticRecipe(**recipe).distinct == 2
    assert np.bincount(rows).tolist() == [20, 10]
    assert ((matrix != 0) == (rows[:, None] == columns)).all()


# --- no structure ------------------------------------------------------------------------------


def test_a_recipe_without_structure_has_the_distribution_of_initial_weights():
    matrix, rows, _ = matrix_and_labels(rows=50, columns=64)
    assert (rows == 0).all()
    uniform = stats.uniform(loc=-1 / 8, scale=2 / 8)
    assert stats.kstest(matrix.ravel(), uniform.cdf).pvalue > 0.01


@pytest.mark.parametrize("pattern", ["assortative", "shifted", "checkerboard"])
def test_clusters_without_contrast_change_no_weight(pattern):
    plain, _, _ = matrix_and_labels(rows=20, columns=30)
    found, rows, _ = matrix_and_labels(rows=20, columns=30, clusters=4, contrast=0, pattern=pattern)
    assert np.array_equal(found, plain)
    assert len(np.unique(rows)) == (2 if pattern == "checkerboard" else 4)


# --- strengths, sizes, zeros -------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1])
def test_strengths_are_log_normal(axis):
    weights = magnitudes(rows=500, columns=600, heterogeneity=0.7)
    logarithms = np.log(weights.sum(axis=axis))
    freedom = len(logarithms) - 1
    low, high = stats.chi2(freedom).interval(0.999)
    assert low < freedom * logarithms.var(ddof=1) / 0.7**2 < high
    assert stats.shapiro(logarithms).pvalue > 0.01


def test_strengths_have_expectation_one():
    plain, heterogeneous = (
        magnitudes(rows=700, columns=700, heterogeneity=spread) for spread in (0, 0.5)
    )
    # The mean of 700 log-normal strengths has a standard error of 0.02 on either side.
    assert heterogeneous.mean() == pytest.approx(plain.mean(), rel=0.1)


def test_strengths_multiply_rows_and_columns():
    recipe = {"rows": 12, "columns": 15, "clusters": 3, "contrast": 0.5}
    ratio = np.log(magnitudes(**recipe, heterogeneity=1.5) / magnitudes(**recipe))
    additive = ratio.mean(axis=1)[:, None] + ratio.mean(axis=0) - ratio.mean()
    assert ratio == pytest.approx(additive, abs=1e-5)
    assert ratio.std() > 1


def test_no_unit_dies_of_the_largest_heterogeneity():
    assert magnitudes(rows=128, columns=784, heterogeneity=5).min() > 0


def test_cluster_sizes_by_hand():
    assert cluster_sizes(12, 4, 0).tolist() == [3, 3, 3, 3]
    assert cluster_sizes(10, 4, 0).tolist() == [3, 3, 2, 2]
    # 100 - 2 = 98 units in proportion 1 : 0.4, that is 70 and 28, and one more each.
    assert cluster_sizes(100, 2, 0.6).tolist() == [71, 29]
    assert cluster_sizes(10, 4, 0.99).tolist() == [7, 1, 1, 1]


@given(
    clusters=st.integers(1, 40),
    more=st.integers(0, 800),
    unequal=st.floats(0, 1, exclude_max=True),
)
def test_every_cluster_has_a_unit_and_sizes_fall(clusters, more, unequal):
    sizes = cluster_sizes(clusters + more, clusters, unequal)
    assert sizes.sum() == clusters + more
    assert sizes.min() >= 1
    assert (np.diff(sizes) <= 0).all()


def test_planted_clusters_have_their_sizes_in_random_order():
    _, rows, columns = matrix_and_labels(rows=16, columns=23, clusters=3, unequal=0.5)
    assert np.bincount(rows).tolist() == [8, 5, 3]
    assert np.bincount(columns).tolist() == cluster_sizes(23, 3, 0.5).tolist()
    assert (np.diff(rows) < 0).any()
    assert (np.diff(columns) < 0).any()


def test_density_is_the_share_of_entries_that_are_kept():
    dense = magnitudes(rows=200, columns=300, clusters=2, contrast=0.5)
    sparse = magnitudes(rows=200, columns=300, clusters=2, contrast=0.5, density=0.3)
    assert (dense > 0).all()
    low, high = stats.binom(sparse.size, 0.3).interval(0.999)
    assert low <= np.count_nonzero(sparse) <= high
    assert np.array_equal(sparse[sparse > 0], dense[sparse > 0])


def test_units_without_weights_are_dead():
    matrix, rows, columns = matrix_and_labels(rows=30, columns=40, clusters=2, density=0.05)
    dead_rows, dead_columns = ~matrix.any(axis=1), ~matrix.any(axis=0)
    assert dead_rows.any()
    assert dead_columns.any()
    assert np.array_equal(rows == -1, dead_rows)
    assert np.array_equal(columns == -1, dead_columns)


# --- streams -----------------------------------------------------------------------------------


def test_a_matrix_depends_on_its_recipe_and_seed_alone():
    recipe = SyntheticRecipe(
        rows=9, columns=14, clusters=3, contrast=0.5, heterogeneity=1, density=0.8
    )
    networks, planted = synthesise("one", recipe, [3, 5, 8])
    alone, planted_alone = synthesise("other", recipe, [5])
    assert np.array_equal(networks.weights["fc1"][1], alone.weights["fc1"][0])
    assert np.array_equal(planted.rows[1], planted_alone.rows[0])
    assert np.array_equal(planted.columns[1], planted_alone.columns[0])


def test_seeds_share_neither_labels_nor_strengths_nor_entries_nor_zeros():
    recipe = {"rows": 40, "columns": 40}
    one, other = (matrix_and_labels(seed, **recipe, clusters=4) for seed in (0, 1))
    assert not np.array_equal(one[1], other[1])
    assert not np.array_equal(one[2], other[2])
    for key in ({}, {"heterogeneity": 2}, {"density": 0.5}):
        first, second = (matrix_and_labels(seed, **recipe, **key)[0].ravel() for seed in (0, 1))
        assert stats.spearmanr(np.abs(first), np.abs(second)).pvalue > 0.01


def test_the_two_sides_share_neither_labels_nor_strengths():
    weights, rows, columns = matrix_and_labels(
        rows=300, columns=300, clusters=3, contrast=0, heterogeneity=1
    )
    assert not np.array_equal(rows, columns)
    sums = [np.abs(weights).sum(axis=axis) for axis in (0, 1)]
    assert stats.spearmanr(*sums).pvalue > 0.01


def test_recipes_that_differ_in_contrast_alone_are_paired():
    recipe = {"rows": 20, "columns": 25, "clusters": 4, "heterogeneity": 1, "density": 0.9}
    weak, rows, columns = matrix_and_labels(**recipe, contrast=0.2)
    strong, other_rows, other_columns = matrix_and_labels(**recipe, contrast=0.6)
    assert np.array_equal(rows, other_rows)
    assert np.array_equal(columns, other_columns)
    # Four clusters: inside 1 + 3 contrast, outside 1 - contrast.
    ratio = np.where(rows[:, None] == columns, 2.8 / 1.6, 0.4 / 0.8)
    assert strong == pytest.approx(weak * ratio, rel=1e-6)


# --- what is given back, and errors ------------------------------------------------------------


def test_networks_and_partitions_keep_their_contracts():
    recipe = SyntheticRecipe(rows=6, columns=9, clusters=2)
    networks, planted = synthesise("planted", recipe, range(3))
    assert isinstance(networks, Networks)
    assert (networks.condition, networks.seeds) == ("planted", (0, 1, 2))
    assert SyntheticRecipe(**networks.recipe) == recipe
    assert {name: stack.shape[1:] for name, stack in networks.weights.items()} == recipe.layers
    assert networks.weights["fc1"].shape == (3, 6, 9)
    assert networks.weights["fc1"].dtype == np.float32
    assert (planted.rows.dtype, planted.rows.shape) == (np.int16, (3, 6))
    assert (planted.columns.dtype, planted.columns.shape) == (np.int16, (3, 9))
    assert planted.feasible.tolist() == [True, True, True]


@pytest.mark.parametrize(
    ("recipe", "key", "message"),
    [
        (
            {"rows": 4, "clusters": 5},
            "clusters",
            "Value error, at most 4, the smaller of rows and columns",
        ),
        ({"clusters": 0}, "clusters", "Input should be greater than or equal to 1"),
        ({"rows": 0, "clusters": 2}, "rows", "Input should be greater than or equal to 1"),
        ({"contrast": 1.5}, "contrast", "Input should be less than or equal to 1"),
        ({"contrast": "high"}, "contrast", "Value error, a number"),
        ({"heterogeneity": -1}, "heterogeneity", "Input should be greater than or equal to 0"),
        ({"heterogeneity": 5.1}, "heterogeneity", "Input should be less than or equal to 5"),
        ({"unequal": 1}, "unequal", "Input should be less than 1"),
        ({"density": 0}, "density", "Input should be greater than 0"),
        (
            {"pattern": "random"},
            "pattern",
            "Input should be 'assortative', 'shifted' or 'checkerboard'",
        ),
        ({"cluster": 3}, "cluster", "Extra inputs are not permitted"),
    ],
)
def test_bad_recipes_have_one_fault_at_its_key(recipe, key, message):
    with pytest.raises(ValidationError) as caught:
        SyntheticRecipe(**recipe)
    assert [(fault["loc"], fault["msg"]) for fault in caught.value.errors()] == [((key,), message)]


# --- entries that are not uniform --------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "law"),
    [
        ("normal", stats.norm()),
        ("laplace", stats.laplace()),
        ("t2", stats.t(2)),
        ("cauchy", stats.cauchy()),
    ],
)
def test_entries_have_the_distribution_that_is_asked_for(entries, law):
    matrix, _, _ = matrix_and_labels(rows=60, columns=80, entries=entries)
    assert stats.kstest(matrix.ravel(), law.cdf).pvalue > 1e-3


def test_of_zeros_and_ones_strengths_and_clusters_decide_how_many():
    recipe = {"rows": 200, "columns": 300, "entries": "ones", "density": 0.2}
    matrix, rows, columns = matrix_and_labels(clusters=2, contrast=0.5, **recipe)
    assert set(np.unique(matrix)) == {0, 1}
    inside = rows[:, None] == columns
    assert matrix[inside].mean() == pytest.approx(0.3, abs=0.02)
    assert matrix[~inside].mean() == pytest.approx(0.1, abs=0.02)
    unequal, _, _ = matrix_and_labels(heterogeneity=0.5, **recipe)
    assert unequal.sum(axis=1).std() > 2 * matrix_and_labels(**recipe)[0].sum(axis=1).std()


def test_exponents_are_those_of_rows_and_columns():
    plain, shaped = (
        np.log(magnitudes(rows=5, columns=6, entries="normal", shapes=s)) for s in (0, 0.4)
    )
    exponents = shaped / plain
    assert np.log(exponents).std() > 0.2
    assert np.linalg.svd(exponents)[1][1] < 1e-4 * np.linalg.svd(exponents)[1][0]


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_share_of_the_variance_is_of_low_rank(share):
    matrix, _, _ = matrix_and_labels(rows=120, columns=150, rank=3, rank_share=share)
    values = np.linalg.svd(matrix)[1] ** 2
    assert matrix.var() == pytest.approx(1, abs=0.3)
    expected = 1 if share == 1 else 0.55
    assert values[:3].sum() / values.sum() == pytest.approx(expected, abs=0.08)


def test_a_rank_beyond_the_smaller_side_is_refused():
    with pytest.raises(ValidationError, match="at most 4, the smaller of rows and columns"):
        SyntheticRecipe(rows=4, columns=9, rank=5)
