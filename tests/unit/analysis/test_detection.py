"""Detection where measures have no z, and of what the best of many is by chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from clusterability.analysis.agreement import AGREEMENT_COLUMNS
from clusterability.analysis.detection import detection_rows
from clusterability.analysis.validity import ranked_rows, validity_table
from clusterability.jobs.comparison_jobs import PlantedPair
from clusterability.resampling import Resamples, bounds

PAIR = PlantedPair(
    condition="planted",
    reference="plain",
    family="trained",
    layer="fc2",
    k=4,
    dose=1.0,
)


def scores(seeds: dict[str, int]) -> pd.DataFrame:
    """`mi` of so many networks by condition: a value, and no z by either null."""
    source = np.random.default_rng(0)
    rows = [
        {"condition": condition, "seed": seed, "layer": "fc2", "method": "matched", "k": 4}
        | {"measure": "mi", "value": source.standard_normal() + (condition == "planted")}
        for condition, count in seeds.items()
        for seed in range(count)
    ]
    nulls = [pd.DataFrame(rows).assign(null=null, z=np.nan) for null in ("shuffle", "labels")]
    return pd.concat(nulls, ignore_index=True)


def detected(table: pd.DataFrame) -> pd.DataFrame:
    nothing = pd.DataFrame(columns=AGREEMENT_COLUMNS)
    found = detection_rows(table, nothing, {}, [PAIR], Resamples.draw(range(8), 100))
    return validity_table(found)


def test_a_network_counts_once_where_no_null_gives_a_z() -> None:
    table = scores({"planted": 8, "plain": 8})
    found = detected(table).query("condition == 'planted'")
    once = table[table.null == "shuffle"]
    sides = [once.value[once.condition == name] for name in ("planted", "plain")]
    assert found.form.tolist() == ["value"]
    assert found.n.tolist() == [8]
    assert found.estimate.iloc[0] == roc_auc_score(once.condition == "planted", once.value)
    assert found.p.iloc[0] == pytest.approx(stats.mannwhitneyu(*sides, method="exact").pvalue)


def test_n_is_that_of_the_smaller_side() -> None:
    assert (detected(scores({"planted": 8, "plain": 3})).n == 3).all()
    assert (detected(scores({"planted": 3, "plain": 8})).n == 3).all()


def test_rows_in_another_order_give_the_same() -> None:
    table = scores({"planted": 8, "plain": 8})
    mixed = table.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(detected(table), detected(mixed))


def test_intervals_that_hold_at_once_are_wider() -> None:
    values = np.concatenate([[0.5], np.arange(1001) / 1000])
    assert bounds(values) == pytest.approx((0.5, 0.025, 0.975))
    assert bounds(values, among=5) == pytest.approx((0.5, 0.005, 0.995))


def test_the_best_of_many_is_bounded_for_all_of_them() -> None:
    source = np.random.default_rng(2)
    estimates = list(source.normal(0.7, 0.1, (10, 2001)))
    rows = ranked_rows([{"measure": str(number)} for number in range(10)], estimates)
    for row, values in zip(rows, estimates, strict=True):
        assert row["low"] == pytest.approx(np.percentile(values[1:], 2.5))
        assert row["low_of_all"] == pytest.approx(np.percentile(values[1:], 0.25))
