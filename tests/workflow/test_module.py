"""The workflow inside of another one, as docs/module.md says: from a clone or a repository."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from project import DOCS
from workflows import Workflow, copy_workflow

TEXT = (DOCS / "module.md").read_text()
SMALL = {"clustering": {"methods": ["matched"], "restarts": 1}, "figures": {"measures": ["mi"]}}


def block(language: str) -> str:
    return re.search(rf"^```{language}\n(.*?)^```", TEXT, re.M | re.S)[1]


def test_from_a_clone_with_a_prefix(tmp_path):
    """The example of the document, but for fewer draws."""
    (tmp_path / "clusterability").mkdir()
    copy_workflow(tmp_path / "clusterability")
    (tmp_path / "clusterability" / "profiles").unlink()
    (tmp_path / "Snakefile").write_text(block("python"))
    config = yaml.safe_load(block("yaml"))
    config["clusters"] |= SMALL | {"nulls": {"shuffle": 3}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    blocks = np.kron(np.eye(2), np.ones((4, 6))) + np.arange(96).reshape(8, 12) / 960
    np.savez(tmp_path / "my-network.npz", blocks)
    workflow = Workflow(tmp_path)
    ran = workflow.snakemake()
    assert ran.returncode == 0, ran.stdout
    assert "Nothing to be done" in workflow.snakemake("--dry-run").stdout
    assert {path.name for path in tmp_path.iterdir()} >= {"best.csv", "clusters"}
    assert not (tmp_path / "results").exists()
    best = pd.read_csv(tmp_path / "best.csv", header=None)
    summary = pd.read_csv(tmp_path / "clusters" / "results" / "tables" / "summary.csv")
    assert len(best) == (summary.measure == "mi_preserved").sum() > 0
    # Everything else, for whoever wants it.
    planned = workflow.snakemake("--dry-run", "clusters_all", "clusters_paper").stdout
    assert "rule clusters_plot" in planned
    files = re.findall(r"^    output: (.*)$", planned, re.M)
    assert all(file.startswith("clusters/results/") for file in ", ".join(files).split(", "))


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.release
def test_from_a_repository_elsewhere(tmp_path, monkeypatch):
    """As snakedeploy writes it: the library comes along, though Snakemake brings single files."""
    source = tmp_path / "source"
    source.mkdir()
    copy_workflow(source, edited=True)
    git(source, "init", "--quiet")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "a version")
    settings = tmp_path / "gitconfig"
    address = "https://github.com/nobody/clusterability"
    settings.write_text(f'[url "{source.as_uri()}"]\n    insteadOf = {address}\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    project = tmp_path / "project"
    project.mkdir()
    matrix = {"noise": {"rows": 8, "columns": 9}}
    config = SMALL | {"seeds": ["0"], "k_grid": [2], "synthetic": matrix, "nulls": {"shuffle": 3}}
    (project / "config.yaml").write_text(yaml.safe_dump(config))
    commit = git(source, "rev-parse", "HEAD")
    (project / "Snakefile").write_text(
        'configfile: "config.yaml"\n\n'
        "module clusterability:\n"
        f'    snakefile: github("nobody/clusterability", path="Snakefile", commit="{commit}")\n'
        "    config: config\n\n"
        "use rule * from clusterability\n"
    )
    workflow = Workflow(project)
    ran = workflow.snakemake("results/tables/scores.parquet")
    assert ran.returncode == 0, ran.stdout
    assert os.listdir(project / ".snakemake" / "clusterability") == [commit]
    scores = pd.read_parquet(project / "results" / "tables" / "scores.parquet")
    assert set(scores.condition) == {"noise"}
    again = workflow.snakemake("--dry-run", "results/tables/scores.parquet").stdout
    assert "Nothing to be done" in again
