"""Prediction where networks lack a measure, and rows that come in the same order everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clusterability.analysis.prediction import network_prediction
from clusterability.resampling import Resamples
from project import PATH, TESTS

SEEDS = range(12)


def scores() -> pd.DataFrame:
    """A cell: `mi` of all networks but one, `ncut` of all, and their importance."""
    source = np.random.default_rng(0)
    rows = [
        {"condition": "trained", "seed": seed, "layer": "fc1", "method": "matched", "k": 4}
        | {"measure": measure, "null": null, "value": value, "z": value}
        for seed in SEEDS
        for measure, null in (("mi", "shuffle"), ("ncut", "shuffle"), ("importance", "groups"))
        for value in [source.standard_normal()]
    ]
    table = pd.DataFrame(rows)
    table.loc[(table.measure == "mi") & (table.seed == 3), ["value", "z"]] = np.nan
    return table


def test_a_network_without_a_measure_is_left_out_of_that_measure_alone() -> None:
    table = scores()
    rows = network_prediction(table, Resamples.draw(SEEDS, 20))
    found = {
        row["measure"]: (row["estimate"], row["n"])
        for row in rows
        if (row["condition"], row["form"], row["function"]) == ("trained", "z", "importance")
    }
    wide = table.pivot(index="seed", columns="measure", values="z")
    for measure, networks in (("mi", 11), ("ncut", 12)):
        known = wide[[measure, "importance"]].dropna()
        expected = stats.spearmanr(known[measure], known.importance).statistic
        assert found[measure] == (pytest.approx(expected), networks)


def test_without_scores_of_structure_nothing_is_predicted() -> None:
    """As where whole networks alone are clustered: what units do is told of their layers."""
    alone = scores().query("measure == 'importance'").astype({"measure": "str"})
    assert network_prediction(alone, Resamples.draw(SEEDS, 20)) == []


ORDER = """
import test_prediction
from clusterability.analysis.prediction import network_prediction
from clusterability.resampling import Resamples
rows = network_prediction(test_prediction.scores(), Resamples.draw(range(12), 2))
print([tuple(row[name] for name in ("condition", "function", "measure", "form")) for row in rows])
"""


def test_rows_have_the_same_order_in_every_process() -> None:
    path = os.pathsep.join([str(Path(__file__).parent), str(TESTS / "helpers"), PATH])
    outputs = {
        subprocess.run(
            [sys.executable, "-c", ORDER],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(outputs) == 1
