"""Choosing k: against hand calculations, exchangeable pools and matrices of known structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import adjusted_mutual_info_score

from clusterability.analysis.choosing_k.best_k_rows import (
    BEST_K_COLUMNS,
    BEST_K_NETWORKS_COLUMNS,
    rows_by_cell,
    rows_by_network,
)
from clusterability.analysis.choosing_k.choose_k import Evidence
from clusterability.analysis.choosing_k.gap_and_stability import gap_k, singular_values, stability
from clusterability.analysis.choosing_k.largest_z import (
    choose,
    choose_together,
    halves,
    standardised,
)
from clusterability.clustering.block_sums import Tables, stack_by_key, stack_tables
from clusterability.clustering.spectral import cluster
from clusterability.clustering.summing import tables_of
from clusterability.comparison import compare
from clusterability.jobs.adaptive_job import AdaptiveDraws
from clusterability.networks.partitions import labels_of
from clusterability.nulls import shuffle
from clusterability.results.measured_draws import measured
from null_draws import draws_of

GRID = [2, 3, 4]


def correlated(source: np.random.Generator, *shape: int) -> np.ndarray:
    """Normal numbers [..., k, items]: items are independent, values of k are not."""
    common = source.standard_normal((*shape[:-2], 1, shape[-1]))
    return common + source.standard_normal(shape)


def split(pool: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return pool[..., 0], pool[..., 1:]


def assert_uniform(p: np.ndarray) -> None:
    for level in (0.05, 0.25, 0.5):
        low, high = stats.binom(len(p), level).interval(0.999)
        assert low <= (p <= level + 1e-9).sum() <= high


# --- the largest z ------------------------------------------------------------------------------


def test_a_network_is_one_item_of_its_pool():
    values, draws = np.array([[5.0]]), np.array([[[1.0, 2.0, 4.0]]])
    pool = np.array([5.0, 1.0, 2.0, 4.0])
    expected = (pool - 3) / np.sqrt(10 / 3)
    assert standardised(values, draws, 1)[0, 0] == pytest.approx(expected)
    assert standardised(values, draws, -1)[0, 0] == pytest.approx(-expected)


def test_values_of_k_without_spread_or_value_have_no_z():
    values = np.array([[1.0, np.nan, 2.0, 2.0]])
    draws = np.array([[[1.0, 1.0], [np.nan, np.nan], [1.0, np.nan], [1.0, 0.0]]])
    z = standardised(values, draws, 1)[0]
    assert np.isnan(z[:2]).all()
    assert np.isfinite(z[2]).tolist() == [True, True, False]
    assert np.isfinite(z[3]).all()


def test_the_largest_z_is_at_the_same_k_as_against_the_draws_alone():
    pool = correlated(np.random.default_rng(0), 500, 6, 20)
    together = standardised(*split(pool), 1)[..., 0]
    alone = compare(*split(pool), 1).z
    assert (together.argmax(axis=1) == alone.argmax(axis=1)).all()
    assert together.max() <= 19 / np.sqrt(20)


def test_p_ranks_the_largest_z_of_the_network_among_those_of_its_draws():
    z = np.array([[2.0, 0.0, 3.0, 1.0], [1.0, 2.0, -1.0, np.nan], [np.nan, 0.0, 0.0, 0.0]])
    found = choose(z, GRID)
    assert (int(found.candidate), int(found.index)) == (2, 0)
    # Draws reach 2, 3 and 1: the first ties.
    assert float(found.p) == pytest.approx(3 / 4)
    assert int(found.k) == 1


def test_the_answer_is_the_candidate_where_p_is_significant():
    z = np.zeros((2, 3, 20))
    z[0, 1, 0] = 4
    z[1, 2, :2] = 4
    found = choose(z, GRID)
    assert found.p.tolist() == [0.05, 0.1]
    assert found.candidate.tolist() == [3, 4]
    assert found.k.tolist() == [3, 1]


def test_without_any_z_nothing_is_known():
    found = choose(np.full((1, 3, 5), np.nan), GRID)
    assert not found.known.any()


def test_p_of_the_largest_z_is_uniform_and_the_largest_z_itself_is_not():
    pool = correlated(np.random.default_rng(1), 3000, 11, 20)
    pool[::3, 8:] = np.nan  # infeasible in a third of the networks
    z = standardised(*split(pool), 1)
    assert_uniform(choose(z, range(2, 13)).p)
    largest = np.fmax.reduce(compare(*split(pool), 1).z, axis=1)
    assert (largest > stats.norm.ppf(0.95)).mean() > 0.2


def test_p_is_uniform_for_networks_that_decide_together_and_for_those_reported():
    pool = correlated(np.random.default_rng(2), 600, 6, 11, 20)
    together, reported = [], []
    for networks in pool:
        z = standardised(*split(networks), 1)
        selection, report = halves(range(6))
        choice, deciding = choose_together(z[selection], range(2, 13))
        assert deciding == 3
        together.append(choice.p)
        reported.append(z[report, choice.index, 0].mean())
    assert_uniform(np.array(together))
    # z of exchangeable items has mean 0; that of the networks chosen on would be far above it.
    assert stats.ttest_1samp(reported, 0).pvalue > 0.01


def test_together_the_largest_mean_z_decides():
    z = np.zeros((2, 3, 20))
    z[0, 0, 0], z[1, 0, 0] = 5, -3
    z[0, 1, 0], z[1, 1, 0] = 2, 2
    z[:, 2, 7] = [3, 0]
    choice, deciding = choose_together(z, GRID)
    assert (deciding, int(choice.candidate), float(choice.p)) == (2, 3, 0.05)
    z[1, 2, 7] = 2  # the draw's mean is now 2.5, and beats the networks' 2
    assert float(choose_together(z, GRID)[0].p) == pytest.approx(0.1)


def test_a_k_that_one_network_lacks_is_no_candidate_but_a_network_without_z_does_not_count():
    z = np.zeros((3, 3, 20))
    z[:, 1, 0], z[:, 2, 0] = 1, 9
    z[1, 2] = np.nan
    z[2] = np.nan
    choice, deciding = choose_together(z, GRID)
    assert (deciding, int(choice.candidate)) == (2, 3)
    choice, deciding = choose_together(z[2:], GRID)
    assert (deciding, bool(choice.known)) == (0, False)


@pytest.mark.parametrize("count", [1, 2, 5, 10])
def test_halves_share_no_seed_and_stay_when_seeds_are_added(count: int):
    seeds = np.random.default_rng(3).permutation(count)
    first, second = (set(seeds[half]) for half in halves(seeds))
    assert first | second == set(seeds)
    assert not first & second
    assert len(first) - len(second) in (0, 1)
    more = np.append(seeds, [count + 3, count + 1])
    assert first <= set(more[halves(more)[0]])
    assert second <= set(more[halves(more)[1]])


# --- the singular-value gap ---------------------------------------------------------------------


def planted(k: int, inside: float, outside: float, size: tuple[int, int] = (6, 5)) -> np.ndarray:
    return np.kron(np.where(np.eye(k, dtype=bool), inside, outside), np.ones(size))


def test_singular_values_of_planted_blocks():
    # (a - b) / (a + (k - 1) b), k - 1 times: the blocks' normalised table.
    values = singular_values(planted(4, inside=3.0, outside=1.0))
    assert values == pytest.approx([1, *[1 / 3] * 3, *[0] * 16], abs=1e-7)


def test_singular_values_are_those_of_the_live_part():
    matrix = np.random.default_rng(4).standard_normal((9, 14))
    size = np.abs(matrix)
    normalised = size / np.sqrt(np.outer(size.sum(axis=1), size.sum(axis=0)))
    expected = np.linalg.svd(normalised, compute_uv=False)
    with_dead = np.insert(np.insert(matrix, 4, 0, axis=0), [2, 9], 0, axis=1)
    assert singular_values(with_dead) == pytest.approx(expected, abs=1e-9)
    assert singular_values(np.zeros((3, 4))).shape == (0,)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_the_gap_finds_equal_blocks(k: int):
    assert gap_k(singular_values(planted(k, 1.0, 0.0)), range(2, 8)) == k
    assert gap_k(singular_values(planted(k, 20.0, 1.0)), range(2, 8)) == k


def test_the_gap_answers_one():
    random = np.random.default_rng(5).standard_normal((40, 50))
    assert gap_k(singular_values(random), range(2, 13)) == 1
    assert gap_k(singular_values(planted(4, 3.0, 1.0)), range(2, 8)) == 1  # misled, as documented
    # All gaps are 0 but the one behind the grid; the last bits must not decide.
    assert gap_k(1 + 1e-15 * np.array([3.0, 2.0, 2.0, -5.0, -5.0]), [2, 3]) == 1
    assert gap_k(np.empty(0), [2, 3]) == 1


def test_the_gap_skips_other_k():
    values = np.array([1.0, 0.95, 0.4, 0.3])
    assert gap_k(values, [2, 3]) == 2
    assert gap_k(values, [3, 4, 9]) == 4  # 0 follows the last value
    assert gap_k(values[:3], [4, 9]) == 1


# --- stability ----------------------------------------------------------------------------------


def test_stability_is_the_mean_over_pairs_without_dead_units():
    starts = np.array([[0, 0, 1, 1, 2, 2], [1, 1, 0, 0, 2, 2], [0, 1, 1, 1, 2, 0]])
    one = adjusted_mutual_info_score(starts[0], starts[2])
    expected = (1 + 2 * one) / 3
    with_dead = np.insert(starts, 3, -1, axis=1)
    nothing = np.full_like(with_dead, -1)
    found = stability(np.stack([with_dead, nothing]), adjusted_mutual_info_score)
    assert found == pytest.approx([expected, np.nan], nan_ok=True)
    assert np.isnan(stability(with_dead[None, :1], adjusted_mutual_info_score)).tolist() == [True]


# --- rows ---------------------------------------------------------------------------------------


def tables_with(values: np.ndarray, k: int) -> Tables:
    """Tables whose measure `held_out` has these values, and all others none."""
    return Tables(
        weights=np.full((*values.shape, k, k), np.nan),
        squares=np.full((*values.shape, k, k), np.nan),
        mi_total=np.full(values.shape, np.nan),
        row_sizes=np.zeros((*values.shape, k), int),
        column_sizes=np.zeros((*values.shape, k), int),
        held_out=values,
        **dict.fromkeys(("bits", "bits_within", "bits_u", "bits_v"), np.full(values.shape, np.nan)),
    )


def evidence_of(
    pool: np.ndarray, stabilities: Sequence[int] = (), gaps: Sequence[int] | None = None
) -> Evidence:
    """Evidence by one method from a pool [networks, k, 1 + draws], and stability at some k."""
    values, draws = split(pool)
    networks = len(pool)
    keys = [("matched", k) for k in GRID]
    drawn = {key: tables_with(draws[:, i], key[1]) for i, key in enumerate(keys)}
    return Evidence(
        condition="trained",
        layer="fc1",
        seeds=range(networks),
        observed={key: tables_with(values[:, i], key[1]) for i, key in enumerate(keys)},
        nulls={"shuffle": measured(drawn)},
        gap_k=np.array(gaps or [1] * networks),
        stability={
            ("matched", k): (0.1 * k + np.arange(networks), 0.2 * k + np.arange(networks))
            for k in stabilities
        },
    )


@pytest.fixture
def pool() -> np.ndarray:
    """Five networks with 39 draws, all far above them at k = 3."""
    pool = correlated(np.random.default_rng(6), 5, 3, 40)
    pool[:, 1, 0] += 12
    return pool


def test_network_rows_choose_k_for_each_network(pool: np.ndarray):
    pool[4, :, 0] = -1
    rows = rows_by_network(evidence_of(pool, stabilities=[3], gaps=[1, 2, 3, 4, 1]))
    assert list(rows.columns) == BEST_K_NETWORKS_COLUMNS
    assert set(rows["measure"]) == {"held_out"}
    assert rows["seed"].tolist() == [0, 1, 2, 3, 4]
    assert rows["k"].tolist() == [3, 3, 3, 3, 1]
    assert rows["p_max"].tolist()[:4] == [1 / 40] * 4
    assert rows["gap_k"].tolist() == [1, 2, 3, 4, 1]
    draws = pool[2, 1, 1:]
    assert rows["z"][2] == pytest.approx((pool[2, 1, 0] - draws.mean()) / draws.std(ddof=1))
    assert rows["stability_u"][2] == pytest.approx(2.3)
    assert rows["stability_v"][2] == pytest.approx(2.6)


def test_draws_that_ended_by_a_rule_have_its_p_and_their_own_number(pool: np.ndarray):
    """Two of five networks had 19 draws, the others all 39."""
    pool[3:, 1, 0] -= 12
    pool[3:, :, 20:] = np.nan
    by_rule = replace(evidence_of(pool), adaptive={"shuffle": AdaptiveDraws(39)})
    rows, plain = rows_by_network(by_rule), rows_by_network(evidence_of(pool))
    assert rows["p_max"].tolist()[:3] == [1 / 40] * 3
    for number in (3, 4):
        z = standardised(*split(pool[number : number + 1]), 1)[0]
        good = np.flatnonzero(np.fmax.reduce(z)[1:20] >= np.fmax.reduce(z)[0])
        enough = 10 / (good[9] + 1) if len(good) >= 10 else 10 / 20
        assert rows["p_max"][number] == pytest.approx(enough)
    same = ["k_candidate", "value", "z"]
    assert rows[same].equals(plain[same])
    # The first, third and fifth network have 19 draws in common, none as good as their mean.
    assert rows_by_cell(by_rule)["p_select"].tolist() == [10 / 20]
    assert rows_by_cell(evidence_of(pool))["p_select"].tolist() == [1 / 20]


def test_cell_rows_report_on_the_networks_that_did_not_choose(pool: np.ndarray):
    (row,) = rows_by_cell(evidence_of(pool, stabilities=[3], gaps=[2, 4, 1, 4, 2])).to_dict(
        "records"
    )
    assert list(row) == BEST_K_COLUMNS
    assert (row["k"], row["k_candidate"], row["p_select"]) == (3, 3, 1 / 40)
    assert (row["n_select"], row["n_report"], row["gap_k"]) == (3, 2, 2)
    own, draws = pool[[1, 3], 1, 0], pool[[1, 3], 1, 1:]
    excess = own - draws.mean(axis=1)
    z = excess / draws.std(axis=1, ddof=1)
    for name, values in {"value": own, "excess": excess, "z": z}.items():
        bounds = stats.t.interval(0.95, 1, loc=values.mean(), scale=stats.sem(values))
        found = [row[name], row[f"{name}_low"], row[f"{name}_high"]]
        assert found == pytest.approx([values.mean(), *bounds])
    assert row["p"] == pytest.approx(stats.ttest_1samp(z, 0, alternative="greater").pvalue)
    assert row["stability_u"] == pytest.approx(2.3)
    assert row["stability_v"] == pytest.approx(2.6)


def test_the_half_that_is_reported_has_no_say(pool: np.ndarray):
    pool[1::2, 2, 0] += 100
    row = rows_by_cell(evidence_of(pool)).iloc[0]
    assert row["k_candidate"] == 3
    pool[::2, 2, 0] += 100
    row = rows_by_cell(evidence_of(pool)).iloc[0]
    assert row["k_candidate"] == 4


def test_where_nothing_is_found_the_candidate_is_reported_all_the_same(pool: np.ndarray):
    pool[:, 1, 0] -= 12
    row = rows_by_cell(evidence_of(pool)).iloc[0]
    assert row["k"] == 1
    assert row["k_candidate"] in GRID
    assert np.isfinite(row["z"])
    assert row["gap_k"] == 1


def test_one_network_gives_k_but_no_report(pool: np.ndarray):
    row = rows_by_cell(evidence_of(pool[:1])).iloc[0]
    assert (row["k"], row["n_select"], row["n_report"]) == (3, 1, 0)
    assert row[["value", "excess_low", "z", "z_high", "p"]].isna().all()
    assert row[["stability_u", "stability_v"]].isna().all()


def test_where_every_k_is_infeasible_there_is_no_answer(pool: np.ndarray):
    pool[:4] = np.nan
    rows = rows_by_network(evidence_of(pool, stabilities=GRID))
    unknown = ["k", "k_candidate", "z", "p_max", "stability_u"]
    assert rows.loc[:3, unknown].isna().all(axis=None)
    assert rows.loc[4, unknown].notna().all()
    row = rows_by_cell(evidence_of(pool[[0, 1, 2, 4]])).iloc[0]
    assert row[["k", "k_candidate", "p_select", "z", "value"]].isna().all()
    assert (row["n_select"], row["n_report"]) == (0, 0)


def test_measures_without_draws_are_left_out(pool: np.ndarray):
    pool[:, :, 1:] = np.nan
    for rows, columns in (
        (rows_by_network(evidence_of(pool)), BEST_K_NETWORKS_COLUMNS),
        (rows_by_cell(evidence_of(pool)), BEST_K_COLUMNS),
    ):
        assert rows.empty
        assert list(rows.columns) == columns


# --- with clusters found by the project's own methods -------------------------------------------


def clustered(matrices: np.ndarray, draws: int, k_values: Sequence[int]) -> Evidence:
    """Networks and their shuffles, clustered together."""
    observed, drawn = [], []
    for seed, matrix in enumerate(matrices):
        name = ("planted", seed, "fc1")
        stack = np.concatenate([matrix[None], draws_of(shuffle, matrix, name, range(draws))])
        names = [(*name, "item", number) for number in range(len(stack))]
        found = cluster(stack, names, k_values, ["matched"], restarts=2)
        items = [tables_of(item, labels_of(found, i)) for i, item in enumerate(stack)]
        observed.append(items[0])
        drawn.append(stack_by_key(items[1:]))
    return Evidence(
        condition="planted",
        layer="fc1",
        seeds=range(len(matrices)),
        observed=stack_by_key(observed),
        nulls={
            "shuffle": measured({key: stack_tables([d[key] for d in drawn]) for key in drawn[0]})
        },
        gap_k=np.array([gap_k(singular_values(matrix), k_values) for matrix in matrices]),
        stability={},
    )


def test_planted_clusters_are_found_at_their_k():
    means = planted(3, inside=3.0, outside=1.0, size=(10, 12))
    matrices = means * np.random.default_rng(7).uniform(0.5, 1.5, (4, *means.shape))
    # Of 19 draws the spread is known to a sixth: too roughly to tell z at k = 2 from z at k = 3.
    evidence = clustered(matrices, draws=199, k_values=[2, 3, 4, 5])
    networks = rows_by_network(evidence).set_index("measure")
    cells = rows_by_cell(evidence).set_index("measure")
    for measure in ("mi", "mi_preserved"):
        assert (networks.loc[measure, "k"] == 3).all()
        assert cells.loc[measure, "k"] == 3
    # Other measures see the clusters too, but stand out nearly as much at other k.
    assert (cells["k"] > 1).all()
    by_bits = cells.index == "bits"
    assert (cells["z"][~by_bits] > 5).all()  # positive also where lower is better
    # And so do bits, of which four matrices of 10 x 12 have enough.
    assert cells.loc["bits", ["k", "n_select", "n_report"]].tolist() == [3, 4, 4]
    assert (networks.loc["bits", "k"] == 3).all()
    assert (networks.loc["bits", ["k_u", "k_v"]] == 3).all(axis=None)
    assert "mi_total" not in cells.index
    assert "held_out" not in cells.index


@pytest.mark.slow
def test_random_matrices_have_no_clusters_more_often_than_by_chance():
    matrices = np.random.default_rng(8).standard_normal((60, 12, 15))
    rows = rows_by_network(clustered(matrices, draws=19, k_values=[2, 3, 4]))
    for measure in ("mi", "barber_q", "ncut"):
        found = rows[rows["measure"] == measure]
        assert_uniform(found["p_max"].to_numpy())
        assert ((found["k"] == 1) == (found["p_max"] > 0.05)).all()
        assert (found["gap_k"] == 1).all()
