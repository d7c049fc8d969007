"""The workflow itself, run by Snakemake: what runs, what runs again, and what does not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from clusterability.tables import CELL

pytestmark = [pytest.mark.slow, pytest.mark.network]

ROOT = Path(__file__).parents[1]
RULE = re.compile(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", re.MULTILINE)

MICRO = {
    "seeds": ["0-1"],
    "k_grid": ["2-3"],
    "dataset": {"train_images": 200, "test_images": 100},
    "recipe": {"epochs": 1, "architecture": "784-8-10"},
    "conditions": {"untrained": {"epochs": 0}, "baseline": {}},
    "clustering": {"methods": ["matched", "joint"], "restarts": 1},
    "nulls": {"shuffle": 3, "labels": 3},
    "agreement": {"draws": 5},
    "training": {"threads": 1, "history_every": 2},
    "figures": {"measures": ["mi"]},
    # What units do is asked in a test of its own: it doubles the number of jobs.
    "probe": {"k": []},
    "validity": {"resamples": 20},
}

AFTER_SCORES = {"score": 4, "choose_k": 4, "aggregate": 1, "find": 1, "plot": 7}
"""Jobs of the finished study where scores have to be made again."""


class Workflow:
    """A copy of the workflow in a folder of its own, with a config of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SNAKEMAKE")}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=280
        )

    def configure(self, **changes) -> None:
        (self.folder / "config.yaml").write_text(yaml.safe_dump(MICRO | changes))

    def edit(self, file: str) -> None:
        with (self.folder / file).open("a") as stream:
            stream.write("\n# edited\n")

    def planned(self) -> list[dict[str, str]]:
        """Jobs that a dry run lists: the rule and its wildcards."""
        found = self.snakemake("--dry-run")
        assert found.returncode == 0, found.stdout + found.stderr
        text = found.stdout + found.stderr
        jobs = []
        for name, body in RULE.findall(text):
            wildcards = re.search(r"wildcards: (.*)", body)
            pairs = [pair.split("=", 1) for pair in wildcards[1].split(", ")] if wildcards else []
            jobs.append({"rule": name, **dict(pairs)})
        return jobs

    def planned_rules(self) -> dict[str, int]:
        return dict(Counter(job["rule"] for job in self.planned() if job["rule"] != "all"))


def copy_workflow(target: Path) -> Workflow:
    for name in ("Snakefile", "rules", "scripts", "envs", "profiles"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, target / name)
    return Workflow(target)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, mnist) -> Workflow:
    """A micro study that has run to its end, all rules included."""
    workflow = copy_workflow(tmp_path_factory.mktemp("workflow"))
    MICRO["dataset"]["path"] = str(mnist)
    workflow.configure()
    ran = workflow.snakemake()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return workflow


@pytest.fixture
def workflow(finished, tmp_path):
    """The finished study in a folder of the test's own, with all times kept."""
    shutil.copytree(finished.folder, tmp_path / "copy")
    return Workflow(tmp_path / "copy")


def test_the_study_has_run(finished):
    tables = finished.folder / "results" / "tables"
    scores = pd.read_parquet(tables / "scores.parquet")
    # 2 conditions x 2 seeds x 2 layers x 2 methods x 2 k x 12 measures x 2 nulls
    assert len(scores) == 2 * 2 * 2 * 2 * 2 * 12 * 2
    assert (scores.status == "ok").all()
    assert len(pd.read_csv(tables / "scores.csv")) == len(scores)
    assert len(pd.read_csv(tables / "networks.csv")) == 4
    partitions = pd.read_parquet(tables / "partitions.parquet")
    assert len(partitions) == 2 * 2 * 2 * 2 * (784 + 8 + 8 + 10)
    # Learning curves, one measure, pixels, weights and responses of 2 conditions; z, best k and
    # agreement by 2 methods; 4 files each.
    figures = list((finished.folder / "results" / "figures").iterdir())
    assert len(figures) == 13 * 4
    assert all(file.stat().st_size > 200 for file in figures)


def test_a_second_run_has_nothing_to_do(finished):
    assert finished.planned() == []


