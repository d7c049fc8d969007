"""The table of networks on their way, from made tables of a study."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clusterability.analysis.snapshots import COLUMNS, snapshot_rows
from clusterability.jobs.comparison_jobs import SnapshotsJob

STEPS = {"trained": {"trained_at_0": 0, "trained_at_9": 9, "trained": 30}}


@pytest.fixture
def table() -> pd.DataFrame:
    conditions = [*STEPS["trained"], "other"]
    networks = pd.DataFrame([(c, s) for c in conditions for s in (0, 1)])
    networks.columns = ["condition", "seed"]
    networks["test_accuracy"] = [0.1, 0.1, 0.4, 0.6, 0.9, 0.98, 0.5, 0.5]
    verdict = pd.DataFrame({"condition": conditions, "layer": "fc1", "method": "described"})
    verdict = verdict.assign(n=2, bits=[0.0, 50.0, 900.0, 7.0], beyond_rotated_u=np.nan)
    for end in ("low", "high"):
        verdict[f"bits_{end}"] = verdict["bits"]
    cells = [(c, m, k) for c in conditions for m in ("mi", "ncut") for k in (2, 4)]
    summary = pd.DataFrame(cells, columns=["condition", "measure", "k"])
    summary = summary.assign(layer="fc1", method="matched", null="shuffle", n=2)
    for end in ("z", "z_low", "z_high"):
        summary[end] = np.arange(len(summary), dtype=float)
    job = SnapshotsJob(k=4, measures=["mi"], method="matched", steps=STEPS)
    return snapshot_rows(job, networks, verdict, summary)


def test_each_snapshot_has_its_numbers_at_its_step(table):
    assert list(table) == COLUMNS
    assert set(table["condition"]) == {"trained"}
    by_step = table.set_index(["quantity", "step"])["value"]
    assert by_step["bits"].to_dict() == {0: 0, 9: 50, 30: 900}
    assert by_step["test_accuracy"].to_dict() == pytest.approx({0: 0.1, 9: 0.5, 30: 0.94})
    assert by_step["z"].to_dict() == {0: 1, 9: 5, 30: 9}  # mi at k = 4
    assert set(table["quantity"]) == {"bits", "test_accuracy", "z"}


def test_intervals_of_accuracy_are_those_of_t(table):
    row = table[(table["quantity"] == "test_accuracy") & (table["step"] == 9)].iloc[0]
    half = 12.706204736 * 0.1  # t with one degree of freedom, times the standard error
    assert [row["low"], row["high"]] == pytest.approx([0.5 - half, 0.5 + half])
    assert row["n"] == 2
