"""Calibration against binomial tails, enumeration, other tests of scipy and simulated p."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clusterability.analysis.calibration import (
    calibration_cells,
    calibration_nulls,
    comparisons,
    uniformity_p,
)
from clusterability.comparison import compare
from clusterability.randomness import generator
from clusterability.statistics import interval, replicate_p

DRAWS = 99


def cell(p: Sequence[float], z: Sequence[float] | None = None, **changes: Any) -> pd.DataFrame:
    """Scores of one cell, a network a p, with seeds from 0 on."""
    p = np.asarray(p, float)
    columns: dict[str, Any] = {
        "condition": "untrained",
        "seed": np.arange(len(p)),
        "layer": "fc1",
        "method": "matched",
        "k": 2,
        "measure": "mi",
        "null": "shuffle",
        "null_sd": 1.0,
        "null_n": DRAWS,
        "z": np.linspace(-1, 1, len(p)) if z is None else z,
        "p": p,
        "p_two_sided": np.minimum(2 * np.minimum(p, 1 - p + 1 / (DRAWS + 1)), 1),
    }
    return pd.DataFrame(columns | changes)


def p_with(rejected: int, networks: int) -> np.ndarray:
    """So many p of exactly 0.05, the others at 0.06."""
    return np.repeat([5 / 100, 6 / 100], [rejected, networks - rejected])


def exchangeable_cells(
    cells: int, networks: int, name: str, own_draws: bool = True, **columns: Any
) -> pd.DataFrame:
    """Scores of cells whose values and draws come from one normal distribution, cell by k."""
    source = generator("test calibration", name)
    values = source.standard_normal((cells, networks))
    draws = source.standard_normal((cells, networks if own_draws else 1, DRAWS))
    found = compare(values, np.broadcast_to(draws, (cells, networks, DRAWS)), 1)
    frame = cell(found.p.ravel(), found.z.ravel(), **columns)
    k, seed = np.divmod(np.arange(len(frame)), networks)
    return frame.assign(k=k, seed=seed)


# --- the interval and the verdict ---------------------------------------------------------------


@pytest.mark.parametrize("networks", [20, 200])
def test_the_interval_leaves_its_error_divided_by_the_cells_outside(networks: int) -> None:
    scores = pd.concat(cell(p_with(1, networks), k=k) for k in range(10))
    row = calibration_cells(scores).iloc[0]
    low, high = round(row["low"] * networks), round(row["high"] * networks)
    tail = 0.05 / 10 / 2
    count = np.arange(networks + 1)
    chance = stats.binom.pmf(count, networks, 0.05)
    assert chance[:low].sum() <= tail < chance[: low + 1].sum()
    assert chance[high + 1 :].sum() <= tail < chance[high:].sum()


def test_a_single_cell_of_200_networks_by_hand() -> None:
    # Binomial(200, 0.05): P(X <= 4) = 0.0264 and P(X <= 3) = 0.0090; P(X >= 17) = 0.0238.
    cells = calibration_cells(cell(p_with(4, 200)))
    assert cells.loc[0, ["low", "high"]].tolist() == pytest.approx([4 / 200, 16 / 200])


@pytest.mark.parametrize(
    ("rejected", "verdict"),
    [(3, "conservative"), (4, "calibrated"), (16, "calibrated"), (17, "liberal")],
)
def test_verdicts_at_the_bounds(rejected: int, verdict: str) -> None:
    cells = calibration_cells(cell(p_with(rejected, 200)))
    assert cells["share"].tolist() == pytest.approx([rejected / 200])
    assert cells["verdict"].tolist() == [verdict]


def test_each_condition_and_null_has_its_own_family() -> None:
    scores = [cell(p_with(10, 200), null="labels", k=k) for k in range(20)]
    scores += [cell(p_with(10, 200)), cell(p_with(10, 200), condition="other", null="labels")]
    # Cells without a verdict are no part of the family.
    scores += [cell(p_with(1, 19), k=k) for k in range(3, 9)]
    bounds = calibration_cells(pd.concat(scores)).set_index(["condition", "null", "k"])
    for alone in (("untrained", "shuffle", 2), ("other", "labels", 2)):
        assert bounds.loc[alone, ["low", "high"]].tolist() == pytest.approx([0.02, 0.08])
    assert bounds.loc[("untrained", "labels", 2), "high"] > 0.08


def test_exchangeable_values_are_calibrated_as_often_as_promised() -> None:
    studies, cells, networks = 100, 4, 40
    rows = exchangeable_cells(studies * cells, networks, "own draws")
    scores = rows.assign(condition=(rows["k"] // cells).astype(str))
    table = calibration_cells(scores)
    bounds = (table.loc[0, ["low", "high"]] * networks).round().astype(int)
    count = np.arange(bounds["low"], bounds["high"] + 1)
    outside = 1 - stats.binom.pmf(count, networks, 0.05).sum()
    assert outside <= 0.05 / cells
    missed = (table["verdict"] != "calibrated").groupby(table["condition"]).any().sum()
    expected = stats.binom(studies, 1 - (1 - outside) ** cells)
    assert expected.sf(missed - 1) > 0.001
    # 400 exact p: their share below 0.1 is 0.1 at most.
    assert stats.binom.sf((table["ks_p"] <= 0.1).sum() - 1, len(table), 0.1) > 0.001
    assert (table["ks_p"] <= 0.2).any()


def test_shared_draws_need_the_wider_interval() -> None:
    cells, networks = 200, 200
    rows = exchangeable_cells(cells, networks, "shared draws", own_draws=False)
    scores = rows.assign(condition=rows["k"].astype(str))  # families of one cell
    shared = calibration_cells(scores.assign(null="untrained"))
    assert shared["ks_p"].isna().all()
    missed = (shared["verdict"] != "calibrated").sum()
    assert stats.binom.sf(missed - 1, cells, 0.05) > 0.001
    taken_for_own = (calibration_cells(scores)["verdict"] != "calibrated").sum()
    assert stats.binom.sf(taken_for_own - 1, cells, 0.05) < 1e-6


def test_the_interval_of_shared_draws_counts_orders_of_values_and_draws() -> None:
    # Of 20 networks and 19 draws, exactly c networks lie above all draws: the c largest of the 39
    # are networks and the next is a draw.
    chance = [1.0]
    for largest in range(20):
        chance.append(chance[-1] * (20 - largest) / (39 - largest))
    at_least = np.array(chance)
    cells = calibration_cells(cell(np.ones(20), null="untrained", null_n=19))
    high = round(cells.loc[0, "high"] * 20)
    assert cells.loc[0, "level"] == pytest.approx(0.05)
    assert at_least[high + 1] <= 0.025 < at_least[high]


@pytest.mark.parametrize(("shift", "verdict"), [(1.0, "liberal"), (-1.5, "conservative")])
def test_shifted_values_are_found_among_calibrated_ones(shift: float, verdict: str) -> None:
    source = generator("test calibration", "shifted", verdict)
    values = source.standard_normal((2, 200)) + np.array([[0.0], [shift]])
    found = compare(values, source.standard_normal((2, 200, DRAWS)), 1)
    frames = [cell(found.p[i], found.z[i], k=i) for i in range(2)]
    cells = calibration_cells(pd.concat(frames))
    assert cells["verdict"].tolist() == ["calibrated", verdict]
    assert cells["ks_p"].iloc[1] < 1e-6
    assert np.sign(cells["mean_z"].iloc[1]) == np.sign(shift)


def test_undefined_where_networks_or_draws_are_too_few() -> None:
    few_draws = cell(np.full(30, 1 / 19), k=3, null_n=18)
    cells = calibration_cells(pd.concat([cell(p_with(19, 19)), few_draws]))
    assert cells["verdict"].tolist() == ["undefined", "undefined"]
    assert cells["level"].tolist() == pytest.approx([0.05, 0])
    assert cells[["low", "high"]].isna().all(axis=None)
    assert calibration_nulls(few_draws)["contains_level"].isna().all()


def test_the_level_is_what_p_can_attain() -> None:
    # Of 1/31, 2/31, ..., only the first is at most 0.05.
    cells = calibration_cells(cell(np.repeat([1 / 31, 2 / 31], 15), null_n=30))
    assert cells.loc[0, ["level", "share"]].tolist() == pytest.approx([1 / 31, 0.5])


# --- which rows count ---------------------------------------------------------------------------


def test_rows_without_null_direction_or_order_have_no_say() -> None:
    tied = compare(np.ones(1), np.ones((1, DRAWS)), 1)
    tied_rows = cell(tied.p, tied.z, k=1, p_two_sided=tied.p_two_sided, null_sd=0.0)
    # A value above equal draws has no z either, but an order.
    above = compare(np.full(1, 2.0), np.ones((1, DRAWS)), 1)
    above_rows = cell(above.p, above.z, p_two_sided=above.p_two_sided, null_sd=0.0)
    scores = pd.concat(
        [tied_rows, above_rows, cell([0.5], measure="mi_total"), cell([0.5], null=None)],
        ignore_index=True,
    )
    found = comparisons(scores)
    assert found["k"].tolist() == [1, 2]
    np.testing.assert_array_equal(found["p"], [np.nan, 0.01])
    np.testing.assert_array_equal(found["rejected"], [np.nan, 1])
    assert calibration_cells(scores)["n"].tolist() == [0, 1]


def test_cells_without_any_p_are_undefined() -> None:
    nothing = cell(np.full(30, np.nan), z=np.full(30, np.nan), null_n=0)
    row = calibration_cells(nothing).iloc[0]
    assert (row["n"], row["n_groups"], row["verdict"]) == (0, 0, "undefined")
    assert row[["share", "ks_p", "mean_z", "replicate_share"]].isna().all()
    nulls = calibration_nulls(nothing)
    assert (nulls["n"] == 0).all()
    assert nulls["contains_level"].isna().all()


def test_no_rows_give_tables_with_the_same_columns() -> None:
    some = cell(p_with(1, 20))
    for table in (calibration_cells, calibration_nulls):
        assert list(table(some.iloc[:0])) == list(table(some))


# --- uniformity ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("networks", "grid"), [(1, 3), (3, 4), (4, 3), (2, 6)])
def test_uniformity_p_is_that_of_all_equally_likely_samples(networks: int, grid: int) -> None:
    samples = np.array(list(itertools.product(range(1, grid + 1), repeat=networks)))
    points = np.arange(1, grid + 1)
    below = (samples[:, :, None] <= points).sum(axis=1)
    distances = np.abs(grid * below - networks * points).max(axis=1)
    asked = np.unique(distances)
    expected = (distances[:, None] >= asked).mean(axis=0)
    np.testing.assert_allclose(uniformity_p(asked, networks, grid), expected, rtol=1e-12)


def test_uniformity_p_on_a_fine_grid_is_the_continuous_one() -> None:
    networks, grid = 15, 3000
    statistic = np.array([0.15, 0.3, 0.5, 0.8])
    distances = (statistic * networks * grid).round().astype(int)
    expected = stats.kstwo.sf(statistic, networks)
    np.testing.assert_allclose(uniformity_p(distances, networks, grid), expected, rtol=0.02)


def test_ks_p_of_cells_in_any_order() -> None:
    p = generator("test calibration", "ks").integers(1, 11, (3, 12)) / 10
    frames = [cell(p[i], k=i, null_n=9) for i in range(3)]
    scores = pd.concat(frames).sample(frac=1, random_state=0)
    found = calibration_cells(scores).set_index("k")["ks_p"]
    for k, values in enumerate(p):
        grid = np.arange(1, 11) / 10
        statistic = np.abs((values[:, None] <= grid + 1e-9).mean(axis=0) - grid).max()
        expected = uniformity_p(np.array([round(statistic * 120)]), 12, 10)
        assert found[k] == pytest.approx(expected[0])


def test_different_numbers_of_draws_have_no_grid() -> None:
    mixed = pd.concat([cell(p_with(1, 20)), cell([0.5], null_n=19, seed=20)])
    assert calibration_cells(mixed)["ks_p"].isna().all()


def test_p_of_draws_that_ended_by_a_rule_are_on_no_grid() -> None:
    alike = cell(p_with(1, 20))
    assert calibration_cells(alike)["ks_p"].notna().all()
    by_rule = alike.assign(p=alike["p"].where(alike["seed"] > 0, 10 / 13))
    assert calibration_cells(by_rule)["ks_p"].isna().all()


# --- replicates ---------------------------------------------------------------------------------


def test_replicates_are_tens_of_seeds_in_order() -> None:
    z = generator("test calibration", "replicates").standard_normal(35)
    z[10:20] += 3
    expected = [replicate_p(z[start : start + 10]) <= 0.05 for start in (0, 10, 20)]
    assert sum(expected) == 1
    scores = cell(np.full(35, 0.5), z).sample(frac=1, random_state=1)
    row = calibration_cells(scores).iloc[0]
    assert row["n_groups"] == 3
    assert row["replicate_share"] == pytest.approx(1 / 3)


def test_networks_without_z_are_skipped_and_groups_without_spread_left_out() -> None:
    z = np.concatenate([[np.nan], np.linspace(1, 2, 10), np.ones(10), np.linspace(-1, 1, 10)])
    row = calibration_cells(cell(np.full(31, 0.5), z)).iloc[0]
    assert row["n_groups"] == 2
    assert row["replicate_share"] == 0.5


# --- nulls --------------------------------------------------------------------------------------


def test_shares_within_networks_then_over_networks_by_hand() -> None:
    # Network 0 has p <= 0.05 in one of two cells of fc1 and in its one of fc2; network 1 in none.
    scores = pd.concat(
        [
            cell([0.01, 0.5]),
            cell([0.20, 0.6], k=3),
            cell([0.05, 0.7], layer="fc2", method="joint"),
        ]
    )
    nulls = calibration_nulls(scores).set_index(["layer", "method"])
    assert set(nulls.index) == {
        ("all", "all"),
        ("fc1", "all"),
        ("fc2", "all"),
        ("all", "matched"),
        ("all", "joint"),
        ("fc1", "matched"),
        ("fc2", "joint"),
    }
    for scope, shares in {
        ("all", "all"): [2 / 3, 0],
        ("fc1", "matched"): [1 / 2, 0],
        ("fc2", "all"): [1, 0],
    }.items():
        row = nulls.loc[scope]
        assert row["n"] == 2
        assert row[["share", "low", "high"]].tolist() == pytest.approx(interval(np.array(shares)))
        assert row["contains_level"]
    assert (nulls["cells"] == 0).all()


def test_a_network_without_some_p_averages_those_that_it_has() -> None:
    scores = pd.concat([cell([0.01, 0.5]), cell([np.nan, 0.01], z=[np.nan, 1], k=3)])
    nulls = calibration_nulls(scores)
    assert nulls["share"].iloc[0] == pytest.approx((1 + 1 / 2) / 2)


def test_verdicts_and_groups_are_summed_by_scope() -> None:
    scores = pd.concat(
        [
            cell(p_with(100, 200), np.linspace(1, 2, 200)),
            cell(p_with(10, 200), np.linspace(-2, -1, 200), k=3),
            cell(p_with(0, 200), np.linspace(-2, -1, 200), layer="fc2"),
            cell(p_with(9, 10), np.linspace(1, 2, 10), layer="fc2", k=3),
        ]
    )
    nulls = calibration_nulls(scores).set_index(["layer", "method"])
    counts = ["cells", "cells_liberal", "cells_conservative", "n_groups"]
    assert nulls.loc[("all", "all"), counts].tolist() == [3, 1, 1, 61]
    assert nulls.loc[("fc1", "all"), counts].tolist() == [2, 1, 0, 40]
    assert nulls.loc[("all", "all"), "replicate_share"] == pytest.approx(21 / 61)
    assert nulls.loc[("fc2", "matched"), "replicate_share"] == pytest.approx(1 / 21)
    assert not nulls.loc[("fc1", "all"), "contains_level"]


def test_shared_draws_have_no_interval_over_networks() -> None:
    scores = pd.concat([cell(p_with(2, 40)), cell(p_with(2, 40), null="untrained")])
    nulls = calibration_nulls(scores).set_index("null")
    assert nulls.loc["untrained", ["low", "high", "contains_level"]].isna().all(axis=None)
    assert nulls.loc["untrained", "share"].tolist() == pytest.approx([0.05] * 4)
    assert nulls.loc["shuffle", "contains_level"].all()