def test_an_appended_block_of_seeds_runs_its_own_jobs_and_the_aggregation(workflow):
    workflow.configure(seeds=["0-1", "2-3"])
    jobs = [job for job in workflow.planned() if job["rule"] != "all"]
    whole = [job for job in jobs if "seeds" not in job]
    assert {job["rule"] for job in whole} == {"choose_k", "aggregate", "find", "plot"}
    assert {job["seeds"] for job in jobs if job not in whole} == {"2-3"}
    assert workflow.planned_rules() == {
        "train": 2,
        "cluster": 4,
        "null": 4,
        "null_labels": 4,
        "score": 4,
        "choose_k": 4,  # of all seeds together
        "agree": 2,
        "aggregate": 1,
        "find": 1,
        "plot": 8,  # all but pixels, weights and responses, which show the first block
    }


def test_an_appended_block_of_k_trains_nothing(workflow):
    workflow.configure(k_grid=["2-3", 5])
    jobs = workflow.planned()
    assert {job["k"] for job in jobs if "k" in job} == {"5"}
    assert workflow.planned_rules() == {
        "cluster": 4,
        "null": 4,
        "null_labels": 4,
        "score": 4,
        "choose_k": 4,
        "agree": 2,
        "aggregate": 1,
        "find": 1,
        "plot": 7,  # the others do not depend on k
    }


def test_an_appended_condition_leaves_the_others_alone(workflow):
    workflow.configure(conditions=MICRO["conditions"] | {"decay": {"l2": 0.001}})
    jobs = workflow.planned()
    assert {job["condition"] for job in jobs if "condition" in job} == {"decay"}
    assert {job["item"] for job in jobs if job.get("figure") == "weights"} == {"decay"}


def test_more_draws_of_one_null_train_and_cluster_nothing(workflow):
    workflow.configure(nulls={"shuffle": 4, "labels": 3})
    rules = workflow.planned_rules()
    assert rules == {"null": 4} | AFTER_SCORES


def test_two_values_swapped_are_seen(workflow):
    workflow.configure(recipe=MICRO["recipe"] | {"l1": 0.25, "l2": 0.5})
    assert workflow.snakemake("networks").returncode == 0
    workflow.configure(recipe=MICRO["recipe"] | {"l1": 0.5, "l2": 0.25})
    assert workflow.planned_rules()["train"] == 2


@pytest.mark.parametrize(
    ("file", "rules"),
    [
        # Nothing is trained, clustered or drawn again.
        ("measures.py", AFTER_SCORES),
        (
            "nulls/shuffle.py",
            {"null": 4, "score": 4, "choose_k": 4, "aggregate": 1, "find": 1, "plot": 7},
        ),
        ("agreement.py", {"agree": 2, "choose_k": 4, "aggregate": 1, "find": 1, "plot": 7}),
        ("figures/learning_curves.py", {"plot": 1}),
        ("sources.py", {}),  # the files are there, and known by their checksums
        ("study.py", {}),
    ],
)
def test_an_edited_module_reruns_what_imports_it(workflow, file, rules):
    workflow.edit(f"scripts/clusterability/{file}")
    assert workflow.planned_rules() == rules


def test_touched_scripts_and_edited_texts_rerun_nothing(workflow):
    for file in workflow.folder.glob("scripts/**/*.py"):
        os.utime(file)
    workflow.edit("profiles/default/config.yaml")
    workflow.edit("config.yaml")
    assert workflow.planned() == []


def test_a_change_of_device_or_threads_reruns_nothing(workflow):
    workflow.configure(training=MICRO["training"] | {"device": "cpu", "threads": 2})
    assert workflow.planned() == []


def test_another_source_of_mnist_and_another_recipe_train_again(workflow):
    """Both changes at once: the one that changes nothing does not hide the other."""
    dataset = MICRO["dataset"] | {"path": "no/such/folder"}
    workflow.configure(dataset=dataset)
    assert workflow.planned() == []
    workflow.configure(dataset=dataset, recipe=MICRO["recipe"] | {"epochs": 2})
    rules = workflow.planned_rules()
    assert rules["train"] == 1  # `untrained` says its own number of epochs
    assert "mnist" not in rules


