"""Which measure is right: detection and prediction against other libraries and known truths."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from clusterability.analysis.agreement import AGREEMENT_COLUMNS
from clusterability.analysis.detection import detection_rows
from clusterability.analysis.prediction import (
    adjusted_ranks,
    cluster_prediction,
    condition_prediction,
    network_prediction,
)
from clusterability.analysis.validity import COLUMNS, validity_table
from clusterability.analysis.verdict import VERDICT_COLUMNS
from clusterability.jobs.comparison_jobs import PlantedPair
from clusterability.report.answer import detection_sentence, study_answer
from clusterability.resampling import (
    FisherMean,
    Resamples,
    bounds,
    weighted_correlations,
    weighted_midranks,
)
from clusterability.results.columns import SCORE_COLUMNS

SEEDS = range(20)
PAIR = PlantedPair(
    condition="planted",
    reference="plain",
    family="trained",
    layer="fc2",
    k=4,
    dose=2.0,
)


@pytest.fixture(scope="module")
def resamples() -> Resamples:
    return Resamples.draw(SEEDS, 300)


# --- resamples ---------------------------------------------------------------------------------


def test_resamples_draw_as_many_seeds_as_there_are():
    found = Resamples.draw([5, 3, 3, 9], 50)
    assert found.seeds == (3, 5, 9)
    assert found.counts[0].tolist() == [1, 1, 1]
    assert (found.counts.sum(axis=1) == 3).all()
    assert np.array_equal(found.of([9, 3]), found.counts[:, [2, 0]])
    assert np.array_equal(Resamples.draw([3, 5, 9], 7).counts, found.counts[:8])


def test_bounds_are_percentiles_of_the_resamples():
    values = np.concatenate([[0.5], np.arange(101) / 100])
    assert bounds(values) == pytest.approx((0.5, 0.025, 0.975))
    values[1:60] = np.nan
    assert np.isnan(bounds(values)[1:]).all()


def test_weighted_ranks_are_those_of_repeated_values():
    source = np.random.default_rng(0)
    values = source.integers(0, 5, (8, 2)).astype(float)
    counts = np.array([source.multinomial(8, np.full(8, 1 / 8)) for _ in range(20)], float)
    ranks = weighted_midranks(values, counts)
    correlations = weighted_correlations(ranks[..., :1], ranks[..., 1:], counts)
    for count, found, correlation in zip(counts.astype(int), ranks, correlations, strict=True):
        repeated = values.repeat(count, axis=0)
        expected = stats.rankdata(repeated, axis=0)
        assert found.repeat(count, axis=0) == pytest.approx(expected)
        spearman = stats.spearmanr(repeated[:, 0], repeated[:, 1]).statistic
        assert correlation[0, 0] == pytest.approx(spearman, nan_ok=True)


def test_mean_of_correlations_by_fishers_z():
    mean = FisherMean()
    mean.add(np.array([0.2, np.nan, 1.0]), 1)
    mean.add(np.array([0.6, 0.3, 1.0]), 3)
    expected = np.tanh((np.arctanh(0.2) + 3 * np.arctanh(0.6)) / 4)
    assert mean.mean().tolist() == pytest.approx([expected, 0.3, 0.999])


# --- detection ---------------------------------------------------------------------------------


def score(**columns) -> dict:
    row = dict.fromkeys(SCORE_COLUMNS)
    common = {"layer": "fc2", "method": "matched", "k": 4, "null": "shuffle", "status": "ok"}
    return row | common | {"null_mean": 0.0, "null_sd": 1.0, "null_n": 99} | columns


def planted_scores(shift: float = 1.0, seeds=SEEDS) -> pd.DataFrame:
    """`mi` sees the planted clusters, `ncut` sees them, `barber_q` is noise."""
    source = np.random.default_rng(1)
    rows = []
    for condition, by in (("plain", 0.0), ("planted", shift)):
        for seed in seeds:
            noise = source.standard_normal(3)
            seen = {"mi": noise[0] + 3 * by, "ncut": -(noise[1] + by), "barber_q": noise[2]}
            for measure, value in seen.items():
                z = -value if measure == "ncut" else value
                row = {"condition": condition, "seed": seed, "measure": measure}
                rows.append(score(**row, value=value, z=z))
    return pd.DataFrame(rows)


def detected(scores, resamples, pairs=(PAIR,)) -> pd.DataFrame:
    nothing = pd.DataFrame(columns=AGREEMENT_COLUMNS)
    rows = detection_rows(scores, nothing, {"planted": 0.9}, list(pairs), resamples)
    return validity_table(rows)


def test_area_under_the_curve_is_that_of_scikit_learn(resamples):
    scores = planted_scores()
    table = detected(scores, resamples)
    cells = table[table.condition.notna()].set_index(["measure", "form"])
    for measure in ("mi", "ncut", "barber_q"):
        rows = scores[scores.measure == measure]
        expected = roc_auc_score(rows.condition == "planted", rows.z)
        sides = [rows.z[rows.condition == name] for name in ("planted", "plain")]
        p = stats.mannwhitneyu(*sides, method="exact").pvalue
        for form in ("value", "z"):
            found = cells.loc[(measure, form)]
            assert found.estimate == pytest.approx(expected)
            assert found.p == pytest.approx(p)
            assert found.low <= found.estimate <= found.high
            assert (found.n, found.dose) == (20, 2.0)
            assert found.test_accuracy == 0.9
    assert cells.loc[("barber_q", "z")].low < 0.5 < cells.loc[("barber_q", "z")].high
    assert cells.loc[("mi", "z")].low > 0.9


def test_exact_p_by_enumeration(resamples):
    scores = planted_scores(seeds=range(4))
    table = detected(scores, Resamples.draw(range(4), 10))
    found = table[table.condition.notna()].set_index(["measure", "form"]).p
    for measure in ("mi", "barber_q"):
        rows = scores[scores.measure == measure]
        z = rows.z.to_numpy(float)
        planted = np.flatnonzero(rows.condition == "planted")

        def area(places, z=z):
            others = np.setdiff1d(np.arange(8), places)
            return (z[list(places)][:, None] > z[others]).mean()

        every = np.array([area(places) for places in combinations(range(8), 4)])
        expected = (abs(every - 0.5) >= abs(area(planted) - 0.5) - 1e-12).mean()
        assert found[measure, "z"] == pytest.approx(expected)


def test_measures_are_ranked_by_their_mean_over_doses_and_families(resamples):
    other = replace(PAIR, family="synthetic")
    table = detected(planted_scores(), resamples, [PAIR, PAIR, other])
    means = table[table.condition.isna() & (table.form == "z")]
    assert set(means.family.dropna()) == {"trained", "synthetic"}
    every = means[means.family.isna()].set_index("measure")
    assert every.estimate.idxmax() == "mi"
    assert every.loc["mi"].behind == 0
    assert every.loc["barber_q"].behind_low > 0
    cell = table[table.condition.notna() & (table.form == "z")].set_index("measure").estimate
    assert every.estimate.to_dict() == pytest.approx(cell.groupby("measure").mean().to_dict())


def test_what_was_found_of_the_planted_clusters(resamples):
    row = dict.fromkeys(AGREEMENT_COLUMNS) | {"condition": "planted", "layer": "fc2", "k": 4}
    row |= {"comparison": "planted", "method": "matched", "measure": "ami"}
    agreement = pd.DataFrame(
        [row | {"side": side, "value": v} for side, v in (("U", 0.2), ("U", 0.4), ("V", 1.0))]
    )
    rows = detection_rows(planted_scores(), agreement, {}, [PAIR], resamples)
    assert rows[0]["ami_u"] == pytest.approx(0.3)
    assert rows[0]["ami_v"] == 1
    assert np.isnan(rows[0]["ami_v_low"])


# --- prediction, per cluster -------------------------------------------------------------------


def cluster_table(networks: int = 20, k: int = 6, confounded: bool = False) -> pd.DataFrame:
    """`barber_term` goes with importance, `mi_term` is noise, `ncut_term` goes against it.

    With `confounded`, `mi_term` and importance go with size, and with nothing else.
    """
    source, other = np.random.default_rng(2), np.random.default_rng(3)
    rows = []
    for condition in ("trained", "dropout"):
        for seed in range(networks):
            level = source.standard_normal()  # networks differ, and that says nothing
            for cluster in range(k):
                size, noise = source.integers(10, 40), source.standard_normal(5)
                importance = level + noise[0] + (0.15 * size if confounded else 0)
                term = level * 5 + (noise[0] + 0.3 * noise[1])
                rows.append(
                    {
                        "condition": condition,
                        "seed": seed,
                        "layer": "fc1",
                        "method": "matched",
                        "k": k,
                        "cluster": cluster,
                        "u_size": size,
                        "barber_term": term,
                        "ncut_term": -term,
                        "mi_term": noise[2] + (0.15 * size if confounded else 0),
                        "cluster_bits": other.standard_normal(),
                        "mean_strength": other.standard_normal(),
                        "importance_z": importance,
                        "coherence_z": noise[3] if cluster else np.nan,
                    }
                )
    return pd.DataFrame(rows)


def test_terms_that_predict_are_found_and_noise_is_not(resamples):
    table = validity_table(cluster_prediction(cluster_table(), resamples))
    means = table[table.condition.isna()].set_index(["function", "measure"])
    assert means.loc[("importance", "barber_term")].low > 0.8
    assert means.loc[("importance", "ncut_term")].low > 0.8  # a lower cut is better
    for key in (("importance", "mi_term"), ("coherence", "barber_term"), ("coherence", "mi_term")):
        assert means.loc[key].low < 0 < means.loc[key].high
    assert means.loc[("importance", "mi_term")].behind_low > 0.5
    assert set(table.condition.dropna()) == {"trained", "dropout"}


def test_size_alone_predicts_nothing(resamples):
    clusters = cluster_table(networks=20, k=8, confounded=True)
    pooled = stats.spearmanr(clusters.mi_term, clusters.importance_z).statistic
    assert pooled > 0.5
    table = validity_table(cluster_prediction(clusters, resamples))
    row = table[table.condition.isna() & (table.measure == "mi_term")].set_index("function")
    assert abs(row.loc["importance"].estimate) < 0.1
    assert row.loc["importance"].low < 0 < row.loc["importance"].high


def test_the_partial_correlation_is_that_of_residuals(resamples):
    clusters = cluster_table(networks=5).query("condition == 'trained'")
    rows = cluster_prediction(clusters, resamples)
    cell = next(r for r in rows if r["measure"] == "ncut_term" and r["layer"] == "fc1")
    ranks = []
    for _, network in clusters.groupby("seed"):
        columns = network[["ncut_term", "importance_z", "u_size"]]
        ranks.append((columns.rank() - columns.rank().mean()) / len(columns))
    term, function, size = pd.concat(ranks).to_numpy().T
    residuals = [
        v - np.linalg.lstsq(size[:, None], v, rcond=None)[0] * size for v in (term, function)
    ]
    expected = -np.corrcoef(*residuals)[0, 1]
    assert cell["estimate"] == pytest.approx(expected)
    part = clusters[["seed", "ncut_term", "importance_z", "u_size"]]
    drawn = adjusted_ranks(part, -1)
    assert np.corrcoef(drawn.term, drawn.function)[0, 1] == pytest.approx(expected)


def test_small_clusters_do_not_count(resamples):
    clusters = cluster_table()
    small = clusters.assign(cluster=99, u_size=1, barber_term=1e6, importance_z=-1e6)
    both = pd.concat([clusters, small[small.seed < 10]])
    found = [cluster_prediction(table, resamples) for table in (clusters, both)]
    assert [row["estimate"] for row in found[0]] == [row["estimate"] for row in found[1]]


def test_rows_in_another_order_give_the_same(resamples):
    clusters = cluster_table(networks=6)
    mixed = clusters.sample(frac=1, random_state=0).sort_values(["condition"], kind="stable")
    found = [
        validity_table(cluster_prediction(table, resamples)).set_index(
            ["condition", "layer", "measure", "function"]
        )[["estimate", "low", "high"]]
        for table in (clusters, mixed)
    ]
    pd.testing.assert_frame_equal(found[0].sort_index(), found[1].sort_index())


# --- prediction, per network and per condition -------------------------------------------------


def function_scores() -> pd.DataFrame:
    """In each network, `mi` goes with importance; `ncut` with it by conditions alone."""
    source = np.random.default_rng(3)
    rows = []
    for place, condition in enumerate(("a", "b", "c", "d", "e")):
        for seed in SEEDS:
            noise = source.standard_normal(4)
            values = {"mi": noise[0] + 0.3 * noise[1], "ncut": -10.0 * place + noise[2]}
            for measure, value in values.items():
                z = -value if measure == "ncut" else value
                where = {"condition": condition, "seed": seed, "measure": measure}
                rows.append(score(**where, value=value, z=z))
            where = {"condition": condition, "seed": seed, "null": "groups"}
            function = {"importance": noise[0] + 10 * place, "coherence": np.nan}
            for measure, z in function.items():
                rows.append(score(**(where | {"measure": measure, "value": z, "z": z})))
    return pd.DataFrame(rows)


def test_networks_within_conditions(resamples):
    scores = function_scores()
    table = validity_table(network_prediction(scores, resamples))
    means = table[table.condition.isna() & (table.function == "importance")]
    means = means.set_index(["measure", "form"])
    for form in ("value", "z"):
        assert means.loc[("mi", form)].low > 0.8
        assert means.loc[("ncut", form)].low < 0 < means.loc[("ncut", form)].high
    wide = scores[scores.condition == "b"].pivot(index="seed", columns="measure", values="z")
    expected = stats.spearmanr(wide.mi, wide.importance).statistic
    cell = table[(table.condition == "b") & (table.measure == "mi") & (table.form == "z")]
    assert cell.estimate.tolist() == pytest.approx([expected])
    assert (table.n == 20).all()
    assert set(table.function.dropna()) == {"importance"}


def test_conditions_are_an_analysis_of_their_own(resamples):
    table = validity_table(condition_prediction(function_scores(), resamples))
    found = table[table.function.notna()].set_index(["measure", "form"])
    assert found.loc[("ncut", "value")].estimate == pytest.approx(0.999)  # Fisher's z has limits
    assert abs(found.loc[("mi", "value")].estimate) < 0.999
    assert (found.n == 5).all()


def test_nothing_comes_of_nothing(resamples):
    empty = pd.DataFrame(columns=SCORE_COLUMNS)
    clusters = cluster_table(2).assign(importance_z=np.nan, coherence_z=np.nan)
    assert network_prediction(empty, resamples) == []
    assert condition_prediction(empty, resamples) == []
    assert cluster_prediction(clusters, resamples) == []
    assert detected(planted_scores(), resamples, []).empty
    assert list(validity_table([])) == COLUMNS


# --- the answer --------------------------------------------------------------------------------

NETWORKS = pd.DataFrame(
    [
        {"condition": c, "seed": s, "test_accuracy": 0.97}
        for c in ("plain", "planted")
        for s in SEEDS
    ]
)


def told(scores=None, clusters=None, networks=NETWORKS, seeds=SEEDS) -> str:
    resamples = Resamples.draw(seeds, 200)
    rows = []
    if scores is not None:
        nothing = pd.DataFrame(columns=AGREEMENT_COLUMNS)
        rows += detection_rows(scores, nothing, {}, [PAIR], resamples)
    if clusters is not None:
        rows += cluster_prediction(clusters, resamples)
    nothing = pd.DataFrame(columns=VERDICT_COLUMNS)
    return study_answer(nothing, networks, validity_table(rows), "matched", 200)


def test_the_answer_names_the_best_with_its_interval():
    text = told(planted_scores(), cluster_table())
    assert text.startswith("# How good are the clusters?\n")
    assert "too weak" not in text
    assert "z of `mi` prefers the network with them in" in text
    assert "more than the next, `ncut`" in text
    # Term and n-cut are the same but for the sign, which makes no difference to what is claimed.
    assert "these terms go with its importance" in text
    assert "Barber's modularity by 0." in text
    assert "None of a cluster's terms predicts its coherence" in text
    assert "The mean weight of its units alone: " in text
    assert "nan" not in text
    assert "20 seeds a condition" in text


def test_the_answer_says_where_something_else_was_detected():
    row = dict.fromkeys(AGREEMENT_COLUMNS) | {"condition": "planted", "layer": "fc2", "k": 4}
    row |= {"comparison": "planted", "method": "matched", "measure": "ami"}

    def with_agreement(values) -> str:
        sides = [
            row | {"side": side, "value": value} for side, value in zip("UV", values, strict=True)
        ]
        resamples = Resamples.draw(SEEDS, 50)
        rows = detection_rows(planted_scores(), pd.DataFrame(sides), {}, [PAIR], resamples)
        return detection_sentence(validity_table(rows))

    assert "In 1 of them the clusters that were found are hardly" in with_agreement([0.02, 0.09])
    assert "hardly" not in with_agreement([0.02, 0.3])


def test_the_answer_says_where_the_evidence_is_too_weak():
    few = NETWORKS[NETWORKS.seed < 10]
    text = told(planted_scores(seeds=range(10)), networks=few, seeds=range(10))
    assert "too weak to tell: 10 seeds, where 20 are asked for" in text
    assert "Nothing is known of what clusters do: no network was accurate enough" in text
    assert "No condition has planted clusters" in told(clusters=cluster_table())
    assert "is not above chance (0.5)" in told(planted_scores(shift=0.0))
    nothing = told(networks=NETWORKS.head(0))
    assert "0 seeds" in nothing


def test_networks_told_apart_without_an_error_have_an_interval():
    """All resamples of a share of 1 are 1; of 20 networks out of 20 the bound is 0.832."""
    scores = planted_scores(shift=50.0)
    nothing = pd.DataFrame(columns=AGREEMENT_COLUMNS)
    rows = validity_table(detection_rows(scores, nothing, {}, [PAIR], Resamples.draw(SEEDS, 100)))
    (row,) = rows[
        (rows.measure == "mi") & (rows.form == "z") & (rows.condition == "planted")
    ].to_dict("records")
    exact = stats.binomtest(len(SEEDS), len(SEEDS)).proportion_ci(0.95, "exact")
    assert row["estimate"] == row["high"] == 1
    assert row["low"] == pytest.approx(exact.low)


def test_z_against_permuted_labels_is_not_ranked_with_z_against_draws():
    scores = planted_scores()
    scores.loc[scores.measure == "ncut", "null"] = "labels"
    nothing = pd.DataFrame(columns=AGREEMENT_COLUMNS)
    rows = validity_table(detection_rows(scores, nothing, {}, [PAIR], Resamples.draw(SEEDS, 20)))
    assert set(rows[rows.form == "z"].measure) == {"mi", "barber_q"}
    assert set(rows[rows.form == "value"].measure) == {"mi", "barber_q", "ncut"}
