"""The null `within`: entries of a row go round among columns that are alike, and nowhere else."""

from __future__ import annotations

from collections import Counter
from itertools import chain, permutations, product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clusterability.clustering.block_sums import Tables
from clusterability.clustering.spectral import cluster
from clusterability.clustering.summing import tables_of
from clusterability.comparison import Comparison, compare
from clusterability.jobs.stratified_job import StratifiedJob
from clusterability.measures.structure import FUNCTIONS
from clusterability.networks.partitions import labels_of
from clusterability.networks.scaled_layer import scaled_layers
from clusterability.networks.stacked import Networks
from clusterability.networks.synthetic import synthesise
from clusterability.networks.synthetic_recipe import SyntheticRecipe
from clusterability.networks.two_way_ranks import two_way_ranks
from clusterability.nulls.clustered_again import drawn_one_by_one, stacked_draws
from clusterability.nulls.redrawing import RandomModel
from clusterability.nulls.within import column_strata, model_within, redraw
from null_draws import null_tables

NAME = ("trained", 3, "fc1")
MATRIX = np.array([[1.0, 2.0, 3.0, 10.0, 20.0], [4.0, 5.0, 6.0, 30.0, 40.0]])
COVARIATE = np.array([0.1, 0.3, 0.2, 0.9, 0.8])