def test_wrong_files_never_reach_training(workflow):
    file = workflow.folder / "results" / "data" / "mnist" / "train-labels-idx1-ubyte"
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    workflow.configure(seeds=["0-1", 7])
    found = workflow.snakemake("networks")
    assert found.returncode != 0
    assert "Traceback" not in found.stdout + found.stderr
    assert "train-labels-idx1-ubyte: found SHA-256" in found.stdout + found.stderr
    assert not file.exists()
    assert workflow.snakemake("networks").returncode == 0
    assert file.read_bytes() == content


def test_faults_of_a_config_are_lines_without_a_traceback(workflow):
    workflow.configure(seeds=["0-3", "2-5"], recipe={"epocs": 3}, typo=1)
    found = workflow.snakemake("--dry-run")
    assert found.returncode != 0
    text = found.stdout + found.stderr
    assert "Traceback" not in text
    assert "Snakefile" not in text
    lines = [line for line in text.splitlines() if "config.yaml: " in line]
    assert [re.search(r"config\.yaml: ([\w.]+):", line)[1] for line in lines] == [
        "seeds",
        "recipe.epocs",
        "typo",
    ]


def test_a_users_error_in_a_job_is_a_line_without_a_traceback(tmp_path):
    workflow = copy_workflow(tmp_path)
    workflow.configure(dataset={"path": "no/such/folder"})
    found = workflow.snakemake("results/data/mnist/train-images-idx3-ubyte")
    assert found.returncode != 0
    text = found.stdout + found.stderr
    assert "Traceback" not in text
    assert "dataset.path" in text
    assert "no/such/folder" in text


def test_what_units_do_is_asked_where_there_are_hidden_ones(workflow):
    workflow.configure(probe={"k": [2], "images": 50, "groups": 5}, k_grid=["2-3"])
    jobs = workflow.planned()
    probes = [job for job in jobs if job["rule"] == "probe"]
    assert {job["layer"] for job in probes} == {"fc1"}
    assert workflow.planned_rules() == {
        "probe": 2,
        "aggregate": 1,
        "validate": 1,
        "find": 1,
        # 1 of ablations, 2 of activities, 2 of function, 3 of validity, and those of tables.
        "plot": 8 + 7,
    }


