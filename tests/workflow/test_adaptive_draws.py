"""A study whose draws end once every value is decided: from its config to the choice of k."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

import clusterability as cl
from audit.__main__ import main as audit
from workflows import Workflow, copy_workflow

pytestmark = [pytest.mark.slow, pytest.mark.release]

NULLS = {"shuffle": 59, "labels": 5}
CONFIG = {
    "networks": {"mine": {"path": "mine.npy"}},
    "synthetic": {"noise": {"rows": 12, "columns": 16}},
    "seeds": ["0-1", 2],
    "k_grid": [2, 3],
    "nulls": NULLS,
    "draws": "adaptive",
    "clustering": {"methods": ["matched"], "restarts": 2},
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Workflow:
    """The study, whose run has made its tables."""
    workflow = copy_workflow(tmp_path_factory.mktemp("adaptive"))
    np.save(workflow.folder / "mine.npy", np.random.default_rng(1).normal(size=(12, 16)))
    (workflow.folder / "config.yaml").write_text(yaml.safe_dump(CONFIG, sort_keys=False))
    tables = ("scores.parquet", "partitions.parquet", "summary.csv", "networks.csv", "best_k.csv")
    done = workflow.snakemake(*(f"results/tables/{name}" for name in tables))
    assert done.returncode == 0, done.stdout[-3000:]
    return workflow


@pytest.fixture(scope="module")
def scores(finished) -> pd.DataFrame:
    return pd.read_parquet(finished.folder / "results" / "tables" / "scores.parquet")


def test_networks_have_different_numbers_of_draws(scores):
    rows = scores[(scores["null"] == "shuffle") & (scores["measure"] == "mi")]
    made = rows["null_n"]
    assert set(made) <= {19, 39, 59}
    assert made.nunique() > 1
    undecided = scores[(scores["null"] == "shuffle") & (scores["p"] < 10 / 59)]
    assert set(undecided["null_n"]) == {59}
    assert set(scores.loc[scores["null"] == "labels", "null_n"]) == {5}


def test_a_network_from_elsewhere_has_the_rows_of_the_function(finished, scores):
    asked = {"restarts": 2, "nulls": NULLS, "draws": "adaptive", "name": "mine"}
    expected = cl.score(finished.folder / "mine.npy", [2, "3"], **asked)
    place = ["k", "measure", "null"]
    columns = [*place, "value", "null_mean", "null_sd", "null_n", "z", "p", "p_two_sided"]
    found = scores[scores["condition"] == "mine"]
    pd.testing.assert_frame_equal(
        found.astype(dict.fromkeys(place, str))[columns].sort_values(place, ignore_index=True),
        expected.astype(dict.fromkeys(place, str))[columns].sort_values(place, ignore_index=True),
        check_exact=True,
    )


def test_k_is_chosen_by_draws_that_there_are(finished):
    rows = pd.read_csv(finished.folder / "results" / "tables" / "best_k.csv")
    assert set(rows["condition"]) == {"mine", "noise"}
    known = rows.dropna(subset="p_select")
    assert len(known)
    assert known["p_select"].between(1 / 60, 1).all()


def test_other_code_finds_the_same(finished, capsys):
    assert audit([str(finished.folder / "results"), "--cells", "120", "--draws", "9"]) == 0
    assert "draws:" in capsys.readouterr().out


def test_a_fixed_number_draws_again_and_clusters_nothing_again(finished):
    file = finished.folder / "config.yaml"
    before = file.read_text()
    file.write_text(before.replace("draws: adaptive", "draws: fixed"))
    planned = finished.planned_rules()
    file.write_text(before)
    assert planned["null"] == 6
    assert not set(planned) & {"cluster", "null_labels", "synthesise", "import_network"}
