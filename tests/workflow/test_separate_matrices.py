"""A study of a checkpoint whose matrices are each by itself, with names that no file can have."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

import clusterability as cl
from audit.__main__ import main as audit
from workflows import copy_workflow

NAMES = ["block/0.up.weight", "..", "A", "a", "fc1", "h.0.mlp.c_fc.weight"]

CONFIG = {
    "networks": {
        "theirs": {"path": "theirs.pt", "layers": ["*"]},
        "people": {"path": "people.csv", "transpose": True},
    },
    "k_grid": ["2-3"],
    "nulls": {"shuffle": 3, "labels": 3},
    "clustering": {"methods": ["matched"], "restarts": 1},
    "equal_size": {"draws": 2, "submatrices": 2, "k": [2], "methods": ["matched"]},
}


def checkpoint(path: Path) -> None:
    source = torch.Generator().manual_seed(0)
    tensors = {name: torch.randn(6 + n, 8, generator=source) for n, name in enumerate(NAMES)}
    torch.save({"state_dict": tensors, "args": Path("runs")}, path)


def table(path: Path) -> pd.DataFrame:
    """A matrix of events by people, whose names are texts."""
    matrix = np.random.default_rng(0).random((7, 5))
    frame = pd.DataFrame(matrix, [f"event {n}" for n in range(7)], list("abcde"))
    frame.to_csv(path)
    return frame


@pytest.mark.slow
@pytest.mark.release
def test_tables_have_the_names_of_tensors_and_files_safe_ones(tmp_path):
    workflow = copy_workflow(tmp_path)
    checkpoint(tmp_path / "theirs.pt")
    people = table(tmp_path / "people.csv")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(CONFIG, sort_keys=False))
    made = ("scores.parquet", "clusters.parquet", "partitions.parquet", "summary.csv")
    made += ("best_k.csv", "agreement.csv", "networks.csv", "equal_size.csv")
    targets = [f"results/tables/{name}" for name in made]
    done = workflow.snakemake(*targets, "results/explore.html")
    assert done.returncode == 0, done.stdout[-3000:]
    tables = tmp_path / "results" / "tables"
    for name in ("scores", "clusters", "partitions"):
        check_layers(pd.read_parquet(tables / f"{name}.parquet"))
    for name in ("summary", "best_k"):
        check_layers(pd.read_csv(tables / f"{name}.csv", keep_default_na=False))
    assert set(pd.read_csv(tables / "equal_size.csv")["layer"]) == set(NAMES)
    units = pd.read_parquet(tables / "partitions.parquet").query("condition == 'people' and k == 2")
    for side, names in {"U": people.columns, "V": people.index}.items():  # the table is [in, out]
        assert units.loc[units["side"] == side, "name"].tolist() == list(names)
    agreement = pd.read_csv(tables / "agreement.csv")
    assert not len(agreement)  # with one start, only U of one with V of the next could be
    networks = pd.read_csv(tables / "networks.csv").set_index("condition")
    row = networks.loc["theirs"]
    in_files = json.loads(row["layers"])
    assert list(in_files.values()) == NAMES
    assert row["block/0.up.weight_dead_u"] == 0
    folder = tmp_path / "results" / "clusters" / "theirs" / "imported"
    assert {path.name for path in folder.iterdir()} == set(in_files)
    assert len({name.lower() for name in in_files}) == len(NAMES)
    found = cl.score(cl.load(tmp_path / "theirs.pt", "*"), "2-3", nulls=CONFIG["nulls"], restarts=1)
    expected = pd.read_parquet(tables / "scores.parquet").query("condition == 'theirs'")
    assert len(found) > 0
    columns = ["layer", "k", "measure", "null", "value", "null_mean", "p"]
    order = ["layer", "k", "measure", "null"]
    both = [table[columns].sort_values(order, ignore_index=True) for table in (found, expected)]
    for both_tables in both:
        for column in ("layer", "measure", "null"):
            both_tables[column] = both_tables[column].astype(object)
    pd.testing.assert_frame_equal(*both, check_exact=True)
    assert audit([str(tmp_path / "results"), "--cells", "60"]) == 0


def check_layers(rows: pd.DataFrame) -> None:
    """A table has all matrices of one network, and the one of the other, by their names."""
    layers = rows.groupby("condition", observed=True)["layer"].agg(set)
    assert layers["theirs"] == set(NAMES)
    assert layers["people"] == {"fc1"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"methods": ["matched", "whole"]}, "expected a chain for the method 'whole'"),
        ({"scalings": ["unit-norm"]}, "expected a chain for the scaling 'unit-norm'"),
    ],
)
def test_what_needs_a_chain_is_refused_before_anything_runs(tmp_path, changes, said):
    workflow = copy_workflow(tmp_path)
    np.savez(tmp_path / "theirs.npz", a=np.ones((4, 3)), b=np.ones((5, 3)))
    config = CONFIG | {"networks": {"theirs": {"path": "theirs.npz"}}}
    config["clustering"] = CONFIG["clustering"] | changes
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    done = workflow.snakemake("--dry-run")
    assert done.returncode
    (line,) = [line for line in (done.stdout + done.stderr).splitlines() if "expected" in line]
    assert line.startswith("networks.theirs.chain: found matrices each by itself")
    assert said in line
