"""The workflow itself, run by Snakemake: what runs, what runs again, and what does not."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from clusterability.results.columns import CELL, EQUAL_SIZE
from everything import EVERYTHING_TARGETS, write_everything
from loaded import Loaded, holds_docstring_alone, read_loaded, watched_jobs
from project import ROOT
from result_tables import assert_is_described, described_figures, described_tables
from workflows import MICRO, RULE, Workflow, copy_workflow

pytestmark = [pytest.mark.slow, pytest.mark.network]

AFTER_SCORES = {
    "score": 4,
    "choose_k": 4,
    "aggregate": 1,
    "answer": 1,
    "find": 1,
    "explore": 1,
    "plot": 9,
    "contact_sheet": 1,
}
"""Jobs of the finished study where scores have to be made again."""
PLAN_ROW = re.compile(r"^  (\w+) +(\d+) +[\d.]+  (.*)$", re.MULTILINE)
"""A row of a plan: the rule, its jobs, the first reason."""


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
    # 2 conditions x 2 seeds x 2 layers x 2 methods x 2 k x 15 measures x 2 nulls
    assert len(scores) == 2 * 2 * 2 * 2 * 2 * 15 * 2
    assert (scores.status == "ok").all()
    assert len(pd.read_csv(tables / "scores.csv")) == len(scores)
    assert len(pd.read_csv(tables / "networks.csv")) == 4
    partitions = pd.read_parquet(tables / "partitions.parquet")
    assert len(partitions) == 2 * 2 * 2 * 2 * (784 + 8 + 8 + 10)
    # The verdict, bits by k, learning curves, one measure, pixels, weights and responses of 2
    # conditions; z, best k and agreement by 2 methods; 5 files each; and a sheet of all.
    figures = list((finished.folder / "results" / "figures").glob("*.*.*"))
    assert (finished.folder / "results" / "figures" / "index.png").exists()
    assert len(figures) == 15 * 5
    assert all(file.stat().st_size > 100 for file in figures)
    described = described_figures()
    for file in (file for file in figures if file.suffix == ".csv"):
        assert list(pd.read_csv(file)) == described[file.name.split(".")[0]], file
    for file in (finished.folder / "results" / "networks").rglob("*.history.csv"):
        assert_is_described("history", pd.read_csv(file))
    assert (finished.folder / "results" / "explore.html").stat().st_size > 50_000


def test_a_second_run_has_nothing_to_do(finished):
    assert finished.planned() == []


def test_an_appended_block_of_seeds_runs_its_own_jobs_and_the_aggregation(workflow):
    workflow.configure(seeds=["0-1", "2-3"])
    jobs = [job for job in workflow.planned() if job["rule"] != "all"]
    whole = [job for job in jobs if "seeds" not in job]
    assert {job["rule"] for job in whole} == {
        "choose_k",
        "aggregate",
        "answer",
        "find",
        "explore",
        "plot",
        "contact_sheet",
    }
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
        "answer": 1,
        "find": 1,
        "explore": 1,
        "plot": 10,  # all but pixels, weights and responses, which show the first block
        "contact_sheet": 1,
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
        "answer": 1,
        "find": 1,
        "explore": 1,
        "plot": 9,  # the others do not depend on k
        "contact_sheet": 1,
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
        ("measures/structure.py", AFTER_SCORES),
        ("nulls/shuffle.py", {"null": 4} | AFTER_SCORES),
        (
            "analysis/agreement.py",
            {
                "agree": 2,
                "aggregate": 1,
                "answer": 1,
                "find": 1,
                "explore": 1,
                "plot": 9,
                "contact_sheet": 1,
            },
        ),
        ("report/figures/learning_curves.py", {"plot": 1, "contact_sheet": 1}),
        ("report/page/web/explore.css", {"explore": 1}),
        ("report/page/web/main.mjs", {"explore": 1}),
        ("training/download.py", {}),  # the files are there, and known by their checksums
        ("study/study.py", {}),
    ],
)
def test_an_edited_module_reruns_what_imports_it(workflow, file, rules):
    workflow.edit(f"src/clusterability/{file}")
    assert workflow.planned_rules() == rules


def test_a_fresh_checkout_and_edited_texts_rerun_nothing(workflow):
    for file in workflow.folder.rglob("*"):
        if not file.is_relative_to(workflow.folder / "results"):
            os.utime(file)
    workflow.edit("profiles/default/config.yaml")
    workflow.edit("config.yaml")
    (workflow.folder / "README.md").write_text("# Another comment\n")
    assert workflow.planned() == []


# --- make plan ---


def test_the_plan_of_a_finished_study_is_empty(finished):
    plan = finished.command("plan.py")
    assert plan.returncode == 0
    assert re.fullmatch(r"results: 0 of \d+ jobs to run\n", plan.stdout)


def test_the_plan_says_which_module_and_which_number(workflow):
    workflow.edit("src/clusterability/measures/structure.py")
    workflow.configure(nulls={"shuffle": 4, "labels": 3})
    plan = workflow.command("plan.py").stdout
    jobs = {name: (int(number), why) for name, number, why in PLAN_ROW.findall(plan)}
    assert {name: number for name, (number, _) in jobs.items()} == {"null": 4} | AFTER_SCORES
    assert jobs["null"][1] == "parameter draws: 3 -> 4"
    assert jobs["score"][1] == "code of src/clusterability/measures/structure.py"
    assert jobs["find"][1] == "after aggregate"
    assert "Guessed" not in plan
    assert "unknown" not in plan
    assert re.search(r"Time: 0\.\d+ core hours", plan)
    assert re.search(r"Disk: \d+\.\d [kM]B to be written", plan)


def test_another_version_of_a_package_reruns_what_calls_it(workflow, tmp_path, monkeypatch):
    other = tmp_path / "packages" / "matplotlib-99.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: matplotlib\nVersion: 99.0\n")
    monkeypatch.setenv("PYTHONPATH", str(other.parent))
    plan = workflow.command("plan.py").stdout
    jobs = {name: (int(number), why) for name, number, why in PLAN_ROW.findall(plan)}
    assert {name: number for name, (number, _) in jobs.items()} == {
        "explore": 1,
        "plot": 15,
        "contact_sheet": 1,
    }
    for _, why in jobs.values():
        assert re.fullmatch(r"parameter matplotlib: \S+ -> 99\.0", why)


def test_an_enlarged_block_leaves_orphans_that_can_be_removed(workflow):
    workflow.configure(seeds=["0-2"])
    plan = workflow.command("plan.py").stdout
    assert "baseline 0-1 is trained again as a part of 0-2: append a block to keep it" in plan
    assert "results/networks/baseline/0-1.safetensors" in plan
    old = [file for file in (workflow.folder / "results").rglob("*") if "0-1" in str(file)]
    assert old
    cleaned = workflow.command("plan.py", "--clean-orphans")
    assert cleaned.returncode == 0, cleaned.stdout
    assert not any(file.exists() for file in old)
    assert "Orphans" not in workflow.command("plan.py").stdout
    assert (workflow.folder / "results/tables/scores.csv").exists()
    # What is left is what the study of the old block needs least of.
    workflow.configure()
    assert workflow.planned_rules()["train"] == 2


def test_what_was_removed_from_the_middle_is_made_again(workflow):
    file = workflow.folder / "results/nulls/baseline/0-1/fc2/2-3.shuffle.npz"
    content = file.read_bytes()
    file.unlink()
    plan = workflow.command("plan.py").stdout
    jobs = {name: (int(number), why) for name, number, why in PLAN_ROW.findall(plan)}
    assert jobs["null"] == (1, "results were removed")
    assert jobs["score"] == (1, "after null")
    assert "train" not in jobs
    assert workflow.snakemake(str(file.relative_to(workflow.folder))).returncode == 0
    assert file.read_bytes() == content


# --- changes of other kinds ---


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


def test_another_data_set_trains_all_again(workflow):
    workflow.configure(dataset=MICRO["dataset"] | {"name": "kmnist"})
    text = workflow.snakemake("--dry-run", "networks").stdout
    rules = Counter(re.findall(r"^(?:local)?rule (\w+):", text, re.M))
    assert rules == {"mnist": 1, "train": len(MICRO["conditions"]), "networks": 1}
    assert "results/data/kmnist/train-images-idx3-ubyte" in text
    assert "results/data/mnist" not in text


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
        "answer": 1,
        "find": 1,
        "explore": 1,
        # 1 of ablations, 2 of activities, 2 of function, 3 of validity, and those of tables.
        "plot": 10 + 7,
        "contact_sheet": 1,
    }


@pytest.fixture(scope="module")
def everything(tmp_path_factory, mnist) -> tuple[Workflow, list[Loaded]]:
    """Whole networks, scalings, many nulls, random matrices, imports, planted clusters, probing.

    With what each of its jobs has loaded.
    """
    workflow = copy_workflow(tmp_path_factory.mktemp("everything"))
    write_everything(workflow.folder, mnist)
    with watched_jobs(tmp_path_factory.mktemp("watcher") / "loaded") as folder:
        ran = workflow.snakemake(*EVERYTHING_TARGETS)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return workflow, read_loaded(folder)


def test_everything_that_a_study_can_ask_for(everything):
    workflow, _ = everything
    dry = workflow.snakemake("--dry-run", *EVERYTHING_TARGETS)
    assert "Nothing to be done" in dry.stdout
    tables = workflow.folder / "results" / "tables"
    assert_tables_are_described(tables)
    scores = pd.read_parquet(tables / "scores.parquet")
    assert not scores.duplicated([*CELL, "seed"]).any()
    function = scores[scores["null"] == "groups"]
    # A hidden layer, two methods at two scales, and one k; `whole` is asked of the same layer.
    assert function.groupby("condition").size().to_dict() == {
        "untrained": 2 * 4 * 13,
        "baseline_at_3": 2 * 4 * 13,
        "baseline": 2 * 4 * 13,
        "clusterable": 2 * 4 * 13,
        "theirs": 4 * 13,
    }
    assert set(function.layer) == {"fc1"}
    assert set(function[function.condition == "theirs"].status) == {"other_inputs"}
    scores = scores[scores["null"] != "groups"]
    # Per network and null: fc1, fc2 and the whole network, of each two scales, two k and fifteen
    # measures.
    deep, flat = 3 * 2 * 2 * 15, 2 * 2 * 2 * 15
    assert scores.groupby("condition").size().to_dict() == {
        "untrained": 2 * 5 * deep,
        "baseline_at_3": 2 * 5 * deep,
        "baseline": 2 * 5 * deep,
        "clusterable": 2 * 5 * deep,
        "planted": 2 * 4 * flat,
        "theirs": 4 * deep,
    }
    # Inputs of trained networks and of `theirs` have a covariate, other columns have none.
    within = scores[(scores["null"] == "within") & (scores.measure == "mi")]
    assert set(within.null_n) == {0, 3}
    drawn = within[within.null_n == 3]
    assert set(drawn.layer) == {"fc1"}
    assert set(drawn.condition) == set(scores.condition) - {"planted"}
    assert len(drawn) == 9 * 2 * 2  # networks, scales and k
    undefined = scores[scores.status != "ok"]
    of_layers = {"held_out", "bits", "bits_within", "bits_per_weight"}
    assert set(undefined.measure) == of_layers
    assert set(undefined[undefined.measure != "held_out"].layer) == {"network"}
    agreement = pd.read_csv(tables / "agreement.csv")
    assert set(agreement.comparison) == {"layers", "restarts", "planted", "seeds"}
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
    trained = {"baseline_at_3", "baseline", "clusterable"}
    assert set(paired.condition) == trained
    assert pd.read_csv(tables / "snapshots.csv")["step"].unique().tolist() == [3, 4]
    best = pd.read_csv(tables / "best_k.csv")
    assert set(best.null) == {"shuffle", "strength", "within"}
    assert len(pd.read_csv(tables / "calibration.csv")) > 0
    equal = pd.read_csv(tables / "equal_size.csv")
    assert list(equal) == EQUAL_SIZE
    assert set(equal.condition) == {"untrained", "theirs"} | trained
    assert set(equal.layer) == {"fc1", "fc2"}
    sizes = equal.groupby("condition")[["rows", "columns"]].agg(["min", "max"])
    assert sizes.loc["theirs"].tolist() == [4, 4, 12, 12]
    assert sizes.loc["baseline"].tolist() == [8, 8, 8, 8]
    partitions = pd.read_parquet(tables / "partitions.parquet").query("layer == 'network'")
    theirs = partitions.query("condition == 'theirs' and k == 2 and method == 'whole'")
    assert sorted(theirs.unit) == list(range(15 + 12 + 4))
    assert sorted(theirs[theirs.side == "V"].unit) == list(range(15, 15 + 12))


def test_digests_are_those_of_what_the_jobs_load(everything):
    """A subset of them: what a rule loads for one item of the study only counts for all."""
    _, jobs = everything
    rules = {job.rule for job in jobs}
    assert rules >= {
        *("train", "synthesise", "import_network", "fresh", "plant", "cluster", "null"),
        *("null_labels", "score", "probe", "choose_k", "agree", "aggregate", "calibrate"),
        *("contend", "validate", "answer", "snapshots", "find", "replicate"),
        *("explore", "plot"),
        *("equal_size", "equal_size_table", "pixel_deviation", "null_within"),
    }
    for job in jobs:
        loaded = {file for file in job.files if not holds_docstring_alone(ROOT / file)}
        assert "src/clusterability/errors.py" in loaded, job.rule
        if job.rule != "mnist":  # its files are known by their checksums
            assert loaded <= job.digests, (job.rule, loaded - job.digests)


def test_an_edit_of_ablation_reruns_probing_and_what_follows(everything, tmp_path):
    finished, _ = everything
    shutil.copytree(finished.folder, tmp_path / "copy")
    workflow = Workflow(tmp_path / "copy")
    workflow.edit("src/clusterability/measures/ablation.py")
    planned = workflow.snakemake("--dry-run", *EVERYTHING_TARGETS)
    rules = {name for name, _ in RULE.findall(planned.stdout + planned.stderr)}
    assert rules - {"tables"} == {
        "probe",
        "aggregate",
        "calibrate",
        "validate",
        "answer",
        "snapshots",
        "find",
        "replicate",
        "explore",
        "plot",
    }


def assert_tables_are_described(tables: Path) -> None:
    """That the folder has all tables of docs/results.md, with their columns and no others."""
    files = {file for file in tables.iterdir() if file.name not in ("scores.csv", "summary.tex")}
    named = {file.name if file.stem == "agreement" else file.stem: file for file in files}
    assert {*named, "history"} == set(described_tables())
    for name, file in named.items():
        read = pd.read_parquet if file.suffix == ".parquet" else pd.read_csv
        assert_is_described(name, read(file))


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
    os.utime(tmp_path / "matrix.csv")
    assert "Nothing to be done" in workflow.snakemake("--dry-run", "tables").stdout
    with (tmp_path / "matrix.csv").open("a") as file:
        file.write("1,2,3,4,5\n")
    assert "input matrix.csv changed" in workflow.command("plan.py", "tables").stdout


@pytest.mark.parametrize(
    ("sizes", "needs_mnist"),
    [((30, 20, 8), False), ((784, 20, 8), False), ((30, 20, 10), False), ((784, 20, 10), True)],
)
def test_mnist_is_fetched_only_for_networks_that_can_see_it(tmp_path, sizes, needs_mnist):
    workflow = copy_workflow(tmp_path)
    inputs, hidden, outputs = sizes
    weights = {"a": np.ones((hidden, inputs)), "b": np.ones((outputs, hidden))}
    np.savez(tmp_path / "theirs.npz", **weights)
    study = {"k_grid": [2], "networks": {"theirs": {"path": "theirs.npz", "layers": ["a", "b"]}}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(study | {"nulls": {"shuffle": 5}}))
    rules = workflow.planned_rules()
    assert rules["probe"] == 1
    assert ("mnist" in rules) is needs_mnist
    assert "train" not in rules


def test_a_home_that_cannot_be_written_is_not_needed(tmp_path, monkeypatch):
    workflow = copy_workflow(tmp_path)
    np.savetxt(tmp_path / "matrix.csv", np.arange(20.0).reshape(4, 5) % 3, delimiter=",")
    study = {"k_grid": [2], "networks": {"mine": {"path": "matrix.csv"}}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(study | {"nulls": {"shuffle": 5}}))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", os.devnull)  # below which nobody can make a folder, not even root
    clusters = "results/clusters/mine/imported/fc1/2.npz"
    for ran in (workflow.snakemake(clusters), workflow.command("plan.py")):
        assert ran.returncode == 0, ran.stdout
        assert "Traceback" not in ran.stdout
    assert (tmp_path / clusters).is_file()
    assert not (tmp_path / "results" / "data").exists()  # which other studies may hold


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
