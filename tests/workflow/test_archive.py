"""The project as an archive has it, a ZIP of a web page for one: without a repository of git's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
import yaml

from project import ROOT
from tracked_files import not_ignored, tracked
from workflows import Workflow

STUDY = {
    "seeds": ["0-1"],
    "k_grid": [2],
    "synthetic": {"planted": {"rows": 8, "columns": 12, "clusters": 2}},
    "clustering": {"methods": ["matched"], "restarts": 1},
    "nulls": {"shuffle": 3},
    "agreement": {"draws": 3},
    "figures": {"measures": ["mi"]},
}
ASK_GIT = ("tests/documents/test_links.py", "tests/unit/report/test_paper.py")
"""Tests that ask git where there is a repository."""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Workflow:
    """All files of the project in a folder of their own."""
    folder = tmp_path_factory.mktemp("archive") / "study-main"
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    return Workflow(folder)


def test_without_git_the_files_of_the_project_are_the_same(unpacked):
    folder = unpacked.folder
    for name in ("results/a.csv", "src/__pycache__/a.pyc", ".venv-x/b", "mine.scores.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    try:
        assert set(not_ignored(folder)) == tracked(folder) == tracked()
    finally:
        for name in ("results", "src/__pycache__", ".venv-x"):
            shutil.rmtree(folder / name)
        (folder / "mine.scores.csv").unlink()


def test_a_pattern_from_the_top_is_for_the_top(tmp_path):
    (tmp_path / ".gitignore").write_text("# Comment\n\n/*.scores.csv\n/build/\n*.egg-info/\n")
    ignored = ("a.scores.csv", "build/b", "src/x.egg-info/c", ".git/config")
    kept = ("docs/a.scores.csv", "src/build/b", "build.py", "x.egg-info.txt")
    for name in (*ignored, *kept):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert set(not_ignored(tmp_path)) == {*kept, ".gitignore"}


@pytest.mark.slow
@pytest.mark.release
def test_a_study_runs_in_an_archive(unpacked):
    (unpacked.folder / "config.yaml").write_text(yaml.safe_dump(STUDY))
    ran = unpacked.snakemake("tables")
    assert ran.returncode == 0, ran.stdout
    assert (unpacked.folder / "results/tables/scores.csv").is_file()
    assert "results: 0 of " in unpacked.command("plan.py", "tables").stdout
    verified = unpacked.command("verify.py", "tables")
    assert verified.returncode == 0, verified.stdout
    assert unpacked.command("clean.py", "--yes").returncode == 0
    shutil.copy2(ROOT / "config.yaml", unpacked.folder / "config.yaml")


@pytest.mark.slow
@pytest.mark.release
def test_tests_that_ask_git_pass_in_an_archive(unpacked):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *ASK_GIT]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PYTHON"))}
    done = subprocess.run(
        command, cwd=unpacked.folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
