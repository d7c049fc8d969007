"""Whether measures are right about partitions, against scikit-learn, scipy and counts by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import balanced_accuracy_score

from clusterability.analysis.agreement import AGREEMENT_COLUMNS
from clusterability.analysis.recovery import recovery_rows, truth_of
from clusterability.analysis.validity import validity_table
from clusterability.jobs.comparison_jobs import JudgedCondition

PLANTED = JudgedCondition("planted", "synthetic", 4, "fc1", planted=True)
PLAIN = JudgedCondition("plain", "synthetic", 4, "fc1", planted=False)


def scores(p: dict[str, list[float]], measure: str = "mi", values=None) -> pd.DataFrame:
    """Scores by condition, a network each p, against `shuffle`."""
    rows = [
        {"condition": condition, "seed": seed, "layer": "fc1", "method": "matched", "k": 4}
        | {"measure": measure, "null": "shuffle", "p": each, "z": 0.0}
        | {"value": values[condition][seed] if values else 0.0}
        for condition, many in p.items()
        for seed, each in enumerate(many)
    ]
    return pd.DataFrame(rows)


def agreement(ami: list[tuple[float, float]], condition: str = "planted") -> pd.DataFrame:
    """Agreement of U and of V with planted clusters, by network."""
    row = dict.fromkeys(AGREEMENT_COLUMNS) | {"comparison": "planted", "measure": "ami"}
    row |= {"condition": condition, "layer": "fc1", "k": 4, "method": "matched"}
    return pd.DataFrame(
        [
            row | {"seed": seed, "side": side, "value": value}
            for seed, both in enumerate(ami)
            for side, value in zip("UV", both, strict=True)
        ]
    )


def judged(*asked) -> pd.DataFrame:
    return validity_table(recovery_rows(*asked, [PLANTED, PLAIN]))


def test_balanced_accuracy_is_that_of_scikit_learn() -> None:
    source = np.random.default_rng(0)
    p = {"planted": list(source.uniform(0, 0.2, 30)), "plain": list(source.uniform(0, 0.3, 20))}
    ami = [tuple(each) for each in source.uniform(0, 1, (30, 2))]
    table = judged(scores(p), agreement(ami))
    found = np.array([np.mean(each) > 0.5 for each in ami] + [False] * 20)
    says = np.array(p["planted"] + p["plain"]) <= 0.05
    (row,) = table[table.condition.isna()].to_dict("records")
    assert row["estimate"] == pytest.approx(balanced_accuracy_score(found, says))
    assert (row["n"], row["found"]) == (50, found.sum())
    for name, right in (("sensitivity", says[found]), ("specificity", ~says[~found])):
        exact = stats.binomtest(int(right.sum()), len(right)).proportion_ci(0.95, "exact")
        assert row[name] == pytest.approx(right.mean())
        assert (row[f"{name}_low"], row[f"{name}_high"]) == pytest.approx((exact.low, exact.high))
    assert row["low"] < row["estimate"] < row["high"]


def test_a_network_with_other_clusters_than_the_planted_ones_has_nothing_to_be_called_good() -> (
    None
):
    """Four networks with planted clusters, found in one; p is small in all, and in no plain one."""
    p = {"planted": [0.01] * 4, "plain": [0.5] * 4}
    ami = [(0.9, 0.9), (0.9, 0.0), (0.1, 0.0), (0.5, 0.5)]  # a mean of 1/2 is not above it
    table = judged(scores(p), agreement(ami))
    row = table[table.condition.isna()].iloc[0]
    assert (row["n"], row["found"], row["sensitivity"]) == (8, 1, 1)
    assert row["specificity"] == pytest.approx(4 / 7)
    assert row["estimate"] == pytest.approx((1 + 4 / 7) / 2)


def test_bounds_of_the_balanced_accuracy_hold_at_once() -> None:
    """All right of 10 and of 10: the lower bound of each at 97.5 % is 0.0125^(1/10)."""
    p = {"planted": [0.01] * 10, "plain": [1.0] * 10}
    row = judged(scores(p), agreement([(1.0, 1.0)] * 10)).iloc[-1]
    assert (row["estimate"], row["high"]) == (1, 1)
    assert row["low"] == pytest.approx(0.0125 ** (1 / 10))
    assert row["low_of_all"] == row["low"]  # nothing else is ranked


def test_where_nothing_was_found_only_the_specificity_is_known() -> None:
    table = judged(scores({"plain": [0.01, 0.5]}), agreement([]).reindex(columns=AGREEMENT_COLUMNS))
    row = table.iloc[-1]
    assert (row["n"], row["found"], row["specificity"]) == (2, 0, 0.5)
    assert np.isnan([row["estimate"], row["low"], row["sensitivity"]]).all()


def test_where_nothing_is_judged_nothing_is_said() -> None:
    nobody = scores({"trained": [0.5]}), agreement([])
    assert recovery_rows(*nobody, []) == []


def test_bits_are_asked_for_twenty() -> None:
    values = {"planted": [19.9, 20.0], "plain": [-3.0, 30.0]}
    table = scores({"planted": [1.0, 1.0], "plain": [1.0, 1.0]}, "bits", values)
    twice = pd.concat([table, table.assign(null="strength")])  # a network counts once
    rows = judged(twice, agreement([(1.0, 1.0), (1.0, 1.0)]))
    row = rows[rows.condition.isna() & (rows.form == "threshold")].iloc[0]
    assert (row["n"], row["sensitivity"], row["specificity"]) == (4, 0.5, 0.5)
    assert rows[rows.form == "p"].null.unique().tolist() == ["shuffle", "strength"]


def test_partitions_that_are_not_feasible_are_not_judged() -> None:
    ami = agreement([(1.0, 1.0), (np.nan, np.nan)])
    assert np.isnan(truth_of(ami).to_numpy()).tolist() == [False, True]
    table = judged(scores({"planted": [0.01, 0.01]}), ami)
    assert table.n.tolist() == [1, 1]
