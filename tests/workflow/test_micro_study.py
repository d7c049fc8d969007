"""One small study from the images to the figures, in a shell that has another clusterability first.

The part of the workflow's tests that `make test` runs; test_workflow.py has the rest.
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from clusterability_workflow import PROJECT
from clusterability_workflow.settled import NOTHING, in_order

from project import ROOT
from workflows import MICRO, Workflow, copy_workflow, put_another_copy

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def finished(tmp_path_factory, mnist) -> Workflow:
    """The study after its run."""
    workflow = copy_workflow(tmp_path_factory.mktemp("micro"), edited=True)
    workflow.configure(
        conditions={"baseline": {}},
        recipe={"epochs": 1, "architecture": "784-10"},
        k_grid=[2],
        clustering={"methods": ["matched"], "restarts": 1},
        nulls={"shuffle": 3},
        dataset=MICRO["dataset"] | {"path": str(mnist)},
    )
    another = put_another_copy(tmp_path_factory.mktemp("another"))
    with pytest.MonkeyPatch.context() as shell:
        shell.setenv("PYTHONPATH", str(another))
        ran = workflow.snakemake()
    assert ran.returncode == 0, ran.stdout
    return workflow


def test_all_tables_and_figures_are_made_by_the_studys_own_code(finished):
    tables = finished.folder / "results" / "tables"
    scores = pd.read_parquet(tables / "scores.parquet")
    # 2 seeds x 1 layer x 15 measures
    assert len(scores) == 30
    assert (scores.status == "ok").all()
    assert (finished.folder / "results" / "explore.html").exists()
    assert (finished.folder / "results" / "figures" / "index.png").exists()


def test_a_second_run_has_nothing_to_do(finished):
    assert finished.planned() == []


@pytest.mark.parametrize("words", [["--report"], ["--report-after-run", "--report"]])
def test_a_report_right_after_the_study_begins_with_the_answer(finished, words):
    """Neither it nor a figure in it is made by a target that `make study` leaves out."""
    ran = finished.snakemake(*words, "report.html")
    assert ran.returncode == 0, ran.stdout
    assert "Traceback" not in ran.stdout
    page = finished.folder / "report.html"
    text = page.read_text(encoding="utf-8")
    said, shown = (
        json.loads(re.search(rf'^ *var {name} = ([{{"].+);$', text, re.M)[1])
        for name in ("workflow_desc", "results")
    )
    first, second = re.findall(r"<(?:h1|p)\b[^>]*>(.*?)</(?:h1|p)>", said, re.S)[:2]
    assert first == "How good are the clusters?"
    answer = (finished.folder / "results" / "answer.md").read_text(encoding="utf-8")
    bold = re.search(r"^\*\*(.+)\*\*$", answer, re.M)[1].replace("`", "")
    assert html.unescape(" ".join(second.split())) == f"<strong>{bold}</strong>"
    figures = finished.folder / "results" / "figures"
    assert {Path(name).name for name in shown} == {file.name for file in figures.glob("*.*.png")}
    # Half as wide and as high, and in few colours: else the default study's is over 15 MB.
    pictures = sum((finished.folder / name).stat().st_size for name in shown)
    assert pictures < 0.4 * sum(file.stat().st_size for file in figures.glob("*.*.png"))
    page.unlink()


def test_the_finished_study_is_described_for_an_archive(finished):
    shutil.copy(ROOT / "CITATION.cff", finished.folder)
    done = finished.command("crate.py")
    assert done.returncode == 0, done.stdout
    results = finished.folder / "results"
    graph = json.loads((results / "ro-crate-metadata.json").read_text())["@graph"]
    found = {entity["@id"]: entity for entity in graph}
    table = results / "tables" / "summary.csv"
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    assert found["tables/summary.csv"]["sha256"] == digest
    job = found["#job/aggregate"]
    assert {"@id": "tables/summary.csv"} in job["result"]
    assert job["startTime"] <= job["endTime"]
    assert found[found["#run"]["environment"]["@id"]]["name"] == "device"


def settled(workflow: Workflow, *arguments: str) -> tuple[int, str]:
    """What `make` asks before it starts Snakemake."""
    script = ("-I", "-S", "scripts/clusterability_workflow/settled.py")
    done = subprocess.run(
        [sys.executable, *script, "--cores", "2", *arguments],
        cwd=workflow.folder,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_what_is_done_is_not_even_planned(finished):
    assert settled(finished) == (0, f"{NOTHING}\n")
    assert NOTHING in finished.snakemake().stdout  # in Snakemake's own words
    assert settled(finished) == (0, f"{NOTHING}\n")


@pytest.mark.parametrize(
    "words", [["--dry-run"], ["paper"], ["--configfile", "studies/smoke.yaml"]]
)
def test_what_was_not_asked_before_is_planned(finished, words):
    assert settled(finished, *words) == (1, "")


@pytest.mark.parametrize(
    "file",
    [
        "config.yaml",
        "rules/plot.smk",
        "src/clusterability/errors.py",
        "results/tables/summary.csv",
        "results/networks/baseline/0-1.safetensors",
    ],
)
def test_a_file_that_changed_or_is_gone_is_looked_at(finished, file):
    path = finished.folder / file
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.touch()
    touched = settled(finished)
    os.utime(path, ns=times)
    as_before = settled(finished)
    away = path.rename(path.with_name("away"))
    gone = settled(finished)
    away.rename(path)
    assert (touched[0], as_before[0], gone[0], settled(finished)[0]) == (1, 0, 1, 0)


def test_a_new_module_and_an_interrupted_job_are_looked_at(finished):
    incomplete = finished.folder / ".snakemake" / "incomplete" / "a"
    for path in (finished.folder / "src" / "clusterability" / "new.py", incomplete):
        path.touch()
        assert settled(finished)[0] == 1
        path.unlink()
        assert settled(finished)[0] == 0


def test_an_input_newer_than_what_was_made_of_it_is_not_in_order():
    files = {"input": [2, 5], "output": [1, 5], "temporary": None}
    assert not in_order(files, ["input"], ["output", "temporary"])
    assert in_order(files, ["output", "temporary"], ["input"])


def test_a_damaged_config_is_a_line_each_without_a_traceback(tmp_path):
    workflow = copy_workflow(tmp_path)
    workflow.configure(seeds=["0-3", "2-5"], recipe={"epocs": 3}, typo=1)
    found = workflow.snakemake("--dry-run")
    assert found.returncode != 0
    assert "Traceback" not in found.stdout
    assert "Snakefile" not in found.stdout
    lines = [line for line in found.stdout.splitlines() if "config.yaml: " in line]
    assert [re.search(r"config\.yaml: ([\w.]+):", line)[1] for line in lines] == [
        "seeds",
        "recipe.epocs",
        "typo",
    ]


def test_a_job_with_another_copy_of_the_library_ends_in_one_line(tmp_path):
    """Were the path of a job wrong all the same, no result would be recorded."""
    (tmp_path / "clusterability").mkdir()
    (tmp_path / "clusterability" / "__init__.py").touch()
    path = os.pathsep.join([str(tmp_path), str(ROOT / "scripts")])
    done = subprocess.run(
        [sys.executable, "-c", "from clusterability_workflow.job import running"],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"{tmp_path / 'clusterability'}: found this copy of clusterability first on the path,"
        f" expected the study's own in {PROJECT / 'src'}; take the copy out of PYTHONPATH\n"
    )
