"""`make clean`, in real folders: what a study wrote goes, and nothing else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from clusterability_workflow.lock_and_config import LOCK, hold

from workflows import Workflow, copy_workflow

OTHERS = {
    "data/mnist/train-images-idx3-ubyte": "images",
    "slurm/job.log": "a log of any study",
    "smoke/tables/scores.csv": "another study's",
    "smoke/.run.lock.old": "whatever this is",
    "notes/tables.txt": "a user's own",
}
"""What lies in `results` and is none of the default study's."""
OWN = {
    "tables/scores.csv": "a" * 1000,
    "nulls/trained/0-9/fc1/2-12.shuffle.npz": "b" * 3000,
    "networks/trained/0-9.safetensors.damaged": "c",
    "logs/train/trained/0-9.log": "d",
    "report/answer.rst": "e",
    "answer.md": "f",
    "explore.html.damaged": "g",
}


@pytest.fixture
def project(tmp_path) -> Workflow:
    """The project, with results of the default study and of others."""
    workflow = copy_workflow(tmp_path)
    for name, text in (OWN | OTHERS).items():
        write(tmp_path / "results" / name, text)
    configure(workflow, "results")
    return workflow


def configure(workflow: Workflow, results: str, name: str = "config.yaml") -> None:
    (workflow.folder / name).write_text(yaml.safe_dump({"results": results}))


def write(file: Path, text: str = "") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def files(workflow: Workflow) -> set[str]:
    top = workflow.folder / "results"
    return {file.relative_to(top).as_posix() for file in top.rglob("*") if file.is_file()}


def test_the_default_study_goes_and_the_others_and_the_images_stay(project):
    cleaned = project.command("clean.py", "--yes")
    assert cleaned.returncode == 0, cleaned.stdout
    first, *_, last = cleaned.stdout.splitlines()
    assert first == "results: 4.0 kB, made by this study:"
    assert last == "results: removed 4.0 kB"
    assert "nulls                3.0 kB" in cleaned.stdout
    assert "Stays: results/data (images that all studies share), results/notes" in cleaned.stdout
    assert files(project) == set(OTHERS)
    again = project.command("clean.py", "--yes")
    assert (again.returncode, files(project)) == (0, set(OTHERS))
    assert "nothing removed" in again.stdout


def test_another_study_goes_alone_with_its_folder(project):
    configure(project, "results/smoke", "smoke.yaml")
    (project.folder / "results/smoke/.run.lock.old").unlink()
    cleaned = project.command("clean.py", "--yes", "--configfile", "smoke.yaml")
    assert cleaned.returncode == 0, cleaned.stdout
    left = {name for name in OWN | OTHERS if not name.startswith("smoke/")}
    assert files(project) == left
    assert not (project.folder / "results/smoke").exists()


def test_nothing_is_removed_where_nobody_can_be_asked(project):
    cleaned = project.command("clean.py")
    assert cleaned.returncode == 1
    *said, last = cleaned.stdout.splitlines()
    assert said[-1].startswith("Stays:")
    assert last == "clean: found nobody to ask, expected ARGS=--yes; nothing removed"
    assert files(project) == {*OWN, *OTHERS}


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("yes\n", 0), ("\n", 1), ("n\n", 1)])
def test_in_a_terminal_it_asks(project, answer, status):
    ours, theirs = pty.openpty()
    command = [sys.executable, "scripts/commands/clean.py"]
    with subprocess.Popen(command, cwd=project.folder, stdin=theirs, stdout=subprocess.PIPE) as run:
        os.write(ours, answer.encode())
        run.communicate()
    for handle in (ours, theirs):
        os.close(handle)
    assert run.returncode == status
    assert files(project) == (set(OTHERS) if status == 0 else {*OWN, *OTHERS})


def test_a_study_that_runs_is_left_alone(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    hold(Path("results"))
    try:
        cleaned = project.command("clean.py", "--yes")
    finally:
        Path("results", LOCK).unlink()
    assert cleaned.returncode == 1
    (line,) = cleaned.stdout.splitlines()
    assert line.startswith(f"results: held by process {os.getpid()} on ")
    assert files(project) == {*OWN, *OTHERS}


@pytest.mark.slow
def test_links_are_not_followed_and_a_study_elsewhere_is_refused(project, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write(elsewhere / "tables/kept.csv")
    (project.folder / "results/clusters").symlink_to(elsewhere)
    (project.folder / "results/far").symlink_to(elsewhere)
    configure(project, "results/far", "far.yaml")
    refused = project.command("clean.py", "--yes", "--configfile", "far.yaml")
    assert refused.returncode == 1
    (line,) = refused.stdout.splitlines()
    assert line == f"results/far: found a link to {elsewhere}, expected a folder in results"
    assert project.command("clean.py", "--yes").returncode == 0
    assert not (project.folder / "results/clusters").is_symlink()
    assert (elsewhere / "tables/kept.csv").exists()


@pytest.mark.slow
def test_results_may_lie_on_another_disk(project, tmp_path_factory):
    disk = tmp_path_factory.mktemp("disk") / "results"
    (project.folder / "results").rename(disk)
    (project.folder / "results").symlink_to(disk)
    assert project.command("clean.py", "--yes").returncode == 0
    left = {file.relative_to(disk).as_posix() for file in disk.rglob("*") if file.is_file()}
    assert left == set(OTHERS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--yes", "all"], "clean: found 'all', expected --yes, or --configfile with a config"),
        (["--config", "results=results/x"], "clean: found '--config results=results/x', expected"),
        (["--configfile"], "clean: found '--configfile', expected --yes"),
        (["--configfile", "none.yaml"], "none.yaml: found no such file, expected a config"),
    ],
)
def test_what_it_cannot_take_is_a_line(project, words, said):
    cleaned = project.command("clean.py", *words)
    assert cleaned.returncode == 1
    (line,) = cleaned.stdout.splitlines()
    assert line.startswith(said)
    assert files(project) == {*OWN, *OTHERS}


@pytest.mark.slow
@pytest.mark.parametrize("results", ["..", "results/../src", "/tmp", "results/data", ""])
def test_a_folder_outside_of_results_is_a_fault_of_the_config(project, results):
    configure(project, results)
    cleaned = project.command("clean.py", "--yes")
    assert cleaned.returncode == 1
    (line,) = cleaned.stdout.splitlines()
    assert line.startswith("config.yaml: results: found ")
    assert files(project) == {*OWN, *OTHERS}