def noise(shape=(20, 30), seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def against(null: str | RandomModel, matrix: np.ndarray, measure: str) -> Comparison:
    """A measure of a matrix's partition into four clusters a side, beside 19 draws."""
    labels = labels_of(cluster(matrix[None], [(*NAME, "network")], [4], ["matched"], 3), 0)
    drawn = null_tables(null, {"fc1": matrix}, "fc1", NAME[:2], 19, [4], ["matched"], 3)
    value = FUNCTIONS[measure](tables_of(matrix, labels)["matched", 4])
    return compare(np.array(value), FUNCTIONS[measure](drawn["matched", 4]), 1)


# --- strata ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 10, 61, 784])
@pytest.mark.parametrize("count", [1, 2, 3, 10, 61])
def test_strata_are_those_of_pandas(size, count):
    covariate = np.random.default_rng(size).standard_normal(size)
    expected = pd.qcut(covariate, min(count, size), labels=False)
    assert np.array_equal(column_strata(covariate, min(count, size)), expected)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_ties_stay_together_as_those_of_pandas_do(count):
    covariate = np.array([1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 3.0, 4.0, 4.0, 4.0])
    theirs = pd.qcut(covariate, count, labels=False, duplicates="drop")
    # Of whose strata some may be empty.
    expected = np.unique(theirs, return_inverse=True)[1]
    assert np.array_equal(column_strata(covariate, count), expected)


def test_many_equal_columns_of_the_least_covariate_are_a_stratum_of_their_own():
    """Pixels that never vary are not mixed with those that hardly do."""
    covariate = np.array([0.0, 0.3, 0.0, 0.1, 0.0, 0.2, 0.0, 0.4])
    assert column_strata(covariate, 4).tolist() == [0, 2, 0, 1, 0, 1, 0, 2]
    assert column_strata(np.zeros(5), 3).tolist() == [0] * 5
    # As of MNIST: 67 pixels never vary.
    pixels = np.append(np.zeros(67), np.arange(1, 718))
    assert (column_strata(pixels, 20) == 0).sum() == 67
    assert (column_strata(pixels, 10) == 0).sum() == 79
    assert column_strata(np.empty(0), 3).tolist() == []


def test_more_strata_than_columns_are_one_each():
    covariate = np.array([3.0, 1.0, 2.0, 1.0])
    for count in (4, 5, 10**9):
        assert column_strata(covariate, count).tolist() == [2, 0, 1, 0]


def test_only_the_order_of_the_covariate_counts():
    covariate = np.random.default_rng(0).standard_normal(200)
    for other in (np.exp(covariate), 1e-30 * covariate + 7e-30, covariate**3):
        assert np.array_equal(column_strata(other, 10), column_strata(covariate, 10))


# --- draws ----------------------------------------------------------------------------------------


def test_rows_of_a_small_matrix_keep_their_entries_in_each_stratum():
    draw = redraw(MATRIX, NAME, COVARIATE, 2)
    drawn = np.stack([draw(number) for number in range(40)])
    for row, (low, high) in enumerate([((1, 2, 3), (10, 20)), ((4, 5, 6), (30, 40))]):
        assert {tuple(sorted(each)) for each in drawn[:, row, :3].tolist()} == {low}
        assert {tuple(sorted(each)) for each in drawn[:, row, 3:].tolist()} == {high}


def test_all_orders_of_both_rows_are_as_likely():
    """Of 2 x 3 and 2 x 2 entries in strata: (3! 2!)^2 matrices, rows independent of each other."""
    draw = redraw(MATRIX, NAME, COVARIATE, 2)
    counts = Counter(draw(number).tobytes() for number in range(20 * 144))
    rows = [
        [(*first, *second) for first, second in product(permutations(r[:3]), permutations(r[3:]))]
        for r in MATRIX.tolist()
    ]
    assert set(counts) == {np.array(both).tobytes() for both in product(*rows)}
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3


def test_large_matrices_keep_rows_in_strata_and_dead_units():
    matrix, covariate = noise((40, 97)).astype(np.float32), noise((97,), 1)
    matrix[[2, 11]] = 0
    matrix[:, [5, 50]] = 0
    matrix[np.random.default_rng(2).random(matrix.shape) < 0.3] = 0
    live = matrix.any(axis=0)
    drawn = redraw(matrix, NAME, covariate, 10)(4)
    assert drawn.dtype == np.float32
    assert not drawn[[2, 11]].any()
    assert not drawn[:, ~live].any()
    # Bounds are those of live columns.
    strata = pd.qcut(covariate[live], 10, labels=False)
    for stratum in range(10):
        one, other = (np.sort(m[:, live][:, strata == stratum], axis=1) for m in (matrix, drawn))
        assert np.array_equal(one, other)
    assert (drawn != matrix).mean() > 0.5


def test_with_one_stratum_rows_are_permuted_and_with_one_a_column_nothing_is():
    matrix, covariate = noise(), noise((30,), 1)
    assert np.array_equal(redraw(matrix, NAME, covariate, 30)(0), matrix)
    drawn = redraw(matrix, NAME, covariate, 1)(0)
    assert np.array_equal(np.sort(drawn, axis=1), np.sort(matrix, axis=1))
    assert abs(np.corrcoef(drawn.ravel(), matrix.ravel())[0, 1]) < 0.15


def test_a_draw_depends_on_its_name_and_number_alone():
    matrix, covariate = noise(), noise((30,), 1)
    many = [redraw(matrix, NAME, covariate, 5)(number).tobytes() for number in range(4)]
    again = redraw(np.asfortranarray(matrix), NAME, np.exp(covariate), 5)
    assert [again(number).tobytes() for number in (3, 1)] == [many[3], many[1]]
    assert len(set(many)) == 4
    for other in (("baseline", *NAME[1:]), ("trained", 4, "fc1"), ("trained", 3, "fc2")):
        assert redraw(matrix, other, covariate, 5)(0).tobytes() != many[0]


def test_without_a_covariate_nothing_is_drawn():
    assert np.isnan(redraw(MATRIX, NAME)(0)).all()
    assert RandomModel.named("within").redraw(MATRIX, NAME)(0).shape == MATRIX.shape
    with pytest.raises(ValueError, match="4 numbers for 5 columns"):
        redraw(MATRIX, NAME, COVARIATE[:4])
    assert not redraw(np.zeros((3, 5)), NAME, COVARIATE)(0).any()


# --- draws of a block, clustered ------------------------------------------------------------------


def block() -> list:
    weights = {"fc1": noise((2, 9, 12)).astype(np.float32)}
    return scaled_layers(Networks("trained", (3, 8), {}, weights), "fc1", ["none", "ranked"])


JOB = StratifiedJob(
    ["matched", "joint"], 2, ["none", "ranked"], 4, {"joint": 2, "matched-ranked": 0}, strata=3
)


def values(tables: dict[tuple[str, int], Tables]) -> dict:
    return {key: np.asarray(found.weights).tolist() for key, found in tables.items()}


def test_tables_are_those_of_draws_made_one_by_one():
    covariate, layers = noise((12,), 1), block()
    tables = stacked_draws(
        layers, JOB, drawn_one_by_one(model_within(covariate, JOB.strata), layers, [2], JOB)
    )
    expected = {("matched", 2): 4, ("joint", 2): 2, ("joint-ranked", 2): 4}
    assert {key: np.shape(found.mi_total) for key, found in tables.items()} == {
        key: (2, draws) for key, draws in expected.items()
    }
    raw = block()[0].networks.weights["fc1"]
    for (method, k), found in tables.items():
        for network, seed in enumerate((3, 8)):
            for number in range(expected[method, k]):
                name = ("trained", seed, "fc1", "within", number)
                drawn = np.abs(redraw(raw[network], name[:3], covariate, 3)(number))
                if method.endswith("ranked"):  # as the weights are, after they are drawn
                    drawn = np.abs(two_way_ranks(drawn, name))
                plain = method.partition("-")[0]
                labels = labels_of(cluster(drawn[None], [name], [k], [plain], 2), 0)
                one = tables_of(drawn, labels)[plain, k]
                assert np.allclose(found.weights[network, number], one.weights)


def test_a_job_goes_on_from_any_draw():
    covariate, layers = noise((12,), 1), block()
    every = list(drawn_one_by_one(model_within(covariate, JOB.strata), layers, [2], JOB))
    for done in (1, 3, len(every) - 1, len(every)):
        rest = drawn_one_by_one(
            model_within(covariate, JOB.strata), layers, [2], JOB, threads=2, done=done
        )
        again = stacked_draws(layers, JOB, chain(every[:done], rest))
        assert values(again) == values(stacked_draws(layers, JOB, iter(every)))


def test_layers_without_a_covariate_have_draws_without_values():
    layers = block()
    tables = stacked_draws(
        layers, JOB, drawn_one_by_one(model_within(None, JOB.strata), layers, [2], JOB)
    )
    for found in tables.values():
        assert np.isnan(FUNCTIONS["mi"](found)).all()
        assert np.isnan(FUNCTIONS["bits"](found)).all()
        assert np.isnan(FUNCTIONS["mi_total"](found)).all()


# --- what it tells --------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", ["mi", "barber_q", "bits"])
def test_planted_clusters_that_the_covariate_knows_nothing_of_are_far_above_it(measure):
    recipe = SyntheticRecipe(rows=48, columns=64, clusters=4, contrast=0.6, entries="normal")
    planted = synthesise("synthetic", recipe, [0])[0].weights["fc1"][0].astype(float)
    unrelated = np.random.default_rng(1).random(64)
    compared = against(model_within(unrelated, 8), planted, measure)
    assert compared.p == pytest.approx(1 / 20)
    assert compared.z > 5


def test_what_the_covariate_explains_is_at_the_nominal_rate():
    """Sizes that are constant within strata: no clusters, though weights in any order say so."""
    p: dict[str, list[float]] = {"shuffle": [], "within": []}
    for seed in range(30):
        covariate = np.random.default_rng(seed).permutation(60) / 60
        matrix = noise((40, 60), seed) * 4.0 ** np.floor(4 * covariate)
        models = {"shuffle": "shuffle", "within": model_within(covariate, 4)}
        for null, model in models.items():
            p[null].append(float(against(model, matrix, "bits").p))
    # Of 30 that are uniform, more than five are at most 0.05 with a chance of 0.003.
    assert sum(each <= 0.05 for each in p["within"]) <= 5
    assert 0.3 < np.mean(p["within"]) < 0.7
    assert np.mean(np.array(p["shuffle"]) <= 0.05) > 0.9


def test_within_takes_what_varies_inside_a_stratum_for_clusters():
    """Sizes with a step where there is no bound: two strata are not enough to explain it."""
    covariate = np.arange(60) / 60
    matrix = noise((40, 60)) * np.where(covariate < 0.25, 1.0, 8.0)
    assert against(model_within(covariate, 2), matrix, "bits").p == pytest.approx(1 / 20)
    assert against(model_within(covariate, 4), matrix, "bits").p > 0.05


def test_within_explains_away_clusters_that_go_with_the_covariate():
    """Each planted cluster of columns is a stratum: every draw has all of them."""
    recipe = SyntheticRecipe(rows=48, columns=64, clusters=4, contrast=0.6, entries="normal")
    networks, planted = synthesise("synthetic", recipe, [0])
    matrix, covariate = networks.weights["fc1"][0].astype(float), planted.columns[0].astype(float)
    assert against(model_within(covariate, 4), matrix, "mi").p > 0.05
    assert against("shuffle", matrix, "mi").p == pytest.approx(1 / 20)
