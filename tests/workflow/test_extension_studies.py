"""A study that asks for what other packages have: tables, and what runs again for which change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml

from extensions_installed import EXAMPLE, install_example, install_method_and_null
from workflows import copy_workflow

pytestmark = [pytest.mark.slow, pytest.mark.release]

CONFIG = {
    "networks": {"theirs": {"path": "theirs.npz"}},
    "k_grid": [2],
    "nulls": {"by_row": 3},
    "measures": ["dominant_pairs"],
    "clustering": {"methods": ["quantiles"]},
}
TABLES = [f"results/tables/{name}" for name in ("scores.parquet", "best_k.csv")]


def test_pip_installs_the_example(tmp_path):
    shutil.copytree(EXAMPLE, tmp_path / "source")
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation"]
    asked = ["--no-index", "--target", str(site), str(tmp_path / "source")]
    done = subprocess.run([*pip, *asked], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    path = os.pathsep.join([str(site), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-m", "clusterability", "measures"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert "measure dominant_pairs of clusterability-dominant-pairs 0.1.0\n" in done.stdout


def test_a_study_runs_again_what_uses_a_package_that_changes(tmp_path, monkeypatch):
    site = tmp_path / "site"
    install_example(site)
    install_method_and_null(site)
    monkeypatch.setenv("PYTHONPATH", str(site))
    workflow = copy_workflow(tmp_path / "study")
    matrix = np.random.default_rng(0).random((8, 10))
    np.savez(workflow.folder / "theirs.npz", fc1=matrix)
    (workflow.folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    done = workflow.snakemake(*TABLES)
    assert done.returncode == 0, done.stdout[-3000:]
    scores = pd.read_parquet(workflow.folder / TABLES[0])
    assert set(scores["method"]) == {"quantiles"}
    assert set(scores["null"]) == {"by_row"}
    chosen = pd.read_csv(workflow.folder / TABLES[1])
    for table in (scores, chosen):
        assert "dominant_pairs" in set(table["measure"])

    def again() -> set[str]:
        return {job["rule"] for job in workflow.planned(*TABLES)}

    assert again() == set()
    install_example(site, "0.2.0")
    assert again() == {"score", "choose_k", "aggregate"}
    install_example(site)
    assert again() == set()
    with (site / "theirs" / "rows.py").open("a") as file:
        file.write("# edited\n")
    assert again() == {"cluster", "null", "score", "choose_k", "agree", "aggregate"}
    shutil.rmtree(next(site.glob("clusterability_dominant_pairs-*.dist-info")))
    told = workflow.snakemake("--dry-run", *TABLES)
    assert told.returncode == 1
    assert "measures[0]: found 'dominant_pairs', expected a measure of an installed" in told.stdout
