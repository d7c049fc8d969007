"""`keep_draws: false`: draws go once they are scored, and nothing else is different."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from workflows import Workflow, copy_workflow

pytestmark = [pytest.mark.slow, pytest.mark.release]

STUDY = {
    "seeds": ["0-1"],
    "k_grid": [2],
    "synthetic": {
        "planted": {"rows": 8, "columns": 12, "clusters": 2},
        "random": {"rows": 8, "columns": 12},
    },
    "clustering": {"methods": ["matched"], "restarts": 1},
    "nulls": {"shuffle": 3, "labels": 3},
    "agreement": {"draws": 3},
    "figures": {"measures": ["mi"]},
}
"""Two kinds of random matrices: nothing is trained."""
AFTER_DRAWS = {"score": 2, "choose_k": 2, "aggregate": 1, "answer": 1}
AFTER_TABLES = ("contend", "validate", "explore", "plot", "contact_sheet")
RAN = re.compile(r"^(?:local)?rule (\w+):\n(?:    .*\n)*?    wildcards: (.*)\n", re.M)
"""A job with wildcards that Snakemake tells of."""


def configure(workflow: Workflow, **changes) -> None:
    (workflow.folder / "config.yaml").write_text(yaml.safe_dump(STUDY | changes))


def ran(workflow: Workflow, *arguments: str) -> str:
    """What Snakemake says of the study's tables, which it makes."""
    done = workflow.snakemake("tables", *arguments)
    assert done.returncode == 0, done.stdout
    return done.stdout


def planned(workflow: Workflow) -> dict[str, int]:
    """Jobs of the whole study, without those that its tables do not need: `ran` makes none."""
    rules = workflow.planned_rules()
    return {name: number for name, number in rules.items() if name not in AFTER_TABLES}


def contents(workflow: Workflow, folder: str) -> dict[str, bytes]:
    """Files below a folder of the results, by path."""
    top = workflow.folder / "results"
    files = sorted(file for file in (top / folder).rglob("*") if file.is_file())
    return {file.relative_to(top).as_posix(): file.read_bytes() for file in files}


def finished(folder: Path, keep_draws: bool) -> Workflow:
    workflow = copy_workflow(folder)
    configure(workflow, keep_draws=keep_draws)
    ran(workflow)
    return workflow


@pytest.fixture(scope="module")
def with_draws(tmp_path_factory) -> Workflow:
    return finished(tmp_path_factory.mktemp("kept"), keep_draws=True)


@pytest.fixture(scope="module")
def without_draws(tmp_path_factory) -> Workflow:
    return finished(tmp_path_factory.mktemp("removed"), keep_draws=False)


def copied(workflow: Workflow, folder: Path) -> Workflow:
    shutil.copytree(workflow.folder, folder / "copy")
    return Workflow(folder / "copy")


def test_tables_are_the_same_and_no_draws_are_left(with_draws, without_draws):
    assert len(contents(with_draws, "nulls")) == 4
    assert contents(without_draws, "nulls") == {}
    for folder in ("tables", "scores", "clusters", "networks"):
        assert contents(without_draws, folder) == contents(with_draws, folder) != {}


def test_a_second_run_has_nothing_to_do(without_draws):
    assert "Nothing to be done" in ran(without_draws)
    assert contents(without_draws, "nulls") == {}


def test_verify_misses_no_draws_and_makes_a_block_again(without_draws):
    verified = without_draws.command("verify.py", "tables")
    assert verified.returncode == 0, verified.stdout
    assert "missing" not in verified.stdout
    # Labels, starts and held-out ones, scores, clusters, and what measures say of draws.
    assert "of 6 files of partitions, nulls and scores 6 equal" in verified.stdout