def test_everything_that_a_study_can_ask_for(workflow):
    """Whole networks, scalings, all nulls, random matrices, imports, planted clusters, probing."""
    matrix = np.random.default_rng(0).standard_normal((12, 15))
    np.savez(workflow.folder / "theirs.npz", fc1=matrix, fc2=matrix[:4, :12])
    planted = {"clusterability": 20, "planted_clusters": 2}
    workflow.configure(
        conditions=MICRO["conditions"] | {"reordered": {"data_order": 1}, "clusterable": planted},
        probe={"k": [3], "images": 50, "groups": 5},
        synthetic={"planted": {"rows": 12, "columns": 20, "clusters": 2}},
        networks={"theirs": {"path": "theirs.npz"}},
        clustering={
            "methods": ["joint", "whole"],
            "scalings": ["none", "balanced"],
            "restarts": 2,
        },
        nulls={"shuffle": 3, "shuffle_nonzero": 3, "strength": 3, "labels": 3, "untrained": 4},
        calibration=["untrained"],
    )
    targets = [
        "tables",
        "results/tables/calibration.csv",
        "results/tables/findings.csv",
        "results/answer.md",
        "results/figures/best_k.joint-balanced.png",
    ]
    ran = workflow.snakemake(*targets)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Nothing to be done" in workflow.snakemake("--dry-run", *targets).stdout
    tables = workflow.folder / "results" / "tables"
    scores = pd.read_parquet(tables / "scores.parquet")
    assert not scores.duplicated([*CELL, "seed"]).any()
    function = scores[scores["null"] == "groups"]
    # A hidden layer, two methods at two scales, and one k; `whole` is asked of the same layer.
    assert function.groupby("condition").size().to_dict() == {
        "untrained": 2 * 4 * 9,
        "baseline": 2 * 4 * 9,
        "reordered": 2 * 4 * 9,
        "clusterable": 2 * 4 * 9,
        "theirs": 4 * 9,
    }
    assert set(function.layer) == {"fc1"}
    assert set(function[function.condition == "theirs"].status) == {"other_inputs"}
    scores = scores[scores["null"] != "groups"]
    # Per network and null: fc1, fc2 and the whole network, of each two scales, two k and twelve
    # measures.
    deep, flat = 3 * 2 * 2 * 12, 2 * 2 * 2 * 12
    assert scores.groupby("condition").size().to_dict() == {
        "untrained": 2 * 5 * deep,
        "baseline": 2 * 5 * deep,
        "reordered": 2 * 5 * deep,
        "clusterable": 2 * 5 * deep,
        "planted": 2 * 4 * flat,
        "theirs": 4 * deep,
    }
    undefined = scores[scores.status != "ok"]
    assert set(undefined.measure) == {"held_out"}
    agreement = pd.read_csv(tables / "agreement.csv")
    assert set(agreement.comparison) == {"layers", "restarts", "planted", "data_order", "seeds"}
    assert set(agreement[agreement.comparison == "seeds"].layer) == {"fc1", "fc2"}
    planted = agreement[agreement.comparison == "planted"]
    assert set(planted.condition) == {"planted", "clusterable"}
    validity = pd.read_csv(tables / "validity.csv")
    assert set(validity[validity.analysis == "detection"].condition.dropna()) == {"clusterable"}
    assert "too weak to tell: 2 seeds" in (tables.parent / "answer.md").read_text()
    clusters = pd.read_parquet(tables / "clusters.parquet")
    assert set(clusters[clusters.method == "whole"].layer) == {"network", "fc1"}
    ablations = pd.read_parquet(tables / "ablations.parquet")
    assert set(ablations.k) == {3}
    paired = pd.read_csv(tables / "paired.csv")
    assert set(paired.condition) == {"baseline", "reordered", "clusterable"}
    best = pd.read_csv(tables / "best_k.csv")
    assert set(best.null) == {"shuffle", "shuffle_nonzero", "strength"}
    assert len(pd.read_csv(tables / "calibration.csv")) > 0
    partitions = pd.read_parquet(tables / "partitions.parquet").query("layer == 'network'")
    theirs = partitions.query("condition == 'theirs' and k == 2 and method == 'whole'")
    assert sorted(theirs.unit) == list(range(15 + 12 + 4))
    assert sorted(theirs[theirs.side == "V"].unit) == list(range(15, 15 + 12))

    workflow.edit("scripts/clusterability/ablation.py")
    planned = workflow.snakemake("--dry-run", *targets)
    rules = {name for name, _ in RULE.findall(planned.stdout + planned.stderr)}
    assert rules - {"tables"} == {"probe", "aggregate", "calibrate", "validate", "find", "plot"}


def test_a_matrix_needs_neither_training_nor_mnist(tmp_path):
    workflow = copy_workflow(tmp_path)
    np.savetxt(tmp_path / "matrix.csv", np.arange(20.0).reshape(4, 5) % 3, delimiter=",")
    study = {"k_grid": [2], "networks": {"mine": {"path": "matrix.csv"}}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(study | {"nulls": {"shuffle": 5}}))
    assert {"train", "mnist"}.isdisjoint(workflow.planned_rules())
    ran = workflow.snakemake("tables")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    scores = pd.read_csv(tmp_path / "results" / "tables" / "scores.csv")
    assert set(scores.seed) == {-1}
    assert "Nothing to be done" in workflow.snakemake("--dry-run", "tables").stdout


def test_a_wrong_file_of_a_network_is_one_line_before_anything_runs(tmp_path):
    workflow = copy_workflow(tmp_path)
    study = {"k_grid": [2], "networks": {"mine": {"path": "matrix.npz"}}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(study))
    found = workflow.snakemake("--dry-run")
    assert found.returncode != 0
    text = found.stdout + found.stderr
    assert "Traceback" not in text
    assert len([line for line in text.splitlines() if "matrix.npz" in line]) == 1


def test_another_study_has_its_own_results(workflow):
    workflow.configure(results="results/other")
    (workflow.folder / "config.yaml").rename(workflow.folder / "other.yaml")
    workflow.configure()
    found = workflow.snakemake("--dry-run", "tables", "--configfile", "other.yaml")
    assert found.returncode == 0, found.stdout + found.stderr
    outputs = re.findall(r"output: (.*)", found.stdout + found.stderr)
    assert outputs
    assert all("results/other/" in output for output in outputs)
