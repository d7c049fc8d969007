"""The Monte Carlo error of z against hand calculations, simulations and the non-central t."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import clusterability.api as cl
from clusterability.comparison import compare
from clusterability.results.effect_sizes import mean_z_errors, with_effect_sizes, z_errors
from clusterability.results.summary import cell_table
from clusterability.statistics import Replicates

DRAWS = [19, 99]
ROUNDS = 20_000


def spread_of_z(value: float, draws: np.ndarray) -> float:
    """Standard deviation of z of one value over many sets of draws [sets, draws]."""
    return float(compare(np.full(len(draws), value), draws, 1).z.std())


def test_the_error_by_hand():
    # 1/4 + 36 / (2 * 3) = 6.25; two draws are the fewest that have a standard deviation.
    found = z_errors(np.array([6.0, -6.0, 0.0, np.nan]), np.array([4, 4, 25, 9]))
    assert found == pytest.approx([2.5, 2.5, 0.2, np.nan], nan_ok=True)
    assert z_errors(np.array([1.0, 1.0, 1.0]), np.array([0, 1, 2]))[:2].tolist() == pytest.approx(
        [np.nan] * 2, nan_ok=True
    )
    assert z_errors(np.array([1.0]), np.array([2]))[0] == pytest.approx(1.0)


@pytest.mark.parametrize(("draws", "most"), [(19, 0.11), (99, 0.025)])
@pytest.mark.parametrize("z", [0.0, 1.0, 3.0, 10.0])
def test_the_error_of_z_is_its_spread_over_draws(draws, most, z):
    normal = np.random.default_rng(0).standard_normal((ROUNDS, draws))
    measured = spread_of_z(z, normal)
    exact = stats.nct(draws - 1, np.sqrt(draws) * z).std() / np.sqrt(draws)
    assert measured == pytest.approx(exact, rel=0.03)
    found = z_errors(np.array([z]), np.array([draws]))[0]
    assert (1 - most) * exact < found < exact


@pytest.mark.parametrize("draws", DRAWS)
def test_skewed_draws_have_twice_the_error_at_a_large_z(draws):
    exponential = np.random.default_rng(1).exponential(size=(ROUNDS, draws))
    measured = spread_of_z(1 + 10, exponential)
    z, n = 10.0, draws
    assert 1.8 < measured / z_errors(np.array([z]), np.array([n]))[0] < 3
    # The formula with skewness 2 and kurtosis 9; with 19 draws it is the first order only.
    general = np.sqrt(1 / n + 2 * z / n + z**2 * (9 - 1) / (4 * n))
    assert measured == pytest.approx(general, rel={19: 0.4, 99: 0.1}[draws])


def test_scores_have_their_excess_and_the_error_of_their_z():
    scores = cl.score(np.eye(6) + 0.1, 2, nulls={"shuffle": 9})
    assert list(scores)[-3:] == ["status", "excess", "z_error"]
    known = scores.dropna(subset="z")
    assert len(known)
    assert known["excess"].tolist() == (known["value"] - known["null_mean"]).tolist()
    expected = np.sqrt(1 / 9 + known["z"] ** 2 / 16)
    assert known["z_error"].to_numpy() == pytest.approx(expected.to_numpy())
    ncut = known[known["measure"] == "ncut"].iloc[0]
    assert (ncut["excess"] < 0) == (ncut["z"] > 0)
    # Bits have no z, and a measure without direction none either: the excess remains.
    without = scores[scores["measure"].isin(["bits", "mi_total"])]
    assert without["z_error"].isna().all()
    assert without["excess"].notna().all()


def test_means_over_clusters_have_no_error_of_z():
    rows = pd.DataFrame(
        {"value": [1.0], "null_mean": [0.5], "null_sd": [np.nan], "null_n": [99], "z": [2.0]}
    )
    found = with_effect_sizes(rows)
    assert found["excess"].tolist() == [0.5]
    assert found["z_error"].isna().all()


def test_the_mean_of_z_has_a_smaller_error_unless_draws_are_shared():
    cell = np.array([0, 0, 1, 1, 2, 2])
    z = Replicates.of(np.array([1.0, 3.0, 1.0, 3.0, 1.0, 3.0]), cell, 3)
    squared = Replicates.of(np.array([0.09, 0.16, 0.09, 0.16, np.nan, 0.16]), cell, 3)
    found = mean_z_errors(z, squared, np.array([0, 10, 0]))
    # (0.3^2 + 0.4^2)^(1/2) / 2; the error at the mean z of 2 with ten draws; one is not known.
    expected = [0.25, np.sqrt(0.1 + 4 / 18), np.nan]
    assert found == pytest.approx(expected, nan_ok=True)


def test_the_mean_z_of_shared_draws_varies_with_these_draws_alone():
    source = np.random.default_rng(2)
    values = np.array([1.0, 2.0, 6.0])
    draws = source.standard_normal((ROUNDS, 99))
    both = compare(
        np.broadcast_to(values, (ROUNDS, 3)).T, np.broadcast_to(draws, (3, ROUNDS, 99)), 1
    )
    measured = both.z.mean(axis=0).std()
    rows = pd.DataFrame(
        {
            **dict.fromkeys(("condition", "layer", "method", "measure"), "a"),
            **{"k": 2, "null": "untrained", "value": values, "null_mean": 0.0, "null_sd": 1.0},
            **{"null_n": 99, "z": values, "p": 0.01},
        }
    )
    assert cell_table(rows)["z_error"][0] == pytest.approx(measured, rel=0.04)
    own = cell_table(rows.assign(null="shuffle"))["z_error"][0]
    alone = [compare(np.full(ROUNDS, v), source.standard_normal((ROUNDS, 99)), 1).z for v in values]
    assert own == pytest.approx(np.mean(alone, axis=0).std(), rel=0.04)