@pytest.mark.parametrize(
    ("appended", "key", "value"),
    [({"seeds": ["0-1", "2-3"]}, "seeds", "2-3"), ({"k_grid": [2, 3]}, "k", "3")],
)
def test_an_appended_block_draws_what_is_new_alone(without_draws, tmp_path, appended, key, value):
    workflow = copied(without_draws, tmp_path)
    configure(workflow, keep_draws=False, **appended)
    drawn = [words for rule, words in RAN.findall(ran(workflow)) if rule in ("null", "null_labels")]
    assert len(drawn) == 4
    assert all(f"{key}={value}" in words.split(", ") for words in drawn)
    assert contents(workflow, "nulls") == {}
    assert "Nothing to be done" in ran(workflow)


def test_draws_that_are_there_stay_until_orphans_are_removed(with_draws, tmp_path):
    workflow = copied(with_draws, tmp_path)
    assert "Orphans" not in workflow.command("plan.py").stdout
    configure(workflow, keep_draws=False)
    assert "Nothing to be done" in ran(workflow)
    draws = contents(workflow, "nulls")
    assert draws
    assert f"Orphans: {len(draws)} results" in workflow.command("plan.py").stdout
    cleaned = workflow.command("plan.py", "--clean-orphans")
    assert cleaned.returncode == 0, cleaned.stdout
    assert contents(workflow, "nulls") == {}
    assert contents(workflow, "tables") == contents(with_draws, "tables")
    assert "Nothing to be done" in ran(workflow)


def test_draws_that_have_yet_to_be_scored_are_no_orphans(with_draws, tmp_path):
    workflow = copied(with_draws, tmp_path)
    configure(workflow, keep_draws=False)
    scores = "results/scores/planted/0-1/fc1/2.structure.parquet"
    (workflow.folder / scores).unlink()
    assert workflow.command("plan.py", "--clean-orphans").returncode == 0
    assert {Path(file).parts[1] for file in contents(workflow, "nulls")} == {"planted"}
    assert planned(workflow) == {"score": 1, "choose_k": 1, "aggregate": 1, "answer": 1}
    ran(workflow, scores)
    assert contents(workflow, "nulls") == {}


def test_who_keeps_draws_again_draws_again(with_draws, without_draws, tmp_path):
    workflow = copied(without_draws, tmp_path)
    configure(workflow, keep_draws=True)
    assert planned(workflow) == {"null": 2, "null_labels": 2} | AFTER_DRAWS
    ran(workflow, *(f"results/{name}" for name in contents(with_draws, "nulls")))
    for folder in ("nulls", "tables"):
        assert contents(workflow, folder) == contents(with_draws, folder)


def test_an_edited_measure_draws_again_and_removes_again(without_draws, tmp_path):
    workflow = copied(without_draws, tmp_path)
    workflow.edit("src/clusterability/measures/structure.py")
    assert planned(workflow) == {"null": 2, "null_labels": 2} | AFTER_DRAWS
    assert "draws went, and are to be scored again" in workflow.command("plan.py", "tables").stdout
    ran(workflow)
    assert contents(workflow, "nulls") == {}
    assert contents(workflow, "tables") == contents(without_draws, "tables")
    assert "Nothing to be done" in ran(workflow)


def test_the_plan_tells_what_stays_from_what_goes(with_draws, without_draws, tmp_path):
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    appended = {"seeds": ["0-1", "2-3"]}
    kept, removed = (
        copied(with_draws, tmp_path / "first"),
        copied(without_draws, tmp_path / "second"),
    )
    configure(kept, **appended)
    everything = written(kept.command("plan.py", "tables").stdout)
    configure(kept, keep_draws=False, **appended)
    plan = kept.command("plan.py", "tables").stdout
    draws = re.search(r", and ([\d.]+ \w+) of draws that go once they are scored;", plan)
    assert draws
    configure(removed, keep_draws=False, **appended)
    said = removed.command("plan.py", "tables").stdout
    assert "and some of draws that go once they are scored" in said
    assert written(said) == written(plan) != everything
    configure(removed, keep_draws=True, **appended)
    said = removed.command("plan.py", "tables").stdout
    assert "since such files are gone: null, null_labels" in said


def written(plan: str) -> str:
    return re.search(r"Disk: ([\d.]+ \w+) to be written", plan)[1]
