"""Conditions that go on from others, through the workflow: pruned networks with biases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clusterability.networks.stacked import load_networks
from workflows import MICRO, copy_workflow

RECIPE = {"epochs": 2, "architecture": "784-16-12-8-10", "biases": True, "initialisation": "glorot"}
CONDITIONS = {
    "pruned": {"from": "control", "sparsity": 0.9, "pruning_every": 1},
    "control": {"optimizer": "adam"},
}


pytestmark = [pytest.mark.slow, pytest.mark.release]


@pytest.fixture(scope="module")
def workflow(tmp_path_factory):
    """A study whose networks are trained, pruned, clustered as a whole and probed."""
    found = copy_workflow(tmp_path_factory.mktemp("origins"))
    (found.folder / "published.csv").write_text(
        "condition,layer,method,k,measure,null,quantity,published\n"
        "pruned,network,whole,2,ncut,shuffle,z,-4\n"
    )
    configure(found)
    ran = found.snakemake("tables", "results/tables/replication.csv")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return found


def configure(workflow, recipe=None, **changes) -> None:
    conditions = {name: keys | changes.get(name, {}) for name, keys in CONDITIONS.items()}
    workflow.configure(
        recipe=RECIPE | (recipe or {}),
        conditions=conditions,
        k_grid=[2],
        clustering={"methods": ["whole"], "restarts": 2},
        nulls={"shuffle": 3, "shuffle_nonzero": 3, "untrained": 4},
        probe={"k": [2], "images": 50, "groups": 5},
        dataset=MICRO["dataset"] | {"train_images": 640},
        replication={"scores": "published.csv"},
    )


def networks(workflow, condition: str):
    return load_networks(workflow.folder / "results" / "networks" / condition / "0-1.safetensors")


def retrained(workflow) -> set[str]:
    return {job["condition"] for job in workflow.planned() if job["rule"] == "train"}


def test_pruned_networks_are_those_that_they_go_on_from_less_what_was_pruned(workflow):
    control, pruned = networks(workflow, "control"), networks(workflow, "pruned")
    assert pruned.recipe["from"] == "control"
    assert pruned.recipe["optimizer"] == "adam"
    for layer, stack in pruned.weights.items():
        assert np.count_nonzero(control.weights[layer][0]) == stack[0].size
        for own, before in zip(stack, control.weights[layer], strict=True):
            assert np.count_nonzero(own == 0) == round(0.9 * own.size)
            # Twenty steps of Adam later, what is left is still much like what it was.
            left = own != 0
            assert np.corrcoef(own[left], before[left])[0, 1] > 0.8
    assert set(pruned.biases) == set(pruned.weights)
    rows = pd.read_csv(workflow.folder / "results" / "tables" / "networks.csv")
    assert (rows[rows.condition == "control"].zeros == 0).all()


def test_training_counts_on(workflow):
    folder = workflow.folder / "results" / "networks"
    control, pruned = (
        pd.read_csv(folder / name / "0-1.history.csv") for name in ("control", "pruned")
    )
    assert (control.step.max(), control.epoch.max()) == (20, 2)
    assert (pruned.step.min(), pruned.step.max()) == (21, 40)
    assert sorted(pruned.epoch.unique()) == [3, 4]


def test_a_network_with_biases_loses_what_it_knew_where_it_is_ablated(workflow):
    """Probing sees the accuracy that training measured: without the biases it would not."""
    tables = workflow.folder / "results" / "tables"
    scores = pd.read_parquet(tables / "scores.parquet")
    function = scores[scores["null"] == "groups"]
    assert set(function.layer) == {"fc1", "fc2", "fc3"}
    assert set(function.condition) == {"control", "pruned"}
    # Every network is compared with fresh ones that begin as it began.
    fresh = scores[scores["null"] == "untrained"]
    assert fresh.groupby("condition").null_n.max().to_dict() == {"control": 4, "pruned": 4}


def test_what_a_change_trains_again(workflow):
    assert retrained(workflow) == set()
    configure(workflow, pruned={"sparsity": 0.8})
    assert retrained(workflow) == {"pruned"}
    configure(workflow, control={"learning_rate": 0.01})
    assert retrained(workflow) == {"control", "pruned"}
    configure(workflow, recipe={"initialisation": "pytorch"})
    assert retrained(workflow) == {"control", "pruned"}
    configure(workflow)
    assert retrained(workflow) == set()


def test_a_pruned_block_is_made_again_to_the_bit(workflow):
    made = workflow.command("verify.py", "--blocks", "2")
    assert made.returncode == 0, made.stdout
    assert made.stdout.count("networks equal to the bit") == 2
